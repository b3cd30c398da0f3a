#!/bin/sh
# Measures, adjusts, restarts and measures again: docs/operations/incidents.md. Options go to `pxl ops recover-performance`.
cd -- "$(dirname -- "$0")/.." && exec .venv/bin/pxl ops recover-performance "$@"
