"""Images and an arm's description in, trained networks out."""
