#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docker-registry 2.8.2 (Debian 12): an OCI manifest that is there is a 404 for `Accept: */*`, and without an `Accept`.
#
# HTTP lets a server choose when a client takes anything. This one looks for the very text of the OCI manifest's media
# type among the values of Accept, and answers MANIFEST_UNKNOWN when it is not there: to GET with a message that tells
# the reason, to HEAD, by which clients look whether a tag exists, with nothing but the status. So `curl URL` says
# that there is nothing where a client of images finds one.
#
# Seen: an OCI manifest: GET without Accept 404, */* 404, application/* 404, the type 200, its list with */* 200; HEAD with */* 404
#       OCI manifest found, but accept header does not support OCI manifests
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
import hashlib, http.client, json, sys, time
port = int(sys.argv[1])
OCI = "application/vnd.oci.image.manifest.v1+json"

def ask(method, path, body=None, **headers):
    # http.client sends no Accept of its own
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read(), answer.getheader("Location")

while True:
    try:
        ask("GET", "/v2/")
        break
    except ConnectionError:
        time.sleep(0.05)
digest = "sha256:" + hashlib.sha256(b"{}").hexdigest()
_, _, place = ask("POST", "/v2/a/blobs/uploads/")
assert ask("PUT", place[place.index("/v2"):] + "&digest=" + digest, b"{}", **{"Content-Type": "application/octet-stream"})[0] == 201
manifest = {"schemaVersion": 2, "mediaType": OCI, "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": 2},
            "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": digest, "size": 2}]}
assert ask("PUT", "/v2/a/manifests/oci", json.dumps(manifest), **{"Content-Type": OCI})[0] == 201
url = "/v2/a/manifests/"
row = [ask("GET", url + "oci")[0], ask("GET", url + "oci", Accept="*/*")[0], ask("GET", url + "oci", Accept="application/*")[0],
       ask("GET", url + "oci", Accept=OCI)[0], ask("GET", url + "oci", Accept=OCI + ", */*")[0], ask("HEAD", url + "oci", Accept="*/*")[0]]
print("an OCI manifest: GET without Accept %d, */* %d, application/* %d, the type %d, its list with */* %d; HEAD with */* %d" % tuple(row))
print(json.loads(ask("GET", url + "oci", Accept="*/*")[1])["errors"][0]["message"])
sys.exit(row != [404, 404, 404, 200, 200, 404])
END
python3 ask.py "$port" || { echo 'changed'; exit 1; }
echo 'as stated'
