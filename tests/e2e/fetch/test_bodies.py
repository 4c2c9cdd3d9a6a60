# SPDX-License-Identifier: Apache-2.0
"""What comes and goes: whole, as it was said to be, and never more than is wanted."""
import hashlib, os, signal, time, unittest

from world import Server, answer, begin, path, play, play_one

SINK = ["--sink", "yes"]


def serve(*pieces):
    return Server(lambda *_: iter(pieces), "by-system")


def endless(head, piece):
    def script(request, number):
        yield head
        while True:
            yield piece
    return script


class Received(unittest.TestCase):
    def test_a_body_reaches_the_sink_whole(self):
        data = os.urandom(3 << 20)
        with serve(answer(200, data)) as server:
            told = play_one(*SINK, "--limit", str(len(data)), "GET", server.url())
            self.assertEqual((told["size"], told["sha256"]), (len(data), hashlib.sha256(data).hexdigest()))

    def test_an_error_s_body_does_not(self):
        with serve(answer(404, b"not here")) as server:
            told = play_one(*SINK, "GET", server.url())
            self.assertEqual((told["status"], told["body"], told["size"]), (404, "not here", 0))

    def test_chunks(self):
        head = b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n"
        with serve(head, b"5\r\nhello\r\n", b"1\r\n!\r\n0\r\n\r\n") as server:
            self.assertEqual(play_one("GET", server.url())["body"], "hello!")
        with serve(head.replace(b"x\r\n", b"x\r\nConnection: close\r\n", 1), b"5\r\nhello\r\n") as server:
            self.assertEqual(play_one("GET", server.url()).get("code"), -3)

    def test_a_body_up_to_the_end_of_the_connection(self):
        with serve(b"HTTP/1.1 200 x\r\nConnection: close\r\n\r\n", b"hello") as server:
            self.assertEqual(play_one("GET", server.url()).get("body"), "hello")

    def test_headers_are_kept(self):
        with serve(b'HTTP/1.1 200 x\r\nContent-Length: 0\r\nWarning: 299 - "one"\r\nX-A:b \r\nwarning: 299 - "two"\r\n\r\n') as server:
            told = play_one("GET", server.url())
            self.assertEqual(told["headers"], 'content-length: 0\nwarning: 299 - "one"\nx-a: b\nwarning: 299 - "two"\n')

    def test_no_cookie_comes_back(self):
        with Server(lambda *_: answer(200, Set_Cookie="a=b; Path=/"), "by-system") as server:
            play("GET", server.url(), "GET", server.url())
            self.assertEqual([request.field("cookie") for request in server.requests], [None, None])

    def test_one_connection_serves_many(self):
        with Server(lambda *_: answer(200, b"hello"), "by-system") as server:
            play(*["GET", server.url()] * 5)
            self.assertEqual((len(server.requests), server.connections), (5, 1))

    def test_continue_is_no_answer(self):
        with serve(b"HTTP/1.1 103 Early\r\nX-A: 1\r\n\r\n", answer(200, b"hello")) as server:
            told = play_one("GET", server.url())
            self.assertEqual((told["status"], told["body"], told["headers"]), (200, "hello", "content-length: 5\n"))


class Broken(unittest.TestCase):
    def fails(self, words, *pieces, code=-3, limit="1000000", method="GET"):
        with serve(*pieces) as server:
            told = play_one("--limit", limit, method, server.url("/a?token=s3cr3t"))
            self.assertEqual(told.get("code"), code, told)
            self.assertIn(server.url("/a") + ":", told["error"])
            self.assertIn(words, told["error"])
            self.assertNotIn("s3cr3t", told["error"])

    def test_a_cut_body(self):
        self.fails("cut off", answer(200, b"half", Content_Length="8", Connection="close"))

    def test_two_lengths(self):
        self.fails("two values", b"HTTP/1.1 200 x\r\nContent-Length: 5\r\nContent-Length: 4\r\n\r\nhello")

    def test_a_length_that_is_none(self):
        self.fails("Content-Length", b"HTTP/1.1 200 x\r\nContent-Length: 5x\r\n\r\nhello")
        self.fails("Content-Length", b"HTTP/1.1 200 x\r\nContent-Length: 99999999999999999999999\r\n\r\nhello")
        self.fails("Content-Length", b"HTTP/1.1 200 x\r\nContent-Length: -5\r\n\r\nhello")

    def test_what_is_no_http(self):
        self.fails("connection", b"hello, this is no answer\r\n\r\n")

    def test_an_end_without_the_end_of_tls(self):
        """Whoever cuts the connection cannot make a shorter file of it: TLS tells its end."""
        def script(request, number):
            yield b"HTTP/1.1 200 x\r\n\r\nhalf"
            raise OSError
        with Server(script, "by-system") as server:
            self.assertEqual(play_one("GET", server.url()).get("code"), -3)


class Limited(unittest.TestCase):
    def too_much(self, script, limit, words, **more):
        with Server(script, "by-system") as server:
            told = play_one("--limit", str(limit), "GET", server.url(), **more)
            self.assertEqual(told.get("code"), -11, told)
            self.assertIn(words, told["error"])
            return told

    def test_a_length_over_the_limit_is_refused_unread(self):
        self.too_much(lambda *_: answer(200, b"", Content_Length="1001"), 1000, "larger than 1000")

    def test_the_limit_itself_is_not(self):
        with serve(answer(200, b"x" * 1000)) as server:
            self.assertEqual(play_one("--limit", "1000", "GET", server.url())["status"], 200)

    def test_head_tells_lengths_over_it(self):
        with serve(b"HTTP/1.1 200 x\r\nContent-Length: 5000000\r\n\r\n") as server:
            self.assertEqual(play_one("--limit", "1000", "HEAD", server.url()).get("status"), 200)

    def test_endless_bodies(self):
        head = b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.too_much(endless(head, b"1000\r\n" + b"x" * 4096 + b"\r\n"), 100000, "larger than 100000")
        self.too_much(endless(b"HTTP/1.1 200 x\r\n\r\n", b"x" * 4096), 100000, "larger than 100000")

    def test_endless_bodies_of_errors_are_cut(self):
        with Server(endless(b"HTTP/1.1 404 x\r\n\r\n", b"x" * 4096), "by-system") as server:
            told = play_one("GET", server.url())
            self.assertEqual((told["status"], len(told["body"])), (404, 65536))

    def test_endless_headers(self):
        self.too_much(endless(b"HTTP/1.1 200 x\r\n", b"X-A: " + b"y" * 1000 + b"\r\n"), 1000, "headers")

    def test_an_endless_header(self):
        with Server(endless(b"HTTP/1.1 200 x\r\nX-A: ", b"y" * 4096), "by-system") as server:
            self.assertIn(play_one("GET", server.url()).get("code"), (-3, -11))

    def test_endless_answers_before_the_answer(self):
        self.too_much(endless(b"", b"HTTP/1.1 100 x\r\n\r\n"), 1000, "headers")


class Slow(unittest.TestCase):
    def test_a_server_that_says_nothing(self):
        held = []
        def script(request, number):
            held.append(number)
            time.sleep(30)
        with Server(script, "by-system") as server:
            told = play_one("GET", server.url(), stall=2)
            self.assertEqual(told.get("code"), -3, told)
            self.assertIn("no answer in time", told["error"])

    def test_a_server_that_drips(self):
        def script(request, number):
            yield b"HTTP/1.1 200 x\r\nContent-Length: 1000\r\n\r\n"
            for _ in range(300):
                time.sleep(0.1)
                yield b"x"
        with Server(script, "by-system") as server:
            self.assertIn("in time", play_one("GET", server.url(), stall=3).get("error", ""))

    def test_the_keyboard_ends_it(self):
        def script(request, number):
            time.sleep(60)
        with Server(script, "by-system") as server:
            with begin("GET", server.url()) as program:
                self.assertTrue(server.wait_for(1))
                program.send_signal(signal.SIGINT)
                out, _ = program.communicate(timeout=50)
            self.assertIn("interrupted", out)


class Sent(unittest.TestCase):
    def sent(self, *words, status=201):
        with Server(lambda *_: answer(status), "by-system") as server:
            told = play_one(*words, server.url())
            self.assertEqual(told.get("status"), status, told)
            return server.requests[0]

    def test_only_what_the_caller_says(self):
        """libcurl's own Content-Type makes registries answer 400 and 500, its Expect costs a second."""
        for method in "PUT", "PATCH", "POST":
            request = self.sent("--data", "hello", method)
            self.assertEqual((request.method, request.body), (method, b"hello"))
            self.assertEqual(sorted(name.lower() for name, _ in request.fields),
                             ["accept", "content-length", "host", "user-agent"])
        for method in "GET", "HEAD", "DELETE":
            request = self.sent(method, status=200)
            self.assertEqual(sorted(name.lower() for name, _ in request.fields), ["accept", "host", "user-agent"])

    def test_an_empty_body_has_its_length(self):
        for method in "PUT", "PATCH", "POST":
            self.assertEqual(self.sent(method).field("content-length"), "0")

    def test_headers_of_the_caller(self):
        request = self.sent("--header", "Content-Type: application/octet-stream", "--header", "Accept: a/b", "--data", "x", "PUT")
        self.assertEqual((request.field("content-type"), request.field("accept")), ("application/octet-stream", "a/b"))

    def test_a_part_of_a_file(self):
        data = os.urandom(1 << 20)
        with open(path("sent"), "wb") as out:
            out.write(data)
        request = self.sent("--file", path("sent"), "--offset", "1000", "--size", "700000", "PUT")
        self.assertTrue(request.body == data[1000:701000])

    def test_a_file_that_is_shorter_than_said(self):
        with open(path("short"), "wb") as out:
            out.write(b"x" * 1000)
        with Server(lambda *_: answer(201), "by-system") as server:
            told = play_one("--file", path("short"), "--size", "2000", "PUT", server.url())
            self.assertIn("shorter", told.get("error", ""), told)

    def test_line_ends_in_headers_are_refused(self):
        with Server(lambda *_: answer(200), "by-system") as server:
            for words in ["--authorization", "Bearer x\r\nX-A: b"], ["--header", "X-A: b\nX-B: c"]:
                self.assertEqual(play_one(*words, "GET", server.url()).get("code"), -10)
            self.assertEqual(server.requests, [])


if __name__ == "__main__":
    unittest.main()
