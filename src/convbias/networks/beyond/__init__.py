"""Data other than images, and an arm's description in; scores of what was trained out."""
