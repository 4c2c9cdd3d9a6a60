# SPDX-License-Identifier: Apache-2.0
"""Servers under test: started the same way, looked at through /proc, asked once with care before they are asked in bulk."""
import base64
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

SERVER_CORE, CLIENT_CORE = 0, 1
TICKS = os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_certificate(folder):
    """ECDSA P-256, the kind that handshakes are cheapest with."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", folder / "server.key",
                    "-out", folder / "server.crt"], check=True, capture_output=True)


def family(pid):
    """The process and all below it."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = pathlib.Path("/proc", entry, "stat").read_text()
            except OSError:
                continue  # it has ended
            parents[int(entry)] = int(stat.rpartition(")")[2].split()[1])
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


class Contender:
    """What --server names: NAME=PATH[,FLAG...]"""

    def __init__(self, text):
        self.name, _, command = text.partition("=")
        path, *self.flags = command.split(",")
        self.path = pathlib.Path(path).resolve()
        if not self.path.is_file():
            raise SystemExit(f"--server {text}: there is no file {path}; say NAME=PATH[,FLAG...]")


class Server:
    """One running server; `policies` is what its policies.yml holds, or the folder of a bundle. A context manager."""

    def __init__(self, contender, policies, certificates, cache, core=SERVER_CORE, environment=None):
        self.name = contender.name
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-server-"))
        self.port, self.probe_port = free_port(), free_port()
        if isinstance(policies, pathlib.Path):
            source = ["--bundle", policies]
        else:
            source = ["--policies", self.folder / "policies.yml"]
            source[1].write_text(json.dumps(policies))
        trust = self.folder / "trust.json"
        trust.write_text("{}")  # else the reference asks the network for one, and waits
        command = [contender.path, "--addr", "127.0.0.1", "--port", str(self.port), "--readiness-probe-port", str(self.probe_port),
                   *source, "--policies-download-dir", self.folder, "--workers", "1",
                   "--sigstore-trust-config", trust, "--sigstore-cache-dir", self.folder / "sigstore",
                   "--ignore-kubernetes-connection-failure", "--log-level", "warn",
                   "--cert-file", certificates / "server.crt", "--key-file", certificates / "server.key", *contender.flags]
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("KUBE", "OTEL"))}
        clean.update({"CHIMERA_CACHE_DIR": str(cache), "KUBECONFIG": "/nonexistent", **(environment or {})})
        self.log = open(self.folder / "log", "w+b")
        os.sched_setaffinity(0, {core})  # inherited
        self.started = time.monotonic()
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=clean, cwd=self.folder)
        os.sched_setaffinity(0, {CLIENT_CORE})
        self.context = ssl.create_default_context(cafile=certificates / "server.crt")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            for pid in reversed(family(self.process.pid)):
                os.kill(pid, signal.SIGKILL)
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def fail(self, what):
        self.log.seek(0)
        raise SystemExit(f"{self.name}: {what}\n{self.log.read().decode(errors='replace')[-3000:]}")

    def is_ready(self):
        """Waits for the answer; a server may accept before it can give one."""
        try:
            with socket.create_connection(("127.0.0.1", self.probe_port), timeout=600) as sock:
                sock.sendall(b"GET /readiness HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return sock.recv(64).startswith(b"HTTP/1.1 200 ")
        except OSError:
            return False

    def wait_ready(self, seconds=900):
        """Seconds from the start to the first good answer of /readiness."""
        while not self.is_ready():
            if self.process.poll() is not None:
                self.fail("the server has ended")
            if time.monotonic() - self.started > seconds:
                self.fail("the server did not become ready")
            time.sleep(0.0005)
        return time.monotonic() - self.started

    def ask(self, path, bodies):
        """The bytes of the answers, all of status 200."""
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=self.context)
        answers = []
        for body in bodies:
            connection.request("POST", path, body=body, headers={"Content-Type": "application/json"})
            answer = connection.getresponse()
            answers.append(answer.read())
            if answer.status != 200:
                self.fail(f"{path} is answered with {answer.status}: {answers[-1][:300]}")
        connection.close()
        return answers

    def cpu(self):
        """Seconds of all threads of all processes, in user space and in the kernel."""
        total = 0
        for pid in family(self.process.pid):
            user, kernel = pathlib.Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()[11:13]
            total += int(user) + int(kernel)
        return total / TICKS

    def memory(self):
        """In KiB: the RSS of all processes, and what the family takes when what they share counts once, whoever else has it."""
        total, anonymous, files = 0, 0, {}
        for pid in family(self.process.pid):
            for line in pathlib.Path("/proc", str(pid), "smaps").read_text().splitlines():
                first, *rest = line.split()
                if not first.endswith(":"):
                    where = (rest[2], rest[3], rest[1])  # device, inode, offset
                elif first == "Rss:":
                    resident = int(rest[0])
                    total += resident
                elif first == "Anonymous:":
                    files[where] = max(files.get(where, 0), resident - int(rest[0]))
            rollup = pathlib.Path("/proc", str(pid), "smaps_rollup").read_text()
            anonymous += int(rollup.partition("Pss_Anon:")[2].split()[0])
        return total, anonymous + sum(files.values())


def exchange(path, body, answer):
    """One request, and what must come back, as the load client reads it."""
    request = (f"POST {path}?timeout=10s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: kube-apiserver-admission\r\n"
               f"Content-Length: {len(body)}\r\nAccept: application/json, */*\r\nContent-Type: application/json\r\n"
               f"Accept-Encoding: gzip\r\n\r\n").encode() + body
    return b"%d %d\n" % (len(request), len(answer)) + request + answer


def verdict(answer, uid):
    """What two servers must agree on."""
    response = json.loads(answer)["response"]
    if response["uid"] != uid:
        raise SystemExit(f"an answer has the uid {response['uid']}, not {uid}")
    patch = json.loads(base64.b64decode(response["patch"])) if response.get("patch") else []
    return response["allowed"], (response.get("status") or {}).get("message"), sorted(map(json.dumps, patch))


def play(client, server, exchanges, connections, rate, warm_seconds, seconds):
    """Has the load client ask the server; its figures, and the server's CPU seconds meanwhile."""
    process = subprocess.Popen([client, str(server.port), connections, str(rate), str(int(warm_seconds * 1000)),
                                str(int(seconds * 1000)), exchanges], stdout=subprocess.PIPE, text=True)
    process.stdout.readline()
    before = server.cpu()
    process.stdout.readline()
    used = server.cpu() - before
    figures = process.stdout.readline()
    if process.wait() != 0 or not figures:
        server.fail("the load client has stopped, see above")
    return {**json.loads(figures), "server_cpu": used}


def go_before_others():
    os.setpriority(os.PRIO_PROCESS, 0, -20)
    try:
        os.setsid()
    except PermissionError:
        pass  # the leader of a group stays in its session
    group = pathlib.Path("/proc/self/autogroup")
    if group.exists():  # sessions share the processor first, and priorities count within one
        group.write_text("-20")
