"""An archive behind HTTP, on this machine; it imports nothing that only training needs."""

TOKEN = "CONVBIAS_TOKEN"  # noqa: S105 - the variable that holds it, for server and clients
