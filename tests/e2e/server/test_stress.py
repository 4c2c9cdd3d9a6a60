"""Behaviour under stress: slow policies, full queues, rude clients, the end of the server (issue 5, item 6; docs/internals/loops.md)."""
import json, os, threading, time, unittest

from harness import HERE, Reader, Server, request, review, wasm

SLEEP = f"file://{HERE}/policies/sleep.wasm"
TEXT = "Policy execution interrupted because it exceeded the allowed execution time"


class Slow(unittest.TestCase):
    """None of these waits for a moment: what is quick must be answered while what is slow runs."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server({"accept": {"module": wasm("accept")}, "loop": {"module": wasm("loop"), "timeoutEvalSeconds": 3},
                             "sleep": {"module": SLEEP, "timeoutEvalSeconds": 3},
                             "group": {"expression": "a()", "message": "no", "policies": {
                                 "a": {"module": wasm("loop"), "timeoutEvalSeconds": 3}}}})
        cls.addClassCleanup(cls.server.__exit__)

    def open(self):
        sock = self.server.raw()
        self.addCleanup(sock.close)
        return sock

    def is_answered(self, sock):
        sock.setblocking(False)
        try:
            return bool(sock.recv(1, 2))  # MSG_PEEK
        except BlockingIOError:
            return False
        finally:
            sock.settimeout(30)

    def test_slow_policies_do_not_hold_up_quick_ones(self):
        for path in ("/validate/loop", "/validate/sleep", "/validate/group", "/validate/group%2Fa"):
            quick = [self.open() for _ in range(4)]  # dealt to both loops
            slow = [self.open() for _ in range(8)]
            for sock in slow:
                sock.sendall(request(path))
            for _ in range(20):
                for sock in quick:
                    sock.sendall(request())
                    self.assertEqual(Reader(sock).answer()[0], 200)
            self.assertFalse([sock for sock in slow if self.is_answered(sock)])
            for sock in slow:
                status, head, text = Reader(sock).answer()
                self.assertEqual(status, 200)
                self.assertNotIn("connection: close", head)
                self.assertIn(TEXT, text)

    def test_what_is_pipelined_behind_a_slow_request_waits(self):
        sock = self.open()
        sock.sendall(request("/validate/loop?timeout=1s", review("first")) + request(body=review("second")))
        time.sleep(0.3)
        sock.sendall(request("/validate/loop?timeout=1s", review("third")) + request("/nothing"))
        reader = Reader(sock)
        for uid in ("first", "second", "third"):
            status, _, text = reader.answer()
            self.assertEqual((status, json.loads(text)["response"]["uid"]), (200, uid))
        self.assertEqual(reader.answer()[0], 404)

    def test_a_client_that_leaves_a_slow_request_does_no_harm(self):
        for how in ("close", "reset", "half"):
            for _ in range(4):
                sock = self.open()
                sock.sendall(request("/validate/sleep?timeout=1s"))
                time.sleep(0.05)
                if how == "reset":
                    sock.setsockopt(1, 13, b"\1\0\0\0\0\0\0\0")  # SO_LINGER
                if how == "half":
                    sock.shutdown(1)
                    self.assertIn(TEXT, Reader(sock).answer()[2])
                sock.close()
        worker = self.server.workers()
        time.sleep(1.2)
        self.assertTrue(self.server.verdict("/validate/accept")["allowed"])
        self.assertEqual(self.server.workers(), worker)

    def test_many_slow_and_quick_requests_mixed_are_each_answered_once(self):
        wrong = []

        def work(number):
            connection = self.server.connect()
            for i in range(30):
                uid = f"u-{number}-{i}"
                path = "/validate/sleep?timeout=200ms" if (number + i) % 5 == 0 else "/validate/accept"
                status, _, text = self.server.post(path, review(uid), connection=connection)
                if status != 200 or json.loads(text)["response"]["uid"] != uid:
                    wrong.append((path, status, text))
            connection.close()
        threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
