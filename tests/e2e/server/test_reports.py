# SPDX-License-Identifier: Apache-2.0
"""What is wrong with policies.yml and with policies is told whole: at the start, at a reload, by `chimera bundle`."""
import json, os, re, shutil, signal, socket, subprocess, tempfile, unittest

import harness
from harness import Server, wait_for, wasm, write

GOOD = {"one": {"module": wasm("accept")}}

# A file with one of each kind of mistake, each at its @; the reasons, in order.
MISTAKES = f"""first: {{module: "{wasm('accept')}"}}
second:
  module: {wasm('accept')}
  policyMode: @Monitor
third:
  module:@
  settings: @[1]
fourth:
  module: {wasm('accept')}
  settings: {{limit: @18446744073709551616, colour: @!Ref blue}}
  timeoutEvalSeconds: @0
gate:
  expression: "a()"
  message: no
  policies:
    @- {{name: a, module: x}}
other:
  expression: "a()"
  message: no
  policies:
    a: {{module: x, @policyMode: monitor}}
@a/b: {{module: x}}
@none: {{}}
"""
REASONS = ['second.policyMode: expected "protect" or "monitor", found "Monitor"',
           "third.module: expected a text such as ", "third.settings: expected a map of ",
           "fourth.settings.limit: the number 18446744073709551616 does not fit into 64 bits",
           "fourth.settings.colour: the tag !Ref means nothing here",
           "fourth.timeoutEvalSeconds: expected a whole number of seconds from 1 on, found 0",
           "gate.policies: expected a map from names to members", "other.policies.a.policyMode: a member of a group has no such key",
           "a/b: policy name 'a/b' contains a '/' character", "none: expected a policy (a map with `module`) or a policy group"]


def unmarked(text, path):
    """The text without its marks, and how a report of each begins."""
    places = []
    while "@" in text:
        before, behind = text.split("@", 1)
        places.append(f"{path}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}: ")
        text = before + behind
    return text, places


class Reports(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="chimera-reports-")
        self.addCleanup(shutil.rmtree, self.folder)

    def start_fails(self, policies, *flags):
        """The lines on standard error, without their "Error: "."""
        path = os.path.join(self.folder, "p.yml")
        write(path, policies)
        with Server(GOOD, "--policies", path, *flags, is_awaited=False) as server:
            self.assertEqual(server.process.wait(60), 1)
            lines = server.errors().splitlines()
        for line in lines:
            self.assertTrue(line.startswith("Error: "), lines)
        return [line[len("Error: "):] for line in lines]

    def begin(self, lines, starts):
        self.assertEqual(len(lines), len(starts), lines)
        for line, start in zip(lines, starts):
            self.assertTrue(line.startswith(start), (line, start))

    def test_every_mistake_of_the_file_is_told_at_the_start(self):
        text, places = unmarked(MISTAKES, os.path.join(self.folder, "p.yml"))
        self.begin(self.start_fails(text), [place + why for place, why in zip(places, REASONS)])

    def test_every_mistake_of_the_file_is_told_at_a_reload(self):
        with Server(GOOD, log="info") as server:
            path = os.path.join(server.folder, "policies.yml")
            text, places = unmarked(MISTAKES, path)
            write(path, text)
            self.assertTrue(wait_for(lambda: "reload refused" in server.log()), server.log())
            lines = re.findall(r' ERROR server::supervisor: a mistake error="(.*)"\n', server.log())
            self.begin([line.replace(r"\"", '"').replace(r"\\", chr(92)) for line in lines],
                       [place + why for place, why in zip(places, REASONS)])
            self.assertRegex(server.log(), r"reload refused; the policies before go on serving error=.*; and 9 more mistakes\"\n")
            self.assertTrue(server.verdict("/validate/one")["allowed"])

    def test_every_mistake_of_the_file_is_told_by_bundle(self):
        path = os.path.join(self.folder, "p.yml")
        text, places = unmarked(MISTAKES, path)
        write(path, text)
        done = subprocess.run([harness.COMMAND, "bundle", path, "-o", self.folder + "/bundle"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.begin(done.stderr.splitlines(), ["Error: " + place + why for place, why in zip(places, REASONS)])

    # --- Policies ---

    FAILING = {"good": {"module": wasm("accept")}, "settings": {"module": wasm("settings-invalid")}, "mode": {"module": wasm("mode-unknown")},
               "group": {"expression": "a()", "message": "m", "policies": {"a": {"module": wasm("settings-invalid")},
                                                                         "b": {"module": "file:///nowhere.wasm"}}},
               "newer": {"module": wasm("needs-newer")}, "none": {"module": "registry://localhost:1/x:v1"},
               "same": {"module": "file:///nowhere.wasm"}}
    FAILURES = ['policies "settings", "group/a": Policy settings are invalid: key x is missing', 'policy "mode": ',
                'policies "group/b", "same": Cannot find policy with uri: /nowhere.wasm',
                'policy "newer": Policy required Kubewarden version 9.0.0 but is running on 1.36.0',
                "policy \"none\": Error while downloading policy 'none' from registry://localhost:1/x:v1: "]

    def test_all_policies_that_fail_are_told_at_the_start(self):
        for flags in ((), ("--isolate", "each")):
            self.begin(sorted(self.start_fails(self.FAILING, *flags)), sorted(self.FAILURES))

    def test_all_policies_that_fail_are_told_at_a_reload(self):
        with Server(GOOD, log="info") as server:
            write(os.path.join(server.folder, "policies.yml"), self.FAILING)
            self.assertTrue(wait_for(lambda: "reload refused" in server.log()), server.log())
            lines = re.findall(r' ERROR server::supervisor: a mistake error="(.*)"\n', server.log())
            self.begin(sorted(line.replace(r"\"", '"') for line in lines), sorted(self.FAILURES))
            self.assertTrue(server.verdict("/validate/one")["allowed"])

    def test_a_daemon_tells_them_to_who_started_it(self):
        write(self.folder + "/p.yml", self.FAILING)
        done = subprocess.run([harness.SERVER, "--daemon", "--addr", "127.0.0.1", "--port", str(harness.free_port()),
                               "--readiness-probe-port", str(harness.free_port()), "--policies", "p.yml", "--policies-download-dir", "."],
                              cwd=self.folder, capture_output=True, text=True, timeout=120,
                              env=dict(os.environ, CHIMERA_CACHE_DIR=harness._cache, KUBECONFIG="/nonexistent"))
        self.assertEqual(done.returncode, 1)
        self.begin(sorted(done.stderr.splitlines()), sorted("Error: " + failure for failure in self.FAILURES))

    def test_more_than_a_few_are_counted(self):
        policies = {f"p{i:03}": {"module": wasm("settings-invalid")} for i in range(300)}
        line, = self.start_fails(policies)
        names = ", ".join(f'"p{i:03}"' for i in range(8))
        self.assertEqual(line, f"policies {names} and 292 more: Policy settings are invalid: key x is missing")
        lines = self.start_fails({f"p{i:03}": {"module": f"file:///nowhere/{i:0>200}.wasm"} for i in range(300)})
        self.assertGreater(len(lines), 200)  # a report has room for so many, and says how many there are besides
        self.assertRegex(lines[-1], r"^and \d+ more$")
        self.assertEqual(len(lines) - 1 + int(lines[-1].split()[1]), 300)

    def test_texts_of_others_reach_a_terminal_escaped(self):
        line, = self.start_fails({"p\x1b[2J": {"module": "file:///nowhere/\x1b]0;x\x07\u202e\u009b.wasm"}})
        self.assertEqual(line, r'policy "p\u{1b}[2J": Cannot find policy with uri: /nowhere/\u{1b}]0;x\u{7}\u{202e}\u{9b}.wasm')

    # --- What is taken ---

    def test_keys_that_are_ignored_are_warned_of(self):
        policies = {"one": {"module": wasm("accept"), "policymode": "monitor", "namespacedName": {"Name": "one"}}}
        with Server(policies, log="warn") as server:
            path = os.path.join(server.folder, "policies.yml")
            column = json.dumps(policies).index('"policymode"') + 1
            self.assertIn(f" WARN server::generation: {path}:1:{column}: one.policymode: ignored: a policy has no such key; is `policyMode` meant?\n",
                          server.log())
            self.assertEqual(server.log().count("ignored"), 1)

    def test_a_limit_of_nothing_is_refused_where_limits_count(self):
        policies = {"zero": {"module": wasm("accept"), "timeoutEvalSeconds": 0}, "one": GOOD["one"]}
        line, = self.start_fails(policies)
        self.assertIn("zero.timeoutEvalSeconds: expected a whole number of seconds from 1 on, found 0", line)
        with Server(policies, "--disable-timeout-protection") as server:
            self.assertTrue(server.verdict("/validate/zero")["allowed"])
        with Server(policies, "--continue-on-errors") as server:
            self.assertTrue(server.verdict("/validate/one")["allowed"])
            status = server.verdict("/validate/zero")["status"]
            self.assertEqual(status["code"], 500)
            self.assertIn("timeoutEvalSeconds is 0", status["message"])
        self.assertIn("--policy-timeout is 0", self.start_fails(GOOD, "--policy-timeout", "0")[0])

    def test_an_address_of_ipv6_needs_no_brackets(self):
        try:
            with socket.socket(socket.AF_INET6) as probe:
                probe.bind(("::1", 0))
        except OSError:
            self.skipTest("there is no IPv6 here")
        for address in ("::1", "[::1]", "::", "[::]"):
            with Server(GOOD, "--addr", address, is_awaited=False) as server:
                def answers():
                    try:
                        with socket.create_connection(("::1", server.probe_port), timeout=20) as connection:
                            connection.sendall(b"GET /readiness HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                            return connection.recv(100).startswith(b"HTTP/1.1 200 ")
                    except OSError:
                        return False
                self.assertTrue(wait_for(answers), server.errors())


if __name__ == "__main__":
    unittest.main()
