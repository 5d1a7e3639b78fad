"""Arrays and an arm in, trained networks out."""
