"""Export a trained network, pack it as an archive, serve it, query it and deploy it to AWS."""
