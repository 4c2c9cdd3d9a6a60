# SPDX-License-Identifier: Apache-2.0
"""Uploads to registries that want them in other ways, or lose them."""
import os, re, unittest
from world import *

SMALL = b"small " * 1000
LARGE = os.urandom(1 << 20) * 18 + b"the end"
CHUNK = 4 << 20


class Uploads(Fake):
    """A registry that takes uploads by the book; each `on_…` may answer in its place."""

    def __init__(self, location="{path}", **hooks):
        super().__init__(self.serve)
        self.hooks, self.location, self.blobs, self.sessions, self.number = hooks, location, {}, {}, 0

    def where(self, name):
        path = f"/v2/a/blobs/uploads/{name}?state=x%2Fy&n={self.number}"
        self.number += 1
        return {"Location": self.location.format(path=path, url=self.url, host=self.host), "Content-Length": "0"}

    def serve(self, request):
        hook = self.hooks.get("on_" + request.method.lower())
        answer = hook(self, request) if hook else None
        if answer is not None:
            return None if answer == "cut" else answer
        return getattr(self, "serve_" + request.method.lower())(request)

    def serve_head(self, request):
        return (200 if request.path.rsplit("/", 1)[1] in self.blobs else 404), {}, ""

    def serve_post(self, request):
        name = f"session{len(self.sessions)}"
        self.sessions[name] = b""
        return 202, self.where(name), ""

    def session(self, request):
        return request.path.rsplit("/", 1)[1]

    def serve_patch(self, request):
        name = self.session(request)
        if name not in self.sessions:
            return 404, {}, error("BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
        start, end = (int(number) for number in request.headers["Content-Range"].split("-"))
        if start != len(self.sessions[name]) or end + 1 - start != len(request.body):
            return 416, {"Range": f"0-{max(len(self.sessions[name]) - 1, 0)}"}, ""
        self.sessions[name] += request.body
        return 202, {**self.where(name), "Range": f"0-{len(self.sessions[name]) - 1}"}, ""

    def serve_get(self, request):
        name = self.session(request)
        if name not in self.sessions:
            return 404, {}, error("BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
        return 204, {**self.where(name), "Range": f"0-{max(len(self.sessions[name]) - 1, 0)}"}, ""

    def serve_put(self, request):
        name, digest = self.session(request), request.query["digest"][0]
        if request.query.get("state") != ["x/y"] or name not in self.sessions:
            return 404, {}, ""
        data = self.sessions.pop(name) + request.body
        if digest_of(data) != digest:
            return 400, {}, error("DIGEST_INVALID", "provided digest did not match uploaded content")
        self.blobs[digest] = data
        return 201, {"Location": "/v2/a/blobs/" + digest}, ""


def put(data, *, fake=None, options=(), more=(), repository="a", source="-", **how):
    """(what it came to, the registry)"""
    with fake or Uploads(**how) as fake:
        options = [word.replace("HOST", fake.host) for word in options]
        got = play_one(fake.host, "put-blob", repository, digest_of(data), write("data", data), source,
                       sources=insecure(fake.host, *more), options=options)
    return got, fake


def methods(fake):
    return " ".join(request.method for request in fake.requests)


def sizes(fake):
    return [len(request.body) for request in fake.requests if request.method == "PATCH"]


class Ways(unittest.TestCase):
    def good(self, data, **how):
        got, fake = put(data, **how)
        self.assertEqual(got["code"], OK, (got, fake.requests))
        self.assertEqual(fake.blobs.get(digest_of(data)), data)
        for request in fake.requests:
            if request.method in ("PUT", "PATCH"):
                self.assertEqual(request.headers.get_all("Content-Type"), ["application/octet-stream"])
                self.assertEqual(request.headers.get_all("Content-Length"), [str(len(request.body))])
                self.assertIsNone(request.headers.get("Expect"))
                self.assertIsNone(request.headers.get("Transfer-Encoding"))
        return fake

    def test_a_small_one_is_sent_at_once(self):
        self.assertEqual(methods(self.good(SMALL)), "HEAD POST PUT")

    def test_a_large_one_is_sent_in_chunks(self):
        fake = self.good(LARGE)
        self.assertEqual(methods(fake), "HEAD POST PATCH PATCH PATCH PATCH PATCH PUT")
        self.assertEqual([request.headers["Content-Range"] for request in fake.requests if request.method == "PATCH"][1:5:3],
                         [f"{CHUNK}-{2 * CHUNK - 1}", f"{4 * CHUNK}-{len(LARGE) - 1}"])

    def test_progress_is_that_of_the_whole(self):
        for data in LARGE, LARGE[:5 << 20]:
            got, _ = put(data)
            self.assertEqual(got, {"code": OK, "done": len(data), "total": len(data), "back": False})

    def test_chunks_are_as_long_as_the_registry_wants(self):
        fake = self.good(LARGE, on_post=lambda fake, request: (202, {**fake.serve_post(request)[1], "OCI-Chunk-Min-Length": "10000000"}, ""))
        self.assertEqual(sizes(fake), [10000000, len(LARGE) - 10000000])
        fake = self.good(LARGE, on_post=lambda fake, request: (202, {**fake.serve_post(request)[1], "OCI-Chunk-Min-Length": "999999999999"}, ""))
        self.assertEqual(sizes(fake), [len(LARGE)])

    def test_where_the_session_is(self):
        for location in "{path}", "{url}{path}", "//{host}{path}":
            self.good(SMALL, location=location)
            self.good(LARGE, location=location)

    def test_a_port_that_was_left_out(self):
        self.good(SMALL, location="http://127.0.0.1{path}")

    def test_a_location_is_wanted(self):
        got, _ = put(SMALL, on_post=lambda fake, request: (202, {}, ""))
        self.assertEqual(got["code"], EIO)
        self.assertIn("the session has no Location", got["error"])

    def test_what_is_there_is_not_sent(self):
        got, fake = put(SMALL, on_head=lambda fake, request: (200, {}, ""))
        self.assertEqual((got["code"], methods(fake)), (OK, "HEAD"))

    def test_a_mount(self):
        got, fake = put(SMALL, source="b/c", on_post=lambda fake, request: (201, {}, ""))
        self.assertEqual((got["code"], fake.seen()[1]), (OK, f"POST /v2/a/blobs/uploads/?mount={digest_of(SMALL)}&from=b/c"))
        self.assertEqual(methods(self.good(SMALL, source="b")), "HEAD POST PUT")
        refused = lambda fake, request: (403, {}, "") if "mount" in request.query else None
        self.assertEqual(methods(self.good(SMALL, source="b", on_post=refused)), "HEAD POST POST PUT")

    def test_too_large_at_once_goes_in_chunks(self):
        fake = self.good(SMALL, on_put=lambda fake, request: (413, {}, "") if request.body else None)
        self.assertEqual(methods(fake), "HEAD POST PUT HEAD POST PATCH PUT")

    def test_too_large_in_any_way(self):
        got, fake = put(SMALL, on_put=lambda fake, request: (413, {}, ""), on_patch=lambda fake, request: (413, {}, ""))
        self.assertEqual((got["code"], methods(fake)), (ELIMIT, "HEAD POST PUT HEAD POST PATCH HEAD"))

    def test_a_registry_that_takes_no_chunks(self):
        fake = self.good(LARGE, on_patch=lambda fake, request: (405, {}, ""))
        self.assertEqual(methods(fake), "HEAD POST PATCH HEAD POST PUT")

    def test_a_refusal_is_told(self):
        got, fake = put(SMALL, on_post=lambda fake, request: (403, {}, error("DENIED", "read only")))
        self.assertEqual((got["code"], methods(fake)), (EREFUSED, "HEAD POST"))
        self.assertIn(": status 403: DENIED: read only", got["error"])
        got, fake = put(SMALL, on_put=lambda fake, request: (400, {}, error("DIGEST_INVALID", "no")))
        self.assertEqual((got["code"], methods(fake)), (EIO, "HEAD POST PUT HEAD"))
        self.assertIn(": status 400: DIGEST_INVALID: no", got["error"])


class Cuts(unittest.TestCase):
    good = Ways.good

    def once(self, answer, when=lambda request: True):
        done = []

        def hook(fake, request):
            if done or not when(request):
                return None
            done.append(request)
            return answer(fake, request) if callable(answer) else answer
        return hook

    @staticmethod
    def third(request):
        return request.headers.get("Content-Range", "").startswith(str(2 * CHUNK))

    def test_a_cut_chunk_goes_on_where_the_registry_stands(self):
        def keep_some(fake, request):
            fake.sessions[fake.session(request)] += request.body[:1000]
            return "cut"
        fake = self.good(LARGE, on_patch=self.once(keep_some, self.third))
        self.assertEqual(methods(fake), "HEAD POST PATCH PATCH PATCH GET PATCH PATCH PATCH PUT")
        self.assertIn(f"{2 * CHUNK + 1000}-{3 * CHUNK + 999}", [request.headers.get("Content-Range") for request in fake.requests])

    def test_a_cut_that_lost_the_answer_only(self):
        def keep_all(fake, request):
            fake.serve_patch(request)
            return "cut"
        fake = self.good(LARGE, on_patch=self.once(keep_all, self.third))
        self.assertEqual(methods(fake), "HEAD POST PATCH PATCH PATCH GET PATCH PATCH PUT")

    def test_a_cut_whole_goes_on_in_chunks(self):
        def keep_some(fake, request):
            fake.sessions[fake.session(request)] += request.body[:1000]
            return "cut"
        self.assertEqual(methods(self.good(SMALL, on_put=self.once(keep_some))), "HEAD POST PUT GET PATCH PUT")

    def test_a_session_that_is_gone_is_begun_anew(self):
        def forget(fake, request):
            del fake.sessions[fake.session(request)]
        for answer in (lambda fake, request: forget(fake, request) or "cut", forget):
            fake = self.good(LARGE, on_patch=self.once(answer, self.third))
            self.assertRegex(methods(fake), "^HEAD POST PATCH PATCH PATCH (GET )?HEAD POST PATCH PATCH PATCH PATCH PATCH PUT$")

    def test_0_0_is_no_byte_or_one(self):
        for kept in 0, 1:
            def keep(fake, request):
                fake.sessions[fake.session(request)] += request.body[:kept]
                return "cut"
            fake = self.good(LARGE, on_patch=self.once(keep))
            self.assertRegex(methods(fake), "^HEAD POST PATCH GET HEAD POST")

    def test_416_asks_where_it_stands(self):
        def grow(fake, request):  # another one has sent
            fake.sessions[fake.session(request)] += request.body[:7]
        fake = self.good(LARGE, on_patch=self.once(grow, self.third))
        self.assertEqual(methods(fake), "HEAD POST PATCH PATCH PATCH GET PATCH PATCH PATCH PUT")

    def test_a_session_that_kept_something_else(self):
        def spoil(fake, request):
            fake.sessions[fake.session(request)] += b"x" * 1000
            return "cut"
        fake = self.good(LARGE, on_patch=self.once(spoil, self.third))
        self.assertRegex(methods(fake), "PUT HEAD POST PATCH PATCH PATCH PATCH PATCH PUT$")

    def test_a_last_answer_that_is_lost(self):
        def keep(fake, request):
            fake.serve_put(request)
            return "cut"
        fake = self.good(LARGE, on_put=self.once(keep))
        self.assertRegex(methods(fake), "PUT (GET|PUT) HEAD$")  # of nothing: libcurl may repeat it

    def test_a_registry_that_is_busy(self):
        for status in 500, 503, 429:
            self.good(LARGE, on_patch=self.once((status, {}, ""), self.third))
            self.good(SMALL, on_put=self.once((status, {}, "")))

    def test_it_ends(self):
        for hooks in ({"on_patch": lambda fake, request: "cut"}, {"on_patch": lambda fake, request: (404, {}, "")},
                      {"on_patch": lambda fake, request: (416, {}, "")},
                      {"on_get": lambda fake, request: (204, {"Range": "0-99999999999999"}, ""), "on_patch": lambda fake, request: (500, {}, "")},
                      {"on_patch": lambda fake, request: (202, {"Range": "0-5"}, "")}):
            got, fake = put(LARGE, **hooks)
            self.assertLess(got["code"], 0)
            self.assertLess(len(fake.requests), 80, methods(fake))


class Hosts(unittest.TestCase):
    def test_a_session_at_another_host_gets_no_login(self):
        with Uploads() as other:
            def guard(fake, request):
                return None if request.authorization else (401, {"WWW-Authenticate": 'Basic realm="x"'}, "")

            def begin(fake, request):
                return guard(fake, request) or (202, {"Location": other.url + other.serve_post(request)[1]["Location"]}, "")
            got, fake = put(SMALL, more=[other.host], options=login("HOST"), on_post=begin, on_head=guard)
        self.assertEqual(got["code"], OK, got)
        self.assertEqual([request.authorization for request in other.requests], [None])
        self.assertEqual(other.blobs[digest_of(SMALL)], SMALL)

    def test_what_is_sent_follows_no_redirect_to_another_host(self):
        with Uploads() as other:
            got, fake = put(SMALL, more=[other.host], on_put=lambda fake, request: (307, {"Location": other.url + "/x"}, ""))
        self.assertEqual((got["code"], other.requests), (EREFUSED, []))

    def test_a_location_that_is_no_place(self):
        for location in "ftp://127.0.0.1/x", "http://u:p@127.0.0.1/x", "http://127.0.0.1:99999/", "file:///etc/passwd", "x" * 20000:
            got, _ = put(SMALL, location=location)
            self.assertEqual(got["code"], EREFUSED, got)


class Manifests(unittest.TestCase):
    def put(self, *answer):
        body = policy_manifest(SMALL)
        with Fake(lambda request: answer) as fake:
            return play_one(fake.host, "put-manifest", "a:v1", MANIFEST, write("manifest", body), sources=fake.insecure), fake, digest_of(body)

    def test_it_is_sent_as_what_it_is(self):
        got, fake, digest = self.put(201, {}, "")
        self.assertEqual(got, {"digest": digest, "subject": False, "code": OK})
        request, = fake.requests
        self.assertEqual((repr(request), request.headers.get_all("Content-Type")), ("PUT /v2/a/manifests/v1", [MANIFEST]))

    def test_what_the_registry_says_of_it(self):
        _, _, digest = self.put(201, {}, "")
        got, _, _ = self.put(201, {"Docker-Content-Digest": digest, "OCI-Subject": digest_of(b"x")}, "")
        self.assertEqual((got["code"], got["subject"]), (OK, True))
        got, fake, _ = self.put(201, {"Docker-Content-Digest": digest_of(b"x")}, "")
        self.assertEqual(got["code"], EREFUSED)
        self.assertIn(f"sent with the digest {digest}, and the registry says {digest_of(b'x')}", got["error"])
        got, fake, _ = self.put(400, {}, error("MANIFEST_INVALID", "no"))
        self.assertEqual(got, {"code": EIO, "error": f"{fake.host}: the manifest a:v1, when it is sent: status 400: MANIFEST_INVALID: no"})

    def test_another_digest_than_its_own_is_not_asked_for(self):
        with Fake(lambda request: (201, {}, "")) as fake:
            got = play_one(fake.host, "put-manifest", "a@" + digest_of(b"x"), MANIFEST, write("manifest", policy_manifest(SMALL)),
                           sources=fake.insecure)
        self.assertEqual((got["code"], fake.requests), (EINVAL, []))


if __name__ == "__main__":
    unittest.main()
