"""Deploy an archive to a SageMaker endpoint: plan, check, create, test and delete."""
