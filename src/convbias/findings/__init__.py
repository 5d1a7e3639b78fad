"""Stored runs in, contrasts, verdicts and sentences out."""
