# SPDX-License-Identifier: Apache-2.0
"""A webhook of the test's own that writes down what the API server sends: what our server is measured against."""
import base64, json, socketserver, ssl, threading, time


class Call:
    def __init__(self, line, headers, body, connection):
        self.line, self.headers, self.size, self.connection, self.at = line, headers, len(body), connection, time.monotonic()
        self.request = json.loads(body)["request"]


class Recorder:
    """Answers by path: /allow; /rename/NAME (and changes the object's name, or gives it one); /shed/STATUS (once STATUS with Retry-After: 1, then allowed); /fail/STATUS (without it);
    /halves (head and body written apart, with Nagle's algorithm on); /slow (half a second, to have many at once)."""

    def __init__(self, folder):
        self.calls, self.connections, self.lock, self.shed = [], [], threading.Lock(), set()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder + "/tls.crt", folder + "/tls.key")
        self.context.set_alpn_protocols(["h2", "http/1.1"])
        self.context.sni_callback = lambda sock, name, _: setattr(sock, "asked_name", name)
        recorder = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                recorder.serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads, request_queue_size, block_on_close = True, 256, False

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def serve(self, plain):
        try:
            sock = self.context.wrap_socket(plain, server_side=True)
        except OSError:
            return
        with self.lock:
            number = len(self.connections)
            self.connections.append((sock.version(), sock.selected_alpn_protocol(), getattr(sock, "asked_name", None),
                                     sock.session_reused))
        with sock, sock.makefile("rb") as stream:
            try:
                while self.answer(sock, stream, number):
                    pass
            except OSError:
                pass

    def answer(self, sock, stream, number):
        line = stream.readline().decode().strip()
        if not line:
            return False
        headers = {}
        while field := stream.readline().decode().strip():
            name, value = field.split(":", 1)
            headers[name] = value.strip()
        call = Call(line, headers, stream.read(int(headers["Content-Length"])), number)
        with self.lock:
            self.calls.append(call)
        self.reply(sock, line.split()[1].split("?")[0].split("/")[1:], call)
        return True

    def reply(self, sock, path, call):
        uid, status, more = call.request["uid"], 200, ""
        if path[0] == "fail" or (path[0] == "shed" and uid not in self.shed):
            status = int(path[1])
            more = "Retry-After: 1\r\n" if path[0] == "shed" else ""
            self.shed.add(uid)
        if path[0] == "slow":
            time.sleep(0.5)
        response = {"uid": uid, "allowed": True}
        if path[0] == "rename":
            patch = json.dumps([{"op": "add", "path": "/metadata/name", "value": path[1]}])
            response.update(patchType="JSONPatch", patch=base64.b64encode(patch.encode()).decode())
        body = json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}).encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{more}Content-Length: {len(body)}\r\n\r\n".encode()
        if path[0] == "halves":
            sock.sendall(head)
            sock.sendall(body)
        else:
            sock.sendall(head + body)
