"""An archive behind an endpoint of SageMaker: planned, checked, made, tried and taken away."""
