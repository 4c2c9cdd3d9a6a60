# SPDX-License-Identifier: Apache-2.0
"""Bundles: made by `chimera bundle`, served without a compiler, refused when anything is not as it was
(docs/decisions/007)."""
import json, os, shutil, signal, subprocess, tempfile, time, unittest

import harness
from harness import Server, wasm

COMMAND = os.environ.get("CHIMERA_COMMAND", os.path.join(os.path.dirname(harness.SERVER), "chimera"))
# No compiler can be started, so that all must come from the bundle.
NO_COMPILER = {"CHIMERA_COMMAND": "/bin/false", "CHIMERA_CACHE_DIR": "/nonexistent/cache", "CHIMERA_WAIT_FOR_FULL_TIER": "false"}

POLICIES = {"no": {"module": wasm("reject-message-code"), "settings": {"a": "yes", "b": "1.0"}},
            "5": {"module": wasm("accept"), "namespacedName": {"Namespace": "", "Name": "x"}},
            "g": {"expression": "a() && b()", "message": "the group says no",
                  "policies": {"a": {"module": wasm("accept")}, "b": {"module": wasm("reject-message-code")}}}}


def make(folder, policies, *flags, cache=None):
    path = os.path.join(folder, "p.yml")
    with open(path, "w") as out:
        json.dump(policies, out)
    return subprocess.run([COMMAND, "bundle", path, "-o", os.path.join(folder, "bundle"), *flags], capture_output=True,
                          text=True, env=dict(os.environ, CHIMERA_CACHE_DIR=cache or harness._cache))


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Bundle(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="chimera-bundle-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.bundle = os.path.join(self.folder, "bundle")

    def path(self, *names):
        return os.path.join(self.bundle, *names)

    def make(self, policies=POLICIES, *flags):
        done = make(self.folder, policies, *flags)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def own(self, path=None, **more):
        return Server(None, "--bundle", path or self.bundle, environment=NO_COMPILER, **more)

    def refused(self):
        with self.own(is_awaited=False) as server:
            self.assertEqual(server.process.wait(60), 1)
            text = server.errors()
        self.assertEqual(text.count("\n"), 1, text)
        self.assertTrue(text.startswith("Error: "), text)
        return text

    def test_it_is_served_without_a_compiler(self):
        self.make()
        with self.own() as server:
            self.assertEqual(server.verdict("/validate/no")["status"], {"message": "not today", "code": 418})
            self.assertTrue(server.verdict("/validate/5")["allowed"])
            self.assertEqual(server.verdict("/validate/g")["status"]["message"], "the group says no")
            self.assertFalse(os.path.exists(os.path.join(server.folder, "chimera-cache")))

    def test_a_file_may_name_what_the_bundle_was_made_from(self):
        self.make()
        mine = {"mine": {"module": wasm("reject-message-code"), "message": "other words"}}
        with Server(mine, "--bundle", self.bundle, environment=NO_COMPILER) as server:
            self.assertEqual(server.verdict("/validate/mine")["status"]["message"], "other words")
        with Server({"mine": {"module": wasm("trap")}, "fine": mine["mine"], "too": {"module": wasm("loop")}}, "--bundle",
                    self.bundle, environment=NO_COMPILER, is_awaited=False) as server:
            self.assertEqual(server.process.wait(60), 1)
            lines = server.errors().splitlines()
        self.assertEqual(len(lines), 2)
        for line, (name, module) in zip(lines, (("mine", "trap"), ("too", "loop"))):
            self.assertTrue(line.startswith(f'Error: policy "{name}": the bundle {self.bundle} has no plugin for {wasm(module)}: '), line)

    def test_the_same_modules_give_the_same_bytes(self):
        bundles = []
        for name in ("one", "two"):
            folder = os.path.join(self.folder, name)
            os.mkdir(folder)
            with tempfile.TemporaryDirectory() as cache:
                self.assertEqual(make(folder, POLICIES, cache=cache).returncode, 0)
            bundles.append(os.path.join(folder, "bundle"))
        done = subprocess.run(["diff", "-r", *bundles], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout), (0, ""))
        files = os.listdir(os.path.join(bundles[0], "plugins"))
        self.assertEqual(len([name for name in files if name.endswith(".so")]), 2)  # a module is built once

    def test_it_is_replaced_at_once_and_only_a_bundle_is(self):
        self.make()
        self.make({"a": {"module": wasm("accept")}})
        self.assertEqual(sorted(os.listdir(self.folder)), ["bundle", "p.yml"])
        with self.own() as server:
            self.assertTrue(server.verdict("/validate/a")["allowed"])
            self.assertEqual(server.post("/validate/no")[0], 404)
        shutil.rmtree(self.bundle)
        os.mkdir(self.bundle)
        with open(self.path("precious"), "w") as out:
            out.write("x")
        done = make(self.folder, POLICIES)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is no bundle, so it is not replaced", done.stderr)
        self.assertEqual((os.listdir(self.bundle), sorted(os.listdir(self.folder))), (["precious"], ["bundle", "p.yml"]))

    def test_nothing_is_left_of_a_bundle_that_failed(self):
        done = make(self.folder, {"a": {"module": "file:///nowhere/a.wasm"}, "b": {"module": wasm("accept")},
                                  "c": {"module": "registry://localhost/c:v1"}}, "--store", self.folder, "--offline")
        self.assertEqual(done.returncode, 1)
        self.assertIn('Error: policy "a": cannot open /nowhere/a.wasm', done.stderr)
        self.assertIn('Error: policy "c": registry://localhost/c:v1 is not in the store', done.stderr)
        self.assertIn("p.yml: 2 mistakes; --no-check ", done.stderr)
        self.assertEqual(os.listdir(self.folder), ["p.yml"])
        done = make(self.folder, {"a": {"modul": "x"}})
        self.assertEqual(done.returncode, 1)
        self.assertIn("p.yml:1:2: a.module: missing; expected ", done.stderr)

    # --- What is looked at before ---

    BAD = {"a": {"module": wasm("settings-invalid"), "policymode": "monitor"},
           "g": {"expression": "b(", "message": "m", "policies": {"b": {"module": wasm("accept")}}}}

    def test_a_bad_set_makes_none(self):
        done = make(self.folder, self.BAD)
        self.assertEqual(done.returncode, 1)
        lines = done.stderr.splitlines()
        starts = ['Error: group "g": error evaluating policy group expression: ', 'Error: policy "a": Policy settings are invalid: key x is missing',
                  "Warning: ", f"Error: no bundle was made of {self.folder}/p.yml: 2 mistakes; --no-check does not look for more than can be built"]
        self.assertEqual(len(lines), len(starts), lines)
        for line, start in zip(lines, starts):
            self.assertTrue(line.startswith(start), (line, start))
        self.assertIn("is `policyMode` meant?", lines[2])
        self.assertEqual(os.listdir(self.folder), ["p.yml"])
        self.assertIn("there is no policy in it", make(self.folder, {}).stderr)

    def test_one_of_a_bad_set_is_made_when_told_so(self):
        """A server takes sets that are refused here."""
        done = make(self.folder, self.BAD, "--no-check", "--quiet")
        self.assertEqual(done.returncode, 0, done.stderr)
        with self.own(is_awaited=False) as server:
            self.assertEqual(server.process.wait(60), 1)
            self.assertIn("Policy settings are invalid: key x is missing", server.errors())

    # --- Plugins that were built before ---

    def build(self, *words):
        done = subprocess.run([COMMAND, "build", "-q", "-o", self.folder + "/built", *words], capture_output=True, text=True, check=True,
                              env=dict(os.environ, CHIMERA_CACHE_DIR=harness._cache))
        return [line for line in done.stdout.splitlines()]

    def test_plugins_are_copied(self):
        """The bundle has the bytes of one that was made from the modules."""
        names = ("reject-message-code", "accept")
        paths = self.build("--tier", "full", *[os.path.join(harness.POLICIES, name + ".wasm") for name in names])
        self.make({name: {"module": "file://" + path, "settings": {"a": "yes", "b": "1.0"}} for name, path in zip(names, paths)})
        plugins = {name: read(self.path("plugins", name)) for name in os.listdir(self.path("plugins"))}
        policies = read(self.path("policies.yml"))
        shutil.rmtree(self.folder + "/built")
        with self.own() as server:
            self.assertEqual(server.verdict("/validate/reject-message-code")["status"], {"message": "not today", "code": 418})
            self.assertTrue(server.verdict("/validate/accept")["allowed"])
        shutil.rmtree(self.bundle)
        self.make({name: {"module": wasm(name), "settings": {"a": "yes", "b": "1.0"}} for name in names}, "--quiet")
        self.assertEqual({name: read(self.path("plugins", name)) for name in os.listdir(self.path("plugins"))}, plugins)
        self.assertEqual(read(self.path("policies.yml")), policies)

    def test_a_plugin_may_be_named_twice_and_its_module_too(self):
        path, = self.build("--tier", "full", os.path.join(harness.POLICIES, "accept.wasm"))
        self.make({"a": {"module": "file://" + path}, "b": {"module": "./built/plugins/" + os.path.basename(path), "settings": {"b": 1}},
                   "c": {"module": wasm("accept"), "settings": {"c": 1}}}, "--quiet")
        with self.own() as server:
            for id in "abc":
                self.assertTrue(server.verdict("/validate/" + id)["allowed"])

    def test_two_plugins_of_one_name_make_none(self):
        one, other = self.build("--tier", "full", *[os.path.join(harness.POLICIES, name + ".wasm") for name in ("accept", "reject-message-code")])
        os.mkdir(self.folder + "/other")
        for suffix in (".so", ".json", ".image", ".names"):
            if os.path.exists(other[:-len(".so")] + suffix):
                shutil.copy(other[:-len(".so")] + suffix, self.folder + "/other/x" + suffix)
                shutil.copy(one[:-len(".so")] + suffix, self.folder + "/x" + suffix)
        done = make(self.folder, {"a": {"module": "./x.so"}, "b": {"module": "./other/x.so", "settings": {"a": "yes", "b": "1.0"}}})
        self.assertEqual((done.returncode, os.path.exists(self.bundle)), (1, False))
        self.assertIn('Error: policy "b": x.so: two plugins of this set are called so', done.stderr)

    def test_what_is_no_whole_plugin_makes_none(self):
        path, = self.build("--tier", "full", os.path.join(harness.POLICIES, "accept.wasm"))
        stem = path[:-len(".so")]
        entry = {"a": {"module": "file://" + path}}
        for flags, want in (((), 'policy "a": '), (("--no-check",), "the file .so beside the plugin is not what its manifest says: build it again")):
            with open(path, "r+b") as out:
                out.seek(-1, 2)
                out.write(b"x")
            done = make(self.folder, entry, *flags)
            self.assertEqual((done.returncode, os.path.exists(self.bundle)), (1, False))
            self.assertIn(want, done.stderr)
        shutil.rmtree(self.folder + "/built")
        path, = self.build("--tier", "full", os.path.join(harness.POLICIES, "accept.wasm"))
        for suffix in (".so", ".json", ".image", ".names"):
            if os.path.exists(stem + suffix):
                os.rename(stem + suffix, os.path.join(self.folder, "Mine" + suffix))
        done = make(self.folder, {"a": {"module": "./Mine.so"}})
        self.assertEqual(done.returncode, 1)
        self.assertIn('policy "a": Mine.so: the name of a plugin in a bundle has digits, small letters and - only', done.stderr)
        os.remove(self.folder + "/Mine.json")
        self.assertIn('Error: policy "a": ', make(self.folder, {"a": {"module": "./Mine.so"}}).stderr)

    def test_one_of_the_quick_tier_is_told(self):
        path, = self.build("--tier", "quick", os.path.join(harness.POLICIES, "accept.wasm"))
        done = make(self.folder, {"a": {"module": "file://" + path}})
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"^Warning: .* is of the quick tier, which takes longer for each request: build it with ")

    def test_the_store_of_modules_is_used(self):
        place = os.path.join(self.folder, "store", "registry", "localhost:5000", "team")
        os.makedirs(place)
        shutil.copy(os.path.join(harness.POLICIES, "accept.wasm"), os.path.join(place, "accept:v1"))
        self.make({"a": {"module": "registry://localhost:5000/team/accept:v1"}}, "--store", os.path.join(self.folder, "store"))
        with self.own() as server:
            self.assertTrue(server.verdict("/validate/a")["allowed"])

    def plugin(self, suffix):
        names = sorted(name for name in os.listdir(self.path("plugins")) if name.endswith(suffix))
        return self.path("plugins", names[0])

    def test_what_is_not_as_it_was_is_refused(self):
        def flip(path):
            with open(path, "r+b") as file:
                file.seek(os.path.getsize(path) // 2)
                byte = file.read(1)
                file.seek(-1, os.SEEK_CUR)
                file.write(bytes([byte[0] ^ 1]))

        def link(path):
            os.rename(path, self.folder + "/elsewhere")
            os.symlink(self.folder + "/elsewhere", path)

        cases = [
            (lambda: flip(self.plugin(".so")), "the digests differ"),
            (lambda: flip(self.plugin(".image")), "the digests differ"),
            (lambda: flip(self.plugin(".json")), "the digests differ"),
            (lambda: flip(self.path("policies.yml")), "the digests differ"),
            (lambda: flip(self.plugin(".names")), "the digests differ"),
            (lambda: flip(self.path("sbom.spdx.json")), "the digests differ"),
            (lambda: flip(self.path("provenance.intoto.json")), "the digests differ"),
            (lambda: shutil.copy(self.plugin(".so"), self.path("plugins", "more.so")), "plugins/more.so in the bundle"),
            (lambda: os.remove(self.plugin(".so")), "lacks a file"),
            (lambda: os.remove(self.plugin(".image")), "lacks a file"),
            (lambda: os.remove(self.plugin(".names")), "lacks a file"),
            (lambda: os.remove(self.path("sbom.spdx.json")), "lacks a file"),
            (lambda: os.remove(self.path("provenance.intoto.json")), "lacks a file"),
            (lambda: os.remove(self.plugin(".json")), "lacks a file"),
            (lambda: os.remove(self.path("policies.yml")), "lacks a file"),
            (lambda: os.remove(self.path("manifest.json")), "cannot open the bundle's"),
            (lambda: link(self.plugin(".so")), "is a link or no file at all"),
            (lambda: link(self.plugin(".image")), "is a link or no file at all"),
            (lambda: link(self.path("policies.yml")), "is a link or no file at all"),
            (lambda: link(self.path("manifest.json")), "it is a link"),
            (lambda: link(self.path("plugins")), "has no folder plugins"),
            (lambda: os.chmod(self.path("manifest.json"), 0o664), "others may write"),
            (lambda: os.chmod(self.path("manifest.json"), 0o646), "others may write"),
            (lambda: os.chmod(self.bundle, 0o775), "others may write"),
            (lambda: os.chmod(self.path("plugins"), 0o757), "others may write"),
            (lambda: shutil.rmtree(self.bundle), "cannot open the bundle"),
        ]
        if os.geteuid() == 0:
            cases.append((lambda: os.chown(self.path("manifest.json"), 1234, 1234), "belongs to user 1234"))
        for number, (spoil, text) in enumerate(cases):
            shutil.rmtree(self.bundle, ignore_errors=True)
            if os.path.lexists(self.folder + "/elsewhere"):
                (shutil.rmtree if os.path.isdir(self.folder + "/elsewhere") else os.remove)(self.folder + "/elsewhere")
            self.make()
            spoil()
            self.assertIn(text, self.refused(), number)

    def test_what_a_volume_has_beside_it_is_told(self):
        self.make(POLICIES, "--quiet")
        os.mkdir(self.path("lost+found"))
        os.symlink("nowhere", self.path("..data"))
        with Server(None, "--bundle", self.bundle, log="warn", environment=NO_COMPILER) as server:
            self.assertTrue(server.verdict("/validate/5")["allowed"])
            told = [line for line in server.log().splitlines() if "no part of it" in line]
        self.assertEqual(len(told), 1, told)
        self.assertIn(f"the bundle {self.bundle} has beside its own files what is no part of it: ..data, lost+found", told[0])
        done = subprocess.run([COMMAND, "check", self.bundle], capture_output=True, text=True, env=dict(os.environ, CHIMERA_CACHE_DIR=harness._cache))
        self.assertIn("no part of it: ..data, lost+found", done.stdout + done.stderr)
        done = make(self.folder, POLICIES)
        self.assertEqual(done.returncode, 1)
        self.assertIn("is a bundle and has other files beside it, so it is not replaced", done.stderr)

    def test_a_bundle_that_was_damaged_is_replaced(self):
        self.make(POLICIES, "--quiet")
        os.remove(self.plugin(".so"))
        self.make(POLICIES, "--quiet")
        with self.own() as server:
            self.assertTrue(server.verdict("/validate/5")["allowed"])

    def test_it_is_not_served_where_signatures_are_asked_for(self):
        self.make()
        rules = self.folder + "/verification.yml"
        with open(rules, "w") as out:
            out.write('{"apiVersion": "v1", "allOf": [{"kind": "githubAction", "owner": "kubewarden"}]}')
        with Server(None, "--bundle", self.bundle, "--verification-path", rules, environment=NO_COMPILER, is_awaited=False) as server:
            self.assertEqual(server.process.wait(60), 1)
            self.assertIn("cannot be verified", server.errors())

    def test_a_manifest_cannot_name_what_is_outside(self):
        self.make()
        with open(self.path("manifest.json")) as file:
            manifest = json.load(file)
        for stem in ("../plugins/x", "/etc/passwd", "", ".", "a/b", "A"):
            manifest["plugins"][0]["stem"] = stem
            with open(self.path("manifest.json"), "w") as out:
                json.dump(manifest, out)
            self.assertIn('"stem" is not the name of a plugin', self.refused())

    def test_what_others_could_change_is_copied_before_it_is_mapped(self):
        self.make()
        os.chmod(self.plugin(".so"), 0o777)
        os.chmod(self.plugin(".image"), 0o666)
        with self.own() as server:
            self.assertTrue(server.verdict("/validate/5")["allowed"])

    def test_a_link_to_the_bundle_may_be_given_and_pointed_to_another(self):
        current, first = self.folder + "/current", self.folder + "/first"
        self.make()
        os.rename(self.bundle, first)
        self.make({"5": {"module": wasm("reject-message-code")}})
        os.symlink(first, current)
        with self.own(current) as server:
            self.assertTrue(server.verdict("/validate/5")["allowed"])
            os.symlink(self.bundle, current + ".new")
            os.rename(current + ".new", current)
            server.process.send_signal(signal.SIGHUP)
            self.assertTrue(harness.wait_for(lambda: not server.verdict("/validate/5")["allowed"]), server.log())
            self.assertEqual(server.verdict("/validate/5")["status"], {"message": "not today", "code": 418})


if __name__ == "__main__":
    unittest.main()
