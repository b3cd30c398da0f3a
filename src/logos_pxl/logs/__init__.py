"""The service's logs: pxl-server.log and access.log, as text or JSON, rotated at any time, never in the way of a request.

Lines of requests are made, and all lines are written, by the engine (crates/logs).
"""

from logos_pxl.logs.context import REQUEST_ID
from logos_pxl.logs.escaping import escaped
from logos_pxl.logs.opening import Logs, note_failed_start

__all__ = ["REQUEST_ID", "Logs", "escaped", "note_failed_start"]
