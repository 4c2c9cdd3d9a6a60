# SPDX-License-Identifier: Apache-2.0
"""A Kubernetes API server as far as a client of lists, watches, objects and access reviews can tell: for tests, which
run it in their own process, change its objects, and have it fail. Written after the API conventions
(github.com/kubernetes/community, contributors/devel/sig-architecture/api-conventions.md) and the API's own
documentation of chunks, watches and bookmarks; no part of Kubernetes is in it.
"""
import base64, http.server, json, re, socket, socketserver, ssl, threading, time, urllib.parse

RESOURCES = {
    "/api/v1": [("configmaps", "ConfigMap", True), ("namespaces", "Namespace", False), ("namespaces/status", "Namespace", False),
                ("pods", "Pod", True), ("pods/log", "Pod", True), ("secrets", "Secret", True), ("services", "Service", True)],
    "/apis/rbac.authorization.k8s.io/v1": [("rolebindings", "RoleBinding", True)],
    "/apis/apps/v1": [("deployments", "Deployment", True), ("deployments/scale", "Scale", True)],
}


def compact(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def status(code, reason, message):
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message, "reason": reason, "code": code}


class Gone(Exception):
    pass


def selects(selector, labels):
    """Equality, `!=`, and `in (…)`: what the tests use. None: it is no selector."""
    for part in re.split(r",(?![^(]*\))", selector) if selector else []:
        equal = re.fullmatch(r"\s*([\w./-]+)\s*(==|=|!=)\s*([\w.-]*)\s*", part)
        within = re.fullmatch(r"\s*([\w./-]+)\s+in\s+\(([\w.,\s-]*)\)\s*", part)
        if equal:
            good = (labels.get(equal[1]) == equal[3]) == (equal[2] != "!=")
        elif within:
            good = labels.get(within[1]) in [word.strip() for word in within[2].split(",")]
        else:
            return None
        if not good:
            return False
    return True


class Kind:
    """One resource: objects by (namespace, name) as JSON text, and what changed, for watches."""

    def __init__(self):
        self.objects = {}  # (namespace, name): (version, labels, text)
        self.changes = []  # (version, type, key, labels, text)
        self.kept_from = 0  # versions at or below are forgotten


class ApiServer:
    def __init__(self, token="secret", tls=None):
        self.token, self.version, self.kinds = token, 100, {}
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.faults = []  # functions (handler, path, query) that may answer; True: they did
        self.requests = []  # (method, path, query, headers)
        self.bookmarks = 0.0  # seconds between two
        self.watches = 0  # under way
        self.epoch = 0  # a watch of an older one ends
        self.is_ending = False
        self.reviews = lambda spec: {"allowed": spec.get("user") == "root"}
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True
            server_version, sys_version = "apiserver", ""

            def log_message(self, *words):
                pass

            def do_GET(self):
                outer.answer(self)

            do_POST = do_GET

        class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
            daemon_threads = True
            request_queue_size = 512

            def handle_error(self, request, address):
                pass  # clients go away; that is what is tested

        self.server = Server(("127.0.0.1", 0), Handler)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls["certificate"], tls["key"])
            if tls.get("client_ca"):
                context.load_verify_locations(tls["client_ca"])
                context.verify_mode = ssl.CERT_REQUIRED
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_port
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        with self.lock:
            self.is_ending = True
            self.changed.notify_all()
        self.server.shutdown()
        self.server.server_close()

    # --- Objects ---

    def kind(self, plural):
        return self.kinds.setdefault(plural, Kind())

    def put(self, plural, object, version=None):
        """Adds or changes; the object as Python has it. Returns its version."""
        with self.lock:
            self.version += 1
            meta = object["metadata"]
            meta["resourceVersion"] = str(self.version)
            key = (meta.get("namespace", ""), meta["name"])
            kind = self.kind(plural)
            event = "MODIFIED" if key in kind.objects else "ADDED"
            text = compact(object)
            kind.objects[key] = (self.version, meta.get("labels", {}), text)
            kind.changes.append((self.version, event, key, meta.get("labels", {}), text))
            self.changed.notify_all()
            return self.version

    def fill(self, plural, objects):
        """Many at once, as if they had always been there: no changes are kept."""
        with self.lock:
            kind = self.kind(plural)
            for object in objects:
                self.version += 1
                meta = object["metadata"]
                meta["resourceVersion"] = str(self.version)
                kind.objects[(meta.get("namespace", ""), meta["name"])] = (self.version, meta.get("labels", {}), compact(object))

    def delete(self, plural, namespace, name):
        with self.lock:
            self.version += 1
            kind = self.kind(plural)
            _, labels, text = kind.objects.pop((namespace, name))
            object = json.loads(text)
            object["metadata"]["resourceVersion"] = str(self.version)
            kind.changes.append((self.version, "DELETED", (namespace, name), labels, compact(object)))
            self.changed.notify_all()

    def forget(self, plural):
        """What changed so far is not known any more: a watch from there is answered 410."""
        with self.lock:
            kind = self.kind(plural)
            kind.kept_from, kind.changes = self.version, []

    def end_watches(self):
        with self.lock:
            self.epoch += 1
            self.changed.notify_all()

    # --- Requests ---

    def answer(self, handler):
        url = urllib.parse.urlsplit(handler.path)
        query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        size = int(handler.headers.get("Content-Length") or 0)
        handler.body = handler.rfile.read(size) if size else b""
        with self.lock:
            self.requests.append((handler.command, url.path, query, dict(handler.headers)))
            faults = list(self.faults)
        for fault in faults:
            if fault(handler, url.path, query):
                return
        if self.token and handler.headers.get("Authorization") != f"Bearer {self.token}":
            return self.say(handler, 401, status(401, "Unauthorized", "Unauthorized"))
        self.route(handler, url.path, query)

    def route(self, handler, path, query):
        if path in RESOURCES:
            return self.say(handler, 200, {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": path.split("/", 2)[2], "resources": [
                {"name": name, "singularName": "", "namespaced": namespaced, "kind": kind, "verbs": ["get", "list", "watch"]} for name, kind, namespaced in RESOURCES[path]]})
        if path == "/apis/authorization.k8s.io/v1/subjectaccessreviews" and handler.command == "POST":
            review = json.loads(handler.body)
            return self.say(handler, 201, {**review, "status": self.reviews(review["spec"])})
        for base, resources in RESOURCES.items():
            if path.startswith(base + "/"):
                rest = path[len(base) + 1:].split("/")
                namespace = urllib.parse.unquote(rest[1]) if rest[0] == "namespaces" and len(rest) >= 3 else None
                rest = rest[2:] if namespace is not None else rest
                if len(rest) <= 2 and any(rest[0] == name for name, _, _ in resources):
                    entry = next(entry for entry in resources if entry[0] == rest[0])
                    if len(rest) == 2:
                        return self.get(handler, entry, namespace, urllib.parse.unquote(rest[1]))
                    if "watch" in query:
                        return self.watch(handler, entry[0], namespace, query)
                    return self.list(handler, base, entry, namespace, query)
        self.say(handler, 404, status(404, "NotFound", "the server could not find the requested resource"))

    def say(self, handler, code, body, headers=()):
        body = body if isinstance(body, bytes) else compact(body).encode()
        handler.send_response(code)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    def get(self, handler, entry, namespace, name):
        with self.lock:
            found = self.kind(entry[0]).objects.get((namespace or "", name))
        if not found:
            return self.say(handler, 404, status(404, "NotFound", f'{entry[0]} "{name}" not found'))
        version = "v1"
        for base, resources in RESOURCES.items():
            if entry in resources:
                version = base.split("/", 2)[2]
        self.say(handler, 200, compact({"kind": entry[1], "apiVersion": version}).encode()[:-1] + b"," + found[2].encode()[1:])

    def matches(self, key, labels, namespace, query):
        fields = dict(part.split("=", 1) for part in query.get("fieldSelector", "").split(",") if part)
        return (namespace is None or key[0] == namespace) and selects(query.get("labelSelector", ""), labels) and \
            fields.get("metadata.name", key[1]) == key[1] and fields.get("metadata.namespace", key[0]) == key[0]

    def list(self, handler, base, entry, namespace, query):
        if selects(query.get("labelSelector", ""), {}) is None:
            return self.say(handler, 400, status(400, "BadRequest", f'unable to parse requirement: found "{query["labelSelector"]}"'))
        with self.lock:
            after = None
            version = self.version
            if query.get("continue"):
                token = json.loads(base64.urlsafe_b64decode(query["continue"]))
                after, version = tuple(token["after"]), token["version"]
                if version < self.kind(entry[0]).kept_from:
                    return self.say(handler, 410, status(410, "Expired", "The provided continue parameter is too old"))
            keys = sorted(key for key, (_, labels, _) in self.kind(entry[0]).objects.items()
                          if (after is None or key > after) and self.matches(key, labels, namespace, query))
            limit = int(query.get("limit") or 0) or len(keys)
            token = base64.urlsafe_b64encode(compact({"after": keys[limit - 1], "version": version}).encode()).decode() if len(keys) > limit else ""
            texts = [self.kind(entry[0]).objects[key][2] for key in keys[:limit]]
        meta = {"resourceVersion": str(version), **({"continue": token, "remainingItemCount": len(keys) - limit} if token else {})}
        body = compact({"kind": entry[1] + "List", "apiVersion": base.split("/", 2)[2], "metadata": meta})[:-1] + ',"items":[' + ",".join(texts) + "]}\n"
        self.say(handler, 200, body.encode())

    def watch(self, handler, plural, namespace, query):
        kind, at, epoch = self.kind(plural), int(query.get("resourceVersion") or 0), self.epoch
        version = next(base.split("/", 2)[2] for base, entries in RESOURCES.items() if any(entry[0] == plural for entry in entries))
        name = next(entry[1] for entries in RESOURCES.values() for entry in entries if entry[0] == plural)
        types = compact({"kind": name, "apiVersion": version})[:-1]
        if at < kind.kept_from:
            return self.say(handler, 410, status(410, "Expired", f"too old resource version: {at}"))
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        until = time.monotonic() + int(query.get("timeoutSeconds") or 300)
        self.watches += 1
        try:
            while time.monotonic() < until:
                with self.lock:
                    if self.is_ending or self.epoch != epoch:
                        break
                    new = [change for change in kind.changes if change[0] > at]
                    if not new:
                        before = self.version
                        self.changed.wait(self.bookmarks or 1)
                        if self.bookmarks and self.version == before:
                            self.event(handler, "BOOKMARK", types + ',"metadata":{"resourceVersion":"%d","creationTimestamp":null}}' % self.version)
                        continue
                for number, type, key, labels, text in new:
                    at = number
                    if self.matches(key, labels, namespace, query):
                        self.event(handler, type, types + "," + text[1:])
            handler.wfile.write(b"0\r\n\r\n")
        finally:
            self.watches -= 1

    def event(self, handler, type, text):
        self.chunk(handler, f'{{"type":"{type}","object":{text}}}\n'.encode())

    def chunk(self, handler, bytes):
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(bytes), bytes))
        handler.wfile.flush()


def cut(handler):
    """The connection ends without a word."""
    handler.close_connection = True
    try:
        handler.connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
