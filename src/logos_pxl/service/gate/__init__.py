"""The layers that every request passes before its handler: access log and metrics, then the guard. Plain ASGI."""

from logos_pxl.service.gate.access import AccessLog
from logos_pxl.service.gate.clients import Clients, KeyRing
from logos_pxl.service.gate.gate import Gate
from logos_pxl.service.gate.guard import Guard, OpenPaths, Quota

__all__ = ["AccessLog", "Clients", "Gate", "Guard", "KeyRing", "OpenPaths", "Quota"]
