#!/bin/sh
# Restarts replicas behind nginx one after the other, so that no request is lost.
#
#   rolling-restart.sh COMMAND NAME[=PORT]...
#
# COMMAND restarts one replica and returns when it was told to ("%s" in it is its NAME); PORT is where it answers on this machine (its
# name, when that is a number):
#
#   rolling-restart.sh 'systemctl restart pxl-prover@%s' 8088 8089
#   rolling-restart.sh 'docker-compose -f docker-compose.prod.yml up -d --no-deps --force-recreate %s' pxl-prover=8088 pxl-prover-2=8089
#
# Nothing is restarted while another replica is not ready: then nobody would answer. PXL_READY_TIMEOUT (120) bounds the wait for a
# restarted one, in seconds; PXL_SETTLE (3) is how long nginx may take to send it requests again (its fail_timeout, and some).
set -eu

usage="usage: $0 COMMAND NAME[=PORT]... (COMMAND holds %s where the name goes)"
[ $# -ge 2 ] || { echo "$usage" >&2; exit 2; }
restart=$1
shift
case $restart in *%s*) ;; *) echo "$usage" >&2; exit 2 ;; esac

ready() { curl -fsS -o /dev/null --max-time 5 "http://127.0.0.1:${1##*=}/health/ready" 2>/dev/null; }

wait_until_ready() {
    waited=0
    until ready "$1"; do
        [ "$waited" -lt "${PXL_READY_TIMEOUT:-120}" ] || return 1
        waited=$((waited + 1))
        sleep 1
    done
}

for replica; do
    for other; do
        [ "$other" = "$replica" ] || ready "$other" || { echo "${other%%=*} is not ready: ${replica%%=*} is not restarted" >&2; exit 1; }
    done
    name=${replica%%=*}
    echo "$name: restarting"
    sh -c "$(printf '%s\n' "$restart" | sed "s/%s/$name/g")"
    wait_until_ready "$replica" || { echo "$name was not ready within ${PXL_READY_TIMEOUT:-120} s: the others are left as they are" >&2; exit 1; }
    sleep "${PXL_SETTLE:-3}"
    echo "$name: ready"
done
