# SPDX-License-Identifier: Apache-2.0
"""Policy groups whose members fail, and expressions that the reference refuses (policy-server.md §3.4, §4.8)."""
import json, os, re, unittest

import harness
from harness import Server, review, wasm

MINE = "file://" + os.path.join(harness.HERE, "policies", "%s.wasm")
MESSAGE = "the group says no"
MEMBERS = {"yes": {"module": wasm("accept")}, "no": {"module": wasm("reject-message-code")},
           "own": {"module": MINE % "deny-with-500"}, "patch": {"module": wasm("mutate")},
           "late": {"module": wasm("loop"), "timeoutEvalSeconds": 1}, "wasilate": {"module": MINE % "wasi-sleep", "timeoutEvalSeconds": 1},
           "wasi-echo": {"module": MINE % "wasi-echo"}}
# What ends each without a verdict, and how the message begins that the policy's own answer has then.
FAILURES = {"trap": "internal server error: Guest call failure: ", "divide-by-zero": "internal server error: Guest call failure: ",
            "overflow": "internal server error: Guest call failure: ", "out-of-bounds": "internal server error: Guest call failure: ",
            "guest-error": "internal server error: Guest call failure: ", "bad-pointer": "internal server error: ",
            "guest-fails-silently": "internal server error: ", "guest-says-nothing": "internal server error: ",
            "answer-not-json": "internal server error: invalid response from policy: ",
            "answer-array": "internal server error: invalid response from policy: ", "answer-empty": "internal server error: ",
            "answer-duplicate": "internal server error: invalid response from policy: ",
            "answer-no-accepted": "internal server error: invalid response from policy: ",
            "answer-accepted-string": "internal server error: invalid response from policy: ",
            "answer-trailing": "internal server error: invalid response from policy: ",
            "reject-code-big": "internal server error: invalid response from policy: ",
            "wasi-echo": "{\"request\":"}


def group(expression, *members, **more):
    members = {name.replace("-", "_"): MEMBERS.get(name, {"module": wasm(name)}) for name in members}
    return dict({"expression": expression, "message": MESSAGE, "policies": members}, **more)


def causes(response):
    return {cause["field"]: cause["message"] for cause in response["status"]["details"].get("causes", [])}


class Failures(unittest.TestCase):
    POLICIES = {"not-" + name: group("!%s()" % name.replace("-", "_"), name) for name in FAILURES}
    POLICIES |= {name: MEMBERS.get(name, {"module": wasm(name)}) for name in FAILURES}
    POLICIES |= {"not-late": group("!late()", "late"), "not-wasilate": group("!wasilate()", "wasilate")}
    POLICIES |= {"case-%s" % i: group(expression, "trap", "yes", "no", "own", "patch") for i, expression in enumerate((
        "!no()", "!own()", "!patch()", "trap() || yes()", "trap() && no()", "!(trap() && no())", "trap() == trap()", "trap() != yes()",
        "!trap() || yes()", "!trap() && trap()", "trap() < yes()", "trap() & no()", "yes() ^ trap()", "yes() || trap()", "no() && trap()",
        "no() | own() | trap()"))}
    POLICIES |= {"monitor": group("!trap()", "trap", policyMode="monitor")}
    FLAGS = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server(cls.POLICIES, *cls.FLAGS, log="info").__enter__()
        cls.addClassCleanup(cls.server.__exit__)

    def rejected(self, name, **wanted):
        for path in ("validate", "audit"):
            response = self.server.verdict("/%s/%s" % (path, name))
            self.assertFalse(response["allowed"], name)
            self.assertEqual(response["status"]["message"], MESSAGE)
            self.assertEqual(set(response["status"]), {"message", "details"}, name)
            self.assertIsNone(response["warnings"])
        return causes(response)

    def test_a_negated_failure_rejects_with_the_failure_as_its_cause(self):
        for name, text in FAILURES.items():
            alone = self.server.verdict("/validate/" + name)
            self.assertEqual(alone["status"]["code"], 500, name)
            self.assertTrue(alone["status"]["message"].startswith(text), (name, alone))
            self.assertEqual(self.rejected("not-" + name),
                             {"spec.policies." + name.replace("-", "_"): alone["status"]["message"]}, name)

    def test_a_negated_deadline_rejects(self):
        for name in ("late", "wasilate"):
            self.assertEqual(self.rejected("not-" + name), {"spec.policies." + name: "Policy execution interrupted because it "
                                                            "exceeded the allowed execution time"})

    def test_a_verdict_that_does_not_depend_on_the_failure_is_given(self):
        trap = "spec.policies.trap"
        no = {"spec.policies.no": "not today"}
        for i, wanted in enumerate((True, True, True, True, {trap, *no}, True, {trap}, {trap}, True, {trap}, {trap}, {trap, *no}, {trap},
                                    True, {*no}, {trap, *no, "spec.policies.own"})):
            name = "case-%s" % i
            with self.subTest(expression=self.POLICIES[name]["expression"]):
                if wanted is True:
                    response = self.server.verdict("/validate/" + name)
                    self.assertEqual((response["allowed"], "status" in response), (True, False))
                else:
                    self.assertEqual(set(self.rejected(name)), wanted)

    def test_monitor_mode_allows_and_logs(self):
        response = self.server.verdict("/validate/monitor", review(uid="monitored"))
        self.assertEqual((response["allowed"], "status" in response), (True, False))
        def lines():
            return [line for line in self.server.log().splitlines() if "monitor mode" in line and "monitored" in line]
        harness.wait_for(lines)  # a thread writes it, after the members' own
        line, = lines()
        self.assertIn(MESSAGE, line)
        self.assertIn("spec.policies.trap", line)
        self.assertFalse(self.server.verdict("/audit/monitor")["allowed"])


class IsolatedFailures(Failures):
    """The same with the members in other processes, from which the difference of a denial and a failure must arrive."""
    FLAGS = ("--isolate", "+".join(Failures.POLICIES))


class Refusals(unittest.TestCase):
    # What Rhai, as the reference sets it up, has for a keyword, a reserved word or a function of its own, or does not take for a name.
    WORDS = ("as break catch const continue do else export fn for if import in let loop private return switch throw try until while "
             "async await case default go goto is match module new nil null package protected public shared spawn static super sync "
             "this thread use var void with yield call curry debug eval Fn is_def_fn is_def_var is_shared print type_of __ _1").split()
    FINE = "function namespace exit and not global self in_ Default _a".split()
    BROKEN = {"chain": " && ".join(["a()"] * 65), "nested": "(" * 32 + "a()" + ")" * 32, "accent": "é()", "comment": "a() // c\r&& b"}
    GOOD = {"chain-good": " && ".join(["a()"] * 64), "nested-good": "(" * 31 + "a()" + ")" * 31, "comment-good": "false // c\r|| a()"}

    def test_what_the_reference_refuses_warns_at_the_start_and_rejects_each_request(self):
        a = {"a": MEMBERS["yes"]}
        policies = {"word-" + word: group(word + "()") | {"policies": {word: MEMBERS["yes"]}} for word in self.WORDS}
        policies |= {name: group(text) | {"policies": a} for name, text in self.BROKEN.items()}
        refused = list(policies)
        policies |= {"fine-" + word: group(word + "()") | {"policies": {word: MEMBERS["yes"]}} for word in self.FINE}
        policies |= {name: group(text) | {"policies": a} for name, text in self.GOOD.items()}
        policies["monitor"] = group("default()", policyMode="monitor") | {"policies": {"default": MEMBERS["yes"]}}
        with Server(policies, log="info") as server:
            for name in policies:
                response = server.verdict("/validate/" + name)
                if name in refused:
                    self.assertEqual((response["allowed"], response["status"]["code"]), (False, 500), name)
                    self.assertTrue(response["status"]["message"].startswith("error evaluating policy group expression: "), response)
                else:
                    self.assertTrue(response["allowed"], (name, response))
            text = server.verdict("/validate/accent")["status"]["message"]
            self.assertTrue(text.endswith("found é (U+00E9) (line 1, position 1)"), text)
            self.assertEqual(server.verdict("/audit/monitor")["status"]["code"], 500)
            harness.wait_for(lambda: "policy evaluation (monitor mode)" in server.log())  # a thread writes it
            log = server.log()
            self.assertEqual(sorted(re.findall(r'WARN .*the group rejects every request policy_id="([^"]*)"', log)), sorted(refused))
            self.assertRegex(log, 'WARN .*lets everything through.* policy_id="monitor"')
            self.assertEqual(log.count("policy evaluation (monitor mode)"), 1)


if __name__ == "__main__":
    unittest.main()
