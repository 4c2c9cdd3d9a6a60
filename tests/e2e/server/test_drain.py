# SPDX-License-Identifier: Apache-2.0
"""A drain from every state that a connection can be in (webhook-contract.md §4.6): what has begun to arrive is
answered, what has not is closed, and nobody can hold the server up for ever."""
import json, shutil, signal, socket, ssl, tempfile, unittest

import harness
from harness import Reader, Server, request, review, wait_for, wasm

POLICIES = {"accept": {"module": wasm("accept")}, "loop": {"module": wasm("loop"), "timeoutEvalSeconds": 2}}
LARGE = request("/validate_raw/accept", json.dumps({"request": {"uid": "l" * 1_900_000}}).encode())
CHUNKED = (b"POST /validate/accept HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
           b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\nT: x\r\n\r\n" % (len(review()), review()))


class Drain(unittest.TestCase):
    """Each test opens what it needs, then `drain`s, then goes on."""

    def start(self, *flags, tls=None):
        server = Server(POLICIES, "--workers", "1", *flags, tls=tls)
        self.addCleanup(server.__exit__)
        return server

    def open(self, server, sent=b"", is_kept=False):
        sock = server.raw()
        self.addCleanup(sock.close)
        if is_kept:
            sock.sendall(request())
            self.assertEqual(Reader(sock).answer()[0], 200)
        sock.sendall(sent)
        return sock

    def drain(self, server, *waiting):
        """Begins a drain, and waits until it has begun: idle connections are closed then."""
        idle = self.open(server, is_kept=True)
        server.process.send_signal(signal.SIGTERM)
        self.assertTrue(Reader(idle).is_at_end())
        for sock in waiting:  # the server has not closed them
            sock.setblocking(False)
            self.assertRaises((BlockingIOError, ssl.SSLWantReadError), sock.recv, 1)
            sock.settimeout(30)

    def finish(self, sock, rest=b"", status=200):
        sock.sendall(rest)
        reader = Reader(sock)
        got, head, body = reader.answer()
        self.assertEqual(got, status)
        self.assertIn("connection: close", head)
        self.assertTrue(reader.is_at_end())
        return body

    def ended(self, server, code=0):
        self.assertEqual(server.process.wait(60), code)
        self.assertEqual(server.errors(), "")

    def check_arriving(self, server):
        """Requests cut at each kind of place, on fresh connections and on kept ones."""
        whole, cuts = request(), (1, 30, len(request()) - len(review()) - 1, len(request()) - len(review()), len(request()) - 1)
        parts = [(whole, cut) for cut in cuts] + [(CHUNKED, cut) for cut in (20, len(CHUNKED) // 2, len(CHUNKED) - 12, len(CHUNKED) - 1)]
        arriving = [(self.open(server, text[:cut], is_kept), text[cut:]) for text, cut in parts for is_kept in (False, True)]
        self.drain(server, *(sock for sock, _ in arriving))
        for sock, rest in arriving:
            self.assertIn('"allowed":true', self.finish(sock, rest))
        self.ended(server)

    def test_what_has_begun_to_arrive_is_answered(self):
        self.check_arriving(self.start())

    def test_over_tls_as_well(self):
        folder = tempfile.mkdtemp(prefix="chimera-e2e-")
        self.addCleanup(shutil.rmtree, folder)
        harness.make_certificates(folder)
        self.check_arriving(self.start("--cert-file", folder + "/server.crt", "--key-file", folder + "/server.key",
                                       tls=ssl.create_default_context(cafile=folder + "/ca.crt")))

    def test_a_client_that_was_told_to_go_on_may(self):
        server = self.start()
        asking = self.open(server, request("/validate/accept", None, "Expect: 100-continue")[:-len(review())])
        self.assertEqual(Reader(asking).head(), "HTTP/1.1 100 Continue")
        self.drain(server, asking)
        self.finish(asking, review())
        self.ended(server)

    def test_an_evaluation_is_waited_for(self):
        server = self.start()
        busy = self.open(server, request("/validate/loop"))
        server.process.send_signal(signal.SIGTERM)
        self.assertIn("exceeded the allowed execution time", self.finish(busy))
        self.ended(server)

    def test_answers_may_be_read_late(self):
        server = self.start()
        late = self.open(server, LARGE * 2)  # more than the sockets hold
        self.assertTrue(wait_for(lambda: self.has_some(late)))
        self.drain(server)
        reader = Reader(late)
        sizes = [len(reader.answer()[2]) for _ in range(2)]
        self.assertGreater(min(sizes), 1_900_000)
        self.assertTrue(reader.is_at_end())
        late.close()  # the server waits for that, so that nothing of an answer is lost
        self.ended(server)

    def has_some(self, sock):
        sock.setblocking(False)
        try:
            return bool(sock.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return False
        finally:
            sock.settimeout(30)

    def test_who_says_nothing_is_closed(self):
        server = self.start()
        fresh = [self.open(server) for _ in range(5)]
        kept = [self.open(server, is_kept=True) for _ in range(5)]
        self.drain(server)
        for sock in kept + fresh:
            self.assertTrue(Reader(sock).is_at_end())
        self.ended(server)


if __name__ == "__main__":
    unittest.main()
