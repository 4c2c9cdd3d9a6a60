# SPDX-License-Identifier: Apache-2.0
"""Debian's docker-registry, plain, by TLS, with passwords and with tokens, and go-containerregistry's where it is there:
the same must come to the same."""
import contextlib, json, os, unittest
from world import *

LAYER = b"\0asm\1\0\0\0" + bytes(range(256)) * 4000
LARGE = os.urandom(1 << 20) * 37 + b"the end"  # nine chunks and a piece


def read(name):
    with open(path(name), "rb") as file:
        return file.read()


class Registry:
    """What each of them must do. `host`, `sources` and `options` are set by the classes below."""

    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.sources, cls.options = None, ()
        cls.begin()
        cls.layer, cls.config, cls.large = write("layer", LAYER), write("config", b"{}"), write("large", LARGE)

    @classmethod
    def tearDownClass(cls):
        cls.stack.close()

    def play(self, *commands):
        got, _ = play(self.host, *commands, sources=self.sources, options=self.options)
        self.assertEqual(len(got), len(commands), got)
        return got

    def good(self, *commands):
        got = self.play(*commands)
        self.assertEqual([line["code"] for line in got], [OK] * len(commands), got)
        return got

    def push(self, repository, layer=LAYER, name="layer", **more):
        """The digest of a policy that is there then."""
        manifest = policy_manifest(layer, **more)
        got = self.good(("put-blob", repository, digest_of(layer), path(name), "-"),
                        ("put-blob", repository, digest_of(b"{}"), self.config, "-"),
                        ("put-manifest", repository + ":v1", MANIFEST, write("manifest", manifest)))
        self.assertEqual(got[2]["digest"], digest_of(manifest))
        return got[2]

    def test_a_policy_goes_there_and_comes_back(self):
        digest = self.push("a/policy")["digest"]
        resolved, by_tag, by_digest, blob, config = self.good(
            ("resolve", "a/policy:v1"), ("manifest", "a/policy:v1"), ("manifest", "a/policy@" + digest),
            ("blob", "a/policy@" + digest_of(LAYER), len(LAYER), path("back")),
            ("read", "a/policy@" + digest_of(b"{}"), 2, 100))
        self.assertEqual(resolved["digest"], digest)
        self.assertEqual(by_tag, by_digest)
        self.assertEqual(by_tag["digest"], digest)
        self.assertEqual(by_tag["type"], MANIFEST)
        self.assertEqual([(entry["type"], entry["digest"], entry["size"]) for entry in by_tag["entries"]],
                         [(WASM, digest_of(LAYER), len(LAYER))])
        self.assertEqual(read("back"), LAYER)
        self.assertEqual(config["text"], "{}")

    def test_a_repository_of_one_letter(self):
        digest = self.push("p")["digest"]
        self.assertEqual(self.good(("resolve", "p:v1"))[0]["digest"], digest)

    def test_a_large_blob_goes_in_chunks(self):
        self.good(("put-blob", "large", digest_of(LARGE), self.large, "-"))
        self.good(("blob", "large@" + digest_of(LARGE), len(LARGE), path("back")))
        self.assertEqual(digest_of(read("back")), digest_of(LARGE))

    def test_nothing_is_a_blob_too(self):
        self.good(("put-blob", "nothing", digest_of(b""), write("nothing", b""), "-"))
        self.good(("blob", "nothing@" + digest_of(b""), 0, path("back")))
        self.assertEqual(read("back"), b"")

    def test_a_blob_is_mounted(self):
        self.push("mount/from")
        self.good(("put-blob", "mount/to", digest_of(LAYER), write("other", b"not what is mounted"), "mount/from"))
        self.good(("blob", "mount/to@" + digest_of(LAYER), len(LAYER), path("back")))
        self.assertEqual(read("back"), LAYER)

    def test_what_cannot_be_mounted_is_sent(self):
        data = b"of this test only " + self.id().encode()
        self.good(("put-blob", "mount/sent", digest_of(data), write("data", data), "mount/not-there"))
        self.good(("read", "mount/sent@" + digest_of(data), len(data), 1000))

    def test_what_has_another_digest_is_refused(self):
        got, = self.play(("put-blob", "wrong", digest_of(b"that"), write("this", b"this"), "-"))
        self.assertEqual(got["code"], EIO)
        self.assertIn("status 400", got["error"])
        got, = self.play(("read", "wrong@" + digest_of(b"that"), 4, 100))
        self.assertEqual(got["code"], EINVAL)

    def test_what_is_not_there_is_told(self):
        self.push("missing")
        for what in "missing:v2", "missing@" + digest_of(b"x"):
            for command in "manifest", "resolve":
                got, = self.play((command, what))
                self.assertEqual(got["code"], EINVAL)
                self.assertRegex(got["error"], f"^{self.host}: the manifest {what}: status 404: MANIFEST_UNKNOWN")

    def test_a_size_that_is_not_true(self):
        self.push("size")
        for size in len(LAYER) - 1, len(LAYER) + 1, 0, 1:
            got, = self.play(("blob", "size@" + digest_of(LAYER), size, path("back")))
            self.assertIn(got["code"], (EREFUSED, ELIMIT))

    def test_referrers_are_found(self):
        subject = self.push("referrers")["digest"]
        at = "referrers@" + subject
        self.assertEqual(self.good(("referrers", at))[0]["entries"], [])
        pushed = []
        for number in 1, 2:
            manifest = compact({"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": f"application/x-{number}",
                                "config": descriptor(b"{}", "application/vnd.oci.empty.v1+json"), "layers": [],
                                "subject": {"mediaType": MANIFEST, "digest": subject, "size": len(policy_manifest(LAYER))}})
            got, _, _ = self.good(
                ("put-manifest", "referrers@" + digest_of(manifest), MANIFEST, write("manifest", manifest)),
                ("add-referrer", at, f"application/x-{number}", digest_of(manifest), len(manifest)),
                ("add-referrer", at, f"application/x-{number}", digest_of(manifest), len(manifest)))
            self.assertEqual(got["digest"], digest_of(manifest))
            self.assertEqual(got["subject"], self.lists_referrers)
            pushed.append(digest_of(manifest))
        listed, tag = self.good(("referrers", at), ("manifest", "referrers:" + subject.replace(":", "-")))
        self.assertEqual(sorted(entry["digest"] for entry in listed["entries"]), sorted(pushed))
        self.assertEqual({entry["artifact"] for entry in tag["entries"]}, {"application/x-1", "application/x-2"})
        self.assertEqual([entry["digest"] for entry in tag["entries"]], pushed)
        self.assertTrue(tag["index"])

    lists_referrers = False


class Plain(Registry, unittest.TestCase):
    @classmethod
    def begin(cls):
        cls.host = cls.stack.enter_context(docker_registry())
        cls.sources = insecure(cls.host)

    def test_a_host_that_nobody_named_insecure_is_not_asked_in_the_clear(self):
        got = play_one(self.host, "manifest", "a:b")
        self.assertEqual(got["code"], EIO)

    def test_an_upload_that_is_cut_comes_there(self):
        """2.8 forgets a session that was cut, or says where it stands: either must do."""
        for number, (limit, cuts) in enumerate(((1 << 20, 1), (6 << 20, 2), (30 << 20, 1), (100, 1), (500, 2))):
            data = LARGE + bytes([number])
            with Cutter(self.host, limit, cuts) as cutter:
                got = play_one(cutter.host, "put-blob", "cut", digest_of(data), write("data", data), "-",
                               sources=insecure(cutter.host))
                self.assertEqual(got["code"], OK, got)
                self.assertEqual(cutter.cuts, 0)
            self.good(("blob", "cut@" + digest_of(data), len(data), path("back")))

    def test_a_whole_upload_that_is_cut_comes_there(self):
        data = LARGE[:10 << 20]
        with Cutter(self.host, 5 << 20, 1) as cutter:
            got = play_one(cutter.host, "put-blob", "cut", digest_of(data), write("data", data), "-",
                           sources=insecure(cutter.host))
            self.assertEqual(got["code"], OK, got)
            self.assertEqual(cutter.cuts, 0)
        self.good(("blob", "cut@" + digest_of(data), len(data), path("back")))


class Tls(Registry, unittest.TestCase):
    @classmethod
    def begin(cls):
        cls.host = cls.stack.enter_context(docker_registry(tls=True))
        cls.sources = authorities(cls.host)

    def test_an_authority_that_nobody_named_is_not_trusted(self):
        got = play_one(self.host, "manifest", "a:b")
        self.assertEqual(got["code"], EIO)
        self.assertIn("certificate", got["error"])


class Basic(Registry, unittest.TestCase):
    @classmethod
    def begin(cls):
        auth = f"auth:\n  htpasswd: {{realm: \"a, b\", path: {write('htpasswd', HTPASSWD)}}}\n"
        cls.host = cls.stack.enter_context(docker_registry(auth, tls=True))
        cls.sources, cls.options = authorities(cls.host), login(cls.host)

    def test_without_a_login_it_is_told(self):
        got = play_one(self.host, "manifest", "a:b", sources=self.sources)
        self.assertEqual((got["code"], got["error"]), (EREFUSED, f"{self.host}: asks for a login, and there is none"))

    def test_a_wrong_login_is_told_and_not_shown(self):
        got = play_one(self.host, "manifest", "a:b", sources=self.sources, options=login(self.host, password="s3cret"))
        self.assertEqual(got["code"], EREFUSED)
        self.assertIn("401", got["error"])
        self.assertNotIn("s3cret", got["error"])


class TokenServer(Fake):
    """Grants what is asked for, to whom it knows; for pulls of `open/…` to anybody."""

    def __init__(self, **more):
        super().__init__(self.grant, **more)

    def grant(self, request):
        known = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        form = urllib.parse.parse_qs(request.body.decode())
        is_known = request.authorization == known or form.get("refresh_token") == ["identity+/="]
        if request.authorization and not is_known:
            return 401, {}, error("UNAUTHORIZED", "who are you?")
        scopes = form.get("scope", [""])[0].split() if form else request.query.get("scope", [])
        access = []
        for scope in scopes:
            kind, name, actions = scope.split(":")
            allowed = actions.split(",") if is_known else ["pull"] if name.startswith("open/") else []
            access.append({"type": kind, "name": name, "actions": allowed})
        name = "access_token" if form else "token"
        return 200, {}, json.dumps({name: sign_token(access)})


class Token(Registry, unittest.TestCase):
    @classmethod
    def begin(cls):
        make_authority()
        cls.tokens = cls.stack.enter_context(TokenServer(tls=True))
        auth = (f"auth:\n  token: {{realm: \"{cls.tokens.url}/token?a=b\", service: \"service, with a comma\", issuer: issuer, "
                f"rootcertbundle: {path('token.crt')}}}\n")
        cls.host = cls.stack.enter_context(docker_registry(auth, tls=True))
        cls.sources, cls.options = authorities(cls.host, cls.tokens.host), login(cls.host)

    def setUp(self):
        self.tokens.requests.clear()

    def test_a_token_is_asked_for_once(self):
        self.push("once")
        self.tokens.requests.clear()
        self.good(*[("manifest", "once:v1")] * 3, ("read", "once@" + digest_of(b"{}"), 2, 10), ("resolve", "once:v1"))
        self.assertEqual(len(self.tokens.requests), 1)
        self.assertEqual(self.tokens.requests[0].query, {"a": ["b"], "client_id": ["chimera"], "service": ["service, with a comma"],
                                                         "scope": ["repository:once:pull"]})

    def test_a_mount_asks_for_both_repositories(self):
        self.push("both/from")
        self.tokens.requests.clear()
        self.good(("put-blob", "both/to", digest_of(LAYER), write("other", b"not it"), "both/from"))
        self.assertIn(["repository:both/to:pull,push", "repository:both/from:pull"],
                      [request.query["scope"] for request in self.tokens.requests])

    def test_an_anonymous_pull_has_no_login(self):
        self.push("open/policy")
        self.tokens.requests.clear()
        got = play_one(self.host, "manifest", "open/policy:v1", sources=self.sources)
        self.assertEqual(got["code"], OK)
        self.assertEqual([request.authorization for request in self.tokens.requests], [None])

    def test_what_is_not_granted_is_told(self):
        self.push("closed")
        self.tokens.requests.clear()
        got = play_one(self.host, "manifest", "closed:v1", sources=self.sources)
        self.assertEqual(got["code"], EREFUSED)
        self.assertIn("status 401: UNAUTHORIZED", got["error"])
        self.assertEqual(len(self.tokens.requests), 1)

    def test_a_wrong_login_is_told_by_the_realm(self):
        got = play_one(self.host, "manifest", "a:b", sources=self.sources, options=login(self.host, password="s3cret"))
        self.assertEqual(got["code"], EREFUSED)
        self.assertEqual(got["error"], f"{self.host}: no token from {self.tokens.url}/token: status 401: UNAUTHORIZED: who are you?")

    def test_an_identity_token_is_exchanged(self):
        digest = self.push("identity")["digest"]
        self.tokens.requests.clear()
        got = play_one(self.host, "resolve", "identity:v1", sources=self.sources,
                       options=("--identity", self.host, "identity+/="))
        self.assertEqual(got["digest"], digest)
        request, = self.tokens.requests
        self.assertEqual((request.method, request.authorization), ("POST", None))
        self.assertEqual(urllib.parse.parse_qs(request.body.decode()), {
            "grant_type": ["refresh_token"], "refresh_token": ["identity+/="], "client_id": ["chimera"],
            "service": ["service, with a comma"], "scope": ["repository:identity:pull"]})


@unittest.skipUnless(GO_REGISTRY, "CHIMERA_GO_REGISTRY names none")
class Go(Registry, unittest.TestCase):
    lists_referrers = False  # it has the API, and does not say so

    @classmethod
    def begin(cls):
        cls.host = cls.stack.enter_context(go_registry())
        cls.sources = insecure(cls.host)


if __name__ == "__main__":
    unittest.main()
