#!/bin/sh
# Moves the logs into the archive: docs/operations/maintenance.md. Options go to `pxl ops rotate-logs`.
cd -- "$(dirname -- "$0")/.." && exec .venv/bin/pxl ops rotate-logs "$@"
