# SPDX-License-Identifier: Apache-2.0
"""Registries, real ones and such as a test makes up; token servers; and the program that asks them."""
import atexit, base64, contextlib, hashlib, http.server, json, os, shutil, socket, ssl, subprocess, sys, tempfile, threading
import time, urllib.parse, urllib.request

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from ports import free_port

PLAY = os.environ["CHIMERA_REGISTRY_PLAY"]
DOCKER_REGISTRY = os.environ.get("CHIMERA_DOCKER_REGISTRY", "docker-registry")
GO_REGISTRY = os.environ.get("CHIMERA_GO_REGISTRY", "")
FOLDER = tempfile.mkdtemp(prefix="chimera-registry-")
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
WASM = "application/vnd.wasm.content.layer.v1+wasm"
CONFIG = "application/vnd.wasm.config.v1+json"
ACCEPT = f"{DOCKER_MANIFEST}, {DOCKER_INDEX}, {MANIFEST}, {INDEX}"
OK, EINVAL, EIO, EREFUSED, ELIMIT = 0, -1, -3, -10, -11

USER, PASSWORD = "alice", "pass:word/with=signs&more"
# bcrypt of it, by libxcrypt.
HTPASSWD = USER + ":$2y$05$abcdefghijklmnopqrstuu.jBNajdG0iDbq.cn36guz1nZqTgO0zO\n"


def path(name):
    return os.path.join(FOLDER, name)


def write(name, data):
    with open(path(name), "wb") as out:
        out.write(data if isinstance(data, bytes) else data.encode())
    return path(name)


def digest_of(data, algorithm="sha256"):
    return f"{algorithm}:{hashlib.new(algorithm, data if isinstance(data, bytes) else data.encode()).hexdigest()}"


def compact(tree):
    return json.dumps(tree, separators=(",", ":")).encode()


def descriptor(data, kind, **more):
    return {"mediaType": kind, "digest": digest_of(data), "size": len(data), **more}


def policy_manifest(layer, **more):
    return compact({"schemaVersion": 2, "config": descriptor(b"{}", CONFIG), "layers": [descriptor(layer, WASM)], **more})


def play(host, *words, sources=None, options=()):
    """What each command came to; warnings are apart. `words` are commands, each a tuple."""
    if sources is not None:
        options = ("--sources", write("sources.json", json.dumps(sources)), *options)
    flat = [str(word) for command in words for word in command]
    environment = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    done = subprocess.run([PLAY, *options, host, *flat], capture_output=True, text=True, timeout=300, env=environment)
    assert not done.stderr, done.stderr
    assert done.returncode in (0, 1), (done.returncode, done.stdout)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert not lines or "setup" not in lines[0], lines
    return [line for line in lines if "warning" not in line], [line["warning"] for line in lines if "warning" in line]


def play_one(host, *command, **more):
    return play(host, command, **more)[0][0]


def login(host, user=USER, password=PASSWORD):
    return ("--login", host, user, password)


# --- Certificates and signatures, by openssl ---

def openssl(*words, data=None):
    return subprocess.run(["openssl", *words], cwd=FOLDER, check=True, capture_output=True, input=data).stdout


def make_authority():
    """own.crt is an authority, host.crt its child for localhost, token.crt signs tokens."""
    if os.path.exists(path("host.crt")):
        return
    for name in "own", "host":
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", name + ".key")
    openssl("req", "-x509", "-new", "-key", "own.key", "-subj", "/CN=own", "-days", "2", "-out", "own.crt")
    write("host.ext", "subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl("req", "-new", "-key", "host.key", "-subj", "/CN=localhost", "-out", "host.csr")
    openssl("x509", "-req", "-in", "host.csr", "-CA", "own.crt", "-CAkey", "own.key", "-CAcreateserial", "-days", "2",
            "-extfile", "host.ext", "-out", "host.crt")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "token.key", "-subj", "/CN=token", "-days", "2",
            "-out", "token.crt")


def authorities(*hosts):
    make_authority()
    return {"source_authorities": {host: [{"type": "Path", "path": path("own.crt")}] for host in hosts}}


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign_token(access, lifetime=300):
    """A JWT that distribution takes: RS256, with the certificate in its head."""
    der = openssl("x509", "-in", "token.crt", "-outform", "DER")
    head = {"typ": "JWT", "alg": "RS256", "x5c": [base64.b64encode(der).decode()]}
    now = int(time.time())
    claims = {"iss": "issuer", "sub": "x", "aud": "service, with a comma", "exp": now + lifetime, "nbf": now - 10, "iat": now,
              "jti": "1", "access": access}
    text = f"{base64url(compact(head))}.{base64url(compact(claims))}"
    return f"{text}.{base64url(openssl('dgst', '-sha256', '-sign', 'token.key', data=text.encode()))}"


# --- Real registries ---

def wait_until_it_answers(host, context=None):
    for _ in range(600):
        try:
            with socket.create_connection(host.split(":"), 5) as connection:
                if context:
                    with context.wrap_socket(connection, server_hostname="localhost"):
                        pass
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(host + " does not answer")


@contextlib.contextmanager
def _process(words, host, name):
    with open(path(name + ".log"), "wb") as log:
        process = subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=FOLDER)
    try:
        wait_until_it_answers(host)
        yield host
    finally:
        process.terminate()
        process.wait(60)


@contextlib.contextmanager
def docker_registry(auth="", tls=False):
    """Debian's docker-registry (or a newer one that the environment names); `auth` is YAML."""
    make_authority()
    host = f"localhost:{free_port()}"
    root = tempfile.mkdtemp(dir=FOLDER)
    own = f"\n  tls: {{certificate: {path('host.crt')}, key: {path('host.key')}}}" if tls else ""
    config = os.path.join(root, "config.yml")
    with open(config, "w") as out:
        out.write(f"version: 0.1\nlog: {{level: debug}}\nstorage:\n  filesystem: {{rootdirectory: {root}}}\n  delete: {{enabled: true}}\n"
                  f"http:\n  addr: {host}\n  secret: x{own}\n{auth}")
    with _process([DOCKER_REGISTRY, "serve", config], host, "docker-registry"):
        yield host


@contextlib.contextmanager
def go_registry():
    port = free_port()
    with _process([GO_REGISTRY, "-port", str(port)], f"localhost:{port}", "registry"):
        yield f"localhost:{port}"


# --- Registries that a test makes up ---

class Request:
    def __init__(self, handler, body):
        self.method, self.target = handler.command, handler.path
        self.path, _, query = handler.path.partition("?")
        self.query = urllib.parse.parse_qs(query, keep_blank_values=True)
        self.headers, self.body = handler.headers, body

    @property
    def authorization(self):
        return self.headers.get("Authorization")

    def __repr__(self):
        return f"{self.method} {self.target}"


class Fake:
    """`script(request)` gives (status, headers, body), or None: the connection is closed without an answer."""

    def __init__(self, script, tls=False, address="127.0.0.1"):
        fake, self.requests, self.lock = self, [], threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def answer(self):
                fake.answer(self)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.script, self.server = script, Server((address, 0), Handler)
        self.scheme = "https" if tls else "http"
        if tls:
            make_authority()
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(path("host.crt"), path("host.key"))
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.host = f"{address}:{self.server.server_port}"
        self.url = f"{self.scheme}://{self.host}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, handler):
        request = Request(handler, handler.rfile.read(int(handler.headers.get("Content-Length") or 0)))
        with self.lock:
            self.requests.append(request)
        got = self.script(request)
        if got is None:
            handler.close_connection = True
            return
        status, headers, body = got
        body = body.encode() if isinstance(body, str) else body
        handler.send_response(status)
        for name, value in headers.items() if isinstance(headers, dict) else headers:
            handler.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in (headers.items() if isinstance(headers, dict) else headers)):
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if request.method != "HEAD":
            handler.wfile.write(body)

    def seen(self, method=None):
        return [repr(request) for request in self.requests if method in (None, request.method)]

    @property
    def insecure(self):
        return {"insecure_sources": [self.host]}


def insecure(*hosts):
    return {"insecure_sources": list(hosts)}


def error(code, message, **more):
    return json.dumps({"errors": [{"code": code, "message": message, **more}]})


MISSING = (404, {"Content-Type": "application/json"}, error("MANIFEST_UNKNOWN", "manifest unknown"))


class Cutter:
    """A way to a registry on which the first connections that bring more than `limit` bytes are cut."""

    def __init__(self, host, limit, cuts):
        self.far, self.limit, self.cuts = host.split(":"), limit, cuts
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.host, self.lock = f"127.0.0.1:{self.listener.getsockname()[1]}", threading.Lock()

    def __enter__(self):
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _listen(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near):
        with contextlib.suppress(OSError), near, socket.create_connection(self.far) as far:
            threading.Thread(target=self._copy, args=(far, near, None), daemon=True).start()
            self._copy(near, far, self.limit)

    def _copy(self, source, sink, limit):
        count = 0
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                count += len(data)
                if limit is not None and count > limit:
                    with self.lock:
                        is_cut = self.cuts > 0
                        self.cuts -= is_cut
                    if is_cut:
                        break
                    limit = None
                sink.sendall(data)
        for end in source, sink:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
