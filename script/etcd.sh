# An etcd of one's own, for scripts that source this file: `start_etcd DIR [CERT KEY]`, `stop_etcd`.
# It listens on free loopback ports and keeps everything in DIR.
# After `start_etcd`: $etcd_url, and with a certificate also $etcd_tls_url.
# shellcheck shell=bash

etcd_pid=

# Sets $port to a loopback port below the ephemeral range at which nothing answers.
pick_port() {
  while port=$((20000 + RANDOM % 12000)); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || return 0
  done
}

# Somebody else may take a port between the look and the start: then etcd ends, and other ports are tried.
start_etcd() {
  local attempt
  for attempt in 1 2 3 4 5; do
    rm -rf "$1/data"
    launch_etcd "$@"
    wait_for_etcd && return 0
    stop_etcd
  done
  echo "etcd did not start ($attempt attempts); its last words:" >&2
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
  # Without the caller's environment: etcd takes every ETCD_* for a flag.
  env -i PATH="$PATH" etcd --data-dir "$dir/data" "${tls[@]}" \
    --listen-client-urls "$clients" --advertise-client-urls "$clients" \
    --listen-peer-urls "$peer" --initial-advertise-peer-urls "$peer" \
    --initial-cluster "default=$peer" >"$dir/etcd.log" 2>&1 &
  etcd_pid=$!
}

# Until it answers, ends, or has had 30 seconds.
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
  # Its status is that of the signal.
  wait "$etcd_pid" 2>/dev/null || true
  etcd_pid=
}
