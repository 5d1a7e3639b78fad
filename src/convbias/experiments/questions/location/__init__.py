"""Position: whether a network that averages over places still knows where things were."""
