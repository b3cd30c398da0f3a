"""The wire contract between a PXL service and its clients, declared once.

The service validates requests and generates its OpenAPI document from these modules; the client validates answers with them. Importing the
package imports none of them: ``signing`` and ``formulas`` need only the standard library.
"""
