#!/bin/sh
# Reviews the week's performance: docs/operations/maintenance.md. Options go to `pxl ops performance-review`.
cd -- "$(dirname -- "$0")/.." && exec .venv/bin/pxl ops performance-review "$@"
