"""What the files in ``PXL_LOG_DIR`` are called."""

SERVER_LOG = "pxl-server.log"
ACCESS_LOG = "access.log"
