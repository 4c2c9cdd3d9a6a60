# SPDX-License-Identifier: Apache-2.0
"""Policies in processes of their own (--isolate): the same answers, and a crash that is one tenant's alone."""
import os, re, signal, threading, unittest

import harness
from harness import Reader, Server, request, review, wait_for, wasm

NAMES = ("accept", "accept-with-message", "reject", "reject-code", "reject-message-code", "reject-warnings", "warnings", "mutate",
         "audit-annotations", "trap", "divide-by-zero", "overflow", "out-of-bounds", "guest-error", "answer-not-json", "answer-array",
         "log", "wasi-accept", "wasi-reject", "wasi-mutate", "wasi-accept-stderr", "host-unknown-operation")
POLICIES = {name: {"module": wasm(name), "allowedToMutate": True, "timeoutEvalSeconds": 1} for name in NAMES}
POLICIES["fixed"] = {"module": wasm("mutate")}
POLICIES["loop"] = {"module": wasm("loop"), "timeoutEvalSeconds": 1}
POLICIES["monitored"] = {"module": wasm("reject"), "policyMode": "monitor"}
POLICIES["group"] = {"expression": "a() && b()", "message": "no", "policies": {
    "a": {"module": wasm("accept")}, "b": {"module": wasm("reject-message-code")}}}


def plugins(pid):
    return len({line.split()[-1] for line in harness.proc(pid, "maps").splitlines() if re.search(r"/plugins?/.*\.so$", line)})


class Isolation(unittest.TestCase):
    def jails(self, server):
        """Of all children, those that do not listen, which the worker does."""
        return [pid for pid, listens in server.ask_workers(harness.listens).items() if not listens]

    def answers(self, server):
        bodies = [review(), review(uid="u-2", namespace="x" * 300), review(object=None, operation="DELETE"),
                  review(object={"metadata": {"annotations": {"a": "ä" * 70000}}})]
        return {(path, name, i): server.post(f"/{path}/{name}", body)[::2]
                for path in ("validate", "audit") for name in [*POLICIES, "group%2Fb", "nobody"] if name != "loop"
                for i, body in enumerate(bodies)}

    def test_the_answers_are_the_same(self):
        with Server(POLICIES) as server:
            wanted = self.answers(server)
        self.assertGreater(len(set(wanted.values())), 25)
        with Server(POLICIES, "--isolate", "each") as server:
            self.assertEqual(len(self.jails(server)), len(POLICIES))
            self.assertEqual(self.answers(server), wanted)
            response = server.verdict("/validate/loop")
            self.assertIn("exceeded the allowed execution time", response["status"]["message"])
            self.assertEqual(server.stop(), 0)
            self.assertEqual(server.errors(), "")

    def test_a_jail_has_its_own_policies_and_nothing_else(self):
        with Server(POLICIES, "--isolate", "trap+group,overflow") as server:
            jails = self.jails(server)
            self.assertEqual(sorted(plugins(pid) for pid in jails), [1, 3])
            worker, = set(server.workers()) - set(jails)
            self.assertEqual(plugins(worker), len({p["module"] for p in POLICIES.values() if "module" in p}) - 2)
            for pid in jails:
                for thread in map(harness.status, harness.tasks(pid)):
                    if not harness.is_sanitized():
                        self.assertEqual((thread["Seccomp"], thread["NoNewPrivs"]), ("2", "1"))
                fds = harness.descriptors(pid)
                self.assertFalse([fd for fd in fds if fd.startswith(("pipe:", "anon_inode:")) or "tenant-life" in fd], fds)

    @unittest.skipIf(harness.is_sanitized(), "the sanitizers' malloc does not overwrite what is freed")
    def test_settings_of_others_are_not_in_its_memory(self):
        secret = "tenant-b-" + "7" * 40
        policies = {"a": {"module": wasm("accept")}, "b": {"module": wasm("accept"), "settings": {"token": secret}}}
        with Server(policies, "--isolate", "a,b") as server:
            found = [secret.encode() in harness.memory(pid) for pid in self.jails(server)]
            self.assertEqual(sorted(found), [False, True])

    def test_a_crash_is_that_policy_s_alone(self):
        policies = {"a": {"module": wasm("accept")}, "b": {"module": wasm("loop"), "timeoutEvalSeconds": 300}, "c": {"module": wasm("accept")}}
        with Server(policies, "--isolate", "b", log="info") as server:
            jail, = self.jails(server)
            worker, = set(server.workers()) - {jail}
            busy, before = server.raw(), harness.cpu_ticks(jail)
            busy.sendall(request("/validate/b"))
            self.assertTrue(wait_for(lambda: harness.cpu_ticks(jail) > before + 5))  # it is in the loop
            os.kill(jail, signal.SIGKILL)
            status, _, body = Reader(busy).answer()  # which it would leave after five minutes
            self.assertEqual((status, body), (500, '{"message":"Something went wrong","status":500}'))
            self.assertTrue(server.verdict("/validate/a")["allowed"])
            self.assertTrue(wait_for(lambda: server.post("/validate/b?timeout=1s")[0] == 200))
            self.assertIn("exceeded", server.verdict("/validate/b?timeout=1s")["status"]["message"])
            self.assertIn("an isolated process is gone; starting another policy_id=b", server.log().replace('"', ""))
            after, = self.jails(server)
            self.assertNotEqual(after, jail)
            self.assertIn(worker, server.workers())
            busy.close()

    def test_crashes_under_load_give_500_or_the_right_answer(self):
        policies = {name: POLICIES[name] for name in ("accept", "reject-message-code", "mutate")}
        with Server(policies, "--isolate", "accept+mutate") as server:
            wanted = {name: server.post("/validate/" + name)[2] for name in policies}
            seen, wrong, is_over = {200: 0, 500: 0}, [], []

            def work():
                connection = server.connect()
                while not is_over:
                    for name in policies:
                        status, _, text = server.post("/validate/" + name, connection=connection)
                        seen[status] += 1
                        if status == 200 and text != wanted[name] or status == 500 and name == "reject-message-code":
                            wrong.append((name, status, text))
                connection.close()
            workers = [threading.Thread(target=work) for _ in range(4)]
            for thread in workers:
                thread.start()
            kills = 0
            while kills < 4 or not seen[500] and kills < 100:
                answered, jails = seen[200], self.jails(server)
                self.assertTrue(wait_for(lambda: seen[200] > answered + 50))
                for jail in jails:  # another may not be there yet
                    os.kill(jail, signal.SIGKILL)
                    kills += 1
                self.assertTrue(wait_for(lambda: not set(jails) & set(server.workers())))
            answered = seen[200]
            self.assertTrue(wait_for(lambda: seen[200] > answered + 50))
            is_over.append(True)
            for thread in workers:
                thread.join()
            self.assertEqual(wrong, [])
            self.assertGreater(seen[500], 0)
            self.assertTrue(wait_for(lambda: server.post("/validate/accept")[0] == 200))

    def test_a_jail_ends_with_its_worker(self):
        with Server(POLICIES, "--isolate", "reject") as server:
            jail, = self.jails(server)
            worker, = set(server.workers()) - {jail}
            os.kill(worker, signal.SIGKILL)
            self.assertTrue(wait_for(lambda: len(server.workers()) == 2 and not {worker, jail} & set(server.workers())))
            self.assertTrue(wait_for(server.is_ready))
            self.assertFalse(server.verdict("/validate/reject")["allowed"])

    def test_failures_at_the_start_are_told_as_without_it(self):
        policies = {"good": {"module": wasm("accept")}, "bad": {"module": wasm("settings-invalid")}}
        for flags in ((), ("--isolate", "bad")):
            with Server(policies, *flags, is_awaited=False) as server:
                self.assertEqual(server.process.wait(60), 1)
                self.assertEqual(server.errors(), 'Error: policy "bad": Policy settings are invalid: key x is missing\n')
        with Server(policies, "--isolate", "bad", "--continue-on-errors") as server:
            self.assertEqual(server.verdict("/validate/bad")["status"]["message"], "Policy settings are invalid: key x is missing")
            self.assertTrue(server.verdict("/validate/good")["allowed"])

    def test_what_makes_no_sense_is_refused(self):
        for text, why in (("nobody", "'nobody' is no policy or policy group"), ("accept,accept", "'accept' is named twice"),
                          ("accept+", "'' is no policy"), ("group/a", "'group/a' is no policy")):
            with Server(POLICIES, "--isolate", text, is_awaited=False) as server:
                self.assertEqual(server.process.wait(60), 1)
                self.assertIn("--isolate: " + why, server.errors())


if __name__ == "__main__":
    unittest.main()
