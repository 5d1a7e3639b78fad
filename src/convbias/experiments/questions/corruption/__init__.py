"""Corruption: which networks lose accuracy to noise, blur, lost contrast and covered squares."""
