#!/bin/sh
# Restores a backup, or the newest good one of a folder: docs/operations/backup.md. Options go to `pxl ops restore`.
case "${1:-}" in '' | /* | -*) ;; *) archive="$PWD/$1" && shift && set -- "$archive" "$@" ;; esac
cd -- "$(dirname -- "$0")/.." && exec .venv/bin/pxl ops restore "$@"
