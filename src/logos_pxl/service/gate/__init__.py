"""What every request passes before its route: a name and a line in the log, ambiguity, signature, quota. Layers of plain ASGI."""

from logos_pxl.service.gate.access import AccessLog
from logos_pxl.service.gate.clients import Clients
from logos_pxl.service.gate.gate import Gate
from logos_pxl.service.gate.guard import Guard, OpenPaths
from logos_pxl.service.gate.keys import KeyRing
from logos_pxl.service.gate.quotas import Quota

__all__ = ["AccessLog", "Clients", "Gate", "Guard", "KeyRing", "OpenPaths", "Quota"]
