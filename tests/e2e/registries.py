# SPDX-License-Identifier: Apache-2.0
"""Debian's docker-registry on loopback, for tests: plain or with TLS, open or with a login, and what is in it."""
import base64, hashlib, http.client, json, os, shutil, ssl, subprocess, tempfile, time

from ports import free_port

WASM_LAYER = "application/vnd.wasm.content.layer.v1+wasm"
WASM_CONFIG = "application/vnd.wasm.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
# bcrypt of "secret", by htpasswd -nbB
HTPASSWD = "anna:$2y$05$/pkF328gCoGsJ7wwoPulBeWU0WIPz5SpGgZHlFanWccE69URmbumu\n"


def is_there():
    return shutil.which("docker-registry") is not None


def digest_of(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def make_key(path):
    """A pair for signatures: `path`, and its public half PATH.pub, whose text is returned."""
    for words in (["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path],
                  ["pkey", "-in", path, "-pubout", "-out", path + ".pub"]):
        subprocess.run(["openssl", *words], check=True, capture_output=True)
    with open(path + ".pub") as key:
        return key.read()


class Registry:
    """A context manager. `tls`: (certificate, key, authority), files of PEM; `login`: HTPASSWD, or None; `more`: lines of YAML
    for its configuration."""

    def __init__(self, tls=None, login=None, more="", port=None):
        self.folder, self.port, self.tls, self.login = tempfile.mkdtemp(prefix="chimera-registry-"), port or free_port(), tls, login
        self.host = f"localhost:{self.port}"
        text = f"version: 0.1\nlog: {{level: warn}}\nstorage:\n  filesystem: {{rootdirectory: {self.folder}/data}}\n" \
               f"  delete: {{enabled: true}}\nhttp:\n  addr: 127.0.0.1:{self.port}\n"
        if tls:
            text += f"  tls: {{certificate: {tls[0]}, key: {tls[1]}}}\n"
        if login:
            with open(self.folder + "/htpasswd", "w") as out:
                out.write(login)
            text += f"auth:\n  htpasswd: {{realm: test, path: {self.folder}/htpasswd}}\n"
        with open(self.folder + "/config.yml", "w") as out:
            out.write(text + more)
        self.process = None
        self.start()

    def start(self):
        self.log = open(self.folder + "/log", "ab")
        self.process = subprocess.Popen(["docker-registry", "serve", self.folder + "/config.yml"], stdout=self.log, stderr=self.log)
        until = time.time() + 60
        while time.time() < until:
            try:
                self.ask("GET", "/v2/")
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.02)
        with open(self.folder + "/log") as log:
            raise AssertionError("docker-registry did not start: " + log.read())

    def stop(self):
        self.process.terminate()
        self.process.wait(60)
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder)

    def ask(self, method, path, body=None, headers=None):
        """(status, headers in lower case, body)"""
        headers = dict(headers or {})
        if self.login:
            headers["Authorization"] = "Basic YW5uYTpzZWNyZXQ="  # anna:secret
        if self.tls:
            connection = http.client.HTTPSConnection("localhost", self.port, timeout=60,
                                                     context=ssl.create_default_context(cafile=self.tls[2]))
        else:
            connection = http.client.HTTPConnection("localhost", self.port, timeout=60)
        try:
            connection.request(method, path, body=body, headers=headers)
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def put_blob(self, repository, data):
        """Its digest."""
        status, fields, _ = self.ask("POST", f"/v2/{repository}/blobs/uploads/")
        assert status == 202, status
        place = fields["location"].split(f":{self.port}", 1)[-1]
        mark = "&" if "?" in place else "?"
        status, _, body = self.ask("PUT", f"{place}{mark}digest={digest_of(data)}", data, {"Content-Type": "application/octet-stream"})
        assert status == 201, body
        return digest_of(data)

    def put_manifest(self, repository, version, manifest, media_type=MANIFEST):
        """Its digest. `manifest`: a tree, or bytes."""
        data = manifest if isinstance(manifest, bytes) else json.dumps(manifest, separators=(",", ":"), sort_keys=True).encode()
        status, _, body = self.ask("PUT", f"/v2/{repository}/manifests/{version}", data, {"Content-Type": media_type})
        assert status == 201, body
        return digest_of(data)

    def put_policy(self, repository, version, wasm, **more):
        """As Kubewarden's tools push one; the digest of its manifest."""
        def blob(media_type, data):
            return {"mediaType": media_type, "digest": self.put_blob(repository, data), "size": len(data)}
        manifest = {"schemaVersion": 2, "config": blob(WASM_CONFIG, b"{}"), "layers": [blob(WASM_LAYER, wasm)], **more}
        return self.put_manifest(repository, version, manifest)

    def put_signatures(self, repository, digest, *signatures):
        """In cosign's old place, each (private key, annotations), made by openssl; or (a function that makes the layer's annotations
        of the payload, annotations)."""
        layers = []
        for sign, annotations in signatures:
            payload = json.dumps({"critical": {"identity": {"docker-reference": f"{self.host}/{repository}"},
                                               "image": {"docker-manifest-digest": digest},
                                               "type": "cosign container image signature"}, "optional": annotations}).encode()
            if callable(sign):
                made = sign(payload)
            else:
                signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", sign], input=payload, check=True, capture_output=True)
                made = {"dev.cosignproject.cosign/signature": base64.b64encode(signature.stdout).decode()}
            layers.append({"mediaType": "application/vnd.dev.cosign.simplesigning.v1+json", "size": len(payload),
                           "digest": self.put_blob(repository, payload), "annotations": made})
        config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": self.put_blob(repository, b"{}"), "size": 2}
        self.put_manifest(repository, digest.replace(":", "-") + ".sig", {"schemaVersion": 2, "config": config, "layers": layers})

    def put_bundles(self, repository, digest, *bundles):
        """Beside the artifact, as a registry without the API of referrers has them."""
        entries, size = [], len(self.ask("GET", f"/v2/{repository}/manifests/{digest}", headers={"Accept": MANIFEST})[2])
        for bundle in bundles:
            empty = {"mediaType": "application/vnd.oci.empty.v1+json", "digest": self.put_blob(repository, b"{}"), "size": 2}
            layer = {"mediaType": BUNDLE, "digest": self.put_blob(repository, bundle), "size": len(bundle)}
            data = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": BUNDLE, "config": empty,
                               "layers": [layer], "subject": {"mediaType": MANIFEST, "digest": digest, "size": size}}).encode()
            entries.append({"mediaType": MANIFEST, "digest": self.put_manifest(repository, digest_of(data), data), "size": len(data),
                            "artifactType": BUNDLE})
        self.put_manifest(repository, digest.replace(":", "-"), {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}, INDEX)

    def get_manifest(self, repository, version):
        """(digest, tree)"""
        status, _, body = self.ask("GET", f"/v2/{repository}/manifests/{version}", headers={"Accept": MANIFEST})
        assert status == 200, body
        return digest_of(body), json.loads(body)

    def insecure(self):
        """The path of a sources.yml that allows it without TLS."""
        path = self.folder + "/insecure.yml"
        with open(path, "w") as out:
            json.dump({"insecure_sources": [self.host]}, out)
        return path

    def trusted(self):
        """The path of a sources.yml with its authority."""
        path = self.folder + "/trusted.yml"
        with open(path, "w") as out:
            json.dump({"source_authorities": {self.host: [{"type": "Path", "path": self.tls[2]}]}}, out)
        return path
