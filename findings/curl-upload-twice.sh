#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# curl 7.88.1 (Debian 12): an upload whose connection is lost is sent once more by libcurl itself, without --retry.
#
# On a connection that has been used before, when it ends before the first byte of an answer (a 100 Continue counts),
# libcurl takes it for one that the server had closed in the meantime, rewinds the body and sends all again on a new
# one, whatever the method and however much of the body had gone. A server that keeps what it was sent has a part of
# it twice: a PATCH of an upload in chunks then ends in a wrong digest. Over a new connection the same loss is the
# error 52. Who uploads what is not idempotent has the CURLOPT_SEEKFUNCTION refuse (CURL_SEEKFUNC_FAIL).
#
# Seen: on a new connection: 1 PATCH, curl: (52) Empty reply from server
#       on a kept one: 2 PATCHes, no error
set -eu
work=$(mktemp -d)
trap 'kill "${server:-}" 2> /dev/null || true; rm -rf "$work"' EXIT
cd "$work"

apt-get -qq -o APT::Sandbox::User=root download curl=7.88.1-10+deb12u15 libcurl4=7.88.1-10+deb12u15 || exit 77
for deb in ./*.deb; do dpkg-deb -x "$deb" root; done
LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH
curl=root/usr/bin/curl
$curl --version | head -n 1 | cut -d ' ' -f 1-4

# Takes the body of a PATCH and goes without an answer, the first time; answers all else.
cat > server.py <<'END'
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    patches = 0
    def log_message(self, *_):
        pass
    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.command == "PATCH":
            Handler.patches += 1
            if Handler.patches == 1:
                self.close_connection = True
                return
        text = b"%d" % Handler.patches
        if self.path == "/count":
            Handler.patches = 0
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    do_GET = do_PATCH = answer
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
open("port.new", "w").write(str(server.server_port))
import os; os.rename("port.new", "port")
server.serve_forever()
END
python3 server.py &
server=$!
while [ ! -e port ]; do sleep 0.1; done
url=http://127.0.0.1:$(cat port)
head -c 100000 /dev/zero > body

new=$($curl -sS -H Expect: -X PATCH -T body "$url/x" 2>&1) || true
patches=$($curl -sS "$url/count")
echo "on a new connection: $patches PATCH, $new"
kept=$($curl -sS -o /dev/null "$url/first" --next -sS -o /dev/null -H Expect: -X PATCH -T body "$url/x" 2>&1) || true
again=$($curl -sS "$url/count")
echo "on a kept one: $again PATCHes, ${kept:-no error}"
[ "$patches, $new, $again, $kept" = '1, curl: (52) Empty reply from server, 2, ' ] || { echo 'changed'; exit 1; }
echo 'as stated'
