# SPDX-License-Identifier: Apache-2.0
"""Modules that are named relative to policies.yml: by the server, and in bundles, which are the same wherever they were made."""
import filecmp, json, os, shutil, subprocess, tempfile, unittest

import harness
from harness import Server, write
from test_bundle import COMMAND, NO_COMPILER

FORMS = {"here": "./a b%.wasm", "up": "../up.wasm", "uri": "file://./a%20b%25.wasm", "uri-up": "file://../up.wasm"}


def put(folder):
    """A checkout with the modules and FOLDER/set/policies.yml."""
    os.makedirs(os.path.join(folder, "set"))
    for name in ("up.wasm", os.path.join("set", "a b%.wasm")):
        shutil.copy(os.path.join(harness.POLICIES, "accept.wasm"), os.path.join(folder, name))
    path = os.path.join(folder, "set", "policies.yml")
    write(path, {id: {"module": module, "settings": {"id": id}} for id, module in FORMS.items()})
    return path


class Relative(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="chimera-relative-")
        self.addCleanup(shutil.rmtree, self.folder)

    def refused(self, module):
        path = os.path.join(self.folder, "p.yml")
        write(path, {"p": {"module": module}})
        with Server({}, "--policies", path, is_awaited=False) as server:
            self.assertEqual(server.process.wait(60), 1)
            return server.errors()

    def bundle(self, path, to, cwd="/"):
        done = subprocess.run([COMMAND, "bundle", path, "-o", to], capture_output=True, text=True, cwd=cwd,
                              env=dict(os.environ, CHIMERA_CACHE_DIR=harness._cache))
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_the_server_takes_them_from_wherever_it_is_started(self):
        with Server({}, "--policies", put(self.folder)) as server:
            for id in FORMS:
                self.assertTrue(server.verdict("/validate/" + id)["allowed"])

    def test_bundles_of_other_checkouts_have_the_same_bytes(self):
        """As they are recorded as they were written."""
        one, other = (os.path.join(self.folder, name) for name in ("one", "other"))
        self.bundle(put(one), one + ".bundle")
        put(other)
        self.bundle("policies.yml", other + ".bundle", cwd=os.path.join(other, "set"))
        names = [os.path.relpath(os.path.join(at, name), one + ".bundle") for at, _, files in os.walk(one + ".bundle") for name in files]
        self.assertIn("manifest.json", names)
        self.assertEqual(filecmp.cmpfiles(one + ".bundle", other + ".bundle", names, shallow=False)[1:], ([], []))
        with open(one + ".bundle/manifest.json") as file:
            plugins = json.load(file)["plugins"]
        self.assertEqual([[module["reference"] for module in plugin["modules"]] for plugin in plugins], [sorted(FORMS.values())])
        shutil.rmtree(one)
        with Server({}, "--bundle", one + ".bundle", "--policies", other + "/set/policies.yml", environment=NO_COMPILER) as server:
            self.assertTrue(server.verdict("/validate/up")["allowed"])

    def test_one_without_a_dot_is_in_a_registry_and_the_file_is_pointed_at(self):
        os.mkdir(self.folder + "/x")
        shutil.copy(os.path.join(harness.POLICIES, "accept.wasm"), self.folder + "/x/y.wasm")
        for module, meant in (("x/y.wasm", "./x/y.wasm"), (self.folder + "/x/y.wasm", f"file://{self.folder}/x/y.wasm")):
            self.assertIn(f"; there is a file of that name: is `{meant}` meant?\n", self.refused(module))
            done = subprocess.run([COMMAND, "bundle", "p.yml", "-o", "b", "--offline"], capture_output=True, text=True, cwd=self.folder)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"; there is a file of that name: is `{meant}` meant?\n", done.stderr)
        self.assertNotIn("there is a file", self.refused("x/z.wasm"))
        shutil.copy(self.folder + "/x/y.wasm", self.folder + "/y.wasm")
        self.assertIn("is `./y.wasm` meant?", self.refused("y.wasm"))

    def test_a_tilde_is_nobody_s(self):
        self.assertIn("cannot parse ~/x.wasm: ~ is nobody's folder here; write the path out as file:///DIR/NAME", self.refused("~/x.wasm"))

    def test_one_that_is_not_there_is_named_whole(self):
        self.assertIn(f"Cannot find policy with uri: {self.folder}/no.wasm", self.refused("./no.wasm"))


if __name__ == "__main__":
    unittest.main()
