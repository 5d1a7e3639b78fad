"""What is asked for: values in, validated descriptions of data, model, recipe and study out."""
