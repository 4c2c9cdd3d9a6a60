# SPDX-License-Identifier: Apache-2.0
"""/readiness and /healthz while the worker does not get on (docs/user/server.md)."""
import ctypes, os, signal, socket, time, unittest

from harness import Reader, Server, request, review, wait_for, wasm
from test_admin import Admin

POLICIES = {"accept": {"module": wasm("accept")}, "loop": {"module": wasm("loop"), "timeoutEvalSeconds": 10}}
SEIZE, INTERRUPT, DETACH, ANY_THREAD = 0x4206, 0x4207, 17, 0x40000000

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


class Frozen:
    """One thread of a process, held as a debugger holds it."""

    def __init__(self, thread):
        self.thread = thread

    def __enter__(self):
        for request in (SEIZE, INTERRUPT):
            if libc.ptrace(request, self.thread, None, None) != 0:
                raise unittest.SkipTest("threads cannot be held here: " + os.strerror(ctypes.get_errno()))
        os.waitpid(self.thread, ANY_THREAD)
        return self

    def __exit__(self, *_):
        libc.ptrace(DETACH, self.thread, None, None)


def loop_threads(pid):
    """The threads that wait for events, in the order in which they were made, but the first, which hands loops over; the last
    one has the readiness port."""
    found = []
    for thread in sorted(map(int, os.listdir(f"/proc/{pid}/task"))):
        with open(f"/proc/{pid}/task/{thread}/wchan") as text:
            where = text.read()
        if "epoll" in where or "ep_poll" in where:  # by the version of the kernel
            found.append(thread)
    return found[1:]


def probe(server):
    """The status, or None when there is no answer in time."""
    try:
        return server.probe("/readiness")[0]
    except (socket.timeout, OSError):
        return None


class Readiness(unittest.TestCase):
    def loops(self, server):
        worker, = server.workers()
        if not wait_for(lambda: len(loop_threads(worker)) == 3, 10):
            self.skipTest("where threads wait cannot be seen here")
        return loop_threads(worker)

    def test_a_loop_that_is_stuck_fails_it_until_it_goes_on(self):
        with Server(POLICIES) as server:
            threads = self.loops(server)
            clients = [server.raw(), server.raw()]  # one for each loop
            readers = [Reader(client) for client in clients]
            for client, reader in zip(clients, readers):
                client.sendall(request())
                self.assertEqual(reader.answer()[0], 200)
            self.assertEqual(server.probe("/readiness"), (200, b""))
            with Frozen(threads[0]):
                for client in clients:
                    client.sendall(request())
                self.assertTrue(wait_for(lambda: probe(server) == 503))
                self.assertRegex(server.probe("/readiness")[1].decode(), r"^a loop of the worker has been stuck for \d+ s\n$")
            self.assertTrue(wait_for(lambda: probe(server) == 200))
            self.assertEqual([reader.answer()[0] for reader in readers], [200, 200])
            for client in clients:
                client.close()

    def test_a_slow_evaluation_does_not(self):
        with Server(POLICIES) as server:
            slow = [server.raw() for _ in range(4)]
            for client in slow:
                client.sendall(request("/validate/loop"))
            seen = set()
            began = time.monotonic()
            while time.monotonic() - began < 8:  # longer than a loop needs to count as stuck
                seen.add(server.probe("/readiness")[0])
                server.verdict("/validate/accept")
                time.sleep(0.1)
            self.assertEqual(seen, {200})
            for client in slow:
                self.assertEqual(Reader(client).answer()[0], 200)
                client.close()


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
