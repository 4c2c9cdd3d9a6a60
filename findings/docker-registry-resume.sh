#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docker-registry 2.8.2 (Debian 12): an upload whose connection breaks is forgotten, and where one stands is told wrongly.
#
# A client that loses the connection within a PATCH asks the upload's URL where it stands, and goes on from there; the
# `Range` of the answer is for that. Here the session answers 404 from then on, so all that came
# before is lost as well, and the upload begins anew. And `Range` is the offset of the last byte, so it says
# 0-0 for one byte; for none, where there is no such offset, it says 0-0, too. Who takes it at its word after a POST begins
# with the second byte, and learns of it at the end, when the digest is wrong.
#
# Seen: no byte: Range 0-0, one byte: Range 0-0, 100 bytes: Range 0-99
#       cut after 60 of 100 further bytes: 404
set -eu
work=$(mktemp -d)
trap 'kill "${server:-}" 2> /dev/null || true; rm -rf "$work"' EXIT
cd "$work"

apt-get -qq -o APT::Sandbox::User=root download docker-registry=2.8.2+ds1-1 || exit 77
dpkg-deb -x docker-registry_*.deb root
registry=root/usr/bin/docker-registry
$registry --version | cut -d ' ' -f 1-3
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
cat > config.yml <<END
version: 0.1
log: {level: error}
storage: {filesystem: {rootdirectory: $work/data}}
http: {addr: "127.0.0.1:$port"}
END
$registry serve config.yml > log 2>&1 &
server=$!

cat > ask.py <<'END'
import http.client, socket, sys, time
port = int(sys.argv[1])

def ask(method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, body, {"Content-Type": "application/octet-stream"} if body else {})
    answer = connection.getresponse()
    answer.read()
    place = answer.getheader("Location") or ""
    return answer.status, answer.getheader("Range"), place[place.find("/v2"):]

while True:
    try:
        ask("GET", "/v2/")
        break
    except ConnectionError:
        time.sleep(0.05)
_, _, place = ask("POST", "/v2/a/blobs/uploads/")
_, none, place = ask("GET", place)
_, one, place = ask("PATCH", place, b"x")
_, hundred, place = ask("PATCH", place, b"x" * 99)
print(f"no byte: Range {none}, one byte: Range {one}, 100 bytes: Range {hundred}")
before = ask("GET", place)
with socket.create_connection(("127.0.0.1", port)) as cut:
    cut.sendall(f"PATCH {place} HTTP/1.1\r\nHost: x\r\nContent-Type: application/octet-stream\r\nContent-Length: 100\r\n\r\n".encode() + b"x" * 60)
    cut.shutdown(socket.SHUT_WR)
    cut.recv(65536)  # it has seen the end
after = ask("GET", place)
print(f"cut after 60 of 100 further bytes: {after[0]} {after[1] or ''}")
sys.exit((none, one, hundred, before[0], after[0]) != ("0-0", "0-0", "0-99", 204, 404))
END
python3 ask.py "$port" || { echo 'changed'; exit 1; }
echo 'as stated'
