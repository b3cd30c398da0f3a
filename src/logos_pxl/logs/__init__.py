"""The service's logs: pxl-server.log and access.log, as text or JSON, rotated at any time, never in the way of a request.

Lines of requests are made, and all lines are written, by the engine (crates/logs), which ``opening`` alone imports.
"""
