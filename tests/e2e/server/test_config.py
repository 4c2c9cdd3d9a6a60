# SPDX-License-Identifier: Apache-2.0
"""Options, policies.yml and the files beside it (policy-server.md §1, §3, §10)."""
import hashlib, json, os, shutil, signal, subprocess, tempfile, time, unittest, urllib.request

import harness
from harness import SERVER, Server, wasm

GOOD = {"p": {"module": wasm("accept")}}
KEY = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE3nhFUv8UqpfgaHiNlJVDKWltGCk3
mOULFhDs2N9RGGP+VeoPcP2iSmSJ6IEFCOoN/n3V+ktgkFxckBli4oZxfw==
-----END PUBLIC KEY-----
"""


class Config(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="chimera-config-")
        self.addCleanup(shutil.rmtree, self.folder)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(text if isinstance(text, bytes) else text.encode())
        return path

    def fails(self, *flags, policies=GOOD, environment=None):
        """What is printed behind "Error: "."""
        with Server(policies, *flags, is_awaited=False, environment=environment) as server:
            self.assertEqual(server.process.wait(60), 1)
            text = server.errors()
        self.assertTrue(text.startswith("Error: "), text)
        return text[len("Error: "):].rstrip("\n")


class Modules(Config):
    def store(self, place):
        """Puts a policy where it would be after it was fetched."""
        with open(os.path.join(harness.POLICIES, "reject-message-code.wasm"), "rb") as policy:
            self.write(place, policy.read())

    def test_what_lies_in_the_store_is_served_without_network(self):
        self.store("registry/registry.example/team/a:v1")
        self.store("registry/localhost:5000/a/b/c@sha256:" + "0" * 64)
        self.store("https/example.com/dir/a.wasm")
        self.store("http/example.com:8080/b.wasm")
        modules = {"scheme": "registry://registry.example/team/a:v1", "none": "registry.example/team/a:v1",
                   "digest": "registry://localhost:5000/a/b/c@sha256:" + "0" * 64, "blank": "https://example.com/dir/a.wasm ",
                   "https": "https://EXAMPLE.com:443/dir/a.wasm?x=1", "http": "http://example.com:8080/b.wasm"}
        policies = {name: {"module": module} for name, module in modules.items()}
        with Server(policies, "--policies-download-dir", self.folder) as server:
            for name in modules:
                self.assertEqual(server.verdict("/validate/" + name)["status"], {"message": "not today", "code": 418})

    def test_what_does_not_is_told_with_the_reference_s_words(self):
        self.store("registry/registry.example/team/a:latest")
        self.write("registry/registry.example/team/text:v1", "hello")
        group = {"expression": "m()", "message": "x", "policies": {"m": {"module": "registry.example/none/x:v1"}}}
        cases = [({"p": {"module": "registry.example/none/x:v1"}}, "Error while downloading policy 'p' from registry.example/none/x:v1: "
                  "https://registry.example/v2/none/x/manifests/v1: nobody knows the host's address"),
                 ({"g": group}, "Error while downloading policy 'g/#m' from registry.example/none/x:v1: "),
                 ({"p": {"module": "registry.example/team/a:latest"}}, "/v2/team/a/manifests/latest: nobody knows the host's address"),
                 ({"p": {"module": "registry.example/team/a"}}, "/v2/team/a/manifests/latest: nobody knows the host's address"),
                 ({"p": {"module": "registry.example/team/text:v1"}}, "invalid wasm file"),
                 ({"p": {"module": "ftp://x/y"}}, "unknown scheme: ftp"),
                 ({"p": {"module": "file:nowhere"}}, "cannot retrieve path from uri: file:nowhere"),
                 ({"p": {"module": "https://x/../../../etc/passwd"}}, "a host and the path of a module are wanted"),
                 ({"p": {"module": "registry://../a:v1"}}, "a host and the path of a module are wanted")]
        for policies, text in cases:
            self.assertIn(text, self.fails("--policies-download-dir", self.folder, policies=policies))

    def test_what_becomes_of_each_is_in_the_log(self):
        policies = {"p": {"module": wasm("accept")}, "q": {"module": wasm("accept")}, "r": {"module": wasm("reject")}}
        with tempfile.TemporaryDirectory() as cache:
            for message in ("module compiled", "module found in the cache"):
                with Server(policies, "--log-fmt", "json", log="info", environment={"CHIMERA_CACHE_DIR": cache}) as server:
                    lines = [json.loads(line)["fields"] for line in server.log().splitlines()]
                told = [line for line in lines if line["message"] == message]
                self.assertEqual([(line["name"], "file://" + line["path"], line["tier"]) for line in told],
                                 [("p", wasm("accept"), "full"), ("r", wasm("reject"), "full")])
                for line in told:
                    with open(line["path"], "rb") as module:
                        self.assertEqual(line["sha256sum"], hashlib.sha256(module.read()).hexdigest())
                    self.assertGreaterEqual(int(line["milliseconds"]), 0)


class Files(Config):
    def test_sources_are_checked(self):
        harness.make_certificates(self.folder)
        with open(self.folder + "/ca.crt") as pem:
            certificate = pem.read()
        subprocess.run(["openssl", "x509", "-in", "ca.crt", "-outform", "der", "-out", "ca.der"], cwd=self.folder, check=True)
        good = {"insecure_sources": ["a.example.com", "b.example.com:5500", 1], "unknown": 1,
                "source_authorities": {"c": [{"type": "Data", "data": certificate}, {"type": "Path", "path": self.folder + "/ca.crt"},
                                             {"type": "Path", "path": self.folder + "/ca.der"}]},
                "proxies": {"http_proxy": "http://p:3128", "https_proxy": None, "no_proxy": "localhost"}}
        for text in (json.dumps(good), "{}", ""):
            path = self.write("sources.yml", text)
            with Server(GOOD, "--sources-path", path, log="warn") as server:
                self.assertTrue(server.verdict("/validate/p")["allowed"])
                warned = f" WARN server::main: {path}:1:{text.find(chr(34) + 'unknown') + 1}: unknown: ignored: the file has no such key\n"
                self.assertEqual(warned in server.log(), "unknown" in text, server.log())
        invalid = "Invalid certificate: Raw certificate is not in PEM nor in DER encoding"
        form = "expected {type: Path, path: …} or {type: Data, data: …}, found "
        no = self.write("x", "no")
        self.tells("--sources-path", [
            ("source_authorities: {c: [{type: Data, data: @no}]}", "source_authorities.c[0].data: " + invalid),
            ("source_authorities: {c: [{type: Path, path: @%s}]}" % no, "source_authorities.c[0].path: " + invalid),
            ("source_authorities: {c: [{type: Path, path: @/nowhere}]}",
             "source_authorities.c[0].path: Cannot read certificate from file: No such file or directory (os error 2)"),
            ("source_authorities: {c: [{type: @File, path: /nowhere}]}",
             'source_authorities.c[0].type: expected Path or Data, found "File"'),
            ("source_authorities: {c: [@{path: /nowhere}]}", "source_authorities.c[0].type: missing; expected Path or Data"),
            ("source_authorities: {c: [@{type: Data}]}", "source_authorities.c[0].data: missing; expected a certificate"),
            ("source_authorities: {c: [@x]}", "source_authorities.c[0]: " + form + '"x"'),
            ("source_authorities: {c: @{}}", "source_authorities.c: expected a list of authorities, each " + form[9:-8] + ", found a map"),
            ("source_authorities: @[]", "source_authorities: expected a map from hosts to lists of authorities, found a list"),
            ("insecure_sources: @x", 'insecure_sources: expected a list of hosts, found "x"'),
            ("insecure_sources: [a, @[]]", "insecure_sources[1]: expected a host, or a host and its port, found a list"),
            ("proxies: @[]", "proxies: expected a map of http_proxy, https_proxy and no_proxy, found a list"),
            ("proxies: {http_proxy: @{}}", "proxies.http_proxy: expected a text, found a map"),
            ("@[]", "expected a map of insecure_sources, source_authorities and proxies, found a list"),
            ("insecure_sources: @!x y", "insecure_sources: the tag !x means nothing here")])
        path = self.write("sources.yml", "insecure_sources: [[]]\nproxies: {no_proxy: []}\n")
        with Server(GOOD, "--sources-path", path, is_awaited=False) as server:
            self.assertEqual(server.process.wait(60), 1)
            self.assertRegex(server.errors(), rf"\AError: {path}:1:20: .*\nError: {path}:2:21: .*\n\Z")

    def tells(self, flag, cases):
        """Each text is refused with the place of its @ and the reason."""
        for marked, why in cases:
            before = marked[:marked.index("@")]
            path = self.write("checked.yml", marked.replace("@", "", 1))
            place = f"{path}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}: "
            said = self.fails(flag, path)
            self.assertTrue(said.startswith(place + why), (said, place + why))

    def test_verification_fails_closed(self):
        key, issuer = {"kind": "pubKey", "key": KEY}, {"kind": "genericIssuer", "issuer": "https://x", "subject": {"equal": "a"}}
        action = {"kind": "githubAction", "owner": "kubewarden"}
        good = {"apiVersion": "v1", "allOf": [dict(action, repo="r", annotations={"env": "prod"}), dict(issuer, subject={"urlPrefix": "https://u"})],
                "anyOf": {"minimumMatches": 2, "signatures": [dict(key, owner="o"), issuer]}}
        path = self.write("verification.yml", json.dumps(good))
        unverified = f"Policy 'p' cannot be verified: {wasm('accept')} cannot be verified: only what is in a registry can be signed"
        self.assertIn(unverified, self.fails("--verification-path", path))
        with Server(GOOD, "--verification-path", path, "--continue-on-errors") as server:
            status = server.verdict("/validate/p")["status"]
            self.assertEqual(status["code"], 500)
            self.assertIn("bootstrap failure: p: " + unverified, status["message"])
        with Server({}, "--verification-path", path):
            pass  # there is nothing to verify
        pem = "expected a public key in PEM form (-----BEGIN PUBLIC KEY-----)"
        kinds, subject = "pubKey, genericIssuer or githubAction", "expected {equal: …} or {urlPrefix: …}"
        signatures = f"expected a list of signatures, each a map with `kind`: {kinds}"
        self.tells("--verification-path", [
            ("@{}", "expected allOf or anyOf, found neither (config is missing signatures in both allOf and anyOff list)"),
            ("@x", 'expected a map of allOf and anyOf, found "x"'),
            ("apiVersion: @v2\nallOf: []", 'apiVersion: expected v1 (Not a supported configuration version), found "v2"'),
            ("allOf: []\n@extra: 1", "extra: the file has no such key"),
            ("allOf: []\n@anyof: {}", "anyof: the file has no such key; is `anyOf` meant?"),
            ("allOf: [{kind: pubKey, key: @x}]", f'allOf[0].key: {pem}, found "x"'),
            ("allOf: [@{kind: pubKey}]", f"allOf[0].key: missing; {pem}"),
            ("allOf: [{kind: @rumour}]", f'allOf[0].kind: expected {kinds}, found "rumour"'),
            ("allOf: [{kind: githubAction, owner: o, @rep: r}]", "allOf[0].rep: githubAction has no such key; is `repo` meant?"),
            ("allOf: @{kind: pubKey}", f"allOf: {signatures}, found a map"),
            ("allOf: [@x]", f'allOf[0]: expected a map with `kind`: {kinds}, found "x"'),
            ("allOf: [{kind: genericIssuer, issuer: x, subject: @{}}]",
             "allOf[0].subject: expected one of `equal` and `urlPrefix`, found neither"),
            ("allOf: [{kind: genericIssuer, issuer: x, subject: {urlPrefix: @u}}]",
             'allOf[0].subject.urlPrefix: expected a URL such as https://HOST/PATH, found "u"'),
            ("allOf: [@{kind: genericIssuer, issuer: x}]", f"allOf[0].subject: missing; {subject}"),
            ("allOf: [{kind: githubAction, owner: o, annotations: {a: @1}}]",
             "allOf[0].annotations.a: expected a text, found the number 1"),
            ("anyOf: {minimumMatches: @256, signatures: []}", "anyOf.minimumMatches: expected a number from 0 to 255, found the number 256"),
            ("@anyOf: {}", f"anyOf.signatures: missing; {signatures}"),
            ("allOf: []\n@allOf: []", "allOf: the key is given twice; write it once")])
        path = self.write("v.yml", json.dumps({"allOf": [{"kind": "pubKey"}, {"kind": "x"}], "anyOf": []}))
        with Server(GOOD, "--verification-path", path, is_awaited=False) as server:
            self.assertEqual(server.process.wait(60), 1)
            self.assertEqual(server.errors().count(f"Error: {path}:1:"), 3)

    def test_kubernetes_is_wanted_only_where_a_policy_asks_for_it(self):
        path = self.write("p.yml", json.dumps({"p": {"module": wasm("accept"),
                                                     "contextAwareResources": [{"apiVersion": "v1", "kind": "Pod"}]}}))
        clean = {k: v for k, v in os.environ.items() if not k.startswith("KUBE")}
        done = subprocess.run([SERVER, "--policies", path], capture_output=True, text=True, timeout=60,
                              env=dict(clean, KUBECONFIG="/nonexistent"))
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "^Cannot connect to Kubernetes cluster: .*\nError: Cannot connect to Kubernetes, "
                                      "context aware policies would not work properly: policy \"p\" has contextAwareResources\n$")
        with open(path) as policies, Server(json.load(policies)) as server:  # with the flag that lets it start
            self.assertEqual(server.errors(), "Cannot connect to Kubernetes, context aware policies will not work properly\n")


class Daemon(Config):
    """--daemon: the exit code of what was started says how the start went (policy-server.md §1.8)."""

    def start(self, *flags, port=None, probe_port=None):
        self.port, self.probe_port = port or harness.free_port(), probe_port or harness.free_port()
        command = [SERVER, "--daemon", "--addr", "127.0.0.1", "--port", str(self.port), "--readiness-probe-port",
                   str(self.probe_port), "--policies", "p.yml", "--ignore-kubernetes-connection-failure",
                   "--daemon-stdout-file", "out", "--daemon-stderr-file", "err", *flags]
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=120,
                              env=dict(os.environ, CHIMERA_CACHE_DIR=harness._cache, KUBECONFIG="/nonexistent"))

    def read(self, name):
        with open(os.path.join(self.folder, name)) as file:
            return file.read()

    def pid(self, name="policy-server.pid"):
        return int(self.read(name))

    def get(self):
        return urllib.request.urlopen(f"http://127.0.0.1:{self.probe_port}/readiness", timeout=20).status

    def end(self, pid):
        """It is no child of ours, so nobody waits for it but by looking."""
        os.kill(pid, signal.SIGTERM)
        if not harness.wait_for(lambda: not os.path.exists(f"/proc/{pid}")):
            os.kill(pid, signal.SIGKILL)
            raise AssertionError("the daemon did not end")

    def setUp(self):
        super().setUp()
        self.write("p.yml", json.dumps(GOOD))

    def test_it_serves_behind_our_back_until_it_is_told_to_stop(self):
        done = self.start()
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("Running instance as a daemon", done.stdout)
        pid = self.pid()
        try:
            self.assertEqual(self.get(), 200)  # at once: it was ready before the command ended
            fields = harness.proc(pid, "stat").rsplit(")", 1)[1].split()
            self.assertNotEqual(int(fields[3]), os.getsid(0))
            self.assertEqual(int(fields[4]), 0)  # no terminal
            self.assertEqual(os.path.realpath(f"/proc/{pid}/fd/1"), self.folder + "/out")
            second = self.start()
            self.assertEqual(second.returncode, 1)
            self.assertIn("Error: Cannot daemonize: another daemon has policy-server.pid", second.stderr)
            self.assertEqual(self.pid(), pid)
        finally:
            self.end(pid)
        self.assertFalse(os.path.exists(self.folder + "/policy-server.pid"))

    def test_the_log_is_where_it_was_asked_for(self):
        self.assertEqual(self.start("--daemon-pid-file", "other.pid").returncode, 0)
        self.end(self.pid("other.pid"))
        self.assertIn("Detached from shell, now running in background.", self.read("out"))
        self.assertIn("draining", self.read("out"))
        self.assertEqual(self.read("err"), "")

    def test_a_start_that_fails_is_told_to_who_started_it(self):
        self.write("p.yml", json.dumps({"p": {"module": wasm("settings-invalid")}}))
        done = self.start()
        self.assertEqual((done.returncode, done.stderr), (1, 'Error: policy "p": Policy settings are invalid: key x is missing\n'))
        self.assertEqual(self.read("err"), done.stderr)
        self.assertFalse(os.path.exists(self.folder + "/policy-server.pid"))
        done = self.start("--daemon-pid-file", "/nowhere/x")
        self.assertEqual(done.returncode, 1)
        self.assertIn("Error: Cannot daemonize: cannot write /nowhere/x: No such file", done.stderr)

    def test_files_that_cannot_be_made_are_named(self):
        command = [SERVER, "--daemon", "--policies", self.folder + "/p.yml"]
        for name in ("stdout", "stderr"):
            done = subprocess.run([*command, f"--daemon-{name}-file", "/nowhere/x"], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 1)
            self.assertIn(f"Error: Cannot create file for daemon {name}: /nowhere/x: No such file", done.stderr)


class Version(unittest.TestCase):
    def test_the_long_one_lists_the_builtins(self):
        short, long = (subprocess.run([SERVER, flag], capture_output=True, text=True).stdout for flag in ("-V", "--version"))
        self.assertRegex(short, r"^policy-server 1\.36\.0 .*\n$")
        self.assertTrue(long.startswith(short + "\nOpen Policy Agent/Gatekeeper implemented builtins:\n"))
        names = long.splitlines()[3:]
        for name in ("sprintf", "json.patch", "regex.split", "semver.compare", "time.now_ns"):
            self.assertIn("  - " + name, names)
        self.assertEqual(names, sorted(names))


if __name__ == "__main__":
    unittest.main()
