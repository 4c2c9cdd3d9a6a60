# SPDX-License-Identifier: Apache-2.0
"""The worker's lock-down, seen from outside on the real program (docs/internals/lockdown.md). What it denies is tried
from inside in tests/unit/server/lockdown/test_lockdown.c; that it denies nothing that serving needs, all other tests here show."""
import os, ssl, tempfile, unittest

from harness import Server, is_sanitized, make_certificates, status, tasks, wait_for, wasm

POLICIES = {name: {"module": wasm(name), "timeoutEvalSeconds": 1} for name in
            ("accept", "reject-message", "mutate", "loop", "trap", "overflow", "out-of-bounds", "log", "wasi-accept")}


@unittest.skipIf(is_sanitized(), "sanitizer builds have no lock-down")
class Lockdown(unittest.TestCase):
    def check_locked(self, server):
        worker, = server.workers()
        threads = [status(task) for task in tasks(worker)]
        self.assertGreater(len(threads), 4)  # main, watchdog, two loops, probe loop, listener
        for thread in threads:
            self.assertEqual((thread["Seccomp"], thread["NoNewPrivs"]), ("2", "1"))
            self.assertEqual(int(thread["CapEff"], 16) & ~0b110, 0)  # all but the right to read files
            self.assertEqual(int(thread["CapInh"], 16), 0)
        # The watchdog is older than the second step; it opens nothing.
        self.assertLessEqual(sum(int(thread["CapPrm"], 16) != 0 for thread in threads), 1)
        self.assertEqual(status(server.process.pid)["Seccomp"], "0")

    def test_every_thread_is_locked_and_all_is_served(self):
        with Server(POLICIES) as server:
            self.check_locked(server)
            worker, = server.workers()
            for _ in range(3):  # traps and deadlines, and what comes behind them
                answers = {name: server.verdict("/validate/" + name) for name in POLICIES}
                for name in ("accept", "log", "wasi-accept"):
                    self.assertTrue(answers[name]["allowed"], name)
                self.assertFalse(answers["reject-message"]["allowed"])
                self.assertIn("exceeded the allowed execution time", answers["loop"]["status"]["message"])
                self.assertEqual(answers["trap"]["status"]["code"], 500)
            self.assertEqual(server.workers(), [worker])
            self.assertEqual(server.stop(), 0)
            self.assertEqual(server.errors(), "")

    def test_tls_works_behind_it(self):
        with tempfile.TemporaryDirectory() as folder:
            make_certificates(folder)
            files = [os.path.join(folder, name) for name in ("server.crt", "server.key", "ca.crt")]
            context = ssl.create_default_context(cafile=files[2])
            context.load_cert_chain(os.path.join(folder, "client.crt"), os.path.join(folder, "client.key"))
            with Server(POLICIES, "--cert-file", files[0], "--key-file", files[1], "--client-ca-file", files[2],
                        tls=context) as server:
                self.check_locked(server)
                for _ in range(5):
                    self.assertTrue(server.verdict("/validate/accept")["allowed"])

    def test_the_next_worker_is_locked_too(self):
        with Server(POLICIES) as server:
            worker, = server.workers()
            os.kill(worker, 9)
            self.assertTrue(wait_for(lambda: len(server.workers()) == 1 and server.workers() != [worker]))
            self.assertTrue(server.wait_ready())
            self.assertTrue(server.verdict("/validate/accept")["allowed"])
            self.check_locked(server)

    def test_instances_are_made_behind_it(self):
        # With more than 128 policies, none has an instance at the start (server/review/policy_set.c).
        names = ("accept", "log", "wasi-accept")
        policies = {f"p{i}": {"module": wasm(names[i % 3])} for i in range(132)}
        with Server(policies, log="warn") as server:
            self.check_locked(server)
            for name in policies:
                self.assertTrue(server.verdict("/validate/" + name)["allowed"], name)
            self.assertEqual(server.log(), "")

    def test_it_can_be_switched_off_and_says_so(self):
        for flags, environment in ((("--no-lockdown",), {}), ((), {"CHIMERA_NO_LOCKDOWN": "1"})):
            with Server(POLICIES, *flags, environment=environment, log="warn") as server:
                worker, = server.workers()
                self.assertEqual({status(task)["Seccomp"] for task in tasks(worker)}, {"0"})
                self.assertIn("--no-lockdown", server.log())
                self.assertTrue(server.verdict("/validate/accept")["allowed"])


if __name__ == "__main__":
    unittest.main()
