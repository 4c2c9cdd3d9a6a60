# SPDX-License-Identifier: Apache-2.0
"""Every kind of request twice on one connection, with a neighbour between that fails in its own way, over HTTP and
TLS: nothing of a request stays with its connection, and nothing of a connection with its loop."""
import json, re, shutil, socket, ssl, tempfile, unittest

import harness
from harness import Reader, Server, request, review, wasm

POLICIES = {"accept": {"module": wasm("accept")}, "reject": {"module": wasm("reject-message-code")},
            "trap": {"module": wasm("trap")}, "mutate": {"module": wasm("mutate"), "allowedToMutate": True}}
LARGE = json.dumps({"request": {"uid": "l" * 300_000}}).encode()


def chunked(body, size, trailer=b"", path="/validate/accept"):
    chunks = b"".join(b"%x;e=%x\r\n%s\r\n" % (len(body[i:i + size]), i, body[i:i + size]) for i in range(0, len(body), size))
    return (f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            .encode() + chunks + b"0\r\n" + trailer + b"\r\n")


# Name: what is sent, the status, and what the body has. RFC 9112 for the framing, policy-server.md for the rest.
CASES = {
    "a length": (request(), 200, '"allowed":true'),
    "chunks": (chunked(review("u-1"), 7), 200, '"uid":"u-1"'),
    "one chunk and trailers": (chunked(review("u-2"), 1 << 20, b"T: x\r\nU: y\r\n"), 200, '"uid":"u-2"'),
    "large chunks": (chunked(LARGE, 65_536, path="/validate_raw/accept"), 200, "llll"),
    "a large body": (request("/validate_raw/accept", LARGE), 200, "llll"),
    "no body": (request(body=b""), 400, "EOF while parsing"),
    "bad JSON": (request(body=b"{]"), 400, "line 1 column 2"),
    "no review": (request(body=b'{"request":{}}'), 422, "missing field"),
    "a rejection": (request("/validate/reject"), 200, '"code":418'),
    "a mutation": (request("/validate/mutate"), 200, '"patchType":"JSONPatch"'),
    "a trap": (request("/validate/trap"), 200, '"code":500'),
    "an audit": (request("/audit/reject"), 200, '"code":418'),
    "no such policy": (request("/validate/nobody"), 404, "policy"),
    "no such path": (request("/nothing"), 404, ""),
    "another method": (request(method="PUT"), 405, ""),
    "another type": (b"POST /audit/accept HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx", 415, ""),
    "an old version": (request().replace(b"HTTP/1.1\r\n", b"HTTP/1.0\r\nConnection: keep-alive\r\n"), 200, '"allowed":true'),
}

# What a neighbour sends, and closes or is closed.
NEIGHBOURS = [b"", b"\0\1\2\3\r\n\r\n", b"GET / HTTP/1.1\n\n", request()[:40], request()[:-3], chunked(review(), 7)[:300],
              chunked(review(), 7).replace(b"\r\n0\r\n", b"\r\nz\r\n"), b"\x16\x03\x01\x40\x00" + b"\xff" * 200,
              request(body=b"{"), request("/validate/trap")]


class Twice(unittest.TestCase):
    tls = False

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="chimera-e2e-")
        flags, context = ["--workers", "1"], None  # one loop, so that all are neighbours
        if cls.tls:
            harness.make_certificates(cls.folder)
            flags += ["--cert-file", cls.folder + "/server.crt", "--key-file", cls.folder + "/server.key"]
            context = ssl.create_default_context(cafile=cls.folder + "/ca.crt")
        cls.server = Server(POLICIES, *flags, tls=context)

    @classmethod
    def tearDownClass(cls):
        try:
            code, errors = cls.server.stop(), cls.server.errors()
        finally:
            cls.server.__exit__()
            shutil.rmtree(cls.folder)
        assert (code, errors) == (0, ""), (code, errors)

    def open(self):
        sock = self.server.raw()
        self.addCleanup(sock.close)
        return Reader(sock)

    def check(self, reader, name):
        text, status, part = CASES[name]
        got, head, body = reader.answer()
        self.assertEqual(got, status, (name, head, body[:200]))
        self.assertIn(part, body, name)
        self.assertNotIn("connection: close", head.lower(), name)
        return re.sub(r"(?i)date: .*", "", head), body

    def fail_beside(self, sent, is_plain):
        """A neighbour that fails; it has failed when the server has closed, or this side has."""
        with (socket.create_connection(("127.0.0.1", self.server.port), timeout=30) if is_plain else self.server.raw()) as sock:
            try:
                sock.sendall(sent)
                if sent and not is_plain:
                    sock.settimeout(0.05)
                    sock.recv(100)
            except OSError:
                pass

    def test_each_twice_with_a_failing_neighbour_between(self):
        for number, name in enumerate(CASES):
            reader = self.open()
            reader.sock.sendall(CASES[name][0])
            first = self.check(reader, name)
            for plain in (True, False):
                self.fail_beside(NEIGHBOURS[number % len(NEIGHBOURS)], plain)
            reader.sock.sendall(CASES[name][0])
            self.assertEqual(self.check(reader, name), first)

    def test_a_neighbour_fails_within_a_request(self):
        for number, sent in enumerate(NEIGHBOURS):
            for name in ("a length", "chunks", "a large body"):
                text = CASES[name][0]
                reader = self.open()
                for start in (0, len(text) // 2):
                    reader.sock.sendall(text[start:start + len(text) // 2 if start == 0 else None])
                    for plain in (True, False):
                        self.fail_beside(sent, plain)
                self.check(reader, name)

    def test_all_on_one_connection(self):
        for names in (list(CASES), list(reversed(CASES))):
            reader = self.open()
            for name in names:
                for _ in range(2):
                    reader.sock.sendall(CASES[name][0])
                    self.check(reader, name)

    def test_all_at_once(self):
        small = [name for name in CASES if len(CASES[name][0]) < 10_000]
        reader = self.open()
        reader.sock.sendall(b"".join(CASES[name][0] for name in small * 2))
        for name in small * 2:
            self.check(reader, name)


    def test_a_neighbour_that_never_reads_stops_nobody(self):
        """On the same loop; its answers are larger than what the sockets hold."""
        sock = socket.socket()
        self.addCleanup(sock.close)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.connect(("127.0.0.1", self.server.port))
        if self.server.tls:
            sock = self.server.tls.wrap_socket(sock, server_hostname="localhost")
            self.addCleanup(sock.close)
        body = json.dumps({"request": {"uid": "n" * 1_900_000}}).encode()
        sock.sendall(request("/validate_raw/accept", body))
        for _ in range(50):
            self.assertEqual(self.server.post("/validate/accept")[0], 200)
        status, _, text = Reader(sock).answer()  # and it gets all of it, when it does read
        self.assertEqual((status, len(json.loads(text)["response"]["uid"])), (200, 1_900_000))

    def test_what_a_refused_client_still_sends_does_not_cost_it_its_answer(self):
        reader = self.open()
        reader.sock.sendall(b"GET / HTTP/1.1\n\n")
        self.assertEqual(reader.answer()[0], 400)
        self.assertTrue(reader.is_at_end())
        for _ in range(20):  # a socket that was closed would refuse the second of them
            reader.sock.sendall(b"more" * 100)


class TwiceOverTls(Twice):
    tls = True


if __name__ == "__main__":
    unittest.main()
