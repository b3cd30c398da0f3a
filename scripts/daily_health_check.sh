#!/bin/sh
# The daily check of state, indicators, resources, errors and real proofs: docs/operations/incidents.md. Options go to `pxl ops health-check`.
cd -- "$(dirname -- "$0")/.." && exec .venv/bin/pxl ops health-check "$@"
