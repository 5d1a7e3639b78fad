"""One small file per measure; each turns images or a trained network into named numbers."""
