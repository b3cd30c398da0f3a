"""The acceptance run: asks a running service as a stranger would, and believes nothing that it can work out itself.

Uses the standard library and ``logos_pxl.wire.signing`` only, so that it runs wherever there is a Python.
"""
