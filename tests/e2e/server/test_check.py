# SPDX-License-Identifier: Apache-2.0
"""`chimera check` beside the server's start: what it passes, no server refuses; what it finds is told whole, and nothing is left."""
import glob, json, os, re, shutil, subprocess, tempfile, unittest

import harness
from harness import Server, wasm, write
from test_bundle import COMMAND
from test_fetch import Web

REFERENCE = os.path.join(harness.ROOT, "tests", "reference")
SETS = os.path.join(harness.ROOT, "tests", "e2e", "command", "sets")

def recorded():
    """The starts that are about policies, and not about other flags."""
    with open(os.path.join(REFERENCE, "start.jsonl")) as lines:
        cases = [json.loads(line) for line in lines]
    return [dict(case, policies=case["policies"].replace("POLICIES", os.path.join(REFERENCE, "policies")))
            for case in cases if not case["case"].startswith("flag:")]


# Answers requests and settings; with a place for a global and for more to do.
GUEST = """(module
  (import "wapc" "__guest_response" (func $answer (param i32 i32)))
  (memory (export "memory") 1)
  (global $at i32 {at})
  (data (i32.const 0) "{{\\22accepted\\22:true}}")
  (data (i32.const 64) "{{\\22valid\\22:true}}")
  (func (export "__guest_call") (param $operation i32) (param $size i32) (result i32)
    {more}
    (if (i32.eq (local.get $operation) (i32.const 17))
      (then (call $answer (global.get $at) (i32.const 14)))
      (else (call $answer (i32.const 0) (i32.const 17))))
    (i32.const 1)))"""
METADATA = {"rules": [], "mutating": False, "protocolVersion": "v1", "executionMode": "kubewarden-wapc"}


class Check(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="chimera-check-test-")
        self.addCleanup(shutil.rmtree, self.folder)
        os.mkdir(self.folder + "/tmp")
        self.path = os.path.join(self.folder, "p.yml")

    def run_check(self, *words):
        done = subprocess.run([COMMAND, "check", *words], capture_output=True, text=True, cwd=self.folder, timeout=300,
                              env=dict(os.environ, TMPDIR=self.folder + "/tmp", HOME=self.folder + "/home", XDG_CACHE_HOME="",
                                       CHIMERA_CACHE_DIR=self.folder + "/cache"))
        self.assertIn(done.returncode, (0, 1), done)
        self.assertEqual(os.listdir(self.folder + "/tmp"), [])
        self.assertFalse(os.path.exists(self.folder + "/home"))
        self.assertFalse(os.path.exists(self.folder + "/cache"))
        return done

    def findings(self, policies, *words):
        """(severity, about, ids, message) of each; and whether the set is good."""
        write(self.path, policies)
        done = self.run_check("--json", *words, self.path)
        found = json.loads(done.stdout)
        self.assertEqual((done.returncode, done.stderr), (0 if found["good"] else 1, ""))
        self.assertEqual(found["errors"] == 0, found["good"])
        return [(one["severity"], one["about"], one["ids"], one["message"]) for one in found["findings"]]

    def find(self, policies, *wanted, flags=()):
        """Those findings and no others; of a message the beginning."""
        found = self.findings(policies, *flags)
        self.assertEqual([one[:3] for one in found], [one[:3] for one in wanted], found)
        for one, want in zip(found, wanted):
            self.assertIn(want[3], one[3])

    def starts(self, text):
        """Does a server become ready with this file?"""
        write(self.path, text)
        with Server({}, "--policies", self.path, is_awaited=False) as server:
            is_ready = server.wait_ready()
            if not is_ready:
                self.assertEqual(server.process.wait(60), 1)
        return is_ready

    # --- Beside the server ---

    def test_what_is_recorded_as_refused_is_found(self):
        bad = [case for case in recorded() if not case["want"]["ready"]]
        self.assertGreater(len(bad), 30)
        for case in bad:
            with self.subTest(case["case"]):
                found = self.findings(case["policies"])
                self.assertEqual(any(one[0] == "error" for one in found), not self.starts(case["policies"]), found)
                self.assertTrue(any(one[0] == "error" for one in found), found)

    def test_what_is_recorded_as_served_is_good(self):
        good = {}
        for case in recorded():
            if case["want"]["ready"] and case["case"].startswith("policy "):
                good.update(json.loads(case["policies"]))
        self.assertGreater(len(good), 40)
        self.assertEqual([one for one in self.findings(good) if one[0] == "error"], [])

    def test_what_it_passes_of_the_reported_sets_is_served(self):
        paths = sorted(glob.glob(SETS + "/*.yml"))
        self.assertGreater(len(paths), 7)
        for path in paths:
            name = os.path.basename(path)[:-len(".yml")]
            with open(path) as file:
                text = file.read().replace("REPO/", harness.ROOT.lstrip("/") + "/")
            with self.subTest(name):
                errors = [one for one in self.findings(text) if one[0] == "error"]
                is_served = self.starts(text)
                self.assertTrue(is_served or errors, errors)
                self.assertEqual(is_served, name in ("negated-failure", "keyword-member"))
                self.assertEqual([one[1:3] for one in errors], [("expression", ["gate"])] if name == "keyword-member" else
                                 [one[1:3] for one in errors if not is_served])

    def make(self, name, at="(i32.const 64)", more=""):
        """FOLDER/NAME.wasm, with metadata."""
        path = os.path.join(self.folder, name)
        write(path + ".wat", GUEST.format(at=at, more=more))
        subprocess.run(["wat2wasm", "--enable-extended-const", path + ".wat", "-o", path + ".wasm"], check=True, capture_output=True)
        section = b"\x16io.kubewarden.metadata" + json.dumps(METADATA).encode()
        with open(path + ".wasm", "ab") as out:  # a custom section of less than 16384 bytes
            out.write(bytes([0, len(section) & 0x7F | 0x80, len(section) >> 7]) + section)

    def test_what_it_passes_of_the_reported_modules_is_served(self):
        """Deep nesting, an extended constant; a page in the place of a module; settings with a pair of surrogates."""
        self.make("deep", more="(if (local.get $size) (then " * 300 + "))" * 300)
        self.make("extended", at="(i32.add (i32.const 60) (i32.const 4))")
        write(self.folder + "/page.wasm", "<!DOCTYPE html><title>404</title><p>No such artifact\n")
        for name, is_good in (("deep", True), ("extended", True), ("page", False)):
            text = f'p: {{module: ./{name}.wasm, settings: {{"motto": "ready \\ud83d\\ude00"}}}}\n'
            with self.subTest(name):
                self.assertEqual((self.findings(text) == [], self.starts(text)), (is_good, is_good))
        self.find("p: {module: ./page.wasm}\n", ("error", "module", ["p"], "HTML, not WebAssembly"))

    # --- What is found ---

    def test_all_is_found_at_once(self):
        """Errors first, in words; of policies that fail alike together."""
        write(self.path, f"""a: {{module: "{wasm('accept')}", polcyMode: monitor}}
b: {{module: "{wasm('settings-invalid')}"}}
c: {{module: registry://localhost:1/x:v1}}
d: {{module: "file:///nowhere.wasm"}}
e: {{module: "{wasm('mode-unknown')}"}}
g:
  expression: "nett() &&"
  message: m
  policies: {{net: {{module: "{wasm('accept')}"}}, t: {{module: "{wasm('settings-invalid')}"}}}}
""")
        done = self.run_check(self.path)
        self.assertEqual((done.returncode, done.stdout), (1, f"{self.path}: 5 errors, 1 warning\n"))
        lines = done.stderr.splitlines()
        starts = ['Error: group "g": error evaluating policy group expression: ',
                  'Error: policy "c": registry://localhost:1/x:v1: it is not in the store: `chimera pull` fetches it, or --pull does for this check',
                  'Error: policies "b", "g/t": Policy settings are invalid: key x is missing', 'Error: policy "d": cannot open /nowhere.wasm',
                  'Error: policy "e": ' + os.path.join(harness.POLICIES, "mode-unknown.wasm") + ": its metadata names an unknown execution mode",
                  f"Warning: {self.path}:1:"]
        self.assertEqual(len(lines), len(starts), lines)
        for line, start in zip(lines, starts):
            self.assertTrue(line.startswith(start), (line, start))
        self.assertIn("a.polcyMode: ignored: a policy has no such key; is `policyMode` meant?", lines[-1])

    def test_a_call_that_failed_is_told_in_the_policy_s_words(self):
        """Not in Rust's, which a server prints as the reference does."""
        self.find({"p": {"module": wasm("loop"), "timeoutEvalSeconds": 1}, "g": {"module": wasm("guest-error")}, "t": {"module": wasm("trap")}})
        policy = "file://" + os.path.join(harness.ROOT, "tests", "policies", "rust-labels", "rust-labels.wasm")
        found = [one for one in self.findings({"p": {"module": policy, "allowedToMutate": True, "settings": {"x": '"'}}})]
        self.assertEqual([one[:3] for one in found], [("error", "settings", ["p"])])
        self.assertEqual(found[0][3], 'Policy settings are invalid: error deserializing validation payload {"x":"\\""}: unknown field `x`, expected '
                         '`labels` at line 1 column 4')

    def test_a_file_that_cannot_be_read_is_told_whole(self):
        found = self.findings("a: {modul: x}\nb: {module: x, policyMode: 5}\n")
        self.assertEqual([one[:2] for one in found], [("error", "file")] * 2)
        self.assertIn("p.yml:1:1: a.module: missing; expected ", found[0][3])
        for name, want in (("nowhere.yml", "No such file or directory"), (self.folder, "is a folder and no bundle")):
            done = self.run_check(name)
            self.assertEqual(done.returncode, 1)
            self.assertIn(want, done.stderr)

    def test_a_manifest_of_kubernetes_is_named(self):
        with open(SETS + "/manifest.yml") as file:
            (severity, about, _, text), = self.findings(file.read())
        self.assertEqual((severity, about), ("error", "file"))
        self.assertIn('a manifest of Kubewarden\'s ClusterAdmissionPolicy, of which its controller makes an entry of this file: here write {x: {module: ', text)
        self.assertNotIn("untagged", text)

    def test_an_empty_set_and_twins_are_errors(self):
        for text in ("", "{}\n", "# nothing\n"):
            self.find(text, ("error", "set", [], "there is no policy in it"))
        entry = f'{{module: "{wasm("accept")}"}}'
        self.find(f"a: {entry}\nb: {{module: \"{wasm('accept-with-message')}\"}}\na: {entry}\n", ("error", "file", [], "p.yml:3:1: a: the key is given twice"))
        self.find(f'a: {{module: "{wasm("accept")}", settings: {{x: 1, x: 2}}}}\n', ("error", "file", [], "a.settings.x: the key is given twice"))
        self.find(f"a: {entry}\nb: {entry}\n", ("warning", "set", ["b"], 'the same module, settings and mode as policy "a"'))

    def test_warnings_alone_are_good(self):
        done = self.findings({"m": {"module": wasm("mutate")}})
        self.assertEqual([one[:3] for one in done], [("warning", "grant", ["m"])])
        self.assertIn("allowedToMutate", done[0][3])
        self.assertEqual(self.run_check(self.path).stdout, f"{self.path}: good: 1 policy, 1 warning\n")
        self.find({"m": {"module": wasm("mutate"), "allowedToMutate": True}})

    def test_what_is_asked_for_and_not_granted_is_warned_of(self):
        wasm_path = self.folder + "/asks.wasm"
        with open(self.folder + "/metadata.yml", "w") as out:
            out.write("rules: [{apiGroups: [''], apiVersions: [v1], resources: [pods], operations: [CREATE]}]\nmutating: false\n"
                      "executionMode: kubewarden-wapc\ncontextAwareResources: [{apiVersion: v1, kind: Namespace}, {apiVersion: apps/v1, kind: Deployment}]\n"
                      "hostCapabilities: [kubernetes/get_resource, oci/v1/verify]\n")
        subprocess.run([COMMAND, "annotate", os.path.join(harness.POLICIES, "accept.wasm"), "-m", "metadata.yml", "-o", wasm_path], check=True,
                       cwd=self.folder, capture_output=True)
        entry = {"module": "./asks.wasm", "contextAwareResources": [{"apiVersion": "v1", "kind": "Namespace"}], "hostCapabilities": ["oci/*"]}
        self.find({"p": entry}, ("warning", "grant", ["p"], "contextAwareResources do not grant apps/v1/Deployment: "),
                  ("warning", "grant", ["p"], "its metadata ask for kubernetes/get_resource, and its hostCapabilities do not grant that"))
        entry["contextAwareResources"].append({"apiVersion": "apps/v1", "kind": "Deployment"})
        self.find({"p": dict(entry, hostCapabilities=["*"])})

    def test_what_else_a_server_is_told_decides(self):
        policies = {"p": {"module": wasm("accept")}}
        options = self.folder + "/options.yml"
        write(options, "q: {memoryLimit: 64Mi}\n")
        (severity, about, _, text), = self.findings(policies, "--policy-options", options)
        self.assertEqual((severity, about), ("error", "file"))
        self.assertIn("options.yml:1:1: q", text)
        write(options, "p: {memoryLimit: 64Mi}\n")
        self.find(policies, flags=("--policy-options", options))
        zero = {"p": dict(policies["p"], timeoutEvalSeconds=0)}
        self.find(zero, ("error", "file", [], "p.timeoutEvalSeconds: expected "))
        self.find(zero, flags=("--disable-timeout-protection",))
        done = self.run_check("--policy-timeout", "0", self.path)
        self.assertEqual((done.returncode, done.stderr), (1, "Error: --policy-timeout takes seconds from 1 to 86400, not '0'\n"))

    def test_a_bundle_is_checked_too(self):
        write(self.path, {"a": {"module": wasm("accept")}, "b": {"module": wasm("settings-invalid")}})
        bundle = self.folder + "/bundle"
        subprocess.run([COMMAND, "bundle", self.path, "-o", bundle, "--no-check"], check=True, env=dict(os.environ, CHIMERA_CACHE_DIR=harness._cache))
        done = self.run_check(bundle)
        self.assertEqual((done.returncode, done.stdout), (1, f"{bundle}: 1 error\n"))
        self.assertEqual(done.stderr, 'Error: policy "b": Policy settings are invalid: key x is missing\n')
        with open(bundle + "/policies.yml", "a") as out:
            out.write("# changed\n")
        self.assertIn("is not the file that the bundle was made with", self.run_check(bundle).stderr)

    def test_without_a_compiler_bundles_can_be_checked_and_files_say_so(self):
        write(self.path, {"a": {"module": wasm("accept")}})
        bundle = self.folder + "/bundle"
        subprocess.run([COMMAND, "bundle", "-q", self.path, "-o", bundle], check=True, env=dict(os.environ, CHIMERA_CACHE_DIR=harness._cache))
        bare = {"PATH": "/nonexistent", "HOME": self.folder}
        done = subprocess.run([COMMAND, "check", bundle], capture_output=True, text=True, env=bare)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, f"{bundle}: good: 1 policy\n", ""))
        write(self.path, {"a": {"module": wasm("accept")}, "b": {"module": "./none.wasm"}, "g": {"expression": "x", "message": "m", "policies": {}}})
        done = subprocess.run([COMMAND, "check", self.path], capture_output=True, text=True, env=bare)
        self.assertEqual((done.returncode, done.stdout), (1, f"{self.path}: 2 errors\n"))
        self.assertIn('Error: group "g": ', done.stderr)
        self.assertIn("Error: not found: ", done.stderr)

    def test_a_file_that_is_served_with_a_bundle(self):
        write(self.path, {"a": {"module": wasm("accept")}, "b": {"module": wasm("settings-invalid")}})
        bundle = self.folder + "/bundle"
        subprocess.run([COMMAND, "bundle", self.path, "-o", bundle, "--no-check"], check=True, capture_output=True,
                       env=dict(os.environ, CHIMERA_CACHE_DIR=harness._cache))
        self.find({"x": {"module": wasm("accept"), "settings": {"y": 1}}}, flags=("--bundle", bundle))
        self.find({"x": {"module": wasm("settings-invalid")}}, ("error", "settings", ["x"], "key x is missing"), flags=("--bundle", bundle))
        (severity, about, _, text), = self.findings({"x": {"module": wasm("trap")}}, "--bundle", bundle)
        self.assertEqual((severity, about), ("error", "file"))
        self.assertIn('policy "x": the bundle ', text)
        for path, want in ((self.folder + "/tmp", "/tmp is a folder and no bundle, as it has no manifest.json: name the policies.yml in it"),
                           (self.folder + "/none", "cannot open the bundle ")):
            self.assertIn(want, self.findings({}, "--bundle", path)[0][3])

    def test_what_is_not_there_is_fetched_when_told_so(self):
        harness.make_certificates(self.folder)
        os.mkdir(self.folder + "/www")
        shutil.copy(os.path.join(harness.POLICIES, "settings-invalid.wasm"), self.folder + "/www/p.wasm")
        certificate, key, authority = (self.folder + "/" + name for name in ("server.crt", "server.key", "ca.crt"))
        refused = ("error", "settings", ["p"], "Policy settings are invalid: key x is missing")
        with Web(self.folder + "/www", certificate, key) as web:
            write(self.folder + "/sources.yml", {"source_authorities": {f"localhost:{web.port}": [{"type": "Path", "path": authority}]}})
            policies = {"p": {"module": f"https://localhost:{web.port}/p.wasm"}}
            flags = ("--store", self.folder + "/store", "--sources-path", self.folder + "/sources.yml")
            self.find(policies, ("error", "module", ["p"], "it is not in the store: `chimera pull` fetches it, or --pull does"), flags=flags)
            self.assertFalse(os.path.exists(self.folder + "/store"))
            self.find(policies, refused, flags=(*flags, "--pull"))
        self.find(policies, refused, flags=flags)

    def test_plugins_are_taken(self):
        built = subprocess.run([COMMAND, "build", os.path.join(harness.POLICIES, "settings-invalid.wasm"), "-o", self.folder + "/out"], check=True,
                               capture_output=True, text=True, env=dict(os.environ, CHIMERA_CACHE_DIR=harness._cache))
        self.find({"p": {"module": "file://" + built.stdout.strip()}}, ("error", "settings", ["p"], "Policy settings are invalid: key x is missing"))


if __name__ == "__main__":
    unittest.main()
