"""Descriptions of what is trained on other data than images."""
