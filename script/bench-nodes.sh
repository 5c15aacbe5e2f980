# The nodes that `script/bench` measures and `script/order` watches, for scripts that source this file after
# `script/etcd.sh`: `make_certificates`, `announce BINARY`, `prepare BINARY BUILD`. They are below $dir.
# shellcheck shell=bash disable=SC2154

# How many variables their service has.
variables=20

make_certificates() {
  (
    cd "$dir"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj '/CN=bench CA' \
      -addext 'basicConstraints=critical,CA:TRUE' -keyout ca.key -out ca.pem
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=bench' -keyout etcd.key -out etcd.csr
    printf 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n' >extensions
    openssl x509 -req -in etcd.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 1 -extfile extensions -out etcd.pem
  ) >"$dir/openssl.log" 2>&1 || { cat "$dir/openssl.log" >&2 && exit 1; }
}

# numbered PATTERN: `PATTERN, PATTERN, …` with # replaced by 01, 02, …
numbered() {
  local n text=
  for n in $(seq -w "$variables"); do
    text+=", ${1//#/$n}"
  done
  printf '%s' "${text:2}"
}

# make_node NAME CONFIGURATION MANIFEST: a directory that serves as a node's /.
make_node() {
  local etc=$dir/$1/etc/reconf
  mkdir -p "$etc/services"
  printf '%s\n' "$2" >"$etc/config.json"
  printf '%s\n' "$3" >"$etc/services/bench.json"
}

# announce BINARY: announces what the nodes require.
announce() {
  local provider
  provider='{"id": "bench", "provides": {'$(numbered '"NAME_#": "mysql://user:password@{HOST}:33#/database"')'}}'
  make_node provider '{"node": "db01", "host": "10.0.0.9", "registry": {"endpoints": ["'"$etcd_url"'"]}}' "$provider"
  "$1" --quiet --root "$dir/provider" announce bench
}

# prepare BINARY BUILD: makes the nodes of a build, and renders once so that the measured renders change nothing. Each
# build has its own nodes, so that none reads another one's state.
prepare() {
  local consumer plain tls
  consumer='{"id": "bench", "requires": {'$(numbered '"VARIABLE_#": "{NAME_#}"')'}}'
  plain='"endpoints": ["'$etcd_url'"]'
  tls='"endpoints": ["'$etcd_tls_url'"], "ca": "'$dir/ca.pem'"'
  make_node "$2/http" "{\"node\": \"web01-$2\", \"host\": \"10.0.0.5\", \"registry\": {$plain}}" "$consumer"
  make_node "$2/tls" "{\"node\": \"web02-$2\", \"host\": \"10.0.0.6\", \"registry\": {$tls}}" "$consumer"
  "$1" --quiet --root "$dir/$2/http" render bench
  "$1" --quiet --root "$dir/$2/tls" render bench
}
