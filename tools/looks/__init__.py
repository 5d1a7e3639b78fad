"""How the looks of a study were chosen: designs compared on simulated studies, and their page."""
