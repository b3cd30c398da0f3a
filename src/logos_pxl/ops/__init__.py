"""Operators' commands, ``pxl ops ...``: they ask a running service over HTTP and control it through the target that it runs on.

Invariant: the service imports nothing of this package, and this package imports neither the service nor the command line. Each command ends
in a ``Report``, whose status is the exit status of the process.
"""
