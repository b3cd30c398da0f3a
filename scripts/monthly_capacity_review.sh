#!/bin/sh
# Reviews the month, and recommends a PXL_POOL_SIZE: docs/operations/maintenance.md. Options go to `pxl ops capacity-review`.
cd -- "$(dirname -- "$0")/.." && exec .venv/bin/pxl ops capacity-review "$@"
