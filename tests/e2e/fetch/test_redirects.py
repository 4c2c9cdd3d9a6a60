# SPDX-License-Identifier: Apache-2.0
"""Where redirects lead, and what goes along: never a login to another place."""
import unittest

from world import Server, answer, play_one, redirect

LOGIN = ["--authorization", "Bearer s3cr3t"]


def hello(request, number):
    return answer(200, b"hello")


def by_target(answers):
    return lambda request, number: answers[request.target]


class Followed(unittest.TestCase):
    def test_relative_ones_on_the_same_host(self):
        script = by_target({"/a/b": redirect("../c?x=1"), "/c?x=1": redirect("/d", 307), "/d": answer(200, b"hello")})
        with Server(script, "by-system") as server:
            told = play_one(*LOGIN, "--header", "X-More: 1", "GET", server.url("/a/b"))
            self.assertEqual((told["status"], told["body"], told["url"]), (200, "hello", server.url("/d")))
            self.assertEqual([request.field("authorization") for request in server.requests], ["Bearer s3cr3t"] * 3)
            self.assertEqual([request.field("x-more") for request in server.requests], ["1"] * 3)
            self.assertEqual(server.connections, 1)

    def test_head_stays_head(self):
        with Server(lambda request, number: redirect("/b", 301) if number == 0 else answer(200), "by-system") as server:
            self.assertEqual(play_one("HEAD", server.url())["status"], 200)
            self.assertEqual([request.method for request in server.requests], ["HEAD", "HEAD"])

    def test_ten_are_and_eleven_are_not(self):
        script = lambda request, number: redirect(f"/{number + 1}") if number < 10 else answer(200, b"hello")
        with Server(script, "by-system") as server:
            self.assertEqual(play_one("GET", server.url())["status"], 200)
        with Server(lambda request, number: redirect(f"/{number}"), "by-system") as server:
            told = play_one("GET", server.url("/start?token=s3cr3t"))
            self.assertEqual(told["code"], -10)
            self.assertIn("more than 10", told["error"])
            self.assertNotIn("s3cr3t", told["error"])
            self.assertEqual(len(server.requests), 11)

    def test_a_redirect_without_a_place_is_an_answer(self):
        with Server(lambda *_: answer(302, b"nowhere"), "by-system") as server:
            self.assertEqual(play_one("GET", server.url())["status"], 302)

    def test_bodies_go_along_where_the_method_stays(self):
        script = lambda request, number: redirect("/b", 307) if number == 0 else answer(201)
        with Server(script, "by-system") as server:
            self.assertEqual(play_one("--data", "hello", "PUT", server.url())["status"], 201)
            self.assertEqual([(request.method, request.body) for request in server.requests], [("PUT", b"hello")] * 2)


class Logins(unittest.TestCase):
    def seen(self, near, far, to, **more):
        """What the other place is told of a login."""
        told = play_one(*LOGIN, "GET", near.url(), **more)
        self.assertEqual((told.get("status"), told.get("body")), (200, "hello"), told)
        self.assertEqual(told["url"], to)
        self.assertEqual(near.requests[0].field("authorization"), "Bearer s3cr3t")
        return far.requests[-1].field("authorization")

    def test_stay_with_the_host(self):
        with Server(hello, "by-system", "127.0.0.2") as far, Server(lambda *_: redirect(far.url("/x")), "by-system") as near:
            self.assertIsNone(self.seen(near, far, far.url("/x")))

    def test_with_the_port(self):
        with Server(hello, "by-system") as far, Server(lambda *_: redirect(far.url("/x")), "by-system") as near:
            self.assertIsNone(self.seen(near, far, far.url("/x")))

    def test_and_with_the_name(self):
        """Another name of the same place is another place."""
        with Server(lambda request, number: redirect(server.url("/x", "localhost")) if number == 0 else answer(200, b"hello"),
                    "by-system") as server:
            self.assertIsNone(self.seen(server, server, server.url("/x", "localhost")))

    def test_do_not_come_back_after_a_round_trip(self):
        """What another host redirects to is what that host chose."""
        with Server(lambda *_: redirect(near.url("/back")), "by-system", "127.0.0.2") as far:
            script = lambda request, number: redirect(far.url("/x")) if request.target == "/" else answer(200, b"hello")
            with Server(script, "by-system") as near:
                told = play_one(*LOGIN, "GET", near.url())
                self.assertEqual(told["status"], 200)
                self.assertEqual([request.field("authorization") for request in near.requests], ["Bearer s3cr3t", None])

    def test_go_along_from_http_to_http_of_an_insecure_host(self):
        script = lambda request, number: redirect(server.url("/x")) if number == 0 else answer(200, b"hello")
        with Server(script) as server:
            told = play_one(*LOGIN, "GET", server.url("/", scheme="https"), sources={"insecure_sources": [server.name]})
            self.assertEqual(told.get("status"), 200, told)
            self.assertEqual([request.field("authorization") for request in server.requests], ["Bearer s3cr3t"] * 2)

    def test_a_body_goes_to_no_other_host(self):
        """It may be a login, as where a token is asked for."""
        with Server(hello, "by-system", "127.0.0.2") as far:
            with Server(lambda *_: redirect(far.url("/x"), 307), "by-system") as near:
                told = play_one("--data", "refresh_token=s3cr3t", "POST", near.url())
                self.assertEqual(told["code"], -10)
                self.assertIn(far.url("/x"), told["error"])
                self.assertNotIn("s3cr3t", told["error"])
                self.assertEqual(far.requests, [])


class Refused(unittest.TestCase):
    def refused(self, location, *words, method="GET", status=302, **more):
        with Server(lambda *_: redirect(location, status), "by-system") as server:
            told = play_one(*LOGIN, method, server.url("/a?token=s3cr3t"), **more)
            self.assertEqual(told.get("code"), -10, told)
            self.assertEqual(len(server.requests), 1)
            self.assertIn(server.url("/a"), told["error"])
            self.assertNotIn("s3cr3t", told["error"])
            for word in words:
                self.assertIn(word, told["error"])

    def test_from_https_to_http(self):
        with Server(hello) as plain:
            self.refused(plain.url("/x?token=s3cr3t"), plain.url("/x"), "https to http")
            # not where that host may be asked so, either
            self.refused(plain.url("/x"), "https to http", sources={"insecure_sources": [plain.name]})
            self.assertEqual(plain.requests, [])

    def test_from_http_to_http_of_a_host_that_is_not_insecure(self):
        with Server(hello, address="127.0.0.2") as far, Server(lambda *_: redirect(far.url("/x"))) as near:
            told = play_one("GET", near.url(), sources={"insecure_sources": [near.name]})
            self.assertEqual(told.get("code"), -10, told)
            self.assertEqual(far.requests, [])

    def test_to_other_schemes(self):
        for location in "file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1:1/x", "data:,x", "unix:/x":
            self.refused(location, "scheme")

    def test_to_a_url_with_a_login(self):
        self.refused("https://user:s3cr3t@127.0.0.1/x")

    def test_to_what_is_no_url(self):
        self.refused("https://[::1/x")
        self.refused("https://a b/")

    def test_what_is_sent_is_not_sent_as_something_else(self):
        for status in 301, 302, 303:
            self.refused("/b", "sent", method="POST", status=status)


if __name__ == "__main__":
    unittest.main()
