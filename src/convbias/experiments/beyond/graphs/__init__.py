"""Graphs: does convolution over a grid suit a graph?"""
