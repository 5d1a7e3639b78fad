"""Serve an archive over HTTP, without any of the modules that only training needs."""

TOKEN_VARIABLE = "CONVBIAS_TOKEN"  # noqa: S105 - the name of a variable, for server and clients
