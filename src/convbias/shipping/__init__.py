"""Stored networks in, exports, archives, servers, predictions and endpoints out."""
