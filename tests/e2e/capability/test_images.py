# SPDX-License-Identifier: Apache-2.0
"""What policies ask about images: against Debian's docker-registry, and registries that lie, hang and want logins."""
import base64, json, os, platform, unittest

from asking import Provider

os.environ.setdefault("CHIMERA_REGISTRY_PLAY", "unused")
import registries
import world
from registries import INDEX, MANIFEST, Registry, digest_of

HERE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
DOCKER_MANIFEST, DOCKER_INDEX = world.DOCKER_MANIFEST, world.DOCKER_INDEX
CONFIG = b'{"os":"linux","architecture":"amd64","config":{"User":"1000","Env":null,"Labels":{"b":"1","a":"/"}},"n":1.50}'
REGISTRY_FAILED = "Fail to interact with OCI registry: "


def setUpModule():
    global REGISTRY, ASKED
    REGISTRY = Registry()
    unittest.addModuleCleanup(REGISTRY.__exit__)
    ASKED = Provider("registry", sources=REGISTRY.insecure())
    unittest.addModuleCleanup(ASKED.__exit__)


def blob(repository, data, media_type, **more):
    return {"mediaType": media_type, "digest": REGISTRY.put_blob(repository, data), "size": len(data), **more}


def put_image(repository, tag, config=CONFIG, **more):
    """(digest, manifest) with keys that nobody knows, in an order of their own."""
    tree = {"x-unknown": 1, "layers": [blob(repository, b"layer", "application/vnd.oci.image.layer.v1.tar", **{"x-more": []},
                                            annotations={"b": "2", "a": "1"})],
            "config": blob(repository, config, "application/vnd.oci.image.config.v1+json"), "mediaType": MANIFEST,
            "schemaVersion": 2, **more}
    return REGISTRY.put_manifest(repository, tag, json.dumps(tree).encode()), tree


def expected(tree):
    """The known fields in the reference's order."""
    def descriptor(one, *extra):
        order = ["mediaType", "digest", "size", *extra, "urls", "annotations", "artifactType"]
        return {key: dict(sorted(one[key].items())) if key == "annotations" else one[key] for key in order if key in one}
    order = ["schemaVersion", "mediaType", "config", "layers", "manifests", "subject", "artifactType", "annotations"]
    made = {key: tree[key] for key in order if key in tree}
    if "config" in made:
        made["config"], made["layers"] = descriptor(made["config"]), [descriptor(one) for one in made["layers"]]
    if "manifests" in made:
        made["manifests"] = [descriptor(one, "platform") for one in made["manifests"]]
    return made


def compact(tree):
    return json.dumps(tree, separators=(",", ":"))


class Images(unittest.TestCase):
    def image(self, repository, version="v1"):
        return f"{REGISTRY.host}/{repository}:{version}"

    def test_a_digest(self):
        digest, _ = put_image("digest", "v1")
        for image in self.image("digest"), f"{REGISTRY.host}/digest@{digest}":
            answer = ASKED.ask("OciManifestDigest", image=image)
            self.assertEqual(answer.text, '{"digest":"%s"}' % digest)
            self.assertEqual(answer.keep_ms, 60000)

    def test_a_manifest_has_its_known_fields_alone(self):
        _, tree = put_image("manifest", "v1", annotations={"z": "1", "a": "2"}, artifactType="a/b")
        answer = ASKED.ask("OciManifest", image=self.image("manifest"))
        self.assertEqual(answer.text, compact(expected({**tree, "annotations": {"a": "2", "z": "1"}})))
        self.assertEqual(answer.keep_ms, 60000)

    def test_an_index(self):
        digest, tree = put_image("index", "v1")
        size = len(json.dumps(tree))
        entries = [{"size": size, "digest": digest, "mediaType": MANIFEST, "x": 1,
                    "platform": {"variant": "v8", "os.features": ["a"], "os": "plan9", "os.version": "9", "architecture": "mips",
                                 "y": 2, "features": None}, "annotations": {"b": "1", "a": "2"}},
                   {"mediaType": MANIFEST, "digest": digest, "size": size, "platform": {"architecture": HERE, "os": "linux"}}]
        REGISTRY.put_manifest("index", "all", {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}, INDEX)
        answer = ASKED.ask("OciManifest", image=self.image("index", "all"))
        self.assertEqual(answer.text, compact({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
            {"mediaType": MANIFEST, "digest": digest, "size": size,
             "platform": {"architecture": "mips", "os": "plan9", "os.version": "9", "os.features": ["a"], "variant": "v8"},
             "annotations": {"a": "2", "b": "1"}},
            {"mediaType": MANIFEST, "digest": digest, "size": size, "platform": {"architecture": HERE, "os": "linux"}}]}))
        # With the configuration it is the one for this machine, whose digest is told.
        answer = ASKED.ask("OciManifestAndConfig", image=self.image("index", "all"))
        self.assertEqual((answer.value["digest"], answer.value["config"]), (digest, json.loads(CONFIG)))
        REGISTRY.put_manifest("index", "other", {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries[:1]}, INDEX)
        answer = ASKED.ask("OciManifestAndConfig", image=self.image("index", "other"))
        why = "Image manifest not found: no entry found in image index manifest matching client's default platform"
        self.assertEqual((answer.good, answer.text), (False, f"{REGISTRY_FAILED}{why}\n\nCaused by:\n    {why}"))
        self.assertEqual(answer.keep_ms, 0)

    def test_an_index_of_indexes(self):
        digest, tree = put_image("nested", "v1")
        inner = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [
            {"mediaType": MANIFEST, "digest": digest, "size": len(json.dumps(tree))}]}
        inner_digest = REGISTRY.put_manifest("nested", "inner", inner, INDEX)
        entry = {"mediaType": INDEX, "digest": inner_digest, "size": 1, "platform": {"architecture": HERE, "os": "linux"}}
        REGISTRY.put_manifest("nested", "outer", {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}, INDEX)
        answer = ASKED.ask("OciManifestAndConfig", image=self.image("nested", "outer"))
        self.assertIn("Image manifest not found: received Image Index manifest instead", answer.text)

    def test_a_configuration(self):
        digest, tree = put_image("config", "v1")
        answer = ASKED.ask("OciManifestAndConfig", image=self.image("config"))
        config = '{"architecture":"amd64","config":{"Env":null,"Labels":{"a":"/","b":"1"},"User":"1000"},"n":1.5,"os":"linux"}'
        self.assertEqual(answer.text, '{"manifest":%s,"digest":"%s","config":%s}' % (compact(expected(tree)), digest, config))
        self.assertEqual(answer.keep_ms, 60000)
        put_image("config", "broken", config=b'{"a":')
        answer = ASKED.ask("OciManifestAndConfig", image=self.image("config", "broken"))
        self.assertEqual((answer.good, answer.text), (False, "EOF while parsing a value at line 1 column 5"))

    def test_what_is_not_there(self):
        for what in "OciManifestDigest", "OciManifest", "OciManifestAndConfig":
            answer = ASKED.ask(what, image=self.image("nowhere"))
            first, _, cause = answer.text.partition("\n\nCaused by:\n    ")
            self.assertFalse(answer.good)
            self.assertEqual(first, REGISTRY_FAILED + cause)
            self.assertIn(REGISTRY.host, cause)
            self.assertEqual(answer.keep_ms, 0)

    def test_names(self):
        for image, why in (("", "repository name must have at least one component"), ("Upper:tag", "invalid reference format"),
                           ("a@sha256:" + "f" * 33, "invalid checksum digest length"), ("a b", "invalid reference format"),
                           ("a@md5:" + "f" * 32, "unsupported digest algorithm"), ("a\0b", "invalid reference format")):
            for what in "OciManifestDigest", "OciManifest", "OciManifestAndConfig":
                answer = ASKED.ask(what, image=image)
                self.assertEqual((answer.good, answer.text), (False, why))
        self.assertEqual(ASKED.ask("OciManifest", image=7).text, "not a request about an image")
        self.assertEqual(ASKED.ask("DNSLookupHost", image="a").text, "not a request about an image")

    def test_questions_are_counted(self):
        with Provider("registry", sources=REGISTRY.insecure()) as asked:
            put_image("counted", "v1")
            for version in "v1", "v1", "v2":
                asked.ask("OciManifest", image=self.image("counted", version))
            text = asked.count()
        self.assertIn('chimera_registry_questions_total{operation="oci_manifest",result="success"} 2\n', text)
        self.assertIn('chimera_registry_questions_total{operation="oci_manifest",result="failure"} 1\n', text)

    def test_connections_are_kept(self):
        def script(request):
            return 200, {"Content-Type": MANIFEST}, body
        tree = put_image("kept", "v1")[1]
        tree["layers"][0]["urls"] = ["https://elsewhere.example/a"]
        body = compact(tree)
        with world.Fake(script) as fake, Provider("registry", sources=world.write("kept.json", json.dumps(fake.insecure))) as asked:
            ports = set()
            taken = fake.answer
            fake.answer = lambda handler: (ports.add(handler.client_address), taken(handler))
            for _ in range(5):
                self.assertEqual(asked.ask("OciManifest", image=f"{fake.host}/kept").text, compact(expected(tree)))
            # The first tries with TLS have none of HTTP.
            self.assertEqual(len(ports), 1)


class Liars(unittest.TestCase):
    def ask(self, what, script, seconds=300, image="a/b:v1"):
        with world.Fake(script) as fake, Provider("registry", sources=world.write("liar.json", json.dumps(fake.insecure))) as asked:
            return asked.ask(what, seconds=seconds, image=f"{fake.host}/{image}")

    def test_another_digest(self):
        body = compact({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [], "config": world.descriptor(b"{}", "a/b")})
        def script(request):
            return 200, {"Content-Type": MANIFEST, "Docker-Content-Digest": digest_of(b"other")}, body
        for what, image in (("OciManifest", "a/b:v1"), ("OciManifestAndConfig", "a/b:v1"),
                            ("OciManifestDigest", "a/b@" + digest_of(b"third"))):
            answer = self.ask(what, script, image=image)
            self.assertFalse(answer.good)
            self.assertIn("the manifest has the digest " if ":" in image[-3:] else "digest", answer.text)

    def test_what_is_no_manifest(self):
        for body in ("", "[]", "{", "{}", '{"schemaVersion":2}', '{"schemaVersion":300,"layers":[],"config":%s}' % compact(
                world.descriptor(b"{}", "a/b")), "x" * (5 << 20), "[" * 200 + "]" * 200):
            answer = self.ask("OciManifest", lambda request: (200, {"Content-Type": MANIFEST}, body))
            self.assertFalse(answer.good, body[:100])
            self.assertTrue(answer.text.startswith(REGISTRY_FAILED), answer)

    def test_fields_of_another_type(self):
        config = world.descriptor(b"{}", "a/b")
        for name, value in (("schemaVersion", "2"), ("urls", 1), ("os.features", [3])):
            tree = {"schemaVersion": 2, "mediaType": MANIFEST, "layers": [], "config": config}
            kind = MANIFEST
            if name == "urls":
                tree["layers"] = [{**config, "urls": value}]
            elif name == "os.features":
                kind = INDEX
                tree = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [
                    {**config, "mediaType": MANIFEST, "platform": {"os": "linux", "architecture": "amd64", name: value}}]}
            else:
                tree[name] = value
            answer = self.ask("OciManifest", lambda request: (200, {"Content-Type": kind}, compact(tree)))
            self.assertFalse(answer.good)
            self.assertTrue(answer.text.startswith(REGISTRY_FAILED), answer)
        self.assertIn("Failed to parse manifest as Versioned object: `os.features` is missing, or of another type", answer.text)

    def test_a_blob_that_is_another(self):
        config = world.descriptor(b'{"a":1}', "a/b")
        body = compact({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [], "config": config})
        def script(request):
            if "/blobs/" in request.path:
                return 200, {}, b'{"a":2}'
            return 200, {"Content-Type": MANIFEST}, body
        answer = self.ask("OciManifestAndConfig", script)
        self.assertFalse(answer.good)
        self.assertIn("digest", answer.text)

    def test_a_configuration_that_is_huge(self):
        for size in 5 << 20, 1 << 60:
            config = {**world.descriptor(b"{}", "a/b"), "size": size}
            body = compact({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [], "config": config})
            answer = self.ask("OciManifestAndConfig", lambda request: (200, {"Content-Type": MANIFEST}, body))
            self.assertFalse(answer.good)
        # Small, and a large tree.
        data = b"[" + b"[]," * 1300000 + b"1]"
        body = compact({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [], "config": world.descriptor(data, "a/b")})
        answer = self.ask("OciManifestAndConfig", lambda request: (200, {}, data) if "/blobs/" in request.path else
                          (200, {"Content-Type": MANIFEST}, body))
        self.assertFalse(answer.good)

    def test_one_that_hangs(self):
        import threading
        over = threading.Event()
        def script(request):
            over.wait(60)
            return None
        answer = self.ask("OciManifest", script, seconds=1)
        over.set()
        self.assertFalse(answer.good)
        self.assertLess(answer.ms, 20000)

    def test_one_that_is_away(self):
        with Provider("registry", sources=None) as asked:
            answer = asked.ask("OciManifest", image=f"localhost:{registries.free_port()}/a", seconds=10)
        self.assertFalse(answer.good)
        self.assertTrue(answer.text.startswith(REGISTRY_FAILED), answer)

    def test_one_that_fails_is_asked_once_more(self):
        seen = []
        def script(request):
            seen.append(request.method)
            return (503, {}, "") if len(seen) < 2 else (200, {"Content-Type": MANIFEST}, body)
        body = compact({"schemaVersion": 2, "mediaType": MANIFEST, "layers": [], "config": world.descriptor(b"{}", "a/b")})
        self.assertTrue(self.ask("OciManifest", script).good)
        self.assertEqual(len(seen), 2)
        seen = []
        answer = self.ask("OciManifest", lambda request: (seen.append(1), (503, {}, ""))[1])
        self.assertEqual((answer.good, len(seen)), (False, 2))


class Logins(unittest.TestCase):
    def docker(self, name, config):
        folder = world.path(name)
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "config.json"), "w") as out:
            json.dump(config, out)
        return folder

    def test_a_login_in_plain_and_one_of_a_helper(self):
        with Registry(login=registries.HTPASSWD) as registry:
            digest = registry.put_policy("private", "v1", b"\0asm\1\0\0\0")
            auth = base64.b64encode(b"anna:secret").decode()
            helpers = world.path("helpers")
            os.makedirs(helpers, exist_ok=True)
            with open(os.path.join(helpers, "docker-credential-e2e"), "w") as out:
                out.write('#!/bin/sh\nread -r server\necho "$server" >> "%s/asked"\n'
                          'echo \'{"Username": "anna", "Secret": "secret"}\'\n' % helpers)
            os.chmod(out.name, 0o755)
            environment = {"PATH": helpers + ":" + os.environ["PATH"]}
            for config, is_good in (({}, False), ({"auths": {registry.host: {"auth": auth}}}, True),
                                    ({"auths": {registry.host + "/other": {"auth": auth}}}, False),
                                    ({"credHelpers": {registry.host: "e2e"}}, True), ({"credsStore": "e2e"}, True),
                                    ({"credHelpers": {registry.host: "e2e-missing"}}, False)):
                with Provider("registry", environment, sources=registry.insecure(), docker_config=self.docker("docker", config)) as asked:
                    answer = asked.ask("OciManifestDigest", image=f"{registry.host}/private:v1")
                self.assertEqual(answer.good, is_good, (config, answer))
                if is_good:
                    self.assertEqual(answer.value["digest"], digest)
                self.assertNotIn("secret", answer.text)
            with open(os.path.join(helpers, "asked")) as lines:
                self.assertEqual(lines.read().split(), [registry.host, registry.host])

    def test_a_configuration_that_is_none(self):
        folder = self.docker("broken", [])
        with Provider("registry", sources=REGISTRY.insecure(), docker_config=folder) as asked:
            answer = asked.ask("OciManifestDigest", image=f"{REGISTRY.host}/digest:v1")
        self.assertFalse(answer.good)
        self.assertIn("not a map", answer.text)

    def test_sources_that_cannot_be_read(self):
        with Provider("registry", sources=world.write("no-sources.yml", "insecure_sources: 7")) as asked:
            asked.process.wait(60)
        self.assertEqual(asked.process.returncode, 1)
        self.assertIn("insecure_sources", asked.errors)


if __name__ == "__main__":
    unittest.main()
