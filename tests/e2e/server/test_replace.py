# SPDX-License-Identifier: Apache-2.0
"""In policy-server's place: the server is started as Kubewarden's controller has it (policy-server.md §7.2), from an image that holds
what docs/user/replace-policy-server.md says and nothing else, and does with each variable what that page says.

The image is a folder that is the root of a mount namespace, read-only, with the controller's volumes in it; the network is our own,
as the ports are fixed. Not tried here is what only a container runtime does: seccomp's RuntimeDefault.
"""
import ctypes, fcntl, http.client, json, os, re, shutil, signal, socket, ssl, struct, subprocess, sys, tempfile, time, unittest

import harness
from harness import COMMAND, ROOT, SERVER

INSIDE = "CHIMERA_REPLACE_INSIDE"  # the folder of the image
PAGE = os.path.join(ROOT, "docs", "user", "replace-policy-server.md")
with open(os.path.join(ROOT, "docs", "user", "examples", "Dockerfile"), encoding="utf-8") as text:
    DOCKERFILE = text.read()
USER = int(re.search(r"^USER (\d+):\1$", DOCKERFILE, re.M)[1])
PASSWD = re.search(r"echo '(.*)' >> /etc/passwd$", DOCKERFILE, re.M)[1]
ENTRYPOINT = json.loads(re.search(r"^ENTRYPOINT (.*)$", DOCKERFILE, re.M)[1])
MODULE = "registry://registry.example/policies/deny:v1"
VERIFICATION = {"apiVersion": "v1", "allOf": [{"kind": "genericIssuer", "issuer": "https://issuer.example", "subject": {"equal": "nobody"}}]}
# One line of JSON, with all that the controller writes beside what a policy is.
POLICIES = {"clusterwide-deny": {"namespacedName": {"Namespace": "", "Name": "deny"}, "module": MODULE, "policyMode": "protect", "allowedToMutate": False,
                                 "settings": None, "hostCapabilities": ["*"]},
            "namespaced-group-shop-gate": {"namespacedName": {"Namespace": "shop", "Name": "gate"}, "policyMode": "protect", "policies": {
                "a": {"module": MODULE, "settings": None, "hostCapabilities": ["*"]}}, "expression": "!a()", "message": "no"}}
SOURCES = {"insecure_sources": ["registry.example"], "source_authorities": {}}
ALWAYS = {"KUBEWARDEN_CERT_FILE": "/pki/tls.crt", "KUBEWARDEN_KEY_FILE": "/pki/tls.key", "KUBEWARDEN_PORT": "8443", "KUBEWARDEN_READINESS_PROBE_PORT": "8081",
          "KUBEWARDEN_POLICIES_DOWNLOAD_DIR": "/tmp", "KUBEWARDEN_POLICIES": "/config/policies.yml", "KUBEWARDEN_SIGSTORE_CACHE_DIR": "/tmp/sigstore-data",
          "KUBEWARDEN_ALWAYS_ACCEPT_ADMISSION_REVIEWS_ON_NAMESPACE": "kubewarden", "KUBEWARDEN_LOG_LEVEL": "info",
          "PATH": "/usr/bin", "HOSTNAME": "policy-server-default-0", "KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}
BUNDLE = dict(re.findall(r"^ENV (\w+)=(\S+)$", DOCKERFILE, re.M))
MORE = {"KUBEWARDEN_DOCKER_CONFIG_JSON_PATH": "/home/kubewarden/.docker", "KUBEWARDEN_SOURCES_PATH": "/sources/sources.yml",
        "KUBEWARDEN_SIGSTORE_TRUST_CONFIG_PATH": "/sigstore-trust/sigstore-trust-config.json"}
VERIFIED = {"KUBEWARDEN_VERIFICATION_CONFIG_PATH": "/verification/verification.yml"}
MUTUAL = {"KUBEWARDEN_CLIENT_CA_FILE": "/ca/ca.crt,/client-ca/client-ca.crt"}
TELEMETRY = {"KUBEWARDEN_ENABLE_METRICS": "true", "KUBEWARDEN_LOG_FMT": "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://localhost:4317"}


def words_inside():
    """A command that runs others with a mount and a network namespace of their own; None: there can be none here."""
    words = ["unshare", "--mount", "--net", "--"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount", "--net", "--"]
    return words if subprocess.run([*words, "true"], capture_output=True).returncode == 0 else None


def libraries(program):
    """The files that the loader takes for it, itself included."""
    told = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    return re.findall(r"(?:=> )?(/\S+) \(0x", told)


class Image:
    """A folder with what an image needs, and the controller's volumes."""

    def __init__(self, folder):
        self.folder = folder
        self.root = os.path.join(folder, "root")
        for name in ("bin", "lib/chimera"):
            os.makedirs(self.at("usr", name))
        shutil.copy(SERVER, self.at("usr/bin/chimera-server"))
        exporter = os.path.join(os.path.dirname(SERVER), "chimera-capability-otlp.so")
        self.has_exporter = os.path.exists(exporter)
        taken = libraries(SERVER)
        if self.has_exporter:
            shutil.copy(exporter, self.at("usr/lib/chimera"))
            taken += libraries(exporter)
        for library in set(taken):
            os.makedirs(self.at(os.path.dirname(library).lstrip("/")), exist_ok=True)
            shutil.copy(library, self.at(library.lstrip("/")))
        self.write("etc/passwd", PASSWD + "\n")
        for name in ("tmp", "proc", "dev"):
            os.makedirs(self.at(name))
        self.make_bundle()
        self.make_volumes()

    def at(self, *names):
        return os.path.join(self.root, *names)

    def write(self, name, text):
        os.makedirs(os.path.dirname(self.at(name)), exist_ok=True)
        with open(self.at(name), "w") as out:
            out.write(text if isinstance(text, str) else json.dumps(text))

    def make_bundle(self):
        """Of the very reference that the controller will name."""
        place = os.path.join(self.folder, "store", "registry", "registry.example", "policies")
        os.makedirs(place)
        shutil.copy(os.path.join(harness.POLICIES, "reject-message-code.wasm"), os.path.join(place, "deny:v1"))
        policies = os.path.join(self.folder, "policies.yml")
        with open(policies, "w") as out:
            json.dump({"deny": {"module": MODULE}}, out)
        done = subprocess.run([COMMAND, "bundle", policies, "-o", self.at("bundle"), "-q", "--offline", "--store", os.path.join(self.folder, "store")],
                              capture_output=True, text=True, env=dict(os.environ, CHIMERA_CACHE_DIR=harness._cache))
        assert done.returncode == 0, done

    def make_volumes(self):
        self.pki = os.path.join(self.folder, "pki")
        os.mkdir(self.pki)
        harness.make_certificates(self.pki, "DNS:policy-server-default.kubewarden.svc,IP:127.0.0.1")
        for source, name in (("server.crt", "pki/tls.crt"), ("server.key", "pki/tls.key"), ("ca.crt", "ca/ca.crt"), ("lonely.crt", "client-ca/client-ca.crt")):
            with open(os.path.join(self.pki, source)) as text:
                self.write(name, text.read())
        self.write("config/policies.yml", POLICIES)
        self.write("sources/sources.yml", SOURCES)
        self.write("verification/verification.yml", VERIFICATION)
        self.write("sigstore-trust/sigstore-trust-config.json", {})
        self.write("home/kubewarden/.docker/config.json", {"auths": {"registry.example": {"auth": "bm9ib2R5OnNlY3JldA=="}}})

    def mount(self):
        """All of it read-only but /tmp; /proc and some of /dev are what a container runtime gives."""
        def mount(*words):
            subprocess.run(["mount", *words], check=True)
        mount("--bind", self.root, self.root)
        mount("--rbind", "/proc", self.at("proc"))
        mount("--rbind", "/dev", self.at("dev"))
        mount("-o", "remount,bind,ro", self.root)
        mount("-t", "tmpfs", "-o", "mode=1777", "none", self.at("tmp"))


class Pod:
    """The server, started as the container is: no command, no arguments, a user by number, no capability, no new privileges."""

    def __init__(self, image, environment, is_root):
        def enter():
            os.chroot(image.root)
            os.chdir("/")
            ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
            if not is_root:
                return
            os.setgroups([])
            os.setgid(USER)
            os.setuid(USER)
        self.image, self.log = image, tempfile.TemporaryFile()
        self.process = subprocess.Popen(ENTRYPOINT, env=environment, preexec_fn=enter, stdout=self.log, stderr=subprocess.STDOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log.close()

    def said(self):
        return os.pread(self.log.fileno(), 1 << 20, 0).decode()

    def wait_ready(self, path="/readiness"):
        until = time.monotonic() + 120
        while time.monotonic() < until and self.process.poll() is None:
            connection = http.client.HTTPConnection("127.0.0.1", 8081, timeout=20)
            try:
                connection.request("GET", path)
                if connection.getresponse().status == 200:
                    return
            except OSError:
                pass
            finally:
                connection.close()
            time.sleep(0.02)
        raise AssertionError("it did not become ready: " + self.said())

    def verdict(self, path, namespace="default", client=None):
        context = ssl.create_default_context(cafile=os.path.join(self.image.pki, "ca.crt"))
        if client:
            context.load_cert_chain(os.path.join(self.image.pki, client + ".crt"), os.path.join(self.image.pki, client + ".key"))
        connection = http.client.HTTPSConnection("127.0.0.1", 8443, timeout=60, context=context)
        try:
            connection.request("POST", path + "?timeout=10s", harness.review(namespace=namespace), harness.JSON)
            answer = connection.getresponse()
            assert answer.status == 200, answer.status
            return json.loads(answer.read())["response"]
        finally:
            connection.close()


@unittest.skipIf(os.environ.get(INSIDE), "this is inside")
class Outside(unittest.TestCase):
    def test_in_its_place(self):
        words = words_inside()
        if not words:
            self.skipTest("no namespaces of our own")
        with tempfile.TemporaryDirectory(prefix="chimera-replace-") as folder:  # its mounts have gone with the namespace
            os.chmod(folder, 0o755)
            done = subprocess.run([*words, sys.executable, "-m", "unittest", "test_replace"], cwd=os.path.dirname(os.path.abspath(__file__)),
                                  env=dict(os.environ, **{INSIDE: folder}), capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stderr, r"Ran [2-9]\d* tests|Ran [1-9]\d+ tests")

    def test_the_page_has_every_variable(self):
        with open(PAGE, encoding="utf-8") as text:
            page = text.read()
        for name in {**ALWAYS, **BUNDLE, **MORE, **VERIFIED, **MUTUAL, **TELEMETRY}:
            if not name.startswith(("PATH", "HOSTNAME", "KUBERNETES_")):
                self.assertIn(name, page)

    def test_the_image_is_made_as_the_page_says(self):
        """The packages and what they bring are tests/packages'; the rest of the file is what the image of these tests is made from."""
        with open(PAGE, encoding="utf-8") as text:
            page = text.read()
        for words in (f"USER {USER}:{USER}", PASSWD, f"ENTRYPOINT {json.dumps(ENTRYPOINT)}", "ENV CHIMERA_BUNDLE=/bundle"):
            self.assertIn(f"`{words}`", page)
        self.assertIn("```text\n" + DOCKERFILE[DOCKERFILE.index("FROM "):] + "```\n", page)
        self.assertEqual(re.findall(r"^COPY (\S+) (\S+)$", DOCKERFILE, re.M), [("bundle", BUNDLE["CHIMERA_BUNDLE"])])
        for package in re.search(r"^COPY (.*_\*\.deb) /packages/$", DOCKERFILE, re.M)[1].split():
            self.assertRegex(package, r"^packages/chimera-(common|server)_")

    def test_the_page_names_what_the_program_loads(self):
        with open(PAGE, encoding="utf-8") as text:
            page = text.read()
        of_the_system = {"libc", "libm", "ld-linux-x86-64"}
        for library in libraries(SERVER):
            name = os.path.basename(library).split(".so")[0]
            if name not in of_the_system and not harness.is_sanitized():
                self.assertIn(f"`{name}`", page)


@unittest.skipUnless(os.environ.get(INSIDE), "needs namespaces of its own: Outside makes them")
class Inside(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open("/proc/self/uid_map") as text:
            cls.is_root = text.read().split()[2] != "1"  # else there is one user alone, and it cannot be another
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh22x", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
        cls.image = Image(os.environ[INSIDE])
        cls.image.mount()

    def pod(self, *environments):
        environment = dict(ALWAYS)
        for more in environments:
            environment.update(more)
        return Pod(self.image, environment, self.is_root)

    def refused(self, *environments):
        with self.pod(*environments) as pod:
            self.assertEqual(pod.process.wait(60), 1)
            return pod.said()

    def test_a_bundle_serves_what_the_controller_names(self):
        with self.pod(BUNDLE, MORE) as pod:
            pod.wait_ready()
            denied = pod.verdict("/validate/clusterwide-deny")
            self.assertEqual((denied["allowed"], denied["status"]["code"]), (False, 418))
            self.assertTrue(pod.verdict("/validate/namespaced-group-shop-gate")["allowed"])
            self.assertFalse(pod.verdict("/audit/clusterwide-deny")["allowed"])
            # The controller's own namespace is let through, or nobody could put the server right.
            self.assertTrue(pod.verdict("/validate/clusterwide-deny", namespace="kubewarden")["allowed"])
            self.assertEqual(os.listdir(self.image.at("tmp")), [])
            pod.process.send_signal(signal.SIGTERM)
            self.assertEqual(pod.process.wait(60), 0)

    def test_mutual_tls(self):
        with self.pod(BUNDLE, MUTUAL) as pod:
            pod.wait_ready()
            for client in ("client", "lonely"):  # one of each file: the API server's, and the audit scanner's
                self.assertFalse(pod.verdict("/validate/clusterwide-deny", client=client)["allowed"])
            with self.assertRaises((OSError, http.client.HTTPException)):
                pod.verdict("/validate/clusterwide-deny")

    def test_verification_is_about_the_bundle(self):
        said = self.refused(BUNDLE, VERIFIED)
        self.assertIn("cannot be verified", said)

    def test_a_module_that_the_bundle_lacks_is_named(self):
        other = json.dumps(POLICIES).replace("deny:v1", "deny:v2")
        subprocess.run(["mount", "-t", "tmpfs", "none", self.image.at("config")], check=True)
        try:
            self.image.write("config/policies.yml", other)
            self.assertIn('policy "clusterwide-deny": the bundle /bundle has no plugin for registry://registry.example/policies/deny:v2', self.refused(BUNDLE))
        finally:
            subprocess.run(["umount", self.image.at("config")], check=True)

    def test_telemetry(self):
        if not self.image.has_exporter:
            self.skipTest("the exporter is not built")
        with self.pod(BUNDLE, TELEMETRY) as pod:  # nobody listens: it serves all the same
            pod.wait_ready()
            self.assertFalse(pod.verdict("/validate/clusterwide-deny")["allowed"])


if __name__ == "__main__":
    unittest.main()
