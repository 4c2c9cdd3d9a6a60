# SPDX-License-Identifier: Apache-2.0
"""What goes over the wire: framing, limits, keep-alive (libraries.md §3.3, policy-server.md §2.2)."""
import json, re, time, unittest

import harness
from harness import Reader, Server, request, review, wasm


class Http(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server({"accept": {"module": wasm("accept")}, "reject": {"module": wasm("reject-message-code")},
                             "loop": {"module": wasm("loop"), "timeoutEvalSeconds": 20}})

    @classmethod
    def tearDownClass(cls):
        try:
            code, errors = cls.server.stop(), cls.server.errors()
        finally:
            cls.server.__exit__()
        assert (code, errors) == (0, ""), (code, errors)

    def talk(self, *parts, pause=0.0):
        sock = self.server.raw()
        self.addCleanup(sock.close)
        for part in parts:
            sock.sendall(part)
            time.sleep(pause)
        return Reader(sock)

    def test_many_requests_share_a_connection(self):
        connection = self.server.connect()
        self.addCleanup(connection.close)
        for i in range(200):
            status, headers, text = self.server.post("/validate/accept", review(f"u-{i}"), connection=connection)
            self.assertEqual(status, 200)
            self.assertEqual(json.loads(text)["response"]["uid"], f"u-{i}")
            self.assertEqual(set(headers), {"content-type", "content-length", "date"})
            self.assertRegex(headers["date"], r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")

    def test_pipelined_requests_are_answered_in_order(self):
        reader = self.talk(b"".join(request("/validate/accept", review(f"u-{i}")) for i in range(50)))
        for i in range(50):
            status, _, body = reader.answer()
            self.assertEqual((status, json.loads(body)["response"]["uid"]), (200, f"u-{i}"))

    def test_a_request_may_come_byte_by_byte(self):
        reader = self.talk(*[bytes([b]) for b in request()], pause=0.0005)
        self.assertEqual(reader.answer()[0], 200)

    def test_chunked_bodies_are_taken(self):
        body = review("chunked")
        chunks = b"".join(b"%x;x=y\r\n%s\r\n" % (len(body[i:i + 7]), body[i:i + 7]) for i in range(0, len(body), 7))
        head = b"POST /validate/accept HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        whole = head + chunks + b"0\r\nTrailer: x\r\n\r\n"
        for parts in ([whole + request()], [whole[:200], whole[200:201], whole[201:] + request()]):
            reader = self.talk(*parts, pause=0.02)
            status, _, text = reader.answer()
            self.assertEqual((status, json.loads(text)["response"]["uid"]), (200, "chunked"))
            self.assertEqual(reader.answer()[0], 200)

    def test_a_chunked_body_over_the_limit_is_refused(self):
        head = b"POST /validate/accept HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        reader = self.talk(head, *[b"100000\r\n" + b" " * 0x100000 + b"\r\n" for _ in range(4)])
        status, answer, body = reader.answer()
        self.assertEqual((status, json.loads(body)["status"]), (413, 413))
        self.assertIn("connection: close", answer)

    def test_a_body_over_the_limit_is_refused_and_the_answer_arrives(self):
        for path, is_json in (("/validate/accept", True), ("/audit/accept", False)):
            status, headers, text = self.server.post(path, b" " * (64 << 20))
            self.assertEqual(status, 413)
            self.assertEqual(headers["connection"], "close")
            wanted = "Failed to buffer the request body: length limit exceeded"
            self.assertEqual(json.loads(text)["message"] if is_json else text, wanted)

    def test_a_client_may_ask_before_it_sends(self):
        body = review()
        whole = request("/validate/accept", body, "Expect: 100-continue")
        reader = self.talk(whole[:-len(body)])
        self.assertEqual(reader.head(), "HTTP/1.1 100 Continue")
        reader.sock.sendall(body)
        self.assertEqual(reader.answer()[0], 200)

    def test_a_client_that_asks_is_refused_at_once(self):
        body = review()
        for path, status in (("/nothing", 404), ("/validate/%ff", 400)):
            reader = self.talk(request(path, body, "Expect: 100-continue")[:-len(body)])
            self.assertEqual(reader.answer()[0], status)
            self.assertTrue(reader.is_at_end())

    def test_a_refused_request_does_not_end_the_connection(self):
        connection = self.server.connect()
        self.addCleanup(connection.close)
        for _ in range(3):
            got = self.server.post("/audit/accept", headers={"Content-Type": "text/plain"}, connection=connection)
            self.assertEqual((got[0], got[2]), (415, "Expected request with `Content-Type: application/json`"))
            self.assertEqual(got[1]["content-type"], "text/plain; charset=utf-8")
            self.assertEqual(self.server.post("/nothing", connection=connection)[0], 404)
            self.assertEqual(self.server.post("/validate/accept", connection=connection)[0], 200)

    def test_nonsense_is_answered_and_the_connection_closed(self):
        cases = {b"GET / HTTP/1.1\n\n": 400, b"\0\1\2\r\n\r\n": 400, b"GET / HTTP/3.0\r\n\r\n": 505,
                 b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n": 505, b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20000: 431,
                 b"POST /validate/accept HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n": 400}
        for text, status in cases.items():
            reader = self.talk(text)
            got, head, _ = reader.answer()
            self.assertEqual(got, status, text)
            self.assertIn("connection: close", head)
            self.assertTrue(reader.is_at_end())

    def test_old_clients_are_served(self):
        body = review()
        old = b"POST /validate/accept HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
        reader = self.talk(old + b"\r\n" + body)
        self.assertIn("connection: close", reader.answer()[1])
        self.assertTrue(reader.is_at_end())
        reader = self.talk((old + b"Connection: keep-alive\r\n\r\n" + body) * 2)
        self.assertIn("connection: keep-alive", reader.answer()[1])
        self.assertEqual(reader.answer()[0], 200)

    def test_a_client_that_closes_is_closed(self):
        reader = self.talk(request("/validate/accept", None, "Connection: close"))
        self.assertIn("connection: close", reader.answer()[1])
        self.assertTrue(reader.is_at_end())

    def test_clients_that_go_away_do_no_harm(self):
        whole = request()
        for size in (0, 1, 10, 60, len(whole) - 1, len(whole)):
            sock = self.server.raw()
            sock.sendall(whole[:size])
            sock.close()
        self.assertEqual(self.server.post("/validate/accept")[0], 200)

    def test_an_answer_that_does_not_fit_the_socket_is_finished_later(self):
        uid = "x" * 1_900_000
        sock = self.server.raw()
        self.addCleanup(sock.close)
        for _ in range(4):
            sock.sendall(request("/validate_raw/accept", json.dumps({"request": {"uid": uid}}).encode()))
            time.sleep(0.1)
        reader = Reader(sock)
        for _ in range(4):
            status, _, text = reader.answer()
            self.assertEqual((status, json.loads(text)["response"]["uid"] == uid), (200, True))

    def test_other_methods_are_named(self):
        reader = self.talk(b"GET /validate/accept HTTP/1.1\r\nHost: x\r\n\r\n")
        status, head, body = reader.answer()
        self.assertEqual((status, body), (405, ""))
        self.assertIn("allow: POST", head)

    def test_readiness_is_a_port_of_its_own(self):
        self.assertEqual(self.server.probe("/readiness"), (200, b""))
        self.assertEqual(self.server.probe("/readiness", "HEAD"), (200, b""))
        self.assertEqual(self.server.probe("/readiness", "POST")[0], 405)
        self.assertEqual(self.server.probe("/validate/accept", "POST")[0], 404)

    def test_the_client_s_deadline_ends_an_evaluation(self):
        _, response = harness.in_time(lambda: self.server.verdict("/validate/loop?timeout=1s"), 1.0)
        self.assertEqual(response["status"], {"message": "Policy execution interrupted because it exceeded the allowed "
                                              "execution time", "code": 500})

    def test_slow_heads_and_bodies_are_given_up(self):
        head = self.talk(request()[:30])
        body = self.talk(request()[:-1])
        status, text, _ = head.answer()
        self.assertEqual(status, 408)
        self.assertIn("connection: close", text)
        self.assertTrue(head.is_at_end())
        body.sock.sendall(b"}")  # still in time
        self.assertEqual(body.answer()[0], 200)

    def test_ids_with_two_slashes_are_an_error(self):
        status, _, text = self.server.post("/validate/a%2Fb%2Fc")
        self.assertEqual((status, text), (500, '{"message":"Something went wrong","status":500}'))
        status, _, text = self.server.post("/validate/%ff")
        self.assertEqual((status, text), (400, "Invalid UTF-8 in `policy_id`"))


class Logs(unittest.TestCase):
    def test_each_request_is_logged_in_both_forms(self):
        for form in ("text", "json"):
            with Server({"accept": {"module": wasm("accept")}}, "--log-fmt", form, log="info") as server:
                server.post("/validate/accept")
                server.stop()
                lines = [line for line in server.log().splitlines() if "finished processing request" in line]
                self.assertEqual(len(lines), 1)
                if form == "json":
                    fields = json.loads(lines[0])["fields"]
                    self.assertEqual(str(fields["status"]), "200")
                    self.assertEqual(fields["message"], "finished processing request")
                else:
                    self.assertTrue(re.search(r"INFO .*finished processing request .*latency=\d+ ms status=200$", lines[0]))


if __name__ == "__main__":
    unittest.main()
