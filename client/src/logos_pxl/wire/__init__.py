"""The wire contract: what a PXL service and its clients say to each other, declared once.

The service validates and documents by these modules, and the client reads answers by them. Importing this package imports none of them:
``signing`` and ``formulas`` need the standard library only.
"""
