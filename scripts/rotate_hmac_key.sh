#!/bin/sh
# Changes the signature key, or with --finish drops the old one: docs/operations/security.md. Options go to `pxl ops rotate-key`.
cd -- "$(dirname -- "$0")/.." && exec .venv/bin/pxl ops rotate-key "$@"
