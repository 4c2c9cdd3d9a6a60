# SPDX-License-Identifier: Apache-2.0
"""Plugins that a trusted builder has left beside policies in their registry, in place of compiling (docs/user/server-options.md)."""
import json, os, subprocess, unittest

import harness
from harness import COMMAND, Server, wasm
from test_fetch import Fetch
import registries  # found by that
from registries import Registry

# No program of the compiler is found here.
NOWHERE = {"PATH": "/nowhere", "CHIMERA_WASM2C": "/nowhere/wasm2c", "CHIMERA_CLANG": "/nowhere/clang", "CHIMERA_TCC": "/nowhere/tcc",
           "CHIMERA_LLD": "/nowhere/lld"}


@unittest.skipUnless(registries.is_there(), "no docker-registry here")
class Native(Fetch):
    def setUp(self):
        super().setUp()
        self.registry = Registry()
        self.addCleanup(self.registry.__exit__)
        for name in ("builder", "other", "signer"):
            setattr(self, name, self.folder + "/" + name)
        self.signer_text = [registries.make_key(key) for key in (self.builder, self.other, self.signer)][2]
        self.uri = f"registry://{self.registry.host}/p:v1"
        self.sources = self.registry.insecure()

    def push(self, name="accept", key=None):
        done = subprocess.run([COMMAND, "push", "--force", "--native", "--quiet", "--sources-path", self.sources, "--sign-key",
                               key or self.builder, wasm(name)[len("file://"):], self.uri], capture_output=True, text=True, timeout=600,
                              env={**os.environ, "HOME": self.folder, "XDG_CONFIG_HOME": "", "CHIMERA_CACHE_DIR": harness._cache})
        self.assertEqual(done.returncode, 0, done.stderr)

    def flags(self, key=None, *more):
        return ["--sources-path", self.sources, "--trusted-builder-key", (key or self.builder) + ".pub", *more]

    def without_compiler(self):
        """A cache of its own, in which there is nothing."""
        return {**NOWHERE, "CHIMERA_CACHE_DIR": self.folder + "/empty"}

    def test_it_is_served_where_there_is_no_compiler(self):
        self.push("reject")
        with Server({"p": {"module": self.uri}}, "--sources-path", self.sources, is_awaited=False,
                    environment=self.without_compiler()) as server:
            self.assertEqual(server.process.wait(120), 1)  # and without the key not
        with Server({"p": {"module": self.uri}, "q": {"module": self.uri}}, *self.flags(), environment=self.without_compiler(),
                    log="info") as server:
            for name in ("p", "q"):
                self.assertFalse(server.verdict("/validate/" + name)["allowed"])
            self.assertRegex(server.log(), r"policy download .*/native/.*\.so")

    def test_the_policy_must_be_signed_all_the_same(self):
        self.push()
        digest, _ = self.registry.get_manifest("p", "v1")
        config = self.write("verification.yml", {"apiVersion": "v1", "allOf": [{"kind": "pubKey", "key": self.signer_text}]})
        flags = self.flags(None, "--verification-path", config)
        # The builder's signature is of the plugin, and no word about the policy.
        text = self.fails({"p": {"module": self.uri}}, *flags)
        self.assertIn("Policy 'p' cannot be verified: ", text)
        self.registry.put_signatures("p", digest, (self.signer, {}))
        with Server({"p": {"module": self.uri}}, *flags, environment=self.without_compiler()) as server:
            self.assertTrue(server.verdict("/validate/p")["allowed"])

    def test_what_another_has_signed_is_compiled(self):
        self.push(key=self.other)
        with Server({"p": {"module": self.uri}}, *self.flags(), log="info") as server:
            self.assertTrue(server.verdict("/validate/p")["allowed"])
            self.assertIn("plugins in the registry do not do; compiling", server.log())
            self.assertNotIn("/native/", server.log())

    def test_what_there_is_none_of_is_compiled(self):
        with open(wasm("accept")[len("file://"):], "rb") as module:
            self.registry.put_policy("p", "v1", module.read())
        with Server({"p": {"module": self.uri}}, *self.flags()) as server:
            self.assertTrue(server.verdict("/validate/p")["allowed"])

    def test_one_of_another_policy_is_not_taken(self):
        """The tag moves on, and what was built of the policy before is no plugin of this one."""
        self.push("reject")
        with open(wasm("accept")[len("file://"):], "rb") as module:
            self.registry.put_policy("p", "v1", module.read())
        with Server({"p": {"module": self.uri}}, *self.flags(), log="info") as server:
            self.assertTrue(server.verdict("/validate/p")["allowed"])
            self.assertNotIn("/native/", server.log())

    def test_a_changed_plugin_is_not_served(self):
        """In the store it lies between two starts; what its manifest says is compared again."""
        self.push()
        store = self.folder + "/store"
        flags = self.flags(None, "--policies-download-dir", store)
        with Server({"p": {"module": self.uri}}, *flags, environment=self.without_compiler()) as server:
            self.assertTrue(server.verdict("/validate/p")["allowed"])
        (plugin,) = [os.path.join(folder, name) for folder, _, names in os.walk(store + "/native") for name in names
                     if name.endswith(".so")]
        with open(plugin, "r+b") as file:
            file.seek(-1, os.SEEK_END)
            last = file.read(1)
            file.seek(-1, os.SEEK_END)
            file.write(bytes([last[0] ^ 1]))
        with Server({"p": {"module": self.uri}}, *flags, environment=self.without_compiler()) as server:  # fetched again
            self.assertTrue(server.verdict("/validate/p")["allowed"])
        with open(plugin, "rb") as file:
            file.seek(-1, os.SEEK_END)
            self.assertEqual(file.read(1), last)


if __name__ == "__main__":
    unittest.main()
