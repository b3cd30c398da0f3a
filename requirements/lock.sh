#!/bin/sh
# Renews the lock files: every package that is installed, its version and its hashes; where it comes from is the machine's business.
# Needs pip-tools. `PIP_FIND_LINKS` is dropped: the hashes of files that only one machine has are of no use to others.
set -eu
cd "$(dirname "$0")/.."
unset PIP_FIND_LINKS
export CUSTOM_COMPILE_COMMAND="make lock"

# The client is in this repository and in no index: the locks hold what it depends on, and the line that names it is left out.
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/client"
sed '/"logos-pxl-client==/d' pyproject.toml >"$folder/pyproject.toml"
cp client/pyproject.toml "$folder/client"
cp -R requirements "$folder"
cd "$folder"

compile() {
    python -m piptools compile --quiet --no-config --generate-hashes --strip-extras --allow-unsafe \
        --no-emit-index-url --no-emit-find-links --no-emit-trusted-host "$@"
}

projects="pyproject.toml client/pyproject.toml"
# shellcheck disable=SC2086 # two words
compile --all-extras --output-file requirements/dev.txt $projects requirements/build.in
# shellcheck disable=SC2086
compile --constraint requirements/dev.txt --extra mcp --extra ops --extra redis --output-file requirements/run.txt $projects
compile --constraint requirements/dev.txt --output-file requirements/build.txt requirements/build.in
cp requirements/*.txt "$OLDPWD/requirements"
