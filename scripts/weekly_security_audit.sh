#!/bin/sh
# Audits the week's security: docs/operations/security.md. Options go to `pxl ops security-audit`.
cd -- "$(dirname -- "$0")/.." && exec .venv/bin/pxl ops security-audit "$@"
