"""Arms and seeds in, stored runs, networks and measurements out."""
