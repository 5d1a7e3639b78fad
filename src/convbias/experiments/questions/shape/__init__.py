"""Shape: whether networks answer by a garment's silhouette or by its texture."""
