"""Shift: how feature maps and answers change when the image is shifted."""
