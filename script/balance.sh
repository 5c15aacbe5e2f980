# The part of `script/demo` that balances, which sources this file. All nodes are on this machine, at loopback addresses:
# two instances of api, and web01 with an HAProxy of its own, through which www sends to them. It uses $nodes, `title`,
# `on` and `install_files` of the demo.
# shellcheck shell=bash

instances=()
www=

# must_be_free ADDRESS PORT: ends the demo if that is taken, such as by what an earlier run has left behind, and shows by whom.
must_be_free() {
  local bind='import socket, sys; socket.create_server((sys.argv[1], int(sys.argv[2])))'
  if python3 -c "$bind" "$1" "$2" 2>"$nodes/bind"; then return; fi
  echo "script/demo: the demo needs $1:$2, and cannot have it: $(tail -n 1 "$nodes/bind")" >&2
  ss -Hlntp "sport = :$2" >&2 || true
  exit 1
}

# start_api NAME ADDRESS: runs an instance of api at the port of its manifest. It answers with its name.
start_api() {
  must_be_free "$2" 1100
  mkdir "$nodes/$1-answers"
  echo "$1" >"$nodes/$1-answers/index.html"
  python3 -m http.server 1100 --bind "$2" --directory "$nodes/$1-answers" >"$nodes/$1.log" 2>&1 &
  instances+=("$!")
  until curl -s -o "$nodes/answer" "http://$2:1100/"; do sleep 0.1; done
  echo "$1 listens on $2:1100"
}

# Runs www, which sends one request after the other and writes down every answer. It never tries again.
start_www() {
  # shellcheck disable=SC2016 # expanded by the shell that `reconf exec` starts
  on web01 0 'reconf exec app-www -- sh -c '\''while :; do curl -sS "$API_URL/" || echo "no answer"; done'\'' >"$RECONF_ROOT/answers" 2>&1 &
echo $! >"$RECONF_ROOT/www.pid"'
  www=$(cat "$nodes/web01/www.pid")
}

# answered NAME: waits until www has 100 more answers of NAME.
answered() {
  local before
  before=$(grep -cx "$1" "$nodes/web01/answers" || true)
  until [ "$(grep -cx "$1" "$nodes/web01/answers")" -ge $((before + 100)) ]; do sleep 0.1; done
  echo "$1 has answered 100 requests of www"
}

# What systemd does for packaging/reconf-haproxy.service: `balance.reload` and `balance.stop` of config.json.
install_haproxy() {
  local place=$nodes/web01
  mkdir -p "$place/etc/haproxy" "$place/run/reconf-haproxy"
  cat >"$place/reload" <<END
#!/bin/sh
kill -USR2 "\$(cat $place/run/reconf-haproxy/haproxy.pid)" 2>/dev/null ||
  haproxy -D -W -f $place/etc/haproxy/reconf.cfg -p $place/run/reconf-haproxy/haproxy.pid >>$place/haproxy.log 2>&1
END
  printf '#!/bin/sh\nkill "$(cat %s/run/reconf-haproxy/haproxy.pid)"\n' "$place" >"$place/stop"
  chmod +x "$place/reload" "$place/stop"
  echo "{\"balance\": {\"local\": true, \"reload\": [\"$place/reload\"], \"stop\": [\"$place/stop\"]}}" \
    >"$place/etc/reconf/config.json"
}

stop_balancing() {
  [ -z "$www" ] || kill "$www" 2>/dev/null || true
  [ "${#instances[@]}" -eq 0 ] || kill "${instances[@]}" 2>/dev/null || true
  [ ! -e "$nodes/web01/stop" ] || "$nodes/web01/stop" 2>/dev/null || true
}

balance_demo() {
  title 'Two nodes run api and announce it'
  start_api api01 127.0.0.2
  start_api api02 127.0.0.3
  on api01 0 'reconf announce api'
  on api02 0 'reconf announce api'

  title 'web01 has an HAProxy, which reconf configures from the registry'
  must_be_free 127.0.0.1 21100
  install_haproxy
  # shellcheck disable=SC2016 # expanded by the inner shell
  on web01 0 'cat "$RECONF_ROOT/etc/reconf/config.json"'
  on web01 0 'reconf balance'
  # shellcheck disable=SC2016 # expanded by the inner shell
  on web01 0 'grep -A7 "^listen" "$RECONF_ROOT/etc/haproxy/reconf.cfg"'

  title 'The conf of app-www has the local port, whoever is behind it'
  on web01 0 'reconf render app-www'
  # shellcheck disable=SC2016 # expanded by the inner shell
  on web01 0 'grep API_URL "$RECONF_ROOT/etc/services.d/app-www.conf"'

  title 'www runs with it'
  start_www
  answered api01
  answered api02

  title 'api02 moves to another machine; www is not restarted, nor is HAProxy, and the conf stays'
  start_api api02-moved 127.0.0.4
  addresses[api02]=127.0.0.4
  on api02 0 'reconf announce api'
  on web01 0 'reconf balance'
  kill "${instances[1]}"
  on web01 0 'reconf render app-www'
  answered api02-moved

  title 'Every request was answered'
  kill "$www"
  wait_until_gone "$www"
  www=
  # shellcheck disable=SC2016 # expanded by the inner shell
  on web01 0 'sort "$RECONF_ROOT/answers" | uniq -c'
  if grep -vqx 'api01\|api02\|api02-moved' "$nodes/web01/answers"; then
    echo 'script/demo: a request of www was not answered' >&2
    exit 1
  fi

  title 'Switched off, values become direct; the port stays open as long as a program may have it'
  on web01 0 'reconf balance off --for 1h --reason demo'
  on web01 0 'reconf render app-www'
  # shellcheck disable=SC2016 # expanded by the inner shell
  on web01 0 'grep API_URL "$RECONF_ROOT/etc/services.d/app-www.conf"'
}

wait_until_gone() {
  while kill -0 "$1" 2>/dev/null; do sleep 0.1; done
}
