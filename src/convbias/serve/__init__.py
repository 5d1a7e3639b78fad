"""An archive behind HTTP, on this machine; it imports nothing that only training needs."""
