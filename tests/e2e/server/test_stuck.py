# SPDX-License-Identifier: Apache-2.0
"""/readiness and /healthz while the worker does not get on (docs/user/server.md)."""
import os, signal, socket, unittest

from harness import Server, review, wait_for, wasm
from test_admin import Admin

POLICIES = {"accept": {"module": wasm("accept")}}


def probe(server):
    """The status, or None when there is no answer in time."""
    try:
        return server.probe("/readiness")[0]
    except (socket.timeout, OSError):
        return None


class Worker(unittest.TestCase):
    def test_a_worker_that_a_signal_has_stopped_is_told(self):
        with Admin(POLICIES) as server:
            worker, = [pid for pid in server.workers() if pid != server.admin_process()]
            os.kill(worker, signal.SIGSTOP)
            try:
                self.assertTrue(wait_for(lambda: probe(server) == 503))
                self.assertEqual([server.probe("/readiness") for _ in range(20)], [(503, b"no worker serves just now\n")] * 20)
                silent = [server.raw(server.probe_port) for _ in range(30)]  # more than are waited for at once
                self.assertTrue(wait_for(lambda: probe(server) == 503))
                for client in silent:
                    client.close()
                self.assertTrue(wait_for(lambda: server.get("/healthz")[::2] == (503, "not serving: a signal has stopped the worker\n")))
                self.assertEqual(server.value("chimera_ready"), 0)
            finally:
                os.kill(worker, signal.SIGCONT)
            self.assertTrue(wait_for(lambda: server.get("/healthz")[::2] == (200, "ok\n")))
            self.assertTrue(server.verdict("/validate/accept", review())["allowed"])
            self.assertEqual(server.probe("/readiness"), (200, b""))

    def test_nor_is_a_server_ready_without_a_worker(self):
        with Server(POLICIES) as server:
            def is_refused():
                for worker in server.workers():  # the pause before the next one grows
                    os.kill(worker, signal.SIGKILL)
                return probe(server) == 503
            self.assertTrue(wait_for(is_refused))
            self.assertEqual(server.post("/validate/accept")[0], 200)  # who asks for a verdict waits for the next worker
            self.assertTrue(wait_for(server.is_ready))


if __name__ == "__main__":
    unittest.main()
