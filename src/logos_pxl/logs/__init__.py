"""The service's logs: pxl-server.log and access.log, as text or JSON."""

SERVER_LOG = "pxl-server.log"
ACCESS_LOG = "access.log"
