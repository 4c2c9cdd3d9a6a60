# SPDX-License-Identifier: Apache-2.0
"""Starts the real chimera-server on free ports with policies of the reference corpus, and talks to it.

The tests find the programs through CHIMERA_SERVER (the binary) and CHIMERA_COMMAND (the `chimera` program, when it
is not beside it); built plugins go to CHIMERA_CACHE_DIR, or to one folder for the whole run.
"""
import contextlib, http.client, json, os, re, shutil, signal, socket, ssl, subprocess, sys, tempfile, time, unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.append(os.path.dirname(HERE))
from ports import free_port

POLICIES = os.path.join(ROOT, "tests", "reference", "policies")
SERVER = os.environ.get("CHIMERA_SERVER", os.path.join(ROOT, "build", "bin", "chimera-server"))
COMMAND = os.environ.get("CHIMERA_COMMAND", os.path.join(os.path.dirname(SERVER), "chimera"))
JSON = {"Content-Type": "application/json"}

_cache = os.environ.get("CHIMERA_CACHE_DIR") or tempfile.mkdtemp(prefix="chimera-e2e-")


def remove_cache():
    if not os.environ.get("CHIMERA_CACHE_DIR"):
        shutil.rmtree(_cache, ignore_errors=True)


unittest.addModuleCleanup(remove_cache)


def is_sanitized():
    """Such builds have no lock-down."""
    with open(SERVER, "rb") as program:
        data = program.read()
    return b"__asan_init" in data or b"__tsan_init" in data


def wasm(name):
    return "file://" + os.path.join(POLICIES, name + ".wasm")


def review(uid="u-1", namespace="default", **more):
    request = {"uid": uid, "kind": {"group": "", "version": "v1", "kind": "Pod"},
               "resource": {"group": "", "version": "v1", "resource": "pods"}, "operation": "CREATE", "userInfo": {},
               "namespace": namespace, "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}}}
    request.update(more)
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}).encode()


class Server:
    """A context manager; `policies` is what policies.yml holds; None: it is not named to the server. `output`: the descriptor
    that takes what the server writes, in place of the files that log() and errors() read."""

    def __init__(self, policies, *flags, environment=None, is_awaited=True, tls=None, log="error", output=None):
        self.folder = tempfile.mkdtemp(prefix="chimera-e2e-")
        self.port, self.probe_port, self.tls = free_port(), free_port(), tls
        path = os.path.join(self.folder, "policies.yml")
        with open(path, "w") as out:
            json.dump(policies, out)
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("KUBE", "OTEL")) and k != "CHIMERA_SERVER"}  # which is ours
        # One worker from the start to the end, unless the test is about more.
        clean.update({"CHIMERA_CACHE_DIR": _cache, "KUBECONFIG": "/nonexistent", "CHIMERA_WAIT_FOR_FULL_TIER": "true"},
                     **(environment or {}))
        self.out = open(os.path.join(self.folder, "out"), "wb")
        self.err = open(os.path.join(self.folder, "err"), "wb")
        command = [SERVER, "--addr", "127.0.0.1", "--port", str(self.port), "--readiness-probe-port", str(self.probe_port),
                   "--policies", path, "--workers", "2", "--ignore-kubernetes-connection-failure", "--log-level", log,
                   "--policies-download-dir", self.folder]
        for flag in flags:
            if flag.startswith("--") and flag in command:
                at = command.index(flag)
                del command[at:at + 2]
        if policies is None:
            at = command.index("--policies")
            del command[at:at + 2]
        self.process = subprocess.Popen(command + list(flags), stdout=self.out if output is None else output,
                                        stderr=self.err if output is None else output, env=clean)
        if is_awaited and not self.wait_ready():
            self.stop()
            raise AssertionError("the server did not become ready: " + self.errors())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        self.out.close()
        self.err.close()
        shutil.rmtree(self.folder)

    def is_ready(self):
        try:
            return self.probe("/readiness")[0] == 200
        except OSError:
            return False

    def wait_ready(self, seconds=300):
        until = time.time() + seconds
        while time.time() < until and self.process.poll() is None:
            if self.is_ready():
                return True
            time.sleep(0.02)
        return False

    def stop(self):
        """Returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(0.2)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGTERM)  # there are no late clients to wait for
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    def said(self, name):
        with open(os.path.join(self.folder, name), "rb") as text:  # apart from the server's own, whose position is shared
            return text.read().decode()

    def errors(self):
        """Without what LeakSanitizer says of a process that was forked while another thread ran: that thread, which the
        process does not have, cannot be suspended."""
        return re.sub(r"(?m)^==\d+==Running thread \d+ was not suspended\. False leaks are possible\.\n", "", self.said("err"))

    def log(self):
        return self.said("out")

    def workers(self):
        """The children that serve, the youngest last; none that has ended, be it that nobody has been told yet."""
        children = subprocess.run(["ps", "-o", "pid=,stat=", "--sort=start_time", "--ppid", str(self.process.pid)],
                                  capture_output=True, text=True)
        return [int(pid) for pid, state in map(str.split, children.stdout.splitlines()) if not state.startswith("Z")]

    def ask_workers(self, ask):
        """What `ask(pid)` says of each child, by pid; all again when children have come or gone meanwhile."""
        while True:
            pids = self.workers()
            try:
                answers = {pid: ask(pid) for pid in pids}
            except Ended:
                continue
            if self.workers() == pids:
                return answers

    def probe(self, path, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.probe_port, timeout=20)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def connect(self):
        """A connection of http.client's."""
        if self.tls:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=180, context=self.tls)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=180)

    def post(self, path, body=None, headers=JSON, connection=None):
        """(status, headers in lower case, body as text)"""
        own = connection or self.connect()
        try:
            own.request("POST", path, body=review() if body is None else body, headers=headers)
            answer = own.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
        finally:
            if not connection:
                own.close()

    def verdict(self, path, body=None):
        status, _, text = self.post(path, body)
        assert status == 200, (status, text)
        return json.loads(text)["response"]

    def raw(self, port=None):
        """A bare socket."""
        sock = socket.create_connection(("127.0.0.1", port or self.port), timeout=180)
        if port:
            return sock
        return self.tls.wrap_socket(sock, server_hostname="localhost") if self.tls else sock


def request(path="/validate/accept", body=None, *fields, method="POST"):
    body = review() if body is None else body
    head = [f"{method} {path} HTTP/1.1", "Host: x", "Content-Type: application/json", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


class Reader:
    """Reads answers one after the other from a bare socket."""

    def __init__(self, sock):
        self.sock, self.bytes = sock, b""

    def more(self):
        got = self.sock.recv(65536)
        self.bytes += got
        return bool(got)

    def head(self):
        while b"\r\n\r\n" not in self.bytes:
            if not self.more():
                raise EOFError(self.bytes)
        head, self.bytes = self.bytes.split(b"\r\n\r\n", 1)
        return head.decode()

    def answer(self):
        """(status, head, body)"""
        head = self.head()
        length = re.search(r"(?i)^content-length: (\d+)", head, re.M)
        size = int(length.group(1)) if length else 0
        while len(self.bytes) < size:
            if not self.more():
                raise EOFError(self.bytes)
        body, self.bytes = self.bytes[:size], self.bytes[size:]
        return int(head.split()[1]), head, body.decode()

    def is_at_end(self):
        try:
            return not self.bytes and not self.more()
        except (ConnectionResetError, ssl.SSLError):
            return False


def wait_for(is_true, seconds=120):
    """For a condition, as long as a busy machine may take for it."""
    until = time.time() + seconds
    while time.time() < until:
        if is_true():
            return True
        time.sleep(0.02)
    return False


def are_read(*socks):
    """Has the server, which is on this machine, read all that was sent? Bare sockets."""
    left = {}
    with open("/proc/net/tcp") as lines:
        for _, local, remote, _, queues, *_ in map(str.split, list(lines)[1:]):
            left[tuple(int(end.split(":")[1], 16) for end in (local, remote))] = [int(size, 16) for size in queues.split(":")]
    ends = [(sock.getsockname()[1], sock.getpeername()[1]) for sock in socks]
    return all(left.get(end, [1])[0] == 0 and left.get(end[::-1], [1])[-1] == 0 for end in ends)  # not sent, not received


def in_time(measure, seconds):
    """`measure()` once more and again, until it has taken less: a busy machine may be late now and then, but not always."""
    for _ in range(20):
        started = time.monotonic()
        answer = measure()
        took = time.monotonic() - started
        if took < seconds:
            return took, answer
    raise AssertionError(f"never within {seconds} s; the last took {took:.2f} s")


def write(path, policies):
    with open(path, "w") as out:
        out.write(policies if isinstance(policies, str) else json.dumps(policies))


class Mount:
    """A folder as kubelet keeps it: FOLDER/NAME -> ..data/NAME, ..data -> ..NUMBER, the last link swapped by a rename."""

    def __init__(self, folder, files):
        self.folder, self.number = folder, 0
        self.swap(files)
        for name in files:
            os.symlink("..data/" + name, os.path.join(folder, name))

    def swap(self, files):
        before, self.number = f"{self.folder}/..{self.number}", self.number + 1
        os.mkdir(f"{self.folder}/..{self.number}")
        for name, text in files.items():
            write(f"{self.folder}/..{self.number}/{name}", text)
        os.symlink(f"..{self.number}", f"{self.folder}/..data_tmp")
        os.rename(f"{self.folder}/..data_tmp", f"{self.folder}/..data")
        shutil.rmtree(before, ignore_errors=True)


class Ended(Exception):
    """The process that was asked about is no more."""


@contextlib.contextmanager
def alive(pid):
    try:
        yield
    except (FileNotFoundError, ProcessLookupError):
        raise Ended(pid) from None


def proc(pid, name):
    """What /proc says of a process."""
    with alive(pid), open(f"/proc/{pid}/{name}") as text:
        return text.read()


def status(task):
    """Of a process, or of PID/task/TID."""
    return dict(line.split(":\t", 1) for line in proc(task, "status").splitlines() if ":\t" in line)


def tasks(pid):
    """Threads, for status()."""
    with alive(pid):
        return [f"{pid}/task/{task}" for task in os.listdir(f"/proc/{pid}/task")]


def descriptors(pid):
    """Where they lead to; not those that are closed meanwhile."""
    found = []
    with alive(pid):
        names = os.listdir(f"/proc/{pid}/fd")
    for name in names:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found.append(os.readlink(f"/proc/{pid}/fd/{name}"))
    return found


def cpu_ticks(pid):
    """That it has used."""
    return sum(map(int, proc(pid, "stat").rsplit(")", 1)[1].split()[11:13]))


def patiently(test):
    """For a test whose steps must be done while others' time runs: test(self, scale), where times are `scale` times as long as they
    need be. On a machine that was too slow for it, it is run once more, with more time, behind another setUp()."""
    def run(self):
        for scale in (1, 4, 16):
            try:
                return test(self, scale)
            except (AssertionError, OSError, EOFError):  # the last is of a Reader: a connection was closed meanwhile
                if scale == 16:
                    raise
            self.doCleanups()
            self.setUp()
    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


def listens(pid):
    with open("/proc/net/tcp") as lines:
        listening = {f"socket:[{fields[9]}]" for fields in map(str.split, lines) if fields[3] == "0A"}
    return not listening.isdisjoint(descriptors(pid))


def is_worker(pid):
    """Of a child: it has been given a main port (it need not listen yet), unlike a build."""
    try:
        return sum(os.readlink(f"/proc/{pid}/fd/{fd}").startswith("socket:") for fd in os.listdir(f"/proc/{pid}/fd")) > 2
    except OSError:
        return False  # it has ended meanwhile


def memory(pid):
    """What a process can write to, but for the guests' memories."""
    text = b""
    with alive(pid), open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb") as bytes_of:
        for line in maps:
            start, end = (int(x, 16) for x in line.split()[0].split("-"))
            if line.split()[1].startswith("rw") and end - start < 1 << 26:
                bytes_of.seek(start)
                try:
                    text += bytes_of.read(end - start)
                except OSError:
                    pass
    return text


def make_certificates(folder, names="DNS:localhost,IP:127.0.0.1"):
    """An authority, a server's pair of it for these names, a client's pair of it, and a client's self-signed pair."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    def key(name):
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", name + ".key")

    for name in ("ca", "server", "client", "lonely"):
        key(name)
    openssl("req", "-x509", "-new", "-key", "ca.key", "-subj", "/CN=test authority", "-days", "2", "-out", "ca.crt",
            "-addext", "keyUsage=critical,keyCertSign")
    for name in ("server", "client"):
        with open(os.path.join(folder, "extensions"), "w") as out:
            out.write(f"subjectAltName={names}\n")
        openssl("req", "-new", "-key", name + ".key", "-subj", "/CN=" + name, "-out", name + ".csr")
        openssl("x509", "-req", "-in", name + ".csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
                "-extfile", "extensions", "-out", name + ".crt")
    openssl("req", "-x509", "-new", "-key", "lonely.key", "-subj", "/CN=lonely", "-days", "2", "-out", "lonely.crt")
