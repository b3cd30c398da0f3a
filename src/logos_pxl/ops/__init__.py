"""What an operator runs: ``pxl ops ...``. Asks a running service over HTTP and its target (local, compose, Kubernetes) by commands.

Invariant: nothing here is imported by the service. Each command ends in a ``Report``, whose status is the process's exit status.
"""
