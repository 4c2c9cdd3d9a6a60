# SPDX-License-Identifier: Apache-2.0
"""What the tests run: etcd, a real API server, chimera-servers, all on free ports of the loopback, and a client of the API."""
import base64, http.client, json, os, re, signal, socket, ssl, subprocess, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
EXAMPLES = os.path.join(ROOT, "docs", "user", "examples", "kubernetes")
SAMPLES = os.path.join(ROOT, "tests", "policies")
CORPUS = os.path.join(ROOT, "tests", "reference", "policies")
SLEEPER = os.path.join(ROOT, "tests", "e2e", "server", "policies", "sleep.wasm")
TOKEN = "a-token-of-the-test"


class Failed(Exception):
    """What was seen is not what should have been."""


def check(is_true, seen):
    if not is_true:
        raise Failed(seen)


def wait_for(is_true, what, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        got = is_true()
        if got:
            return got
        time.sleep(0.05)
    raise Failed(f"waited {seconds} s for {what}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def make_certificate(folder, *names):
    """The documented way; see the script."""
    subprocess.run([os.path.join(EXAMPLES, "make-certificate"), folder, *names], check=True, capture_output=True)


class Process:
    """A program with its output in a file."""

    def __init__(self, name, command, folder, environment=None):
        self.name, self.log_path = name, os.path.join(folder, name + ".log")
        self.command, self.folder = command, folder
        self.out = open(self.log_path, "ab")
        self.process = subprocess.Popen(command, stdout=self.out, stderr=subprocess.STDOUT, env=environment,
                                        stdin=subprocess.DEVNULL)

    def is_running(self):
        return self.process.poll() is None

    def log(self):
        with open(self.log_path, errors="replace") as text:
            return text.read()

    def check_running(self):
        check(self.is_running(), f"{self.name} has ended: {self.log()[-2000:]}")
        return False

    def stop(self, seconds=60):
        """Returns the exit code."""
        if self.is_running():
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None
        finally:
            self.out.close()


def get(port, path):
    """The status of a plain request, or None."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


class Etcd(Process):
    def __init__(self, folder):
        self.port, peer = free_port(), free_port()
        client_url, peer_url = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{peer}"
        super().__init__("etcd", [
            "etcd", "--data-dir", os.path.join(folder, "etcd"), "--listen-client-urls", client_url, "--advertise-client-urls", client_url,
            "--listen-peer-urls", peer_url, "--initial-advertise-peer-urls", peer_url, "--initial-cluster", "default=" + peer_url], folder)
        wait_for(lambda: get(self.port, "/health") == 200 or self.check_running(), "etcd")


AUDIT_POLICY = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"], "rules": [
    {"level": "Metadata", "resources": [{"group": "", "resources": ["pods"]}]}, {"level": "None"}]}


class ApiServer(Process):
    def __init__(self, binary, etcd, folder, admission=None, authorization="AlwaysAllow", tokens=()):
        """`admission` is the path of an AdmissionConfiguration; `tokens` are lines of --token-auth-file besides the administrator's."""
        def path(name, text=None):
            if text is not None:
                with open(os.path.join(folder, name), "w") as out:
                    out.write(text)
            return os.path.join(folder, name)

        openssl(folder, "genrsa", "-out", "sa.key", "2048")
        self.port, self.audit_log = free_port(), path("audit.log")
        super().__init__("kube-apiserver", [
            binary, f"--etcd-servers=http://127.0.0.1:{etcd.port}", "--service-account-key-file=" + path("sa.key"),
            "--service-account-signing-key-file=" + path("sa.key"), "--service-account-issuer=https://kubernetes.default.svc",
            f"--secure-port={self.port}", "--bind-address=127.0.0.1", "--cert-dir=" + path("certs"),
            "--token-auth-file=" + path("tokens.csv", "\n".join([f'{TOKEN},admin,admin,"system:masters"', *tokens, ""])),
            "--authorization-mode=" + authorization, "--allow-privileged=true", "--service-cluster-ip-range=10.0.0.0/24",
            "--disable-admission-plugins=ServiceAccount", *(["--admission-control-config-file=" + admission] if admission else []),
            "--audit-policy-file=" + path("audit-policy.json", json.dumps(AUDIT_POLICY)), "--audit-log-path=" + self.audit_log,
        ], folder)
        self.threads = threading.local()
        wait_for(lambda: self.is_ready() or self.check_running(), "the API server", 180)

    def restart(self, meanwhile):
        """The same again, after `meanwhile()`."""
        self.stop()
        meanwhile()
        Process.__init__(self, self.name, self.command, self.folder)
        wait_for(lambda: self.is_ready() or self.check_running(), "the API server", 180)

    def is_ready(self):
        try:
            return self.call("GET", "/readyz").status == 200
        except (OSError, http.client.HTTPException):
            return False

    def connection(self):
        if not getattr(self.threads, "connection", None):
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # its certificate is its own
            self.threads.connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=90, context=context)
        return self.threads.connection

    def call(self, method, path, body=None, content_type="application/json", headers=()):
        """Body: a structure, or text of another type. More headers are {name: value}."""
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        headers = {"Authorization": "Bearer " + TOKEN, "Accept": "application/json", "Content-Type": content_type, **dict(headers)}
        connection = self.connection()
        try:
            connection.request(method, path, body=body.encode() if isinstance(body, str) else body, headers=headers)
            return Answer(connection.getresponse())
        except (OSError, http.client.HTTPException):
            connection.close()
            raise

    def must(self, method, path, body=None, content_type="application/json"):
        answer = self.call(method, path, body, content_type)
        check(answer.status in (200, 201), f"{method} {path}: {answer}")
        return answer.object

    def apply(self, path, text, query=""):
        """Creates what a manifest says."""
        return self.must("POST", path + "?fieldValidation=Strict" + query, text, "application/yaml")

    def metrics(self):
        self.connection().close()  # after minutes without a call the API server has ended it; http.client makes another
        return Metrics(self.call("GET", "/metrics").text)

    def audit_events(self):
        with open(self.audit_log) as lines:
            return [json.loads(line) for line in lines]


class Answer:
    def __init__(self, response):
        self.status, self.text = response.status, response.read().decode()
        self.warnings = [text.encode("latin-1").decode() for text in response.headers.get_all("Warning") or []]
        try:
            self.object = json.loads(self.text)
        except ValueError:
            self.object = {}
        self.message = self.object.get("message", "") if isinstance(self.object, dict) else ""

    def __str__(self):
        return f"{self.status} {self.message or self.text[:300]}"


class Metrics:
    """Prometheus text."""

    def __init__(self, text):
        self.samples = re.findall(r"^(\w+)(?:\{(.*)\})? (\S+)$", text, re.M)

    def find(self, sample_name, **labels):
        """[(labels, value)] of the samples that have these labels."""
        found = []
        for sample, text, value in self.samples:
            have = dict(re.findall(r'(\w+)="([^"]*)"', text))
            if sample == sample_name and labels.items() <= have.items():
                found.append((have, float(value)))
        return found

    def sum(self, sample_name, **labels):
        return sum(value for _, value in self.find(sample_name, **labels))


class Chimera(Process):
    """A chimera-server with TLS. `certificate` is a folder with tls.crt and tls.key; `policies` the path of policies.yml."""

    def __init__(self, binary, name, folder, policies, certificate, cache, flags=(), ports=None):
        self.port, self.probe_port = ports or (free_port(), free_port())
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("KUBE", "OTEL"))}
        environment.update({"CHIMERA_CACHE_DIR": cache, "KUBECONFIG": "/nonexistent", "CHIMERA_WAIT_FOR_FULL_TIER": "true"})
        super().__init__(name, [
            binary, "--addr=127.0.0.1", f"--port={self.port}", f"--readiness-probe-port={self.probe_port}", "--policies=" + policies,
            "--policies-download-dir=" + folder, f"--cert-file={certificate}/tls.crt", f"--key-file={certificate}/tls.key",
            "--ignore-kubernetes-connection-failure", "--log-level=info", "--workers=2", *flags], folder, environment)

    def is_ready(self):
        return get(self.probe_port, "/readiness") == 200

    def wait_ready(self):
        wait_for(lambda: self.is_ready() or self.check_running(), f"{self.name} to be ready", 300)
        return self

    def certificate(self):
        """What a new connection is shown."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as sock, context.wrap_socket(sock) as tls:
            return tls.getpeercert(True)

    def resources(self):
        """(KiB resident, descriptors) of all its processes; looked at again when one of them has ended meanwhile."""
        for _ in range(100):
            pids = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True).stdout.split()
            resident = descriptors = 0
            try:
                for pid in [str(self.process.pid), *pids]:
                    with open(f"/proc/{pid}/status") as status:
                        resident += int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))
                    descriptors += len(os.listdir(f"/proc/{pid}/fd"))
            except (FileNotFoundError, ProcessLookupError, AttributeError):
                continue  # no VmRSS: it has ended, and nobody has been told
            return resident, descriptors
        raise AssertionError("its processes come and go")


def example(name, **replaced):
    """The text of a documented manifest, with some of it replaced for the loopback."""
    with open(os.path.join(EXAMPLES, name)) as text:
        text = text.read()
    for old, new in replaced.items():
        text = text.replace(old, new)
    return text


def read_base64(path):
    with open(path, "rb") as data:
        return base64.b64encode(data.read()).decode()
