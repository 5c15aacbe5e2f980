# Starts and stops a private etcd, for scripts that source this file: `start_etcd DIR [CERT KEY]`, `stop_etcd`.
# It listens on free loopback ports and keeps its data in DIR. `start_etcd` sets $etcd_url, and with a certificate also
# $etcd_tls_url.
# shellcheck shell=bash

etcd_pid=

# Sets $port to a loopback port below the ephemeral range on which nothing listens.
pick_port() {
  while port=$((20000 + RANDOM % 12000)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || return 0
  done
}

# Another process can take a port before etcd binds it: etcd then exits, and the next attempt uses other ports.
start_etcd() {
  local attempt
  for attempt in 1 2 3 4 5; do
    rm -rf "$1/data"
    launch_etcd "$@"
    wait_for_etcd && return 0
    stop_etcd
  done
  echo "etcd did not start ($attempt attempts); the end of its log:" >&2
  tail -n 5 "$1/etcd.log" >&2
  return 1
}

launch_etcd() {
  local dir=$1 port peer clients tls=()
  pick_port && etcd_url=http://127.0.0.1:$port && clients=$etcd_url
  pick_port && peer=http://127.0.0.1:$port
  if [ $# -gt 1 ]; then
    pick_port && etcd_tls_url=https://127.0.0.1:$port && clients+=,$etcd_tls_url
    tls=(--cert-file "$2" --key-file "$3")
  fi
  # Without the caller's environment: etcd reads flags from ETCD_* variables.
  env -i PATH="$PATH" etcd --data-dir "$dir/data" "${tls[@]}" \
    --listen-client-urls "$clients" --advertise-client-urls "$clients" \
    --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" \
    --initial-cluster "default=$peer" >"$dir/etcd.log" 2>&1 &
  etcd_pid=$!
}

# Waits until etcd answers; fails if it exits, or after 30 seconds.
wait_for_etcd() {
  local deadline=$((SECONDS + 30))
  while [ "$SECONDS" -lt "$deadline" ] && kill -0 "$etcd_pid" 2>/dev/null; do
    ETCDCTL_API=3 etcdctl --endpoints "$etcd_url" get reconf >/dev/null 2>&1 && return 0
    sleep 0.1
  done
  return 1
}

stop_etcd() {
  [ -n "$etcd_pid" ] || return 0
  kill "$etcd_pid" 2>/dev/null || true
  # The status of `wait` is that of the signal.
  wait "$etcd_pid" 2>/dev/null || true
  etcd_pid=
}
