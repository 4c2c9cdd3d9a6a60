# SPDX-License-Identifier: Apache-2.0
"""What registries ask for before they answer, and what they must not get."""
import base64, json, time, unittest
from world import *

BODY = policy_manifest(b"x")
GOOD = (200, {"Content-Type": MANIFEST}, BODY)
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


def challenge(*values):
    return 401, [("WWW-Authenticate", value) for value in values], error("UNAUTHORIZED", "authentication required")


class Guard(Fake):
    """A registry that wants a token of its realm, or what `wanted` says."""

    def __init__(self, tokens=None, wanted="Bearer t0ken", text='Bearer realm="{realm}",service="s"', **more):
        super().__init__(self.guard, **more)
        self.tokens, self.wanted, self.text = tokens, wanted, text

    def guard(self, request):
        if request.authorization == self.wanted:
            return GOOD
        return challenge(*[text.format(realm=self.tokens.url + "/token" if self.tokens else "") for text in self.text.split("|")])


def token(**members):
    return lambda request: (200, {"Content-Type": "application/json"}, json.dumps(members))


class Logins(unittest.TestCase):
    def ask(self, realm, *commands, options=(), tls=False, named=True, **guard):
        """What came of it, the registry and the realm."""
        with Fake(realm, tls=guard.pop("realm_tls", tls)) as tokens, Guard(tokens, tls=tls, **guard) as fake:
            sources = authorities(fake.host, tokens.host) if tls else insecure(*[fake.host] + [tokens.host] * named)
            options = [word.replace("HOST", fake.host) for word in options]
            got, _ = play(fake.host, *(commands or [("manifest", "a:v1")]), sources=sources, options=options)
            return (got[0] if len(got) == 1 else got), fake, tokens

    def test_a_token_in_either_form(self):
        for members in {"token": "t0ken"}, {"access_token": "t0ken", "token": ""}:
            got, fake, tokens = self.ask(token(**members))
            self.assertEqual(got["digest"], digest_of(BODY))
            self.assertEqual([request.authorization for request in fake.requests], [None, "Bearer t0ken"])
            self.assertEqual(tokens.seen(), ["GET /token?client_id=chimera&service=s&scope=repository%3Aa%3Apull"])

    def test_the_realm_gets_the_login(self):
        _, _, tokens = self.ask(token(token="t0ken"), options=login("HOST"))
        self.assertEqual([request.authorization for request in tokens.requests], [BASIC])

    def test_what_the_challenge_names_besides_is_asked_for(self):
        _, _, tokens = self.ask(token(token="t0ken"), text='Bearer realm="{realm}",scope="repository:a:pull repository:b:pull,push registry:x:*"')
        self.assertEqual(tokens.requests[0].query["scope"], ["repository:a:pull", "repository:b:pull,push", "registry:x:*"])
        self.assertNotIn("service", tokens.requests[0].query)

    def test_challenges_are_told_apart(self):
        for text in ('Negotiate|Bearer realm="{realm}"', 'Basic realm="a, Bearer realm=b", bEaReR ReAlM="{realm}"',
                     'Bearer realm={realm}, Basic realm="x"', 'Bearer error="x",realm="{realm}"', 'Bearer|Bearer realm="{realm}"'):
            got, _, tokens = self.ask(token(token="t0ken"), text=text, options=login("HOST"))
            if text.startswith("Bearer|"):  # the first one has no realm
                self.assertEqual(got["code"], EREFUSED)
            else:
                self.assertEqual(got["code"], OK, (text, got))

    def test_basic_is_not_asked_for_twice(self):
        got, fake, _ = self.ask(token(), ("manifest", "a:v1"), ("manifest", "a:v1"), wanted=BASIC, text='basic realm="x"',
                                options=login("HOST"))
        self.assertEqual([request.authorization for request in fake.requests], [None, BASIC, BASIC])

    def test_a_login_that_is_not_accepted(self):
        got, fake, _ = self.ask(token(), wanted="nothing", text='Basic realm="x"', options=login("HOST"))
        self.assertEqual(got["code"], EREFUSED)
        self.assertEqual(len(fake.requests), 2)
        got, fake, _ = self.ask(token(), ("manifest", "a:v1"), ("manifest", "a:v1"), wanted="nothing", text='Basic realm="x"',
                                options=login("HOST"))
        self.assertEqual(got[1]["error"], f"{fake.host}: the login is not accepted")
        self.assertEqual(len(fake.requests), 3)

    def test_an_identity_token_is_no_password(self):
        got, fake, _ = self.ask(token(), text='Basic realm="x"', options=("--identity", "HOST", "s3cret"))
        self.assertEqual(got["error"], f"{fake.host}: asks for a name and a password, and the login is a token")

    def test_a_token_that_is_not_accepted_is_asked_for_once(self):
        got, fake, tokens = self.ask(token(token="other"))
        self.assertEqual(got["code"], EREFUSED)
        self.assertEqual((len(fake.requests), len(tokens.requests)), (2, 1))
        self.assertIn("status 401: UNAUTHORIZED: authentication required", got["error"])

    def test_a_token_that_has_lapsed_is_asked_for_again(self):
        """The registry forgets the first one; or its time is over while a blob is on its way."""
        def forgetful(request):
            served.append(request.authorization)
            return GOOD if request.authorization and served.count(request.authorization) < 3 else challenge(f'Bearer realm="{tokens.url}"')
        served, number = [], iter(range(9))
        with Fake(lambda request: token(token=f"t{next(number)}")(request)) as tokens, Fake(forgetful) as fake:
            got, _ = play(fake.host, *[("manifest", "a:v1")] * 3, sources=insecure(fake.host, tokens.host))
        self.assertEqual([line["code"] for line in got], [OK] * 3)
        self.assertEqual(served, [None, "Bearer t0", "Bearer t0", "Bearer t0", "Bearer t1"])

        def slow(request):
            served.append(request.authorization)
            if "blobs" in request.path:
                time.sleep(1.5)
                return 200, {}, b"x"
            return GOOD if request.authorization else challenge(f'Bearer realm="{tokens.url}"')
        served, number = [], iter(range(9))
        with Fake(lambda request: token(token=f"t{next(number)}", expires_in=1)(request)) as tokens, Fake(slow) as fake:
            play(fake.host, ("manifest", "a:v1"), ("read", "a@" + digest_of(b"x"), 1, 1), ("manifest", "a:v1"),
                 sources=insecure(fake.host, tokens.host))
        self.assertEqual(served[-2:], [None, "Bearer t1"])

    def test_what_a_realm_can_do_wrong(self):
        jwt = "secret" + "x" * (200 << 10)
        for answer, code, want in (((500, {}, "<html>"), EIO, "status 500"), ((403, {}, error("DENIED", "go away")), EREFUSED, "status 403: DENIED: go away"),
                                   ((200, {}, "<html>secret"), EIO, "the answer is not JSON"), ((200, {}, '{"token":7}'), EIO, "the answer has no token"),
                                   ((200, {}, '{"token":"secret\\r\\nX: y"}'), EIO, "the answer has no token"),
                                   ((200, {}, json.dumps({"token": jwt})), ELIMIT, "larger than 131072 bytes"),
                                   ((204, {}, ""), EIO, "status 204")):
            got, fake, _ = self.ask(lambda request: answer)
            self.assertEqual(got["code"], code, got)
            self.assertIn(want, got["error"])
            self.assertTrue(got["error"].startswith(fake.host + ": no token"), got)
            self.assertNotIn("secret", got["error"])

    def test_a_realm_is_https_unless_the_registry_is_not(self):
        for realm in "http://127.0.0.1:1/token", "ftp://127.0.0.1/x", "/token", "https://u:p@127.0.0.1/", "file:///etc/passwd":
            got, fake, tokens = self.ask(token(token="t0ken"), text=f'Bearer realm="{realm}"', tls=True, options=login("HOST"))
            self.assertEqual(got["code"], EREFUSED, (realm, got))
            self.assertEqual(tokens.requests, [])
        with Fake(token(token="t0ken")) as plain, Guard(plain, tls=True) as fake:
            sources = {**authorities(fake.host), **insecure(plain.host)}  # named, and still: the registry has TLS
            got = play_one(fake.host, "manifest", "a:v1", sources=sources, options=login(fake.host))
            self.assertEqual((got["code"], plain.requests), (EREFUSED, []))
            self.assertIn("which is not https", got["error"])

    def test_a_realm_without_tls_must_be_named(self):
        got, fake, tokens = self.ask(token(token="t0ken"), named=False, options=login("HOST"))
        self.assertEqual((got["code"], tokens.requests), (EREFUSED, []))

    def test_a_login_does_not_follow_a_realm_to_another_host(self):
        with Fake(token(token="t0ken"), address="127.0.0.2") as other:
            with Fake(lambda request: (307, {"Location": other.url + "/token"}, "")) as tokens, Guard(tokens) as fake:
                got = play_one(fake.host, "manifest", "a:v1", sources=insecure(fake.host, tokens.host, other.host), options=login(fake.host))
            self.assertEqual((got["code"], [request.authorization for request in other.requests]), (OK, [None]))
            with Fake(lambda request: (307, {"Location": other.url + "/token"}, "")) as tokens, Guard(tokens) as fake:
                other.requests.clear()
                got = play_one(fake.host, "manifest", "a:v1", sources=insecure(fake.host, tokens.host, other.host),
                               options=("--identity", fake.host, "s3cret"))
            self.assertEqual((got["code"], other.requests), (EREFUSED, []))
            self.assertNotIn("s3cret", got["error"])

    def test_what_a_server_shows_of_a_login_is_not_shown(self):
        def show(request):
            if not request.authorization:
                return challenge('Basic realm="x"')
            words = f"you sent {request.authorization}, which is {PASSWORD}, {PASSWORD}"
            return 403, {"Warning": f'299 - "{words}"'}, error("DENIED", words)
        with Fake(show) as fake:
            said, warnings = play(fake.host, ("manifest", "a:v1"), sources=fake.insecure, options=login(fake.host))
        for text in said[0]["error"], warnings[0]:
            self.assertIn(f"you sent Basic {'*' * len(BASIC[6:])}, which is {'*' * len(PASSWORD)}, ", text)
            self.assertNotIn(PASSWORD, text)

    def test_what_a_server_shows_of_a_token_is_not_shown(self):
        show = lambda request: (403, {}, f"no: {request.authorization}") if request.authorization else challenge(f'Bearer realm="{tokens.url}"')
        with Fake(token(token="t0ken")) as tokens, Fake(show) as fake:
            got = play_one(fake.host, "manifest", "a:v1", sources=insecure(fake.host, tokens.host))
        self.assertIn("no: Bearer *****", got["error"])
        with Fake(lambda request: (403, {}, f"no: {request.authorization}, {request.body.decode()}")) as tokens, Guard(tokens) as fake:
            hosts = insecure(fake.host, tokens.host)
            got = play_one(fake.host, "manifest", "a:v1", sources=hosts, options=login(fake.host))
            self.assertIn("no: Basic ***", got["error"])
            got = play_one(fake.host, "manifest", "a:v1", sources=hosts, options=("--identity", fake.host, "s3cret"))
            self.assertIn("refresh_token=******", got["error"])

    def test_no_challenge_is_no_way_in(self):
        with Fake(lambda request: (401, {}, error("UNAUTHORIZED", "no"))) as fake:
            got = play_one(fake.host, "manifest", "a:v1", sources=fake.insecure, options=login(fake.host))
        self.assertEqual((got["code"], len(fake.requests)), (EREFUSED, 1))
        self.assertIn("status 401: UNAUTHORIZED: no", got["error"])


if __name__ == "__main__":
    unittest.main()
