#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# curl 7.88.1 (Debian 12): the second transfer on a connection of --http2-prior-knowledge fails.
#
# Connections are kept and used again, as always; but for HTTP/2 without TLS and without an upgrade the second
# request ends with the error 16 of the framing layer. Transfers in parallel, which HTTP/2 is there for, fail
# alike: only one of them is answered. Clients have to forbid reuse (CURLOPT_FORBID_REUSE), or speak TLS.
#
# Seen: the first transfer: hello
#       the second: curl: (16) Error in the HTTP2 framing layer
set -eu
work=$(mktemp -d)
trap 'kill "${server:-}" 2> /dev/null || true; rm -rf "$work"' EXIT
cd "$work"

apt-get -qq -o APT::Sandbox::User=root download curl=7.88.1-10+deb12u15 libcurl4=7.88.1-10+deb12u15 \
    nghttp2-server=1.52.0-1+deb12u3 libnghttp2-14=1.52.0-1+deb12u3 libev4=1:4.33-1 libjemalloc2=5.3.0-1 || exit 77
for deb in ./*.deb; do dpkg-deb -x "$deb" root; done
LD_LIBRARY_PATH=$work/root/usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH
curl=root/usr/bin/curl
$curl --version | head -n 1 | cut -d ' ' -f 1-4
root/usr/sbin/nghttpd --version

mkdir served
echo hello > served/file
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
root/usr/sbin/nghttpd --no-tls --address=127.0.0.1 --htdocs=served "$port" &
server=$!
url=http://127.0.0.1:$port/file

# The server is there when a first connection is answered; each call of curl has its own.
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    $curl -s --http2-prior-knowledge "$url" > /dev/null && break
    sleep 0.5
done
first=$($curl -sS --http2-prior-knowledge "$url" 2>&1) || true
both=$($curl -sS --http2-prior-knowledge "$url" "$url" 2>&1) || true
second=$(echo "$both" | tail -n 1)
echo "the first transfer: $first"
echo "the second: $second"
[ "$first, $second" = 'hello, curl: (16) Error in the HTTP2 framing layer' ] || { echo 'changed'; exit 1; }
echo 'as stated'
