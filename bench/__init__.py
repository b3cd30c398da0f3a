"""Benchmarks of PXL: ``python -m bench``. They measure; they are no tests, and nothing in the project depends on them."""
