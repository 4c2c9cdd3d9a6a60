# SPDX-License-Identifier: Apache-2.0
"""A worker that does not get ready: it is given up, named, and what served goes on (docs/internals/supervisor.md)."""
import os, re, signal, unittest

import harness
from harness import Server, wait_for, wasm, write

ACCEPT = {"module": wasm("accept")}
# Settings of more than 100 bytes have it sleep for a minute before it judges them.
SLEEPER = {"module": f"file://{harness.HERE}/policies/wasi-sleep.wasm", "settings": {"padding": "x" * 200}}
IMPATIENT = ("--disable-timeout-protection", "--worker-start-timeout", "1")


class Start(unittest.TestCase):
    def check_fails(self, policies, *flags):
        server = Server(policies, *IMPATIENT, *flags, is_awaited=False)
        self.assertEqual(server.process.wait(50), 1)  # before the policy has slept
        self.assertRegex(server.errors(), r"^Error: the worker was not ready after \d+ s and was ended: it did not get on with the "
                         r'start of policy "sleeper"; see --worker-start-timeout\n$')
        server.__exit__()

    def test_a_policy_that_does_not_come_back_is_named(self):
        self.check_fails({"accept": ACCEPT, "sleeper": SLEEPER})

    def test_one_in_a_process_of_its_own_too(self):
        self.check_fails({"accept": ACCEPT, "sleeper": SLEEPER}, "--isolate", "sleeper")

    def test_its_own_time_limit_is_granted(self):
        policies = {"sleeper": {**SLEEPER, "timeoutEvalSeconds": 3}}  # longer than --worker-start-timeout
        server = Server(policies, "--worker-start-timeout", "1", is_awaited=False)
        self.assertEqual(server.process.wait(50), 1)
        self.assertIn("exceeded the allowed execution time", server.errors())
        server.__exit__()

    def test_a_time_that_is_none_is_refused(self):
        for text in ("0", "-1", "soon", "86401"):
            server = Server({}, f"--worker-start-timeout={text}", is_awaited=False)
            self.assertEqual(server.process.wait(20), 1)
            self.assertIn(f"--worker-start-timeout: '{text}' is not a number of seconds from 1 to 86400", server.errors())
            server.__exit__()


class Reload(unittest.TestCase):
    def reload(self, server, policies):
        write(os.path.join(server.folder, "policies.yml"), policies)
        server.process.send_signal(signal.SIGHUP)

    def test_what_served_goes_on(self):
        with Server({"accept": ACCEPT}, *IMPATIENT) as server:
            before = server.workers()
            self.reload(server, {"accept": ACCEPT, "sleeper": SLEEPER})
            self.assertTrue(wait_for(lambda: "reload refused" in server.log(), 50), server.log())
            self.assertRegex(server.log(), 'reload refused; the policies before go on serving error="the worker was not ready '
                             r'after \d+ s and was ended: it did not get on with the start of policy ..sleeper')
            self.assertEqual((server.workers(), server.post("/validate/accept")[0]), (before, 200))
            self.reload(server, {"accept": ACCEPT, "other": ACCEPT})
            self.assertTrue(wait_for(lambda: server.post("/validate/other")[0] == 200))

    def test_a_worker_that_is_stopped_is_given_up(self):
        with Server({"accept": ACCEPT}, *IMPATIENT, log="info") as server:
            before = server.workers()
            self.reload(server, {"accept": ACCEPT, "sleeper": SLEEPER})
            # The build is a child, too, but no worker: it holds no port, once it has begun to build.
            self.assertTrue(wait_for(lambda: re.search(r'server::builder: .*name="sleeper"', server.log())), server.log())
            self.assertTrue(wait_for(lambda: any(harness.is_worker(pid) for pid in server.workers() if pid not in before)))
            other, = [pid for pid in server.workers() if pid not in before]
            os.kill(other, signal.SIGSTOP)
            self.assertTrue(wait_for(lambda: "reload refused" in server.log(), 50), server.log())
            self.assertIn("a signal has stopped a worker", server.log())
            self.assertIn("was ended (a signal had stopped it)", server.log())
            self.assertEqual((server.workers(), server.post("/validate/accept")[0]), (before, 200))

    def test_a_crash_meanwhile_starts_the_one_before_again(self):
        with Server({"accept": ACCEPT}, *IMPATIENT) as server:
            worker, = server.workers()
            self.reload(server, {"accept": ACCEPT, "sleeper": SLEEPER})
            self.assertTrue(wait_for(lambda: len(server.workers()) > 1))
            os.kill(worker, signal.SIGKILL)
            self.assertTrue(wait_for(lambda: "reload refused" in server.log(), 50), server.log())
            self.assertTrue(wait_for(server.is_ready))
            self.assertEqual(server.post("/validate/accept")[0], 200)


class End(unittest.TestCase):
    def test_a_server_whose_worker_hangs_can_be_stopped(self):
        with Server({"accept": ACCEPT, "sleeper": SLEEPER}, "--disable-timeout-protection", is_awaited=False) as server:
            self.assertTrue(wait_for(lambda: any(harness.is_worker(pid) for pid in server.workers())))
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(20), 0)


if __name__ == "__main__":
    unittest.main()
