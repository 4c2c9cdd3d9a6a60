# SPDX-License-Identifier: Apache-2.0
"""Manifests and blobs of registries that lie, hang, send elsewhere, or are mirrors."""
import contextlib, json, time, unittest
from world import *

LAYER = b"\0asm\1\0\0\0" + b"x" * 1000
BODY = policy_manifest(LAYER)
HEADERS = {"Content-Type": MANIFEST}


def always(*answer):
    return lambda request: answer


def ask(script, *command, tls=False, options=(), more=None, **kept):
    """(what it came to, the registry) of a made-up one that was asked this."""
    with Fake(script, tls=tls) as fake:
        sources = authorities(fake.host) if tls else fake.insecure
        got, warnings = play(fake.host, *(command if isinstance(command[0], tuple) else (command,)),
                             sources={**sources, **(more or {})}, options=options)
        fake.warnings = warnings
    return (got[0] if len(got) == 1 else got), fake


class Manifests(unittest.TestCase):
    def test_one_accept_header_with_all_types(self):
        for command in "manifest", "resolve":
            got, fake = ask(always(200, HEADERS, BODY), command, "a/b:v1")
            self.assertEqual(got["digest"], digest_of(BODY))
            self.assertEqual(fake.seen(), (["HEAD /v2/a/b/manifests/v1"] if command == "resolve" else []) +
                             ["GET /v2/a/b/manifests/v1"])
            for request in fake.requests:
                self.assertEqual(request.headers.get_all("Accept"), [ACCEPT])

    def test_a_head_that_tells_is_enough(self):
        got, fake = ask(always(200, {**HEADERS, "Docker-Content-Digest": digest_of(BODY)}, BODY), "resolve", "a:v1")
        self.assertEqual((got["digest"], fake.seen()), (digest_of(BODY), ["HEAD /v2/a/manifests/v1"]))

    def test_a_head_that_is_refused_is_not_the_end(self):
        got, fake = ask(lambda request: (405, {}, "") if request.method == "HEAD" else (200, HEADERS, BODY), "resolve", "a:v1")
        self.assertEqual(got["digest"], digest_of(BODY))

    def test_a_404_tells_its_message(self):
        words = "OCI manifest found, but accept header does not support OCI manifests"
        for command in "manifest", "resolve":
            got, fake = ask(always(404, {}, error("MANIFEST_UNKNOWN", words)), command, "a:v1")
            self.assertEqual(got, {"code": EINVAL, "error": f"{fake.host}: the manifest a:v1: status 404: MANIFEST_UNKNOWN: {words}"})

    def test_digests_that_differ(self):
        other = digest_of(b"other")
        for told, reference, want in ((other, "a:v1", other), ("sha256:xyz", "a:v1", "is no digest"), ("md5:00", "a:v1", "is no digest"),
                                      (None, "a@" + other, f"not {other}"), (digest_of(BODY), "a@" + other, f"not {other}"),
                                      (other, "a@" + digest_of(BODY), other), (digest_of(b"", "sha512"), "a:v1", "sha512:")):
            headers = {**HEADERS, **({"Docker-Content-Digest": told} if told else {})}
            got, _ = ask(always(200, headers, BODY), "manifest", reference)
            self.assertEqual(got["code"], EREFUSED, got)
            self.assertIn(want, got["error"])

    def test_digests_of_other_algorithms(self):
        for algorithm in "sha384", "sha512":
            digest = digest_of(BODY, algorithm)
            for told, reference in ((digest, "a:v1"), (digest_of(BODY), "a@" + digest), (None, "a@" + digest), (digest, "a@" + digest)):
                headers = {**HEADERS, **({"Docker-Content-Digest": told} if told else {})}
                got, _ = ask(always(200, headers, BODY), "manifest", reference)
                self.assertEqual(got["digest"], digest)

    def test_bodies_that_are_no_manifest(self):
        huge = compact({"schemaVersion": 2, "config": descriptor(b"{}", CONFIG), "layers": [], "x": "y" * (5 << 20)})
        for body, code, want in ((b"<html>hello</html>", EINVAL, "not a manifest"), (b"", EINVAL, "not a manifest"),
                                 (huge, ELIMIT, "larger than 4194304 bytes"), (b"[" * 100000, EINVAL, "not a manifest"),
                                 (BODY[:-1], EINVAL, "not a manifest"), (b'{"schemaVersion":1}', EINVAL, "schemaVersion is not 2")):
            got, _ = ask(always(200, HEADERS, body), "manifest", "a:v1")
            self.assertEqual(got["code"], code, got)
            self.assertIn(want, got["error"])

    def test_a_body_that_is_cut(self):
        got, _ = ask(always(200, {**HEADERS, "Content-Length": str(len(BODY) + 10), "Connection": "close"}, BODY), "manifest", "a:v1")
        self.assertEqual(got["code"], EIO, got)

    def test_an_error_page_is_not_shown(self):
        got, fake = ask(always(500, {"Content-Type": "text/html"}, "<html><script>x</script></html>"), "manifest", "a:v1")
        self.assertEqual(got, {"code": EIO, "error": f"{fake.host}: the manifest a:v1: status 500"})

    def test_errors_in_other_forms(self):
        for body, want in (("out of order\nsecond line", ": out of order"), ('{"message":"nope"}', ": nope"), ("[]", ""), ("null", ""),
                           ('{"errors":[]}', ""), ('{"errors":"x"}', ""), ('{"errors":[7,{"code":[]},{"message":"m"}]}', ": m"),
                           (error("A", "b", detail="c"), ": A: b: c"), ("\x00\x01", ""),
                           (json.dumps({"errors": [{"code": "A"}] * 9}), ": A: A: A"), ("x" * 90000, ": " + "x" * 300)):
            got, fake = ask(always(400, {}, body), "manifest", "a:v1")
            self.assertEqual(got["error"], f"{fake.host}: the manifest a:v1: status 400{want}")

    def test_what_403_means(self):
        got, fake = ask(always(403, {}, error("DENIED", "no")), "manifest", "a:v1")
        self.assertEqual((got["code"], fake.seen()), (EREFUSED, ["GET /v2/a/manifests/v1"]))

    def test_redirects_without_end(self):
        got, fake = ask(always(307, {"Location": "/v2/a/manifests/v1"}, ""), "manifest", "a:v1")
        self.assertEqual(got["code"], EREFUSED)
        self.assertLess(len(fake.requests), 15)

    def test_a_registry_that_hangs(self):
        def hang(request):
            time.sleep(60)
        got, _ = ask(hang, "manifest", "a:v1")
        self.assertEqual(got["code"], EIO)

    def test_a_warning_is_shown_once(self):
        headers = [("Content-Type", MANIFEST), ("Warning", '299 - "going \\"soon\\""'), ("Warning", '110 - "stale"'), ("Warning", "299 x"),
                   ("Warning", '299 r "and this"')]
        _, fake = ask(always(200, headers, BODY), ("manifest", "a:v1"), ("manifest", "a:v1"))
        self.assertEqual(fake.warnings, [f'{fake.host}: going \\"soon\\"', f"{fake.host}: and this"])


class Blobs(unittest.TestCase):
    def blob(self, *answer, size=len(LAYER), digest=digest_of(LAYER), script=None):
        return ask(script or always(*answer), "blob", "a@" + digest, size, path("back"))

    def test_digests_of_all_algorithms(self):
        for algorithm in "sha256", "sha384", "sha512":
            got, fake = self.blob(200, {}, LAYER, digest=digest_of(LAYER, algorithm))
            self.assertEqual(got["code"], OK)
            self.assertEqual(fake.seen(), ["GET /v2/a/blobs/" + digest_of(LAYER, algorithm)])

    def test_bytes_that_are_others(self):
        got, _ = self.blob(200, {}, LAYER[:-1] + b"y")
        self.assertEqual(got["code"], EREFUSED)
        self.assertIn("it has the digest " + digest_of(LAYER[:-1] + b"y"), got["error"])

    def test_too_few_and_too_many(self):
        got, _ = self.blob(200, {}, LAYER[:-1])
        self.assertEqual(got["code"], EREFUSED)
        self.assertIn("it has 1007 bytes, its descriptor says 1008", got["error"])
        got, _ = self.blob(200, {}, LAYER + b"y")
        self.assertEqual(got["code"], ELIMIT)
        got, _ = self.blob(200, {"Content-Length": "99999999999", "Connection": "close"}, LAYER)
        self.assertEqual(got["code"], ELIMIT)

    def test_a_part_is_not_all(self):
        got, _ = self.blob(206, {"Content-Range": "bytes 0-1007/2000"}, LAYER)
        self.assertEqual(got["code"], EIO)

    def test_a_cut_is_mended(self):
        def script(request):
            if len(fake_requests) < 2:
                fake_requests.append(request)
                return 200, {"Content-Length": str(len(LAYER)), "Connection": "close"}, LAYER[:500]
            return 200, {}, LAYER
        fake_requests = []
        got, fake = self.blob(script=script)
        self.assertEqual((got["code"], got["restarts"]), (OK, 2))
        with open(path("back"), "rb") as file:
            self.assertEqual(file.read(), LAYER)

    def test_what_is_no_digest_is_not_asked_for(self):
        for digest in "sha256:../../x", "md5:00", digest_of(b"x").upper(), digest_of(b"x") + "?a=b":
            got, fake = self.blob(200, {}, LAYER, digest=digest)
            self.assertEqual((got["code"], fake.requests), (EINVAL, []))

    def test_more_than_the_limit_is_not_asked_for(self):
        got, fake = ask(always(200, {}, LAYER), "read", "a@" + digest_of(LAYER), len(LAYER), len(LAYER) - 1)
        self.assertEqual((got["code"], fake.requests), (ELIMIT, []))

    def test_a_login_does_not_follow_to_another_host(self):
        with Fake(always(200, {}, LAYER), address="127.0.0.2") as store:
            def script(request):
                if not request.authorization:
                    return 401, {"WWW-Authenticate": 'Basic realm="x"'}, ""
                return 307, {"Location": f"http://{store.host}/blob?signature=s3cret"}, ""
            with Fake(script) as fake:
                got = play_one(fake.host, "blob", "a@" + digest_of(LAYER), len(LAYER), path("back"),
                               sources=insecure(fake.host, store.host), options=login(fake.host))
            self.assertEqual(got["code"], OK, got)
            self.assertEqual([request.authorization for request in store.requests], [None])

    def test_another_host_gets_no_login_when_it_asks(self):
        def ask_for_one(request):
            return 401, {"WWW-Authenticate": f'Basic realm="x", Bearer realm="http://{thief.host}/token"'}, ""
        with Fake(ask_for_one, address="127.0.0.2") as thief:
            with Fake(always(307, {"Location": f"http://{thief.host}/blob?x=s3cret"}, "")) as fake:
                got = play_one(fake.host, "blob", "a@" + digest_of(LAYER), len(LAYER), path("back"),
                               sources=insecure(fake.host, thief.host), options=login(fake.host))
            self.assertEqual((got["code"], len(thief.requests), thief.requests[0].authorization), (EREFUSED, 1, None))
            self.assertIn("which asks for a login", got["error"])
            self.assertNotIn("s3cret", got["error"])


class Mirrors(unittest.TestCase):
    def setUp(self):
        self.stack = contextlib.ExitStack()
        self.addCleanup(self.stack.close)

    def world(self, *scripts, prefixes=None):
        """The mirrors, and then the registry itself."""
        fakes = [self.stack.enter_context(Fake(script)) for script in scripts]
        names = [fake.host + prefix for fake, prefix in zip(fakes, prefixes or [""] * len(fakes))]
        self.home = fakes[-1].host
        self.sources = {**insecure(*[fake.host for fake in fakes]), "mirrors": {self.home: names[:-1]}}
        return fakes

    def play(self, *commands, options=()):
        got, self.warnings = play(self.home, *commands, sources=self.sources, options=options)
        return got

    def test_they_are_asked_in_their_order(self):
        good = always(200, HEADERS, BODY)
        first, second, home = self.world(always(*MISSING), good, good, prefixes=["/some/folder", "", ""])
        self.assertEqual(self.play(("manifest", "a:v1"))[0]["digest"], digest_of(BODY))
        self.assertEqual([first.seen(), second.seen(), home.seen()],
                         [["GET /v2/some/folder/a/manifests/v1"], ["GET /v2/a/manifests/v1"], []])
        self.assertEqual(self.warnings, [])

    def test_what_fails_there_is_asked_for_at_home(self):
        for answer, warning in ((MISSING, None), ((403, {}, ""), "status 403"), ((200, HEADERS, b"{}"), "has the digest"), ((501, {}, ""), "status 501"),
                                ((200, {**HEADERS, "Docker-Content-Digest": digest_of(b"")}, BODY), "the registry says")):
            mirror, home = self.world(always(*answer), always(200, HEADERS, BODY))
            by_tag, got = self.play(("manifest", "a:v1"), ("manifest", "a@" + digest_of(BODY)))
            self.assertEqual((by_tag["digest"], got["digest"]), (digest_of(BODY), digest_of(BODY)))
            self.assertEqual(len(home.requests), 2)
            self.assertTrue(warning in self.warnings[-1] if warning else not self.warnings, self.warnings)

    def test_one_that_is_away(self):
        mirror, home = self.world(always(*MISSING), always(200, HEADERS, BODY))
        self.sources["mirrors"][self.home] = [f"127.0.0.1:{free_port()}"]
        self.assertEqual(self.play(("manifest", "a:v1"))[0]["code"], OK)

    def test_a_digest_cannot_be_wrong(self):
        other = policy_manifest(b"other")
        mirror, home = self.world(always(200, HEADERS, other), always(200, HEADERS, BODY))
        got, = self.play(("manifest", "a@" + digest_of(BODY)))
        self.assertEqual(got["digest"], digest_of(BODY))
        self.assertIn("has the digest " + digest_of(other), self.warnings[0])

    def test_a_blob_that_is_wrong_there_is_begun_anew(self):
        mirror, home = self.world(always(200, {}, LAYER[:-1] + b"y"), always(200, {}, LAYER))
        got, = self.play(("blob", "a@" + digest_of(LAYER), len(LAYER), path("back")))
        self.assertEqual((got["code"], got["restarts"]), (OK, 1))
        with open(path("back"), "rb") as file:
            self.assertEqual(file.read(), LAYER)

    def test_a_full_disk_is_no_fault_of_a_mirror(self):
        mirror, home = self.world(always(200, {}, LAYER), always(200, {}, LAYER))
        got, = self.play(("blob", "a@" + digest_of(LAYER), len(LAYER), "/dev/full"))
        self.assertEqual((got["code"], home.requests), (-2, []))

    def test_each_has_its_own_login(self):
        def wants(request):
            return (200, HEADERS, BODY) if request.authorization else (401, {"WWW-Authenticate": 'Basic realm="x"'}, "")
        mirror, home = self.world(wants, wants)
        got, = self.play(("manifest", "a:v1"), options=login(self.home))
        self.assertEqual(got["code"], OK)
        self.assertEqual([request.authorization for request in mirror.requests], [None])
        self.assertEqual(self.warnings, [f"{mirror.host}: asks for a login, and there is none"])
        mirror.requests.clear(), home.requests.clear()
        got, = self.play(("manifest", "a:v1"), options=login(self.home) + login(mirror.host, "m", "p"))
        self.assertEqual([request.authorization for request in mirror.requests], [None, "Basic bTpw"])
        self.assertEqual(home.requests, [])

    def test_the_last_failure_is_told(self):
        self.world(always(403, {}, ""), always(404, {}, error("NAME_UNKNOWN", "not here")))
        got, = self.play(("manifest", "a:v1"))
        self.assertEqual((got["code"], got["error"]), (EINVAL, f"{self.home}: the manifest a:v1: status 404: NAME_UNKNOWN: not here"))

    def test_nothing_is_pushed_there(self):
        mirror, home = self.world(always(500, {}, ""), always(201, {}, ""))
        got, = self.play(("put-manifest", "a:v1", MANIFEST, write("manifest", BODY)))
        self.assertEqual((got["code"], mirror.requests), (OK, []))


if __name__ == "__main__":
    unittest.main()
