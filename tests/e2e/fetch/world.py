# SPDX-License-Identifier: Apache-2.0
"""Servers that answer byte by byte as a test wants, their certificates, and the program that asks them.

Hosts that differ are localhost, 127.0.0.1 and 127.0.0.2. Certificates are made by openssl for each run: `system` is the
authority that the machine would trust, as a file and in `folder`, `own` one that only sources.yml names.
"""
import atexit, json, os, shutil, socket, ssl, struct, subprocess, tempfile, threading

PLAY = os.environ.get("CHIMERA_TRANSFER_PLAY")  # others use the servers only
FOLDER = tempfile.mkdtemp(prefix="chimera-fetch-")
atexit.register(shutil.rmtree, FOLDER, ignore_errors=True)
NAMES = "DNS:localhost,IP:127.0.0.1,IP:127.0.0.2"
NO_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "ALL_PROXY", "all_proxy")


def path(name):
    return os.path.join(FOLDER, name)


def _openssl(*words):
    subprocess.run(["openssl", *words], cwd=FOLDER, check=True, capture_output=True)


def _key(name):
    _openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", name + ".key")


def _authority(name):
    _key(name)
    _openssl("req", "-x509", "-new", "-key", name + ".key", "-subj", "/CN=authority " + name, "-days", "2", "-out",
             name + ".crt", "-addext", "keyUsage=critical,keyCertSign,cRLSign")


def _leaf(name, authority, names=NAMES, days="2"):
    _key(name)
    with open(path(name + ".ext"), "w") as out:
        out.write("subjectAltName=" + names + "\n")
    _openssl("req", "-new", "-key", name + ".key", "-subj", "/CN=" + name, "-out", name + ".csr")
    _openssl("x509", "-req", "-in", name + ".csr", "-CA", authority + ".crt", "-CAkey", authority + ".key",
             "-CAcreateserial", "-days", days, "-extfile", name + ".ext", "-out", name + ".crt")


def _make_certificates():
    for name in "system", "own":
        _authority(name)
        _leaf("by-" + name, name)
    os.mkdir(path("folder"))
    shutil.copy(path("system.crt"), path("folder/system.pem"))
    _openssl("rehash", "folder")
    _leaf("elsewhere", "system", "DNS:elsewhere.example")
    _leaf("expired", "system", days="-1")
    _key("lonely")
    _openssl("req", "-x509", "-new", "-key", "lonely.key", "-subj", "/CN=lonely", "-days", "2", "-out", "lonely.crt",
             "-addext", "subjectAltName=" + NAMES)


_make_certificates()


class Request:
    def __init__(self, head, body):
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, _ = lines[0].split(" ", 2)
        self.fields = [line.split(":", 1) for line in lines[1:] if line]
        self.body = body

    def field(self, name):
        """All its values in one; None: it was not sent."""
        values = [value.strip() for key, value in self.fields if key.lower() == name.lower()]
        return ", ".join(values) if values else None


def answer(status, body=b"", **fields):
    lines = [f"HTTP/1.1 {status} x"] + [f"{key.replace('_', '-')}: {value}" for key, value in fields.items()]
    if not any(key.lower() in ("content_length", "transfer_encoding") for key in fields):
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def redirect(location, status=302):
    return answer(status, b"go there", Location=location)


class Server:
    """`script(request, number)` gives the bytes to answer with, which may be an iterator of pieces; None: the connection
    is closed without one. The first connections can be cut off at once, by an end or a reset (`cuts`). After an answer whose head says `Connection: close` it is closed."""

    def __init__(self, script, certificate=None, address="127.0.0.1", version=None, cuts=()):
        self.script, self.requests, self.connections, self.broken = script, [], 0, 0
        self.address, self.listener = address, socket.create_server((address, 0))
        self.port, self.lock = self.listener.getsockname()[1], threading.Lock()
        self.cuts = cuts
        self.context, self.changed = None, threading.Condition(self.lock)
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            if version:
                self.context.set_ciphers("ALL:@SECLEVEL=0")
                self.context.minimum_version = self.context.maximum_version = version
            self.context.load_cert_chain(path(certificate + ".crt"), path(certificate + ".key"))

    def __enter__(self):
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)  # or accept() would go on
        self.listener.close()

    @property
    def name(self):
        return f"{self.address}:{self.port}"

    def url(self, target="/", host=None, scheme=None):
        return f"{scheme or ('https' if self.context else 'http')}://{host or self.address}:{self.port}{target}"

    def _listen(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with self.lock:
            self.connections += 1
            cut = self.cuts[self.connections - 1] if self.connections <= len(self.cuts) else None
        if cut:
            if cut == "reset":
                connection.recv(1)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
            return
        try:
            connection.settimeout(60)
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as reader:
                while self._serve_one(connection, reader):
                    pass
        except (OSError, ValueError):
            with self.lock:
                self.broken += 1
                self.changed.notify_all()

    def _serve_one(self, connection, reader):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = reader.readline(1 << 16)
            if not line:
                return False
            if not head and b" HTTP/1." not in line:  # TLS, perhaps: answered as real servers do
                connection.sendall(answer(400, Connection="close"))
                return False
            head += line
        request = Request(head, b"")
        request.body = reader.read(int(request.field("content-length") or 0))
        with self.lock:
            number = len(self.requests)
            self.requests.append(request)
            self.changed.notify_all()
        if request.method == "CONNECT":
            return self.tunnel(connection, request, number)
        pieces = self.script(request, number)
        if pieces is None:
            return False
        is_closed = request.field("connection") == "close"
        for piece in [pieces] if isinstance(pieces, bytes) else pieces:
            is_closed = is_closed or b"\r\nConnection: close" in piece
            connection.sendall(piece)
        if is_closed and self.context:
            connection.unwrap()
        return not is_closed

    def tunnel(self, connection, request, number):
        connection.sendall(answer(405))
        return True

    def wait_for(self, count):
        """Until so many requests have come."""
        with self.changed:
            return self.changed.wait_for(lambda: len(self.requests) >= count, 60)


class Proxy(Server):
    """CONNECT for https, and whole URLs for http; `login`: what it wants as Proxy-Authorization."""

    def __init__(self, login=None, refuses=None, **more):
        super().__init__(self._forward, **more)
        self.login, self.refuses = login, refuses

    def _refusal(self, request):
        if self.login and request.field("proxy-authorization") != self.login:
            return answer(407, Proxy_Authenticate='Basic realm="p"', Connection="close")
        return answer(self.refuses, Connection="close") if self.refuses else None

    def _forward(self, request, _):
        refusal = self._refusal(request)
        if refusal:
            return refusal
        host, target = request.target.removeprefix("http://").split("/", 1)
        with socket.create_connection(host.split(":")) as far, far.makefile("rb") as reader:
            fields = "".join(f"{key}:{value}\r\n" for key, value in request.fields)
            far.sendall(f"{request.method} /{target} HTTP/1.1\r\n{fields}Connection: close\r\n\r\n".encode())
            return reader.read()

    def tunnel(self, connection, request, number):
        refusal = self._refusal(request)
        if refusal:
            connection.sendall(refusal)
            return False
        host, port = request.target.rsplit(":", 1)
        with socket.create_connection((host, int(port))) as far:
            connection.sendall(b"HTTP/1.1 200 x\r\n\r\n")
            back = threading.Thread(target=_copy, args=(far, connection), daemon=True)
            back.start()
            _copy(connection, far)
            back.join()
        return False


def _copy(source, sink):
    try:
        while data := source.recv(1 << 16):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def settings(sources=None, stall=60, environment=None):
    more = environment
    environment = {key: value for key, value in os.environ.items() if key not in NO_PROXIES}
    environment.update({"SSL_CERT_FILE": path("system.crt"), "SSL_CERT_DIR": "", "PLAY_STALL": str(stall)})
    environment.update(more or {})
    if sources is not None:
        with tempfile.NamedTemporaryFile("w", suffix=".yml", dir=FOLDER, delete=False) as out:
            json.dump(sources, out)
        environment["PLAY_SOURCES"] = out.name
    return environment


def begin(*words, sources=None, stall=60, environment=None):
    return subprocess.Popen([PLAY, *words], stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL,
                            env=settings(sources, stall, environment))


def play(*words, **more):
    """What each request came to."""
    with begin(*words, **more) as program:
        out, _ = program.communicate(timeout=300)
    return [json.loads(line) for line in out.splitlines()]


def play_one(*words, **more):
    return play(*words, **more)[0]


def authorities(*hosts, certificate="own"):
    return {"source_authorities": {host: [{"type": "Path", "path": path(certificate + ".crt")}] for host in hosts}}
