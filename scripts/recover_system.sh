#!/bin/sh
# Stops the service, restores a backup, starts it and verifies: docs/operations/incidents.md. Options go to `pxl ops recover`.
case "${1:-}" in '' | /* | -*) ;; *) archive="$PWD/$1" && shift && set -- "$archive" "$@" ;; esac
cd -- "$(dirname -- "$0")/.." && exec .venv/bin/pxl ops recover "$@"
