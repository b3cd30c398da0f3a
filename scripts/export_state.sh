#!/bin/sh
# Exports metrics, health, performance and the kernel's hash: docs/operations/backup.md. Options go to `pxl ops export-state`.
cd -- "$(dirname -- "$0")/.." && exec .venv/bin/pxl ops export-state "$@"
