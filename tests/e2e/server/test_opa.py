# SPDX-License-Identifier: Apache-2.0
"""Bundles of OPA as modules of policies.yml: with their data, from a file and in a bundle of ours."""
import json, os, shutil, subprocess, tempfile, unittest

import harness
from harness import Server

DATA = os.path.join(harness.ROOT, "tests", "e2e", "command", "opa-bundles")
POLICIES = {"labels": {"module": f"file://{DATA}/labels.tar.gz"},
            "red": {"module": f"file://{DATA}/labels.tar.gz", "settings": {"team": {"name": "red", "limit": 1}}},
            "banned": {"module": f"file://{DATA}/template.tar.gz", "settings": {"a": 1}}}
NO_COMPILER = {"CHIMERA_COMMAND": "/bin/false", "CHIMERA_CACHE_DIR": "/nonexistent/cache", "CHIMERA_WAIT_FOR_FULL_TIER": "false"}


class Opa(unittest.TestCase):
    def expect(self, server):
        body = harness.review(object={"metadata": {"name": "plain", "labels": {}}})
        said = {name: server.verdict("/validate/" + name, body)["status"]["message"] for name in POLICIES}
        self.assertEqual(said, {"labels": "team blue wants owner, limit 12345678901234567890",
                                "red": "team red wants owner, limit 1", "banned": 'plain is banned, {"a": 1}'})
        body = harness.review(object={"metadata": {"name": "other", "labels": {"owner": "me"}}})
        for name in POLICIES:
            self.assertTrue(server.verdict("/validate/" + name, body)["allowed"])

    def test_they_are_served_with_their_data(self):
        with Server(POLICIES) as server:
            self.expect(server)

    def test_a_process_of_its_own_has_the_data_too(self):
        with Server(POLICIES, "--isolate", "each") as server:
            self.expect(server)

    def test_a_bundle_of_ours_has_the_data(self):
        folder = tempfile.mkdtemp(prefix="chimera-opa-")
        self.addCleanup(shutil.rmtree, folder)
        path, target = os.path.join(folder, "p.yml"), os.path.join(folder, "bundle")
        with open(path, "w") as out:
            json.dump(POLICIES, out)
        done = subprocess.run([harness.COMMAND, "bundle", "-q", path, "-o", target], capture_output=True, text=True,
                              env=dict(os.environ, CHIMERA_CACHE_DIR=harness._cache))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        with Server(None, "--bundle", target, environment=NO_COMPILER) as server:
            self.expect(server)

    def test_a_key_is_for_all_bundles(self):
        key, body = ["--opa-bundle-key", f"{DATA}/secret.txt"], harness.review()
        good = {"p": {"module": f"file://{DATA}/signed.tar.gz"}, "other": {"module": harness.wasm("accept")}}
        with Server(good, *key) as server:
            self.assertIn("team blue wants owner", server.verdict("/validate/p", body)["status"]["message"])
            self.assertTrue(server.verdict("/validate/other", body)["allowed"])
        for policies, flags, said in (
                (POLICIES, key, "the OPA bundle is not signed as required: it has no .signatures.json"),
                (good, ["--opa-bundle-key", f"{DATA}/rsa.pub"], "its token is not signed by the key, with HS256"),
                (good, [*key, "--opa-bundle-scope", "read"], "its token is for another scope: "),
                (good, [], "the OPA bundle is signed, and nobody says by which key it must be")):
            with Server(policies, *flags, is_awaited=False) as server:
                self.assertEqual(server.process.wait(60), 1)
                self.assertIn(said, server.errors())

    def test_what_is_none_keeps_the_server_from_starting(self):
        folder = tempfile.mkdtemp(prefix="chimera-opa-")
        self.addCleanup(shutil.rmtree, folder)
        cut = os.path.join(folder, "cut.tar.gz")
        with open(os.path.join(DATA, "labels.tar.gz"), "rb") as whole, open(cut, "wb") as out:
            out.write(whole.read()[:-9])
        for module, said in ((cut, "cannot read the OPA bundle: it is cut off"), (f"{DATA}/labels.rego", "Rego, not WebAssembly: compile it")):
            with Server({"p": {"module": "file://" + module}}, is_awaited=False) as server:
                self.assertEqual(server.process.wait(60), 1)
                self.assertIn(said, server.errors())


if __name__ == "__main__":
    unittest.main()
