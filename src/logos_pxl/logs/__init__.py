"""The service's logs: pxl-server.log and access.log, as text or JSON, rotated at any time, never in the way of a request."""

from logos_pxl.logs.context import REQUEST_ID
from logos_pxl.logs.opening import Logs, note_failed_start
from logos_pxl.logs.requests import RequestLines

__all__ = ["REQUEST_ID", "Logs", "RequestLines", "note_failed_start"]
