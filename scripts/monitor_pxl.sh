#!/bin/sh
# Watches the indicators every 30 seconds: docs/operations/incidents.md. Options go to `pxl ops monitor`.
cd -- "$(dirname -- "$0")/.." && exec .venv/bin/pxl ops monitor "$@"
