"""Shape: whether networks answer by the silhouette or by the texture."""
