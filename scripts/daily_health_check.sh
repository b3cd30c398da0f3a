#!/bin/sh
# The daily check: state, indicators, resources, recent errors, a real proof both ways. Options go to `pxl ops health-check`.
cd -- "$(dirname -- "$0")/.." && exec .venv/bin/pxl ops health-check "$@"
