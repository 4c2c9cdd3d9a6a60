# SPDX-License-Identifier: Apache-2.0
"""Policies from places that mean harm: what is served is what was signed, what is a secret stays one, and a start comes to an end."""
import base64, json, os, subprocess, sys, tempfile, unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness, registries
from harness import Server, wait_for
from registries import Registry
from test_fetch import Fetch, module

SIGNATURE = "dev.cosignproject.cosign/signature"
# Does what `chimera` does; behind the verb that WHEN names FROM takes the place of TO, as if somebody else had written to the store.
IN_BETWEEN = """#!/bin/sh
"{command}" "$@"
status=$?
if [ "$1" = "$WHEN" ]; then cp "$FROM" "$TO.new"; mv "$TO.new" "$TO"; fi
exit $status
"""


class Signed(Fetch):
    def setUp(self):
        super().setUp()
        self.key = self.folder + "/key.pem"
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.key], check=True)
        subprocess.run(["openssl", "ec", "-in", self.key, "-pubout", "-out", self.folder + "/key.pub"], check=True, capture_output=True)
        with open(self.folder + "/key.pub") as file:
            self.config = self.write("verification.yml", {"apiVersion": "v1", "allOf": [{"kind": "pubKey", "key": file.read()}]})
        self.other = self.write("other.wasm", "")
        with open(self.other, "wb") as out:
            out.write(module("reject"))

    def sign(self, registry, repository, digest):
        """As cosign did it first."""
        payload = json.dumps({"critical": {"identity": {"docker-reference": f"{registry.host}/{repository}"},
                                           "image": {"docker-manifest-digest": digest},
                                           "type": "cosign container image signature"}, "optional": None}).encode()
        made = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=payload, check=True, capture_output=True).stdout
        layer = {"mediaType": "application/vnd.dev.cosign.simplesigning.v1+json", "digest": registry.put_blob(repository, payload),
                 "size": len(payload), "annotations": {SIGNATURE: base64.b64encode(made).decode()}}
        config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": registry.put_blob(repository, b"{}"), "size": 2}
        registry.put_manifest(repository, digest.replace(":", "-") + ".sig", {"schemaVersion": 2, "config": config, "layers": [layer]})

    def in_between(self, verb, path):
        """The environment of a server for which the file at `path` becomes another one right behind that verb of its command's."""
        command = self.write("chimera", IN_BETWEEN.format(command=harness.COMMAND))
        os.chmod(command, 0o755)
        return {"CHIMERA_COMMAND": command, "WHEN": verb, "FROM": self.other, "TO": path}

    def flags(self, registry):
        return ["--sources-path", registry.insecure(), "--verification-path", self.config, "--policies-download-dir", self.folder + "/store"]


class Replaced(Signed):
    """Other processes write to the same store, and need not ask for signatures."""

    def test_what_is_built_is_what_was_signed(self):
        with Registry() as registry:
            digest = registry.put_policy("p", "v1", module("accept"))
            self.sign(registry, "p", digest)
            policies = {"p": {"module": f"registry://{registry.host}/p:v1"}}
            path = f"{self.folder}/store/registry/{registry.host}/p:v1"
            with Server(policies, *self.flags(registry)) as server:
                self.assertTrue(server.verdict("/validate/p")["allowed"])
            with Server(policies, *self.flags(registry), environment=self.in_between("fetch", path), is_awaited=False) as server:
                self.assertEqual(server.process.wait(120), 1)
                self.assertIn("Policy 'p' cannot be verified: its file in the store was replaced", server.errors())
            os.remove(path)  # else it is seen by the look at the file, which comes first
            with Server(policies, *self.flags(registry), "--continue-on-errors", environment=self.in_between("fetch", path)) as server:
                answer = server.verdict("/validate/p")
                self.assertFalse(answer["allowed"])
                self.assertEqual(answer["status"]["code"], 500)
                self.assertIn("cannot be verified", answer["status"]["message"])


if __name__ == "__main__":
    unittest.main()
