"""Settings in, validated descriptions of data, models, recipes and studies out."""
