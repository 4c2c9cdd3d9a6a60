# SPDX-License-Identifier: Apache-2.0
"""After everything that clients can do, and have done with, nothing of it is left: no connection, no
place in a queue, and no processor time of a server that is asked nothing."""
import os, shutil, ssl, tempfile, time, unittest

import harness
from harness import Reader, Server, request, wait_for, wasm

POLICIES = {"accept": {"module": wasm("accept")}, "trap": {"module": wasm("trap")},
            "loop": {"module": wasm("loop"), "timeoutEvalSeconds": 1}}
TICKS = os.sysconf("SC_CLK_TCK")


def family(server):
    """All processes of the server."""
    pids, found = [server.process.pid], []
    while pids:
        pid = pids.pop()
        found.append(pid)
        with open(f"/proc/{pid}/task/{pid}/children") as children:
            pids += map(int, children.read().split())
    return found


def sockets(server):
    """Open ones; what a policy's instances keep open is theirs, and bounded by their number."""
    count = 0
    for pid in family(server):
        for fd in os.listdir(f"/proc/{pid}/fd"):
            try:
                count += os.readlink(f"/proc/{pid}/fd/{fd}").startswith("socket:")
            except FileNotFoundError:
                pass  # closed meanwhile
    return count


def processor_ticks(server):
    total = 0
    for pid in family(server):
        with open(f"/proc/{pid}/stat") as stat:
            total += sum(map(int, stat.read().rsplit(")", 1)[1].split()[11:13]))
    return total


class Case(unittest.TestCase):
    tls = False

    def start(self, policies):
        flags, context = [], None
        if self.tls:
            folder = tempfile.mkdtemp(prefix="chimera-e2e-")
            self.addCleanup(shutil.rmtree, folder)
            harness.make_certificates(folder)
            flags = ["--cert-file", folder + "/server.crt", "--key-file", folder + "/server.key"]
            context = ssl.create_default_context(cafile=folder + "/ca.crt")
        server = Server(policies, *flags, tls=context)
        self.addCleanup(server.__exit__)
        for path in policies:
            server.post("/validate/" + path)  # what is made at the first request is there
        return server

    def is_idle(self, server):
        """For half a second it does next to nothing, however busy the machine is."""
        before = processor_ticks(server)
        time.sleep(0.5)
        return processor_ticks(server) - before <= TICKS // 20

    def check(self, server, before):
        self.assertTrue(wait_for(lambda: sockets(server) <= before, 30), (before, sockets(server)))
        self.assertTrue(wait_for(lambda: self.is_idle(server), 30))
        self.assertEqual(server.errors(), "")

    def abandon(self, server, *parts):
        sock = server.raw()
        try:
            for part in parts:
                sock.sendall(part)
        finally:
            sock.close()


class NothingLeft(Case):
    def test_of_clients_that_go_away(self):
        server = self.start({name: POLICIES[name] for name in ("accept", "trap")})
        before, whole = sockets(server), request()
        for _ in range(20):
            for text in (b"", whole[:5], whole[:60], whole[:-1], whole, whole * 3, b"\0\0\r\n\r\n", request("/validate/trap"),
                         request("/nothing"), request(body=b"{"), whole.replace(b"Content-Length", b"Expect: 100-continue\r\nContent-Length")):
                self.abandon(server, text)
        self.check(server, before)

    def test_of_clients_that_do_not_read(self):
        server = self.start({"accept": POLICIES["accept"]})
        large = request("/validate_raw/accept", b'{"request":{"uid":"' + b"u" * 1_500_000 + b'"}}')
        before = sockets(server)
        for _ in range(4):
            socks = [server.raw() for _ in range(5)]
            for sock in socks:
                sock.sendall(large)
            for sock in socks:
                sock.close()
        self.check(server, before)
        self.assertEqual(server.post("/validate/accept")[0], 200)

    def test_of_connections_that_idle(self):
        server = self.start({"accept": POLICIES["accept"]})
        before = sockets(server)
        socks = [server.raw() for _ in range(50)]
        for sock in socks[:25]:
            sock.sendall(request())
            self.assertEqual(Reader(sock).answer()[0], 200)
        self.assertTrue(wait_for(lambda: self.is_idle(server), 30))  # while they are there
        for sock in socks:
            sock.close()
        self.check(server, before)


class NothingLeftOfTls(NothingLeft):
    tls = True


class NothingLeftOfEvaluations(Case):
    def test_of_evaluations_that_nobody_waits_for(self):
        """More of them than a policy may have at once: a place that is not given back would be missed."""
        server = self.start({name: POLICIES[name] for name in ("loop", "accept")})
        before = sockets(server)
        for path in ("/validate/loop", "/audit/loop"):
            for _ in range(3):
                for _ in range(10):
                    self.abandon(server, request(path))
                self.assertEqual(server.post("/validate/accept")[0], 200)
        self.check(server, before)
        socks = [server.raw() for _ in range(6)]
        for sock in socks:
            sock.sendall(request("/validate/loop"))
        for sock in socks:
            status, _, body = Reader(sock).answer()
            self.assertEqual(status, 200)
            self.assertIn("exceeded the allowed execution time", body)
            sock.close()
        self.check(server, before)


if __name__ == "__main__":
    unittest.main()
