"""A trained network leaves the house: exported, packed, served, asked, deployed."""
