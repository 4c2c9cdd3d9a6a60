# SPDX-License-Identifier: Apache-2.0
"""Verdicts that are given again (--reuse-verdicts): which, to whom, until when; and that the answers are the same."""
import json, os, signal, unittest, uuid

import harness
import test_isolation
from harness import review, wait_for, wasm, write
from test_admin import Admin

OWN = {name: {"module": f"file://{harness.HERE}/policies/{name}.wasm"} for name in ("by-uid", "says-uid", "asks-outside")}
SAMPLES = os.path.join(harness.ROOT, "tests", "policies")
EVERY = 100  # verdicts that could be given again, of which one is evaluated


def sample(name):
    policy = {"module": f"file://{SAMPLES}/{name}/{name}.wasm", "allowedToMutate": True}
    settings = os.path.join(SAMPLES, name, "settings.json")
    if os.path.exists(settings):
        with open(settings) as text:
            policy["settings"] = json.load(text)
    return policy


def pod(name="x", uid=None, **metadata):
    return review(uid=uid or str(uuid.uuid4()), object={"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, **metadata}})


class Case(unittest.TestCase):
    def server(self, policies, *flags, **more):
        return self.enterContext(Admin(policies, *flags, **more))

    def evaluated(self, server, name):
        return sum(value for _, value in server.samples("chimera_policy_evaluations_total", policy_name=name))

    def ask(self, server, name, times=1, path="audit", body=pod):
        """How many of the requests were evaluated."""
        policy = name.replace("%2F", "/")
        before = self.evaluated(server, policy)
        for _ in range(times):
            server.verdict(f"/{path}/{name}", body())
        return self.evaluated(server, policy) - before


class Which(Case):
    def test_none_unless_asked_for(self):
        server = self.server({"p": {"module": wasm("accept")}})
        self.assertEqual(self.ask(server, "p", 5), 5)

    def test_audits_alone_and_the_first_is_compared(self):
        server = self.server({"p": {"module": wasm("accept")}}, "--reuse-verdicts", "4Mi")
        self.assertEqual(self.ask(server, "p", 5, "validate"), 5)
        self.assertEqual(self.ask(server, "p", 50), 2)
        self.assertEqual(self.ask(server, "p", 5, "validate"), 5)
        self.assertEqual(server.value("chimera_policy_verdicts_reused_total", policy_name="p"), 48)
        self.assertEqual(server.value("chimera_reuse_hits_total"), 48)
        self.assertEqual(server.value("chimera_reuse_misses_total"), 1)
        self.assertEqual(server.value("chimera_reuse_checks_total"), 1)
        self.assertGreater(server.value("chimera_reuse_bytes"), 0)
        counted = server.samples("kubewarden_policy_evaluations_total", policy_name="p")
        self.assertEqual(sum(value for _, value in counted), 60)  # which counts requests

    def test_all_when_told_so_and_by_the_environment(self):
        server = self.server({"p": {"module": wasm("accept")}}, environment={"CHIMERA_REUSE_VERDICTS": "1048576:all"})
        self.assertEqual(self.ask(server, "p", 10, "validate"), 2)
        self.assertEqual(self.ask(server, "p", 10), 0)

    def test_each_hundredth_is_evaluated(self):
        server = self.server({"p": {"module": wasm("accept")}}, "--reuse-verdicts", "4Mi")
        self.assertEqual(self.ask(server, "p", 1), 1)
        self.assertEqual(self.ask(server, "p", EVERY), 1)
        self.assertEqual(self.ask(server, "p", EVERY), 1)

    def test_another_request_or_policy_is_another(self):
        server = self.server({"p": {"module": wasm("accept")}, "q": {"module": wasm("accept")}}, "--reuse-verdicts", "4Mi")
        self.assertEqual(self.ask(server, "p", 3), 2)
        self.assertEqual(self.ask(server, "q", 1), 1)
        self.assertEqual(self.ask(server, "p", 3, body=lambda: pod("y")), 1)

    def test_groups_have_those_of_their_members(self):
        accept = {"module": wasm("accept")}
        group = {"expression": "a() || b()", "message": "no", "policies": {"a": {"module": wasm("reject")}, "b": accept}}
        server = self.server({"g": group}, "--reuse-verdicts", "4Mi")
        self.assertTrue(all(server.verdict("/audit/g", pod())["allowed"] for _ in range(10)))
        self.assertEqual([self.evaluated(server, name) for name in ("g/a", "g/b", "g")], [2, 2, 10])

    def test_policies_in_processes_of_their_own_have_them_too(self):
        server = self.server({"p": {"module": wasm("accept")}, "o": OWN["asks-outside"]}, "--isolate", "each", "--reuse-verdicts", "4Mi")
        self.assertEqual(self.ask(server, "p", 10), 2)
        self.assertEqual(self.ask(server, "o", 10, body=lambda: pod("x")), 2)
        self.assertEqual(self.ask(server, "o", 10, body=lambda: pod("c")), 10)

    def test_of_every_language(self):
        names = ("rust-privileged", "rust-labels", "rego-opa", "rego-gatekeeper", "as-replicas", "c-hostnetwork", "go-annotations")
        server = self.server({name: sample(name) for name in names}, "--reuse-verdicts", "4Mi")
        self.assertEqual({name: self.ask(server, name, 10) for name in names}, dict.fromkeys(names, 2))


class NeverKept(Case):
    def test_what_asked_for_the_time_or_random_numbers_or_waited(self):
        server = self.server({"p": OWN["asks-outside"], "nap": dict(sample("rust-sleeping"), settings={"sleepMilliseconds": 100})},
                             "--reuse-verdicts", "4Mi")
        for name in ("c-lock", "random", "poll"):
            self.assertEqual(self.ask(server, "p", 5, body=lambda: pod(name)), 5, name)
        self.assertEqual(self.ask(server, "p", 5, body=lambda: pod("nothing")), 2)
        self.assertEqual(self.ask(server, "nap", 3), 3)

    def test_what_asked_its_host_failed_or_says_5xx(self):
        names = ("host-unknown-operation", "host-can-i", "trap", "loop", "answer-not-json", "reject-code")
        policies = {name: {"module": wasm(name), "timeoutEvalSeconds": 1} for name in names}
        server = self.server(policies, "--reuse-verdicts", "4Mi")
        self.assertEqual({name: self.ask(server, name, 2) for name in names}, dict.fromkeys(names, 2))
        self.assertEqual(server.value("chimera_reuse_bytes"), 0)


class Uid(Case):
    def test_a_verdict_with_the_uid_is_given_to_the_same(self):
        server = self.server({"p": OWN["says-uid"]}, "--reuse-verdicts", "4Mi")
        one, other = str(uuid.uuid4()), str(uuid.uuid4())
        self.assertEqual(self.ask(server, "p", 10, body=lambda: pod(uid=one)), 2)
        for uid in (one, other, one, one):
            verdict = server.verdict("/audit/p", pod(uid=uid))
            self.assertEqual((verdict["uid"], verdict["status"]["message"]), (uid, uid))
        self.assertEqual(self.evaluated(server, "p"), 4)

    def test_a_policy_that_depends_on_it_is_ruled_out(self):
        server = self.server({"p": OWN["by-uid"], "q": {"module": wasm("accept")}}, "--reuse-verdicts", "4Mi", log="warn")
        odd, even = "1" + str(uuid.uuid4())[1:], "2" + str(uuid.uuid4())[1:]
        wanted = {odd: True, even: False}
        self.assertTrue(server.verdict("/audit/p", pod(uid=odd))["allowed"])
        for uid in (even, odd, even):  # the first is compared
            self.assertEqual(server.verdict("/audit/p", pod(uid=uid))["allowed"], wanted[uid])
        self.assertTrue(wait_for(lambda: "depends on its uid" in server.log()), server.log())
        self.assertIn('policy_id="p"', server.log())
        self.assertEqual(server.value("chimera_policy_reuse_ruled_out_total", policy_name="p"), 1)
        self.assertEqual(self.ask(server, "p", 10), 10)
        self.assertEqual(self.ask(server, "q", 10), 2)
        # For good: a reload does not make it another.
        write(os.path.join(server.folder, "policies.yml"), {"p": OWN["by-uid"], "r": {"module": wasm("accept")}})
        self.assertTrue(wait_for(lambda: server.post("/audit/r", pod())[0] == 200))
        self.assertEqual(self.ask(server, "p", 10), 10)


class Until(Case):
    def test_a_reload_begins_anew(self):
        server = self.server({"p": {"module": wasm("accept")}}, "--reuse-verdicts", "4Mi", "--no-policy-watch")
        self.assertEqual(self.ask(server, "p", 10), 2)
        write(os.path.join(server.folder, "policies.yml"), {"p": {"module": wasm("reject")}, "q": {"module": wasm("accept")}})
        server.process.send_signal(signal.SIGHUP)
        self.assertTrue(wait_for(lambda: server.post("/audit/q", pod("another"))[0] == 200))
        self.assertFalse(server.verdict("/audit/p", pod())["allowed"])
        self.assertEqual(self.ask(server, "p", 10), 1)

    def test_the_bound_holds_and_the_oldest_make_room(self):
        server = self.server({"p": {"module": wasm("accept")}}, "--reuse-verdicts", "1Mi")
        with_much = lambda number: pod(str(number), annotations={"a": "x" * 20000})
        for number in range(100):
            server.verdict("/audit/p", with_much(number))
        self.assertLess(server.value("chimera_reuse_bytes"), 1 << 20)
        self.assertGreater(server.value("chimera_reuse_evictions"), 40)
        self.assertEqual(self.ask(server, "p", 1, body=lambda: with_much(0)), 1)
        self.assertEqual(self.ask(server, "p", 2, body=lambda: with_much(99)), 1)  # which is compared


class Same(Case):
    """Answers with it, and without: byte for byte, whatever the policy does."""

    def answers(self, server):
        got = []
        for number in range(6):
            uid = str(uuid.uuid4())
            for body in (review(uid=uid), review(uid=uid, namespace="x" * 300), review(uid=uid, object=None, operation="DELETE"),
                         review(uid=uid, object={"metadata": {"annotations": {"a": "ä" * 70000}}})):
                for path in ("validate", "audit"):
                    for name in [*test_isolation.POLICIES, "group%2Fb", "nobody"]:
                        if name != "loop":
                            status, _, text = server.post(f"/{path}/{name}", body)
                            got.append((path, name, status, text.replace(uid, "UID")))
        return got

    def test_the_answers_are_the_same(self):
        wanted = self.answers(self.server(test_isolation.POLICIES))
        server = self.server(test_isolation.POLICIES, "--reuse-verdicts", "16Mi:all")
        self.assertEqual(self.answers(server), wanted)
        self.assertGreater(server.value("chimera_reuse_hits_total"), 300)


class Refusals(unittest.TestCase):
    def test_what_is_no_size_is_named(self):
        for text in ("lots", "1000", "4Mi:", "4Mi:some", ":all", "2000Gi"):
            with harness.Server({"p": {"module": wasm("accept")}}, "--reuse-verdicts", text, is_awaited=False) as server:
                self.assertEqual(server.process.wait(60), 1)
                self.assertIn(f"--reuse-verdicts: '{text}' is not a size from 1Mi to 1024Gi", server.errors())


if __name__ == "__main__":
    unittest.main()
