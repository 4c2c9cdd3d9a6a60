# SPDX-License-Identifier: Apache-2.0
"""Many clients that hold what they got, beside good ones (issue 10, item 6; docs/internals/loops.md). How long the good ones
wait is measured by tests/bench/server/run-slow-clients."""
import concurrent.futures, contextlib, json, os, resource, select, shutil, socket, ssl, subprocess, sys, tempfile, unittest

from harness import HERE, Reader, Server, is_sanitized, make_certificates, request, review, wait_for, wasm
from slow_clients import KINDS

COUNT = 1500
LIMIT = 10_000_000  # bytes for connections, hardly more than four requests need
LIMITS = {"handshake": 20_000_000, "hello": 20_000_000, "answers": 30_000_000}  # these take 70 to 110 MB
ACCEPT = {"accept": {"module": wasm("accept")}}
SLEEP = f"file://{HERE}/policies/sleep.wasm"
LONG = review(object={"metadata": {"annotations": {"a": "x" * 100_000}}})


@contextlib.contextmanager
def crowd(server, kind, count=COUNT, addresses=0):
    """That has done what it does. Yields what it says at its end, once that has come."""
    said = {}
    process = subprocess.Popen([sys.executable, os.path.join(HERE, "slow_clients.py"), str(server.port), kind, str(count), str(addresses)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if process.stdout.readline() != "ready\n":
            raise AssertionError("the slow clients failed")
        yield said
        said.update(json.loads(process.communicate()[0]))
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait()


def memory_of(server):
    """Of the worker, in bytes."""
    [pid] = server.workers()
    with open(f"/proc/{pid}/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


class Beside(unittest.TestCase):
    """A good client gets all its answers, and no 503, on old connections and on new ones."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="chimera-slow-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        make_certificates(cls.folder)
        cls.tls = ssl.create_default_context(cafile=f"{cls.folder}/ca.crt")

    def serve(self, limit, is_tls, *flags):
        more = ["--cert-file", f"{self.folder}/server.crt", "--key-file", f"{self.folder}/server.key"] if is_tls else []
        return Server(ACCEPT, "--max-connection-bytes", str(limit), *more, *flags, tls=self.tls if is_tls else None, log="warn")

    def ask_a_lot(self, server, kept, has_new=True):
        for number in range(100):
            self.assertEqual(server.post("/validate/accept", connection=kept)[0], 200)
            if number % 5 == 0:
                self.assertEqual(server.post("/validate/accept", LONG, connection=kept)[0], 200)
            if number % 5 == 0 and has_new:
                self.assertEqual(server.post("/validate/accept")[0], 200)
                self.assertEqual(server.post("/validate/accept", LONG)[0], 200)
        self.assertTrue(server.is_ready())

    def check(self, kind, addresses):
        """A new handshake cannot be told from others of the same address, and waits among them."""
        is_tls = kind in ("handshake", "hello")
        limit = LIMITS.get(kind, LIMIT)
        with self.serve(limit, is_tls) as server:
            kept = server.connect()
            self.assertEqual(server.post("/validate/accept", connection=kept)[0], 200)
            before = memory_of(server)
            with crowd(server, kind, addresses=addresses):
                self.ask_a_lot(server, kept, addresses or not is_tls)
                if not is_sanitized():
                    self.assertLess(memory_of(server) - before, 2 * limit + LIMIT)
            self.ask_a_lot(server, kept)
            kept.close()
            self.assertEqual(server.stop(), 0)

    def test_each_kind_from_the_same_address(self):
        for kind in KINDS:
            with self.subTest(kind):
                self.check(kind, 0)

    def test_each_kind_from_many_addresses(self):
        for kind in KINDS:
            with self.subTest(kind):
                self.check(kind, 300)

    def test_few_descriptors_do_not_lock_anybody_out(self):
        with self.serve(1 << 30, False, "--workers", "1") as server:
            [pid] = server.workers()
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (1024, 1024))
            with crowd(server, "head", 1100) as said:
                kept = server.connect()
                self.ask_a_lot(server, kept)
                kept.close()
            self.assertGreater(said["closed_by_server"], 0)
            self.assertIn("cannot accept connections", server.log())
            self.assertEqual(server.log().count("room for connections is scarce"), 1)

    def test_an_instance_needs_no_descriptor(self):
        """Evaluations that are slow are handed over, and other threads make instances of their own, while connections have
        all descriptors."""
        policies = ACCEPT | {"sleep": {"module": SLEEP}}
        with Server(policies, "--workers", "1", "--policy-timeout", "1", log="warn") as server:
            [pid] = server.workers()
            kept = [server.connect() for _ in range(4)]
            for connection in kept:
                self.assertEqual(server.post("/validate/accept", connection=connection)[0], 200)
            used = len(os.listdir(f"/proc/{pid}/fd"))
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (used, used))
            with concurrent.futures.ThreadPoolExecutor(len(kept)) as threads:
                answers = threads.map(lambda one: server.post("/validate/sleep", connection=one)[0], kept)
                self.assertEqual(list(answers), [200] * len(kept))
            for connection in kept:
                connection.close()
            self.assertNotIn("Too many open files", server.log())


class Charging(unittest.TestCase):
    """For what has come, and who has to go."""

    def serve(self, *flags, policies=None, **more):
        server = Server(policies or ACCEPT, "--max-connection-bytes", str(LIMIT), "--workers", "1", *flags, log="warn", **more)
        self.addCleanup(server.__exit__)
        return server

    def open(self, server, address=None, context=None):
        sock = socket.create_connection(("127.0.0.1", server.port), timeout=30, source_address=(address, 0) if address else None)
        if context:
            sock = context.wrap_socket(sock, server_hostname="localhost")
        self.addCleanup(sock.close)
        return sock

    def is_answered(self, sock, body=None):
        try:
            sock.sendall(request(body=body))
            return Reader(sock).answer()[0] == 200
        except (EOFError, OSError):
            return False

    def test_a_declared_length_costs_nothing(self):
        server = self.serve()
        whole = request(body=review(object={"metadata": {"annotations": {"a": "x" * 2_000_000}}}))
        slow = [self.open(server) for _ in range(60)]  # twelve times as much as may be there
        end = whole.index(b"\r\n\r\n") + 4
        for part in (whole[:end], whole[end:end + 1]):  # the head has been read when the first byte of the body comes
            for sock in slow:
                sock.sendall(part)
            for _ in range(5):
                self.assertEqual(server.post("/validate/accept", LONG)[0], 200)
        for sock in slow:  # none was closed, and each has room when it needs it
            sock.sendall(whole[end + 1:])
            self.assertEqual(Reader(sock).answer()[0], 200)

    def test_a_known_address_keeps_its_idle_connections(self):
        server = self.serve()
        idle = [self.open(server) for _ in range(25)]
        for sock in idle:
            self.assertTrue(self.is_answered(sock))
        with crowd(server, "body", 3000, 500) as said:
            self.assertEqual([self.is_answered(sock) for sock in idle], [True] * 25)
        self.assertGreater(said["closed_by_server"], 0)

    def test_what_is_above_the_floor_of_a_known_address_is_others(self):
        server = self.serve()
        for sock in [self.open(server) for _ in range(50)]:
            self.assertTrue(self.is_answered(sock))
        for _ in range(3000):
            self.open(server).sendall(b"P")
        for number in range(50):  # they ask, too
            self.assertTrue(self.is_answered(self.open(server, f"127.0.2.{number + 1}")))

    def test_a_client_certificate_keeps_its_floor_beside_its_address(self):
        folder = tempfile.mkdtemp(prefix="chimera-slow-")
        self.addCleanup(shutil.rmtree, folder)
        make_certificates(folder)
        context = ssl.create_default_context(cafile=f"{folder}/ca.crt")
        context.load_cert_chain(f"{folder}/client.crt", f"{folder}/client.key")
        server = self.serve("--cert-file", f"{folder}/server.crt", "--key-file", f"{folder}/server.key", "--client-ca-file",
                            f"{folder}/ca.crt", tls=context)
        idle = [self.open(server, context=context) for _ in range(25)]
        for sock in idle:
            self.assertTrue(self.is_answered(sock))
        with crowd(server, "handshake", 1000) as said:
            self.assertEqual([self.is_answered(sock) for sock in idle], [True] * 25)
            for _ in range(10):
                self.assertTrue(self.is_answered(self.open(server, context=context)))
        self.assertGreater(said["closed_by_server"], 0)

    def test_audits_that_wait_leave_room_for_admission(self):
        server = self.serve(policies={**ACCEPT, "sleep": {"module": SLEEP, "timeoutEvalSeconds": 20}})
        audits = [self.open(server) for _ in range(200)]
        for sock in audits:
            sock.sendall(request("/audit/sleep?timeout=3s", LONG))
        for _ in range(20):
            self.assertEqual(server.post("/validate/accept", LONG)[0], 200)
        seen = []
        for sock in audits:
            with contextlib.suppress(EOFError, ConnectionResetError):
                status, head, _ = Reader(sock).answer()
                seen.append(status)
                if status == 503:
                    self.assertIn("\r\nretry-after: 1", head)
        self.assertLessEqual(set(seen), {200, 503})
        self.assertGreaterEqual(seen.count(200), 4)
        self.assertGreaterEqual(seen.count(503), 10)

    def test_under_pressure_a_head_has_less_time_and_no_answer(self):
        server = self.serve()
        at_ease = self.open(server)
        at_ease.sendall(b"P")
        self.assertEqual(Reader(at_ease).answer()[0], 408)
        slow = [self.open(server) for _ in range(1400)]  # three quarters of the room: nobody needs to be closed
        for sock in slow:
            sock.sendall(b"P")
        said = [sock.recv(12) for sock in slow]
        self.assertGreater(said.count(b""), 100)
        self.assertLessEqual(set(said), {b"", b"HTTP/1.1 408"})  # at ease again, the rest have all of their time

    def test_answers_that_nobody_reads_are_counted(self):
        """They lie in the server's sockets, up to some megabytes in each."""
        server = self.serve()
        rude, left = {}, {}
        for _ in range(100):
            sock = socket.socket()
            self.addCleanup(sock.close)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.connect(("127.0.0.1", server.port))
            sock.setblocking(False)
            rude[sock.fileno()], left[sock.fileno()] = sock, 800
        ask = request("/validate/" + "a" * 15000, b'{"request":{"uid":"x"}}') * 5
        poll = select.poll()
        for fd in rude:
            poll.register(fd, select.POLLOUT)

        def send_some():
            for fd, events in poll.poll(100):
                with contextlib.suppress(BlockingIOError):
                    try:
                        left[fd] -= bool(rude[fd].send(ask))
                    except ConnectionError:
                        left[fd] = 0
                    if left[fd] == 0:
                        poll.unregister(fd)
                        del left[fd]
            return len(left) <= 95

        self.assertTrue(wait_for(send_some))
        for _ in range(20):
            self.assertEqual(server.post("/validate/accept", LONG)[0], 200)
        self.assertIn("room for connections is scarce", server.log())

    def test_what_came_together_is_answered_in_turns(self):
        server = self.serve()
        sock, other = self.open(server), self.open(server)
        sock.sendall(b"".join(request(body=review(f"u-{i}")) for i in range(300)))
        self.assertTrue(self.is_answered(other))
        reader = Reader(sock)
        for i in range(300):
            self.assertEqual(json.loads(reader.answer()[2])["response"]["uid"], f"u-{i}")
        self.assertTrue(self.is_answered(sock))


class Flag(unittest.TestCase):
    def test_a_limit_that_cannot_be(self):
        for value in ("0", "9437183", "1k", "", "99999999999999999999"):
            server = Server(ACCEPT, "--max-connection-bytes", value, is_awaited=False)
            self.assertEqual(server.process.wait(60), 1)
            self.assertIn(f"--max-connection-bytes: '{value}' is not a number from 9437184, which 4 requests of --max-body-bytes need",
                          server.errors())
            server.__exit__()

    def test_the_least_that_can_be(self):
        environment = {"CHIMERA_MAX_CONNECTION_BYTES": "1052672"}
        with Server(ACCEPT, "--max-body-bytes", "1024", environment=environment) as server:
            self.assertTrue(server.verdict("/validate/accept")["allowed"])


if __name__ == "__main__":
    unittest.main()
