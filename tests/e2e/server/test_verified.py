# SPDX-License-Identifier: Apache-2.0
"""Policies that must be signed, and those that come through proxies: upstream's rows about them (policy-server.md §8), with
docker-registry in place of upstream's, and signatures by openssl or by cosign (tests/unit/compiler/fetch/signature/samples)."""
import json, os, signal, sys, threading, unittest

import harness
from harness import ROOT, Server, wait_for, wasm
from test_fetch import Fetch, module
import registries, sigstore
from registries import Registry
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e", "fetch"))
import world

SAMPLES = os.path.join(ROOT, "tests", "unit", "compiler", "fetch", "signature", "samples")
REFUSED = "Policy 'p' cannot be verified: "
MISSING = "Image verification failed: missing signatures"
SHORT = "Image verification failed: minimum number of signatures not reached: needed 2, got 1"


def sample(*name):
    return os.path.join(SAMPLES, *name)


def read(*name):
    with open(sample(*name), "rb") as file:
        return file.read()


def setUpModule():
    global REGISTRY
    if registries.is_there():
        REGISTRY = Registry()
        unittest.addModuleCleanup(REGISTRY.__exit__)


class Signed(Fetch):
    """Each test has repositories of its own, and three keys."""

    def setUp(self):
        super().setUp()
        self.repository = "-".join(self.id().lower().split(".")[1:]).replace("_", "-")
        self.sources = REGISTRY.insecure()
        self.key = {}
        for name in ("first", "second", "other"):
            self.key[name] = registries.make_key(f"{self.folder}/{name}")

    def put(self, name="accept", *signatures, version="v1", repository=None):
        """(private key, annotations); the policy's URI."""
        repository = repository or self.repository
        digest = REGISTRY.put_policy(repository, version, module(name))
        if signatures:
            REGISTRY.put_signatures(repository, digest, *[(f"{self.folder}/{key}", annotations) for key, annotations in signatures])
        return f"registry://{REGISTRY.host}/{repository}:{version}"

    def want(self, **entry):
        return {"kind": "pubKey", "owner": "a test", "key": self.key[entry.pop("by")], **entry}

    def config(self, **lists):
        return "--verification-path", self.write("verification.yml", {"apiVersion": "v1", **lists})

    def serve(self, policies, *flags, **more):
        return Server(policies, "--sources-path", self.sources, *flags, **more)


@unittest.skipUnless(registries.is_there(), "no docker-registry here")
class Keys(Signed):
    def test_verified_policy(self):
        uri = self.put("accept", ("first", {"env": "prod", "stable": "true"}), ("second", {"env": "prod"}))
        config = self.config(allOf=[self.want(by="first", annotations={"env": "prod", "stable": "true"}),
                                    self.want(by="second", annotations={"env": "prod"})])
        with self.serve({"pod-privileged": {"module": uri}}, *config) as server:
            self.assertEqual(server.post("/validate/pod-privileged")[0], 200)
            self.assertTrue(server.verdict("/validate/pod-privileged")["allowed"])

    def test_verify_success(self):
        """PS/src/policy_downloader.rs: two policies of one URL are one download."""
        uri = self.put("accept", ("first", {}))
        with self.serve({name: {"module": uri} for name in ("one", "two")}, *self.config(allOf=[self.want(by="first")]),
                        log="info") as server:
            self.assertTrue(server.verdict("/validate/one")["allowed"] and server.verdict("/validate/two")["allowed"])
            self.assertEqual(server.log().count("policy download "), 1, server.log())

    def test_verify_error(self):
        """PS/src/policy_downloader.rs: an unsatisfied constraint."""
        uri = self.put("accept", ("first", {"env": "prod"}))
        for entry in (self.want(by="other"), self.want(by="first", annotations={"env": "dev"}),
                      {"kind": "githubAction", "owner": "kubewarden"}):
            text = self.fails({"pod-privileged": {"module": uri}}, "--sources-path", self.sources, *self.config(allOf=[entry]))
            self.assertIn(f"Policy 'pod-privileged' cannot be verified: {MISSING}", text)
            self.assertIn("kind: " + entry["kind"], text)
        either = {"minimumMatches": 2, "signatures": [self.want(by="first"), self.want(by="other")]}
        self.assertIn("cannot be verified: " + SHORT,
                      self.fails({"p": {"module": uri}}, "--sources-path", self.sources, *self.config(anyOf=either)))
        unsigned = self.put(repository=self.repository + "-unsigned")
        self.assertIn("Policy 'p' cannot be verified: no signatures found for image: ",
                      self.fails({"p": {"module": unsigned}}, "--sources-path", self.sources, *self.config(anyOf=either)))

    def test_it_is_that_policy_s_failure_with_continue_on_errors(self):
        good, bad = self.put("accept", ("first", {})), self.put("reject", ("other", {}), repository=self.repository + "-bad")
        with self.serve({"good": {"module": good}, "bad": {"module": bad}, "file": {"module": wasm("accept")}},
                        *self.config(allOf=[self.want(by="first")]), "--continue-on-errors") as server:
            self.assertTrue(server.verdict("/validate/good")["allowed"])
            for name, cause in (("bad", MISSING), ("file", "")):  # nobody can sign a file on this machine
                response = server.verdict("/validate/" + name)
                self.assertEqual((response["allowed"], response["status"]["code"]), (False, 500))
                self.assertIn(f"Policy '{name}' cannot be verified: {cause}", response["status"]["message"])

    def test_members_of_groups_are_verified(self):
        good, bad = self.put("accept", ("first", {})), self.put("accept", ("other", {}), repository=self.repository + "-bad")
        def group(uri):
            return {"g": {"expression": "a()", "message": "no", "policies": {"a": {"module": uri}}}}
        config = self.config(allOf=[self.want(by="first")])
        with self.serve(group(good), *config) as server:
            self.assertTrue(server.verdict("/validate/g")["allowed"])
        text = self.fails(group(bad), "--sources-path", self.sources, *config)
        self.assertIn("Policy 'g/#a' cannot be verified: " + MISSING, text)

    def test_a_reload_verifies_again(self):
        uri = self.put("accept", ("first", {}), version="latest")
        with self.serve({"p": {"module": uri}}, *self.config(allOf=[self.want(by="first")])) as server:
            self.put("reject", ("other", {}), version="latest")
            server.process.send_signal(signal.SIGHUP)
            self.assertTrue(wait_for(lambda: "reload refused" in server.log()))
            self.assertIn("missing signatures", server.log())
            self.assertTrue(server.verdict("/validate/p")["allowed"])
            self.put("reject", ("first", {}), version="latest")
            server.process.send_signal(signal.SIGHUP)
            self.assertTrue(wait_for(lambda: not server.verdict("/validate/p")["allowed"]))

    def test_what_was_changed_in_the_store_is_refused(self):
        """The signature is good, but of another file."""
        uri, store = self.put("accept", ("first", {})), self.folder + "/store"
        flags = ["--sources-path", self.sources, *self.config(allOf=[self.want(by="first")]), "--policies-download-dir", store]
        with Server({"p": {"module": uri}}, *flags) as server:
            self.assertTrue(server.verdict("/validate/p")["allowed"])
        with open(f"{store}/registry/{REGISTRY.host}/{self.repository}:v1", "wb") as out:
            out.write(module("reject"))
        text = self.fails({"p": {"module": uri}}, *flags)
        self.assertIn(REFUSED + "The digest of the local file doesn't match with the one reported inside of the signed manifest.", text)


@unittest.skipUnless(registries.is_there(), "no docker-registry here")
class Keyless(Signed):
    """PS/tests/sigstore.rs: a private Sigstore, of our own, or of cosign's, which has signed an empty module."""

    def root(self, tree, name="root.json"):
        return "--sigstore-trust-config", self.write(name, tree)

    def test_sigstore_trust_config(self):
        private = sigstore.Sigstore(self.folder, "private")
        digest = REGISTRY.put_policy(self.repository, "v1", module("accept"))
        key, certificate = private.certify("email:ann@example.org", "https://issuer.example")
        REGISTRY.put_signatures(self.repository, digest, (lambda payload: private.sign(payload, key, certificate), {}))
        uri = f"registry://{REGISTRY.host}/{self.repository}:v1"
        config = self.config(allOf=[{"kind": "genericIssuer", "issuer": "https://issuer.example",
                                     "subject": {"equal": "ann@example.org"}}])
        root = private.trusted_root()
        with self.serve({"p": {"module": uri}}, *config, *self.root(root)) as server:
            self.assertTrue(server.verdict("/validate/p")["allowed"])
        other = sigstore.Sigstore(self.folder, "other").trusted_root()
        for part in ("tlogs", "ctlogs", "certificateAuthorities"):
            text = self.fails({"p": {"module": uri}}, "--sources-path", self.sources, *config,
                              *self.root({**root, part: other[part]}, part + ".json"))
            self.assertIn(REFUSED, text)

    def put_sample(self, repository, bundle):
        for name in ("policy.wasm", "config.json"):
            REGISTRY.put_blob(repository, read("artifact", name))
        digest = REGISTRY.put_manifest(repository, "v1", read("artifact", "policy-manifest.json"))
        REGISTRY.put_bundles(repository, digest, bundle)
        return f"registry://{REGISTRY.host}/{repository}:v1"

    def failure(self, uri, subject, issuer, root):
        config = self.config(allOf=[{"kind": "genericIssuer", "issuer": issuer, "subject": {"equal": subject}}])
        return self.fails({"p": {"module": uri}}, "--sources-path", self.sources, *config,
                          *(("--sigstore-trust-config", root) if root else ()))

    def test_what_cosign_signed(self):
        """The sample is no policy: that this is found out says that it was verified, for what is not is never looked at."""
        root = sample("trusted_root.json")
        for name in ("mail", "ci"):
            _, subject, _, issuer = read("bundle-keyless", name + ".expect").decode().split()
            bundle = read("bundle-keyless", name + ".json")
            uri = self.put_sample(f"{self.repository}-{name}", bundle)
            text = self.failure(uri, subject, issuer, root)
            self.assertNotIn(REFUSED, text)
            self.assertNotIn("Error while downloading", text)
            for one_wrong in ((uri, "x" + subject, issuer, root), (uri, subject, issuer + "/", root), (uri, subject, issuer, None)):
                self.assertIn(REFUSED, self.failure(*one_wrong))
            signature = json.loads(bundle)["dsseEnvelope"]["signatures"][0]["sig"]
            middle = len(signature) // 2
            changed = signature[:middle] + ("A" if signature[middle] != "A" else "B") + signature[middle + 1:]
            uri = self.put_sample(f"{self.repository}-{name}-changed", bundle.replace(signature.encode(), changed.encode()))
            self.assertIn(REFUSED, self.failure(uri, subject, issuer, root))


@unittest.skipUnless(registries.is_there(), "no docker-registry here")
class Shown(Signed):
    """On the admin port."""

    @staticmethod
    def ask(port, path):
        connection = harness.http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def test_what_is_served_with_its_signers(self):
        uri = self.put("accept", ("first", {}))
        digest, port = REGISTRY.get_manifest(self.repository, "v1")[0], harness.free_port()
        with self.serve({"p": {"module": uri}}, *self.config(allOf=[self.want(by="first")]), "--admin-port", str(port)):
            (policy,) = json.loads(self.ask(port, "/policies"))["policies"]
            self.assertEqual(policy["manifest_digest"], digest)
            self.assertTrue(policy["signers"])
            for part in (digest, "signed: ", "fetched "):
                self.assertIn(part, self.ask(port, "/"))
            self.assertRegex(self.ask(port, "/metrics"), r'chimera_policy_fetched_timestamp_seconds\{[^}]*policy[^}]*"p"[^}]*\} \d+')

    def test_what_is_being_fetched(self):
        """A registry that does not answer until it may."""
        may_answer, port = threading.Event(), harness.free_port()
        def script(request, number):
            may_answer.wait(120)
            return world.answer(404, b"{}")
        with world.Server(script) as slow:
            sources = self.write("sources.yml", {"insecure_sources": [slow.name]})
            with Server({"p": {"module": f"registry://{slow.name}/a:v1"}}, "--sources-path", sources, "--admin-port", str(port),
                        is_awaited=False) as server:
                self.assertTrue(slow.wait_for(1))
                self.assertTrue(wait_for(lambda: [policy["state"] for policy in json.loads(self.ask(port, "/policies"))["policies"]]
                                         == ["fetching"]))
                may_answer.set()
                self.assertEqual(server.process.wait(120), 1)


def by_proxy(**more):
    """Only these: the machine that tests may have some of its own."""
    return {**{name: "" for name in world.NO_PROXIES}, **more}


@unittest.skipUnless(registries.is_there(), "no docker-registry here")
class Proxies(Fetch):
    """The registry is by TLS, or plain; its authority is the system's here."""

    def serve(self, registry, proxy, environment, *flags):
        registry.put_policy("p", "v1", module("accept"))
        environment = by_proxy(SSL_CERT_FILE=world.path("system.crt"), **environment)
        with Server({"p": {"module": f"registry://{registry.host}/p:v1"}}, *flags, environment=environment) as server:
            self.assertTrue(server.verdict("/validate/p")["allowed"])
        return [(request.method, request.target) for request in proxy.requests]

    @staticmethod
    def secure():
        return Registry(tls=[world.path(name) for name in ("by-system.crt", "by-system.key", "system.crt")])

    def test_policy_server_with_https_proxy(self):
        for names in (("HTTPS_PROXY", "HTTP_PROXY"), ("HTTPS_PROXY",)):
            with self.secure() as registry, world.Proxy() as proxy:
                asked = self.serve(registry, proxy, {name: proxy.url() for name in names})
                self.assertEqual(set(asked), {("CONNECT", registry.host)})

    def test_policy_server_with_http_proxy(self):
        with Registry() as registry, world.Proxy() as proxy:
            asked = self.serve(registry, proxy, {"HTTP_PROXY": proxy.url()}, "--sources-path", registry.insecure())
            self.assertIn(("GET", f"http://{registry.host}/v2/p/manifests/v1"), asked)

    def test_policy_server_with_no_proxy(self):
        with self.secure() as registry, world.Proxy() as proxy:
            self.assertEqual(self.serve(registry, proxy, {"HTTPS_PROXY": proxy.url(), "NO_PROXY": "localhost"}), [])

    def test_a_proxy_of_the_sources_file(self):
        with self.secure() as registry, world.Proxy() as proxy:
            sources = self.write("sources.yml", {"proxies": {"https_proxy": proxy.url()}})
            asked = self.serve(registry, proxy, {"HTTPS_PROXY": "http://127.0.0.1:1"}, "--sources-path", sources)
            self.assertEqual(set(asked), {("CONNECT", registry.host)})

    def test_a_proxy_that_is_not_there_is_named(self):
        with self.secure() as registry:
            with Server({"p": {"module": f"registry://{registry.host}/p:v1"}}, is_awaited=False,
                        environment=by_proxy(HTTPS_PROXY="http://user:s3cr3t@127.0.0.1:1")) as server:
                self.assertEqual(server.process.wait(120), 1)
                self.assertIn(f"Error while downloading policy 'p' from registry://{registry.host}/p:v1: ", server.errors())
                self.assertIn("the proxy 127.0.0.1:1 cannot be reached", server.errors())
                self.assertNotIn("s3cr3t", server.errors() + server.log())


@unittest.skipUnless(registries.is_there(), "no docker-registry here")
class Places(Fetch):
    """PF/tests/e2e.rs: what sources.yml allows, and names that lead nowhere."""

    def test_plain_http_wants_to_be_allowed(self):
        with Registry() as registry:
            registry.put_policy("p", "v1", module("accept"))
            policies = {"p": {"module": f"registry://{registry.host}/p:v1"}}
            self.assertIn("Error while downloading policy 'p' from ", self.fails(policies))
            with Server(policies, "--sources-path", registry.insecure()) as server:
                self.assertTrue(server.verdict("/validate/p")["allowed"])

    def test_a_certificate_of_one_s_own(self):
        """Refused; taken with its authority; taken from a host that is called insecure."""
        with Registry(tls=[world.path(name) for name in ("by-own.crt", "by-own.key", "own.crt")]) as registry:
            registry.put_policy("p", "v1", module("accept"))
            policies = {"p": {"module": f"registry://{registry.host}/p:v1"}}
            self.assertIn("Error while downloading policy 'p' from ", self.fails(policies))
            for sources in (registry.trusted(), registry.insecure()):
                with Server(policies, "--sources-path", sources) as server:
                    self.assertTrue(server.verdict("/validate/p")["allowed"])

    def test_wrong_urls(self):
        with Registry() as registry:
            for name in (f"registry://{registry.host}/none:v1", "registry://127.0.0.1:1/a:v1", "https://127.0.0.1:1/a.wasm",
                         "http://127.0.0.1:1/a.wasm", "registry://no-such-host.invalid/a:v1"):
                text = self.fails({"p": {"module": name}}, "--sources-path", registry.insecure())
                self.assertIn(f"Error while downloading policy 'p' from {name}: ", text)
        self.assertIn("unknown scheme: ftp", self.fails({"p": {"module": "ftp://x/a.wasm"}}))


if __name__ == "__main__":
    unittest.main()
