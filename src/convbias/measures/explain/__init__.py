"""One image, one trained network: what it saw, and what its decision is made of."""
