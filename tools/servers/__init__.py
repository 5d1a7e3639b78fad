"""Local servers for tests and documents: S3, SageMaker, AWS's toolkit, `convbias serve`."""
