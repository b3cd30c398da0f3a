"""The acceptance run: checks a running service from outside, and verifies everything that it can compute itself.

Uses the standard library and ``logos_pxl.wire.signing`` only, so that it runs wherever there is a Python.
"""
