# SPDX-License-Identifier: Apache-2.0
"""Signed bundles: made of policies that were fetched and verified, and served where signatures are asked for
(docs/user/bundle.md). The keys are openssl's."""
import hashlib, json, os, re, shutil, signal, subprocess, sys, tempfile, unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness, registries
from harness import COMMAND, ROOT, Server, wait_for, wasm
from registries import Registry
from test_bundle import NO_COMPILER

SAMPLES = os.path.join(ROOT, "tests", "unit", "compiler", "fetch", "signature", "samples")
POLICIES = {"yes": {"module": wasm("accept")}, "no": {"module": wasm("reject-message-code"), "settings": {"a": "yes"}}}
UNVERIFIED = {**NO_COMPILER, "CHIMERA_COMMAND": COMMAND}  # it may judge, but has no cache to build in


def flip(path, at=None):
    with open(path, "r+b") as file:
        at = os.path.getsize(path) // 2 if at is None else at
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 1]))


class Signed(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="chimera-signed-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.bundle = self.path("bundle")
        for name in ("a", "b"):
            self.make_key(name)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def make_key(self, name):
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", self.path(name + ".key")],
                       check=True, capture_output=True)
        subprocess.run(["openssl", "pkey", "-in", self.path(name + ".key"), "-pubout", "-out", self.path(name + ".pub")], check=True)

    def write(self, name, tree):
        with open(self.path(name), "w") as out:
            json.dump(tree, out)
        return self.path(name)

    def key(self, name):
        with open(self.path(name + ".pub")) as file:
            return {"kind": "pubKey", "owner": "team " + name, "key": file.read()}

    def verification(self, *entries, **more):
        return self.write("verification.yml", {"apiVersion": "v1", "allOf": list(entries), **more})

    def run_bundle(self, policies, *flags, target=None, **environment):
        self.write("p.yml", policies)
        clean = {k: v for k, v in os.environ.items() if k != "COSIGN_PASSWORD"}
        return subprocess.run([COMMAND, "bundle", self.path("p.yml"), "-o", target or self.bundle, *flags], capture_output=True, text=True,
                              env={**clean, "CHIMERA_CACHE_DIR": harness._cache, "XDG_CONFIG_HOME": self.folder, **environment})

    def make(self, policies=POLICIES, *flags, **more):
        done = self.run_bundle(policies, *flags, **more)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))

    def signed(self, name="a", policies=POLICIES, **more):
        self.make(policies, "--sign-key", self.path(name + ".key"), **more)

    def serve(self, *flags, policies=None, verification=None, **more):
        return Server(policies, "--bundle", self.bundle, "--verification-path", verification or self.verification(self.key("a")), *flags,
                      **{"environment": UNVERIFIED, **more})

    def refused(self, *flags, **more):
        with self.serve(*flags, is_awaited=False, **more) as server:
            self.assertFalse(server.wait_ready())  # or it has ended
            self.assertEqual(server.process.wait(60), 1)
            return server.errors()


class Made(Signed):
    def test_the_signature_is_over_the_manifest_and_is_openssl_s_to_check(self):
        self.signed()
        with open(self.bundle + "/manifest.json.sigstore.json") as file:
            signed = json.load(file)["messageSignature"]
        self.assertEqual(signed["messageDigest"]["algorithm"], "SHA2_256")
        with open(self.path("sig"), "w") as out:
            out.write(signed["signature"])
        subprocess.run(["openssl", "base64", "-d", "-A", "-in", self.path("sig"), "-out", self.path("raw")], check=True)
        subprocess.run(["openssl", "dgst", "-sha256", "-verify", self.path("a.pub"), "-signature", self.path("raw"),
                        self.bundle + "/manifest.json"], check=True, capture_output=True)

    def test_it_is_as_it_was_but_for_the_signature(self):
        self.make(target=self.path("plain"))
        self.signed()
        done = subprocess.run(["diff", "-r", self.path("plain"), self.bundle], capture_output=True, text=True)
        self.assertEqual(done.stdout, f"Only in {self.bundle}: manifest.json.sigstore.json\n")
        self.make()  # which takes its place, signature and all
        self.assertFalse(os.path.exists(self.bundle + "/manifest.json.sigstore.json"))

    def test_an_encrypted_key_has_its_password_in_the_environment(self):
        key = os.path.join(SAMPLES, "private", "p256.key")
        done = self.run_bundle(POLICIES, "--sign-key", key, COSIGN_PASSWORD="wrong")
        self.assertEqual(done.returncode, 1)
        self.assertNotIn("wrong", done.stderr.replace("wrong password", ""))
        self.assertEqual(sorted(os.listdir(self.folder)), ["a.key", "a.pub", "b.key", "b.pub", "p.yml"])
        self.make(POLICIES, "--sign-key", key, COSIGN_PASSWORD="a password")

    @unittest.skipUnless(registries.is_there(), "no docker-registry here")
    def test_what_it_is_made_of_is_fetched_and_verified(self):
        with open(wasm("accept")[len("file://"):], "rb") as file:
            module = file.read()
        with Registry() as registry:
            registry.put_signatures("team/p", registry.put_policy("team/p", "v1", module), (self.path("a.key"), None))
            policies = {"p": {"module": f"registry://{registry.host}/team/p:v1"}}
            flags = ["--sources-path", registry.insecure(), "--store", self.path("store")]
            done = self.run_bundle(policies, *flags, "-k", self.path("b.pub"))
            self.assertEqual(done.returncode, 1)
            self.assertIn('Error: policy "p": ', done.stderr)
            self.assertIn("Image verification failed: missing signatures", done.stderr)
            self.assertFalse(os.path.exists(self.bundle))
            self.make(policies, *flags, "-k", self.path("a.pub"), "--sign-key", self.path("b.key"))
        self.make(policies, "--store", self.path("store"), "--offline", target=self.path("again"))  # the registry is gone
        with self.serve(verification=self.verification(self.key("b"))) as server:
            self.assertTrue(server.verdict("/validate/p")["allowed"])


class Served(Signed):
    def test_it_is_served_and_shows_who_signed(self):
        self.signed()
        port = harness.free_port()
        with self.serve("--admin-port", str(port)) as server:
            self.assertTrue(server.verdict("/validate/yes")["allowed"])
            connection = harness.http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            connection.request("GET", "/policies")
            shown = json.loads(connection.getresponse().read())["policies"]
            connection.close()
        with open(self.bundle + "/manifest.json", "rb") as file:
            digest = "sha256:" + hashlib.sha256(file.read()).hexdigest()
        for policy in shown:
            self.assertEqual(policy["manifest_digest"], digest)
            self.assertIn("team a, by the key ", str(policy["signers"]))

    def test_with_a_file_of_the_operator_s_too(self):
        self.signed()
        mine = {"mine": {"module": wasm("reject-message-code"), "message": "other words"}}
        with self.serve(policies=mine) as server:
            self.assertEqual(server.verdict("/validate/mine")["status"]["message"], "other words")
        text = self.refused(policies=mine, verification=self.verification(self.key("b")))
        self.assertIn("Policy 'mine' cannot be verified: ", text)

    def test_the_whole_configuration_counts(self):
        self.signed()
        a, b, keyless = self.key("a"), self.key("b"), {"kind": "githubAction", "owner": "team"}
        for entries, more in (((a, b), {}), ((b,), {}), ((a, keyless), {}), ((), {"anyOf": {"minimumMatches": 2, "signatures": [a, b]}}),
                              (({**a, "annotations": {"env": "prod"}},), {})):
            text = self.refused(verification=self.verification(*entries, **more))
            self.assertTrue(text.startswith("Error: "), text)
            for name in POLICIES:
                self.assertIn(f"Policy '{name}' cannot be verified: {self.bundle}/manifest.json.sigstore.json: Image verification failed: ",
                              text)
        with self.serve(verification=self.verification(anyOf={"minimumMatches": 1, "signatures": [b, a]})) as server:
            self.assertTrue(server.verdict("/validate/yes")["allowed"])

    def test_without_a_signature_it_is_refused(self):
        self.make()
        self.assertIn("Policy 'yes' cannot be verified: there is no signature: ", self.refused())
        with self.serve("--continue-on-errors") as server:
            status = server.verdict("/audit/yes")["status"]
            self.assertEqual(status["code"], 500)
            self.assertIn("Policy 'yes' cannot be verified: there is no signature: ", status["message"])

    def test_without_the_command_it_is_refused(self):
        self.signed()
        for command in ("/bin/false", "/nonexistent"):
            text = self.refused(environment={**NO_COMPILER, "CHIMERA_COMMAND": command})
            self.assertTrue(text.startswith(f"Error: the bundle {self.bundle} cannot be verified: "), text)

    def test_what_is_judged_is_what_was_read(self):
        self.make()  # signed by nobody; while it is read there comes a manifest that is signed
        self.signed(policies={"yes": {"module": wasm("accept")}}, target=self.path("other"))
        with open(self.path("command"), "w") as out:
            out.write(f'#!/bin/sh\n[ "$1" = fetch ] && cp {self.path("other")}/manifest.json* {self.bundle}/\nexec {COMMAND} "$@"\n')
        os.chmod(self.path("command"), 0o755)
        text = self.refused(environment={**NO_COMPILER, "CHIMERA_COMMAND": self.path("command")})
        self.assertIn(f"Policy 'yes' cannot be verified: {os.path.realpath(self.bundle)}/manifest.json was replaced while it was read", text)

    def test_no_bit_may_be_another(self):
        self.signed(target=self.path("good"))
        with open(self.path("good", "manifest.json.sigstore.json"), "rb") as file:
            text = file.read()
        digest, signature = (re.search(name + rb'":"([^"]*)', text).start(1) for name in (b'"digest', b'"signature'))
        names = [name for name in os.listdir(self.path("good", "plugins")) if name.endswith((".so", ".json", ".image"))]
        cases = [("manifest.json.sigstore.json", digest + 5), ("manifest.json.sigstore.json", signature + 20),
                 ("manifest.json.sigstore.json", 1), ("manifest.json", None), ("policies.yml", None)]
        for name, at in cases + [("plugins/" + name, None) for name in names]:
            with self.subTest(name=name, at=at):
                shutil.rmtree(self.bundle, ignore_errors=True)
                shutil.copytree(self.path("good"), self.bundle)
                flip(os.path.join(self.bundle, name), at)
                self.assertTrue(self.refused().startswith("Error: "))

    def test_what_is_put_in_its_place_must_be_signed_too(self):
        self.signed(policies={"p": {"module": wasm("accept")}})
        other = {"p": {"module": wasm("reject-message-code"), "settings": {}}}
        with self.serve(log="info") as server:
            self.assertTrue(server.verdict("/validate/p")["allowed"])
            self.make(other)
            self.assertTrue(wait_for(lambda: "reload refused" in server.log()))
            self.assertIn("Policy 'p' cannot be verified: there is no signature", server.log())
            self.assertTrue(server.verdict("/validate/p")["allowed"])
            # The signature alone comes, as by a tool that copies file by file: the manifest stays.
            self.signed(policies=other, target=self.path("signed"))
            os.rename(self.path("signed", "manifest.json.sigstore.json"), self.bundle + "/manifest.json.sigstore.json")
            self.assertTrue(wait_for(lambda: not server.verdict("/validate/p")["allowed"]))

    def test_a_reload_judges_again(self):
        self.signed()
        with self.serve("--no-policy-watch", log="info") as server:
            self.verification(self.key("b"))  # which is read anew
            server.process.send_signal(signal.SIGHUP)
            self.assertTrue(wait_for(lambda: "reload refused" in server.log()))
            self.verification(self.key("a"))
            server.process.send_signal(signal.SIGHUP)
            self.assertTrue(wait_for(lambda: "policies reloaded" in server.log()))
            self.assertTrue(server.verdict("/validate/yes")["allowed"])


class Keyless(Signed):
    """By certificates, as `chimera fetch --bundle` judges for the server: sigstore-conformance's bundle over a.txt stands for the
    manifest and its signature."""

    def judge(self, issuer=None, **entry):
        entry = {"kind": "genericIssuer", "issuer": issuer or "https://token.actions.githubusercontent.com", **entry}
        done = subprocess.run([COMMAND, "fetch", "--bundle", self.bundle, "--verification-config-path", self.verification(entry)],
                              capture_output=True, text=True)
        return json.loads(done.stdout)

    def test_by_a_certificate(self):
        beacon = "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/"
        os.mkdir(self.bundle)
        shutil.copy(os.path.join(SAMPLES, "conformance", "a.txt"), self.bundle + "/manifest.json")
        shutil.copy(os.path.join(SAMPLES, "conformance", "rekor-v1-hashedrekord.json"), self.bundle + "/manifest.json.sigstore.json")
        line = self.judge(subject={"urlPrefix": beacon})
        self.assertIn(beacon, line.get("signers", str(line)))
        self.assertIn("unsigned", self.judge(subject={"urlPrefix": "https://github.com/other/"}))
        self.assertIn("unsigned", self.judge(issuer="https://issuer.example", subject={"urlPrefix": beacon}))
        flip(self.bundle + "/manifest.json", 0)
        self.assertIn("unsigned", self.judge(subject={"urlPrefix": beacon}))


class TrustRoot(Signed):
    def put(self, has_ended):
        """A new trust root in trust.json, by a rename."""
        with open(os.path.join(SAMPLES, "trusted_root.json")) as file:
            root = json.load(file)
        for authority in root["certificateAuthorities"]:
            if has_ended:
                authority["validFor"]["end"] = "2026-01-01T00:00:00Z"
                authority["validFor"]["start"] = "2025-01-01T00:00:00Z"
            else:
                authority["validFor"].pop("end", None)
        os.rename(self.write("new.json", root), self.path("trust.json"))

    def test_one_that_has_ended_is_warned_of_until_it_is_renewed(self):
        self.signed()
        self.put(has_ended=True)
        warning = self.path("trust.json") + " has no certificate authority that is valid now: its newest entry is of "
        with self.serve("--sigstore-trust-config", self.path("trust.json"), verification=self.either(), log="info") as server:
            self.assertEqual(server.log().count(warning), 1, server.log())
            self.assertIn("renew it with `cosign trusted-root create`", server.log())
            self.put(has_ended=False)
            server.process.send_signal(signal.SIGHUP)
            self.assertTrue(wait_for(lambda: server.log().count("policies reloaded") == 1))
            self.assertEqual(server.log().count(warning), 1)
            self.put(has_ended=True)
            server.process.send_signal(signal.SIGHUP)
            self.assertTrue(wait_for(lambda: server.log().count("policies reloaded") == 2))
            self.assertEqual(server.log().count(warning), 2)

    def either(self):
        keyless = {"kind": "genericIssuer", "issuer": "https://issuer.example", "subject": {"equal": "somebody"}}
        return self.verification(anyOf={"minimumMatches": 1, "signatures": [self.key("a"), keyless]})

    @unittest.skipUnless(registries.is_there(), "no docker-registry here")
    def test_the_command_warns_on_standard_error(self):
        self.put(has_ended=True)
        with Registry() as registry:
            registry.put_signatures("p", registry.put_policy("p", "v1", b"\0asm\1\0\0\0"), (self.path("a.key"), None))

            def verify(*flags):
                done = subprocess.run([COMMAND, "verify", "--sources-path", registry.insecure(), "--store", self.path("store"),
                                       "--sigstore-trust-config", self.path("trust.json"), *flags, f"registry://{registry.host}/p:v1"],
                                      capture_output=True, text=True, env={**os.environ, "XDG_CONFIG_HOME": self.folder})
                self.assertEqual(done.returncode, 0, done.stderr)
                return done.stderr

            warning = f"Warning: {self.path('trust.json')} has no certificate authority that is valid now: "
            self.assertEqual(verify("--verification-config-path", self.either()).count(warning), 1)
            self.assertNotIn("Warning", verify("-k", self.path("a.pub")))  # keys have no age
            self.put(has_ended=False)
            self.assertNotIn("Warning", verify("--verification-config-path", self.either()))

    def test_a_refusal_tells_it_too(self):
        self.signed()
        self.put(has_ended=True)
        keyless = self.verification({"kind": "githubAction", "owner": "team"})
        text = self.refused("--sigstore-trust-config", self.path("trust.json"), verification=keyless)
        self.assertIn(self.path("trust.json") + " has no certificate authority that is valid now", text)


if __name__ == "__main__":
    unittest.main()
