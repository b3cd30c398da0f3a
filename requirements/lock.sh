#!/bin/sh
# Renews the lock files: every package that is installed, its version and its hashes; where it comes from is the machine's business.
# Needs pip-tools. `PIP_FIND_LINKS` is dropped: the hashes of files that only one machine has are of no use to others.
set -eu
cd "$(dirname "$0")/.."
unset PIP_FIND_LINKS
export CUSTOM_COMPILE_COMMAND="make lock"

compile() {
    python -m piptools compile --quiet --no-config --generate-hashes --strip-extras --allow-unsafe \
        --no-emit-index-url --no-emit-find-links --no-emit-trusted-host "$@"
}

compile --all-extras --output-file requirements/dev.txt pyproject.toml requirements/build.in
compile --constraint requirements/dev.txt --extra mcp --extra ops --extra redis --output-file requirements/run.txt pyproject.toml
compile --constraint requirements/dev.txt --output-file requirements/build.txt requirements/build.in
