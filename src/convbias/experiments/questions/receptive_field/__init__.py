"""The effective receptive field: how much of what a kernel size can see the network uses."""
