#!/bin/sh
# Installs the Debian packages that the build needs, those that are missing only.
# Looks for what a package gives (a program, a library), not for the package: another installation of it will do.
# `debian.sh tests` wants what the tests start besides.
set -eu

wanted=""
want() { wanted="$wanted $1"; }
has() { command -v "$1" >/dev/null 2>&1; }

# The engine's edition of Rust needs this version; Debian 12's own rustc is 1.63, its rustc-web is kept current for browsers.
rust_needed=1.95
rust_is_new() {
    has cargo && has rustc || return 1
    found=$(rustc --version 2>/dev/null | cut -d' ' -f2 | cut -d- -f1)
    [ "$(printf '%s\n%s\n' "$rust_needed" "$found" | sort -V | head -n1)" = "$rust_needed" ]
}
if [ -x "$HOME/.cargo/bin/cargo" ]; then PATH="$HOME/.cargo/bin:$PATH"; fi

has coqtop || want coq
has ocamlfind || want ocaml-findlib
{ has ocamlfind && ocamlfind query coq-core >/dev/null 2>&1; } || want libcoq-core-ocaml-dev
has g++ || want g++
[ -e /etc/ssl/certs/ca-certificates.crt ] || want ca-certificates
has clang || want clang
[ -n "$(find -L /usr/lib /usr/local/lib -maxdepth 4 -name 'libclang*.so*' 2>/dev/null | head -n1)" ] || want libclang-dev
has "${PYTHON:-python3}" || want python3
"${PYTHON:-python3}" -c 'import ensurepip, venv' 2>/dev/null || want python3-venv
rust_is_new || for package in rustc-web cargo-web rustfmt-web rust-web-clippy; do want "$package"; done
if [ "${1:-}" = tests ]; then
    # The operations manual's commands are tests.
    has curl || want curl
    has jq || want jq
    has bc || want bc
    { has ps && has watch; } || want procps
    has netstat || want net-tools
    has ss || want iproute2
    has openssl || want openssl
    has redis-server || want redis-server
    { has prometheus && has promtool; } || want prometheus
    has amtool || want prometheus-alertmanager
    [ -x /usr/sbin/nginx ] || has nginx || want nginx-light
    has chromium || want chromium
    has docker-compose || want docker-compose
    has kubectl || want kubernetes-client
    has mandoc || want mandoc
    has dot || want graphviz
    has wrk || want wrk
    has zsh || want zsh
    has fish || want fish
    has tini || want tini
    has systemd-analyze || want systemd
    has setpriv || want util-linux
fi

[ -n "$wanted" ] || exit 0

how_rust="Rust $rust_needed or later: from rustup, or on Debian 12 the packages rustc-web cargo-web rustfmt-web rust-web-clippy"
if ! has apt-get; then
    echo "This build needs (by their Debian names):$wanted" >&2
    echo "apt-get is not here to install them: install them by your system's means, then run make again. $how_rust" >&2
    exit 1
fi
as_root=""
if [ "$(id -u)" != 0 ]; then
    if ! has sudo || ! sudo -n true 2>/dev/null && ! [ -t 0 ]; then
        echo "This build needs packages that only root can install. Run, as root:" >&2
        echo "    apt-get install --no-install-recommends$wanted" >&2
        exit 1
    fi
    as_root=sudo
fi
echo "Installing Debian packages:$wanted"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q
# shellcheck disable=SC2086 # a list of words
if ! $as_root apt-get install -q -y --no-install-recommends $wanted </dev/null; then
    echo "Debian could not install:$wanted" >&2
    echo "If it is Rust that is missing: $how_rust" >&2
    exit 1
fi
rust_is_new || { echo "The Rust found is older than $rust_needed. $how_rust" >&2; exit 1; }
