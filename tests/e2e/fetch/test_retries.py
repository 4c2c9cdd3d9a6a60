# SPDX-License-Identifier: Apache-2.0
"""What is tried again: what may pass, may be sent twice, and does not take forever."""
import email.utils, hashlib, time, unittest

from world import Server, answer, path, play_one

IDEMPOTENT = ["--idempotent", "yes"]


def row(*answers):
    """One after the other, then the last for ever."""
    return lambda request, number: answers[min(number, len(answers) - 1)]


class Retried(unittest.TestCase):
    def count(self, script, *words, **more):
        with Server(script, "by-system") as server:
            return play_one(*words, server.url(), **more), len(server.requests)

    def test_statuses_that_may_pass(self):
        for status in 408, 429, 500, 502, 503, 504:
            told, count = self.count(row(answer(status, b"busy"), answer(200, b"hello")), *IDEMPOTENT, "GET")
            self.assertEqual((told.get("status"), told.get("body"), count), (200, "hello", 2))

    def test_others_are_answers(self):
        for status in 400, 401, 403, 404, 416, 501:
            told, count = self.count(row(answer(status, b"no")), *IDEMPOTENT, "GET")
            self.assertEqual((told.get("status"), count), (status, 1))

    def test_what_may_not_be_sent_twice_is_not(self):
        told, count = self.count(row(answer(503), answer(200)), "--data", "x", "POST")
        self.assertEqual((told.get("status"), count), (503, 1))
        told, count = self.count(row(None, answer(200)), "--data", "x", "POST")
        self.assertEqual((told.get("code"), count), (-3, 1))

    def test_in_the_end_the_answer_is_the_answer(self):
        told, count = self.count(row(answer(503, b"never")), *IDEMPOTENT, "GET")
        self.assertEqual((told.get("status"), told.get("body"), count), (503, "never", 6))

    def test_a_lost_connection(self):
        told, count = self.count(row(None, None, answer(200, b"hello")), *IDEMPOTENT, "GET")
        self.assertEqual((told.get("status"), count), (200, 3), told)

    def test_a_connection_that_is_cut_off_before_tls_is_there(self):
        """Nothing was sent, so what may not be sent twice goes, too."""
        for words in ["GET"], ["--data", "x", "POST"]:
            with Server(row(answer(200)), "by-system", cuts=["end", "reset"]) as server:
                told = play_one(*words, server.url())
                self.assertEqual((told.get("status"), len(server.requests), server.connections), (200, 1, 3), told)

    def test_a_cut_body_begins_anew(self):
        whole = b"0123456789" * 20000
        script = row(answer(200, whole[:150000], Content_Length=str(len(whole)), Connection="close"), answer(200, whole))
        told, count = self.count(script, *IDEMPOTENT, "--sink", "yes", "GET")
        self.assertEqual((told.get("status"), count, told["restarts"]), (200, 2, 1), told)
        self.assertEqual((told["size"], told["sha256"]), (len(whole), hashlib.sha256(whole).hexdigest()))

    def test_nothing_is_left_of_a_body_that_is_empty_at_last(self):
        script = row(answer(200, b"half", Content_Length="8", Connection="close"), answer(200, b""))
        told, count = self.count(script, *IDEMPOTENT, "--sink", "yes", "GET")
        self.assertEqual((told.get("status"), count, told["size"], told["restarts"]), (200, 2, 0, 1), told)

    def test_what_is_sent_is_sent_whole_again(self):
        with open(path("again"), "wb") as out:
            out.write(bytes(range(256)) * 1000)
        with Server(row(answer(500), answer(201)), "by-system") as server:
            told = play_one(*IDEMPOTENT, "--file", path("again"), "--offset", "256", "--size", "200000", "PUT", server.url())
            self.assertEqual(told.get("status"), 201)
            self.assertEqual(server.requests[0].body, (bytes(range(256)) * 1000)[256:200256])
            self.assertEqual(server.requests[1].body, server.requests[0].body)

    def test_too_much_is_not_asked_for_twice(self):
        told, count = self.count(row(answer(200, b"x" * 2000)), *IDEMPOTENT, "--limit", "1000", "GET")
        self.assertEqual((told.get("code"), count), (-11, 1))

    def test_nor_a_host_that_is_not_trusted(self):
        with Server(row(answer(200)), "by-own") as server:
            self.assertEqual(play_one(*IDEMPOTENT, "GET", server.url()).get("code"), -3)
            self.assertEqual(server.connections, 1)

    def test_a_host_that_is_down_for_a_moment(self):
        with Server(row(answer(200)), "by-system") as server:
            pass
        told = play_one("GET", server.url())  # tried some times, and given up
        self.assertEqual(told.get("code"), -3)
        self.assertIn("cannot connect", told["error"])


class Told(unittest.TestCase):
    """Retry-After: no earlier than told."""

    def waited(self, value):
        times = []
        def script(request, number):
            times.append(time.monotonic())
            return answer(429, Retry_After=value) if number == 0 else answer(200)
        with Server(script, "by-system") as server:
            told = play_one(*IDEMPOTENT, "GET", server.url())
        return told.get("status"), times

    def test_seconds(self):
        status, times = self.waited("2")
        self.assertEqual(status, 200)
        self.assertGreaterEqual(times[1] - times[0], 2)

    def test_a_date(self):
        status, times = self.waited(email.utils.formatdate(time.time() + 3, usegmt=True))
        self.assertEqual(status, 200)
        self.assertGreaterEqual(times[1] - times[0], 1)

    def test_nonsense_is_no_time(self):
        for value in "soon", "-5", "Thu, 01 Jan 1970 00:00:00 GMT":
            self.assertEqual(self.waited(value)[0], 200)

    def test_a_long_time_is_not_waited_for(self):
        for value in "3600", "99999999999999999999":
            status, times = self.waited(value)
            self.assertEqual((status, len(times)), (429, 1))


if __name__ == "__main__":
    unittest.main()
