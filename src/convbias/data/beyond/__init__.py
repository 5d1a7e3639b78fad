"""Data other than images: files in, arrays out."""
