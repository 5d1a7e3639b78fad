"""Sequences: is convolution unsuited to long ones?"""
