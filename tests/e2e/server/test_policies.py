# SPDX-License-Identifier: Apache-2.0
"""Policies that fail, groups, the namespace shortcut (policy-server.md §3.7, §4.2, §4.8, §10)."""
import json, os, re, shutil, subprocess, tempfile, unittest

import harness
from harness import Server, review, wasm

GROUP = {"expression": "a() && b()", "message": "the group says no"}


class Policies(unittest.TestCase):
    def start_fails(self, policies, *flags):
        with Server(policies, *flags, is_awaited=False) as server:
            self.assertEqual(server.process.wait(60), 1)
            return server.errors()

    def test_failed_policies_reject_and_the_others_serve(self):
        policies = {"good": {"module": wasm("accept")},
                    "settings": {"module": wasm("settings-invalid"), "policyMode": "monitor", "message": "mine"},
                    "missing": {"module": "file:///nowhere/x.wasm"},
                    "remote": {"module": "registry://localhost:1/x:v1"},
                    "newer": {"module": wasm("needs-newer")},
                    "group": {"expression": "a()", "message": "m", "policies": {"a": {"module": wasm("trap")},
                                                                                "b": {"module": "file:///nowhere/y.wasm"}}},
                    "broken": dict(GROUP, expression="b()", policies={"b": {"module": "file:///nowhere/y.wasm"}})}
        flags = ("--continue-on-errors", "--always-accept-admission-reviews-on-namespace", "kubewarden")
        with Server(policies, *flags) as server:
            self.assertTrue(server.verdict("/validate/good")["allowed"])
            texts = {}
            for name in ("settings", "missing", "remote", "newer", "broken"):
                response = server.verdict("/validate/" + name)
                self.assertFalse(response["allowed"])
                self.assertEqual(response["status"]["code"], 500)
                self.assertNotIn("details", response["status"])
                texts[name] = response["status"]["message"]
                self.assertTrue(server.verdict("/validate/" + name, review(namespace="kubewarden"))["allowed"])
            self.assertEqual(texts["settings"], "Policy settings are invalid: key x is missing")
            self.assertIn("bootstrap failure: missing: ", texts["missing"])
            self.assertIn("Error while downloading policy 'remote' from registry://localhost:1/x:v1", texts["remote"])
            self.assertEqual(texts["newer"],
                             "bootstrap failure: newer: Policy required Kubewarden version 9.0.0 but is running on 1.36.0")
            self.assertIn("error evaluating policy group expression: error invoking broken/b: ", texts["broken"])
            self.assertEqual(server.verdict("/validate/group")["status"]["message"], "m")
            self.assertEqual(len(re.findall("rejects every request", server.log())), 6)
            self.assertEqual(server.stop(), 0)
            self.assertEqual(server.errors(), "")

    def test_without_the_flag_one_failure_ends_the_start(self):
        self.assertIn('Error: policy "b": Policy settings are invalid: key x is missing',
                      self.start_fails({"a": {"module": wasm("accept")}, "b": {"module": wasm("settings-invalid")}}))
        self.assertIn("/nowhere/x.wasm", self.start_fails({"a": {"module": "file:///nowhere/x.wasm"}}))
        self.assertIn("cannot retrieve path from uri: file://x.wasm", self.start_fails({"a": {"module": "file://x.wasm"}}))

    def test_built_plugins_are_served_as_they_are(self):
        with tempfile.TemporaryDirectory() as folder:
            command = os.environ.get("CHIMERA_COMMAND", os.path.join(os.path.dirname(harness.SERVER), "chimera"))
            subprocess.run([command, "build", "-o", folder, os.path.join(harness.POLICIES, "reject-message-code.wasm")],
                           check=True, capture_output=True, env=dict(os.environ, CHIMERA_CACHE_DIR=harness._cache))
            plugin, = [name for name in os.listdir(os.path.join(folder, "plugins")) if name.endswith(".so")]
            module = "file://" + os.path.join(folder, "plugins", plugin)
            with Server({"p": {"module": module}}, environment={"CHIMERA_COMMAND": "/bin/false"}) as server:
                self.assertEqual(server.verdict("/validate/p")["status"], {"message": "not today", "code": 418})

    def test_nothing_is_built_unconfined_unless_told(self):
        with tempfile.TemporaryDirectory() as cache:
            weak = {"CHIMERA_CONFINEMENT": "seccomp", "CHIMERA_CACHE_DIR": cache}
            policies = {"p": {"module": wasm("accept")}}
            with Server(policies, environment=weak, is_awaited=False) as server:
                self.assertEqual(server.process.wait(60), 1)
                self.assertIn("the compilers cannot be confined here (no Landlock", server.errors())
            with Server(policies, "--allow-unconfined-builds", environment=weak) as server:
                self.assertTrue(server.verdict("/validate/p")["allowed"])

    def test_paths_in_urls_are_decoded(self):
        with tempfile.TemporaryDirectory(prefix="a b") as folder:
            shutil.copy(os.path.join(harness.POLICIES, "accept.wasm"), folder)
            module = "file://" + folder.replace(" ", "%20") + "/%61ccept.wasm"
            with Server({"p": {"module": module}}) as server:
                self.assertTrue(server.verdict("/validate/p")["allowed"])

    def test_group_members_are_reached_by_their_id(self):
        members = {"a": {"module": wasm("accept")}, "b": {"module": wasm("reject-message-code")}}
        with Server({"g": dict(GROUP, policies=members)}) as server:
            response = server.verdict("/validate/g")
            self.assertEqual(response["status"], {"message": "the group says no", "details": {"causes": [
                {"reason": None, "message": "not today", "field": "spec.policies.b"}]}})
            self.assertEqual(server.verdict("/validate/g%2Fb")["status"], {"message": "not today", "code": 418})
            self.assertEqual(server.post("/validate/g%2Fc")[0], 404)

    def test_broken_groups_say_so_in_the_log_and_reject(self):
        group = {"expression": "a() &&", "message": "m", "policies": {"a": {"module": wasm("accept")}}}
        with Server({"g": group, "good": {"module": wasm("accept")}}, log="warn") as server:
            self.assertTrue(server.verdict("/validate/good")["allowed"])
            response = server.verdict("/validate/g")
            self.assertEqual(response["status"], {"code": 500, "message": "error evaluating policy group expression: "
                                                  "Script is incomplete (line 1, position 7)"})
            self.assertRegex(server.log(), ' WARN .*rejects every request policy_id="g" error=.*Script is incomplete')

    def test_monitor_mode_is_logged(self):
        with Server({"m": {"module": wasm("reject-message-code"), "policyMode": "monitor"}}, "--log-fmt", "json",
                    log="info") as server:
            self.assertTrue(server.verdict("/validate/m")["allowed"])
            self.assertFalse(server.verdict("/audit/m")["allowed"])
            server.stop()
            lines = [json.loads(line) for line in server.log().splitlines()]
            seen = [line["fields"] for line in lines if line["fields"]["message"] == "policy evaluation (monitor mode)"]
            self.assertEqual(len(seen), 1)
            self.assertEqual(seen[0]["policy_id"], "m")
            self.assertFalse(json.loads(seen[0]["response"])["allowed"])

    def test_profiling_endpoints_tell_how(self):
        with Server({}, "--enable-pprof") as server:
            connection = server.connect()
            connection.request("GET", "/debug/pprof/cpu?interval=1")
            answer = connection.getresponse()
            self.assertEqual(answer.status, 501)
            self.assertIn(b"perf record", answer.read())
            connection.close()


if __name__ == "__main__":
    unittest.main()
