"""Real servers on this machine for tests and documents: S3, SageMaker, AWS's toolkit, our own."""
