"""Stored runs and networks in, a static site out that readers explore in a browser."""
