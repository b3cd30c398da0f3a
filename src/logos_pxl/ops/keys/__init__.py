"""Signature keys, changed without a refused request."""
