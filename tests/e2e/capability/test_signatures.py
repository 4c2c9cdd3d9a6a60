# SPDX-License-Identifier: Apache-2.0
"""oci/v1/verify and v2/verify: signatures that cosign made once (tests/unit/compiler/fetch/signature/samples), and those of a private
Sigstore, by keys, by identities and by certificates that the policy brings."""
import base64, json, os, subprocess, unittest

from asking import ROOT, Provider, fields_of_verification

os.environ.setdefault("CHIMERA_REGISTRY_PLAY", "unused")
import registries
import sigstore
import world
from registries import Registry

SAMPLES = os.path.join(ROOT, "tests", "unit", "compiler", "fetch", "signature", "samples")
UNSATISFIED = "Image verification failed: missing signatures\nThe following constraints were not satisfied:\n"
CI = "https://github.com/acme/policies/.github/workflows/release.yml@refs/heads/main"
MAIL, ISSUER = "email:anna@example.test", "https://login.example.test"


def read(*name):
    with open(os.path.join(SAMPLES, *name), "rb") as file:
        return file.read()


def setUpModule():
    global REGISTRY, SIGSTORE, ASKED, FOLDER
    FOLDER = world.FOLDER
    REGISTRY = Registry()
    unittest.addModuleCleanup(REGISTRY.__exit__)
    SIGSTORE = sigstore.Sigstore(FOLDER, "own")
    root = world.write("own-root.json", json.dumps(SIGSTORE.trusted_root()))
    ASKED = Provider("registry", sources=REGISTRY.insecure(), sigstore_trust_config=root)
    unittest.addModuleCleanup(ASKED.__exit__)


class Case(unittest.TestCase):
    def setUp(self):
        self.repository = "-".join(self.id().lower().split(".")[1:]).replace("_", "-")
        self.digest = REGISTRY.put_policy(self.repository, "v1", b"\0asm\1\0\0\0")
        self.image = f"{REGISTRY.host}/{self.repository}:v1"

    def verify(self, how, asked=None, **more):
        return (asked or ASKED).ask(f"Sigstore{how}Verify", **fields_of_verification(self.image, **more))

    def is_good(self, how, **more):
        answer = self.verify(how, **more)
        self.assertEqual((answer.good, answer.text), (True, '{"is_trusted":true,"digest":"%s"}' % self.digest))
        self.assertEqual(answer.keep_ms, 60000)

    def is_refused(self, text, how, **more):
        answer = self.verify(how, **more)
        self.assertEqual((answer.good, answer.text), (False, text))
        self.assertEqual(answer.keep_ms, 0)

    def sign(self, *signatures):
        REGISTRY.put_signatures(self.repository, self.digest, *signatures)

    def sign_as(self, identity, issuer, repository=None, annotations=None, **more):
        key, certificate = SIGSTORE.certify(identity, issuer, repository)
        return lambda payload: SIGSTORE.sign(payload, key, certificate, **more), annotations


def yaml_of_key(key, annotations="annotations: null\n"):
    lines = "".join(f"  {line}\n" for line in key.strip().split("\n"))
    return f"kind: pubKey\nowner: null\nkey: |\n{lines}{annotations}"


class Keys(Case):
    def setUp(self):
        super().setUp()
        self.one, self.two = (registries.make_key(os.path.join(FOLDER, name)) for name in ("one", "two"))
        self.paths = os.path.join(FOLDER, "one"), os.path.join(FOLDER, "two")

    def test_all_must_have_signed(self):
        self.sign((self.paths[0], None))
        self.is_good("PubKey", pub_keys=[self.one])
        self.is_good("PubKey", pub_keys=[self.one, self.one])
        self.is_refused(UNSATISFIED + yaml_of_key(self.two), "PubKey", pub_keys=[self.one, self.two])
        self.sign((self.paths[0], None), (self.paths[1], None))
        self.is_good("PubKey", pub_keys=[self.one, self.two])

    def test_annotations(self):
        self.sign((self.paths[0], {"env": "prod", "b": "x"}), (self.paths[1], {"env": "dev"}))
        self.is_good("PubKey", pub_keys=[self.one], annotations={"env": "prod"})
        self.is_good("PubKey", pub_keys=[self.one], annotations={"b": "x", "env": "prod"})
        self.is_good("PubKey", pub_keys=[self.one], annotations={})
        self.is_refused(UNSATISFIED + yaml_of_key(self.two, "annotations:\n  a: b\n  env: prod\n"), "PubKey", pub_keys=[self.two],
                        annotations={"env": "prod", "a": "b"})

    def test_nothing_is_asked_for(self):
        self.is_refused("Must provide at least one pub key", "PubKey", pub_keys=[])
        self.is_refused("Must provide keyless info", "Keyless", keyless=[])
        self.is_refused("Must provide keyless info", "KeylessPrefix", keyless_prefix=[])
        self.is_refused("Must provide owner info", "GithubActions", owner="", repo=None)

    def test_what_is_no_request(self):
        for more in ({"pub_keys": 7}, {"pub_keys": [7]}, {"pub_keys": [None]}, {"pub_keys": ["a\0b"]},
                     {"pub_keys": ["a"], "annotations": {"a": 7}}, {"pub_keys": ["a"], "annotations": {"a": None}},
                     {"pub_keys": ["a"], "annotations": []}):
            self.is_refused("not a request about signatures", "PubKey", **more)
        for one in ({"issuer": "a"}, {"subject": "a"}, {"issuer": "a", "subject": None}, {}, None, 7,
                    {"issuer": "a", "subject": "b", "url_prefix": "https://c"}):
            self.is_refused("not a request about signatures", "Keyless", keyless=[one])
        self.is_refused("not a request about signatures", "GithubActions", owner=None, repo=None)
        self.is_refused("more than 64 signatures are asked for", "PubKey", pub_keys=["a"] * 65)

    def test_no_signature_and_no_image(self):
        self.is_refused(f"no signatures found for image: {self.image} ", "PubKey", pub_keys=[self.one])
        self.image = f"{REGISTRY.host}/nowhere:v1"
        answer = self.verify("PubKey", pub_keys=[self.one])
        first, _, cause = answer.text.partition("\n\nCaused by:\n    ")
        self.assertEqual(first, "failed to get image trusted layers: " + cause)
        self.assertTrue(cause.startswith(f"Cannot fetch manifest of {self.image}: "), answer)
        self.image = "UPPER:x"
        self.is_refused("Invalid OCI image reference: invalid reference format\n\nCaused by:\n    invalid reference format", "PubKey",
                        pub_keys=[self.one])

    def test_a_signature_of_something_else(self):
        other = REGISTRY.put_policy(self.repository, "v2", b"\0asm\1\0\0\0\0\1\0")
        payload = json.dumps({"critical": {"identity": {"docker-reference": "a"}, "image": {"docker-manifest-digest": other},
                                           "type": "cosign container image signature"}, "optional": None}).encode()
        signature = sigstore.openssl("dgst", "-sha256", "-sign", self.paths[0], data=payload)
        layer = {"mediaType": "application/vnd.dev.cosign.simplesigning.v1+json", "size": len(payload),
                 "digest": REGISTRY.put_blob(self.repository, payload),
                 "annotations": {"dev.cosignproject.cosign/signature": base64.b64encode(signature).decode()}}
        config = {"mediaType": "a/b", "digest": REGISTRY.put_blob(self.repository, b"{}"), "size": 2}
        REGISTRY.put_manifest(self.repository, self.digest.replace(":", "-") + ".sig",
                              {"schemaVersion": 2, "config": config, "layers": [layer]})
        why = "No Signature Layer passed verification"
        self.is_refused(f"failed to get image trusted layers: {why}\n\nCaused by:\n    {why}", "PubKey", pub_keys=[self.one])

    def test_very_many_keys_are_told_whole(self):
        self.sign((self.paths[0], None))
        self.is_refused(UNSATISFIED + yaml_of_key(self.two) * 63, "PubKey", pub_keys=[self.two] * 63 + [self.one])

    def test_a_key_that_is_none(self):
        self.sign((self.paths[0], None))
        self.is_refused(UNSATISFIED + "kind: pubKey\nowner: null\nkey: no key\nannotations: null\n", "PubKey", pub_keys=["no key"])

    def test_by_a_digest(self):
        self.sign((self.paths[0], None))
        self.image = f"{REGISTRY.host}/{self.repository}@{self.digest}"
        self.is_good("PubKey", pub_keys=[self.one])
        self.image = "registry://" + self.image
        self.is_good("PubKey", pub_keys=[self.one])


class Samples(Case):
    def setUp(self):
        super().setUp()
        for name in ("policy.wasm", "config.json"):
            REGISTRY.put_blob(self.repository, read("artifact", name))
        self.digest = REGISTRY.put_manifest(self.repository, "v1", read("artifact", "policy-manifest.json"))

    def test_cosign_s_signatures_by_keys(self):
        for name in ("p256", "p384", "rsa2048", "ed25519"):
            manifest = json.loads(read("old-scheme", name + ".manifest.json"))
            payload = read("old-scheme", name + ".payload.json")
            REGISTRY.put_blob(self.repository, payload)
            config = {"mediaType": "a/b", "digest": REGISTRY.put_blob(self.repository, b"{}"), "size": 2}
            REGISTRY.put_manifest(self.repository, self.digest.replace(":", "-") + ".sig",
                                  {"schemaVersion": 2, "config": config, "layers": manifest["layers"]})
            self.is_good("PubKey", pub_keys=[read("keys", name + ".pub").decode()])
            other = read("keys", "p256-other.pub").decode()
            self.is_refused(UNSATISFIED + yaml_of_key(other), "PubKey", pub_keys=[other])

    def test_cosign_s_bundles(self):
        root = os.path.join(SAMPLES, "trusted_root.json")
        with Provider("registry", sources=REGISTRY.insecure(), sigstore_trust_config=root) as asked:
            for name in ("mail", "ci"):
                words = read("bundle-keyless", name + ".expect").decode().split()
                subject, issuer = words[1], words[3]
                REGISTRY.put_bundles(self.repository, self.digest, read("bundle-keyless", name + ".json"))
                for identity, is_good in (({"issuer": issuer, "subject": subject}, True),
                                          ({"issuer": issuer + "/", "subject": subject}, False),
                                          ({"issuer": issuer, "subject": subject + "x"}, False)):
                    answer = self.verify("Keyless", asked, keyless=[identity])
                    self.assertEqual(answer.good, is_good, answer)


class Identities(Case):
    def test_issuer_and_subject_are_compared_whole(self):
        self.sign(self.sign_as(MAIL, ISSUER))
        good = {"issuer": ISSUER, "subject": "anna@example.test"}
        self.is_good("Keyless", keyless=[good])
        for bad in ({**good, "issuer": ISSUER + "/"}, {**good, "subject": "anna@example.tes"}, {**good, "subject": "Anna@example.test"}):
            self.is_refused(f"{UNSATISFIED}kind: genericIssuer\nissuer: {bad['issuer']}\nsubject: !equal {bad['subject']}\n"
                            "annotations: null\n", "Keyless", keyless=[good, bad])

    def test_all_must_have_signed(self):
        self.sign(self.sign_as(MAIL, ISSUER), self.sign_as("email:bert@example.test", ISSUER, annotations={"a": "1"}))
        two = [{"issuer": ISSUER, "subject": name + "@example.test"} for name in ("anna", "bert")]
        self.is_good("Keyless", keyless=two)
        self.is_good("Keyless", keyless=two[1:], annotations={"a": "1"})
        self.assertFalse(self.verify("Keyless", keyless=two, annotations={"a": "1"}).good)

    def test_prefixes_end_in_a_slash(self):
        self.sign(self.sign_as("URI:" + CI, sigstore.GITHUB, "acme/policies"))
        for prefix in ("https://github.com/acme", "https://github.com/acme/", "HTTPS://GitHub.com/acme/policies", "https://github.com"):
            self.is_good("KeylessPrefix", keyless_prefix=[{"issuer": sigstore.GITHUB, "url_prefix": prefix}])
        for prefix, shown in (("https://github.com/acm", "https://github.com/acm"), ("HTTPS://GitHub.com/ACME/", "https://github.com/ACME/"),
                              ("https://gitlab.example", "https://gitlab.example/")):
            self.is_refused(f"{UNSATISFIED}kind: genericIssuer\nissuer: {sigstore.GITHUB}\nsubject: !urlPrefix {shown}\n"
                            "annotations: null\n", "KeylessPrefix", keyless_prefix=[{"issuer": sigstore.GITHUB, "url_prefix": prefix}])
        self.assertFalse(self.verify("KeylessPrefix", keyless_prefix=[{"issuer": ISSUER, "url_prefix": "https://github.com/acme"}]).good)

    def test_a_prefix_that_is_no_url(self):
        for prefix in ("", "acme", "://a", "https://", "https:///a", "https://a b"):
            self.is_refused(f"Cannot build url prefix: {prefix} is not a URL", "KeylessPrefix",
                            keyless_prefix=[{"issuer": ISSUER, "url_prefix": prefix}])

    def test_github_is_told_by_the_certificate_s_extension(self):
        self.sign(self.sign_as("URI:" + CI, sigstore.GITHUB, "acme/policies"))
        self.is_good("GithubActions", owner="acme", repo=None)
        self.is_good("GithubActions", owner="acme", repo="policies")
        for owner, repo in (("acm", None), ("acme", "polici"), ("Acme", None), ("acme/policies", None)):
            shown = f"repo: {repo}\n" if repo else "repo: null\n"
            self.is_refused(f"{UNSATISFIED}kind: githubAction\nowner: {owner}\n{shown}annotations: null\n", "GithubActions", owner=owner,
                            repo=repo)

    def test_github_s_certificates_that_are_none(self):
        for identity, issuer, repository in (("URI:" + CI, ISSUER, "acme/policies"), ("URI:" + CI, sigstore.GITHUB, None),
                                             ("URI:https://gitlab.example/acme/policies", sigstore.GITHUB, "acme/policies"),
                                             (MAIL, sigstore.GITHUB, "acme/policies"), ("URI:" + CI, sigstore.GITHUB, "evil/policies")):
            self.sign(self.sign_as(identity, issuer, repository))
            self.assertFalse(self.verify("GithubActions", owner="acme", repo=None).good, (identity, issuer, repository))

    def test_another_sigstore_is_not_believed(self):
        self.sign(self.sign_as(MAIL, ISSUER))
        other = world.write("other-root.json", json.dumps(sigstore.Sigstore(FOLDER, "other").trusted_root()))
        for trust in (other, None):
            with Provider("registry", sources=REGISTRY.insecure(), sigstore_trust_config=trust) as asked:
                self.assertFalse(self.verify("Keyless", asked, keyless=[{"issuer": ISSUER, "subject": "anna@example.test"}]).good)

    def test_a_trust_root_that_cannot_be_read(self):
        self.sign(self.sign_as(MAIL, ISSUER))
        with Provider("registry", sources=REGISTRY.insecure(), sigstore_trust_config=world.write("no-root.json", "[")) as asked:
            answer = self.verify("Keyless", asked, keyless=[{"issuer": ISSUER, "subject": "anna@example.test"}])
            self.assertFalse(answer.good)
            self.assertIn("no-root.json", answer.text)
            # What needs none goes on.
            self.assertTrue(asked.ask("OciManifestDigest", image=self.image).good)


# --- Certificates that a policy brings ---

def make_certificate(name, issuer=None, days=30, extensions=(), start=None):
    """(key's path, certificate as PEM, its path)"""
    key, path = os.path.join(FOLDER, name + ".key"), os.path.join(FOLDER, name + ".crt")
    sigstore.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
    with open(path + ".ext", "w") as out:
        out.write("\n".join(extensions) + "\n")
    sigstore.openssl("req", "-new", "-key", key, "-subj", "/CN=" + name, "-out", path + ".csr")
    signer = ["-CA", issuer[2], "-CAkey", issuer[0], "-CAcreateserial"] if issuer else ["-signkey", key]
    sigstore.openssl("x509", "-req", "-in", path + ".csr", *signer, "-days", str(days), "-extfile", path + ".ext", "-out", path)
    with open(path) as text:
        return key, text.read(), path


AUTHORITY = ["basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign"]
SIGNER = ["keyUsage=critical,digitalSignature", "extendedKeyUsage=codeSigning", "subjectAltName=email:anna@example.test"]


class Certificates(Case):
    def setUp(self):
        super().setUp()
        self.root = make_certificate("authority", extensions=AUTHORITY)
        self.leaf = make_certificate("leaf", self.root, extensions=SIGNER)

    def fields(self, certificate=None, chain=(), require=False, **more):
        chain = [list(one.encode()) for one in chain] if chain != () else [list(self.root[1].encode())]
        return {"certificate": list((certificate or self.leaf[1]).encode()), "certificate_chain": chain, "require_rekor_bundle": require,
                **more}

    def test_the_certificate_s_key_must_have_signed(self):
        self.sign((self.leaf[0], {"env": "prod"}))
        self.is_good("Certificate", **self.fields())
        self.is_good("Certificate", **self.fields(annotations={"env": "prod"}))
        self.is_good("Certificate", **{**self.fields(), "certificate_chain": None})
        failed = "verification failed: Several Signature Layers failed verification"
        self.is_refused(failed, "Certificate", **self.fields(annotations={"env": "dev"}))
        self.is_refused(failed, "Certificate", **self.fields(require=True))
        self.sign((self.root[0], None))
        self.is_refused(failed, "Certificate", **self.fields())

    def test_the_chain(self):
        self.sign((self.leaf[0], None))
        other = make_certificate("other-authority", extensions=AUTHORITY)
        again = make_certificate("authority-again", extensions=AUTHORITY)
        self.is_good("Certificate", **self.fields(chain=[other[1], self.root[1]]))
        self.is_refused("UnknownIssuer", "Certificate", **self.fields(chain=[other[1], again[1]]))
        self.is_refused("UnknownIssuer", "Certificate", **self.fields(chain=[]))
        self.is_refused("no items found", "Certificate", **self.fields(chain=["x"]))
        self.is_refused("a chain of more than 64 certificates", "Certificate", **self.fields(chain=["x"] * 65))

    def test_what_the_certificate_must_be(self):
        self.sign((self.leaf[0], None))
        for name, at, text in (("usage", 0, "Bundled certificate does not have digital signature key usage"),
                               ("code", 1, "Bundled certificate does not have code signing extended key usage"),
                               ("name", 2, "Certificate without Subject Alternative Name")):
            extensions = [line for number, line in enumerate(SIGNER) if number != at]
            self.is_refused(text, "Certificate", **self.fields(make_certificate("no-" + name, self.root, extensions=extensions)[1]))
        self.is_refused("no items found", "Certificate", **self.fields("x"))
        broken = "-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n"
        self.is_refused("x509 error: TrailingData(SignedData)", "Certificate", **self.fields(broken))
        self.is_refused("the certificate is larger than 1048576 bytes", "Certificate", **self.fields("x" * ((1 << 20) + 1)))

    def test_an_entry_in_the_log_says_when(self):
        import time
        def sign(seconds):
            class Key:
                @staticmethod
                def sign(payload):
                    return sigstore.openssl("dgst", "-sha256", "-sign", self.leaf[0], data=payload)
            def made(payload):
                annotations = SIGSTORE.sign(payload, Key, self.leaf[1], seconds=seconds)
                return {key: value for key, value in annotations.items() if key.endswith(("/signature", "/bundle"))}
            return made, None
        self.sign(sign(int(time.time())))
        for require in (True, False):
            self.is_good("Certificate", **self.fields(require=require))
        for seconds in (int(time.time()) - 86400, int(time.time()) + 60 * 86400):
            self.sign(sign(seconds))
            for require in (True, False):
                self.is_refused("verification failed: Several Signature Layers failed verification", "Certificate",
                                **self.fields(require=require))
        # An entry of a log that nobody knows.
        with Provider("registry", sources=REGISTRY.insecure()) as asked:
            self.sign(sign(int(time.time())))
            self.assertFalse(self.verify("Certificate", asked, **self.fields()).good)


if __name__ == "__main__":
    unittest.main()
