#!/bin/sh
# Backs up configuration, performance history and certificates: docs/operations/backup.md. Options go to `pxl ops backup`.
cd -- "$(dirname -- "$0")/.." && exec .venv/bin/pxl ops backup "$@"
