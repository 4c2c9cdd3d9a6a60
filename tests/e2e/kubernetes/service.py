# SPDX-License-Identifier: Apache-2.0
"""Plays a Service before several servers: what kube-proxy and the endpoint controller do, on one port of the loopback."""
import socket, threading, time

NOTICE_S = 1.0  # from a failing probe until nobody dials the server any more: the way through the control plane
PROBE_S = 0.2


class Service:
    def __init__(self, servers):
        self.servers, self.ready, self.dialed, self.refused, self.is_over = list(servers), list(servers), 0, 0, False
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()
        threading.Thread(target=self.probe, daemon=True).start()

    def stop(self):
        if not self.is_over:
            self.is_over = True
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()

    def probe(self):
        failed = {}  # since when
        while not self.is_over:
            for server in self.servers:
                if server.is_ready():
                    failed.pop(server, None)
                else:
                    failed.setdefault(server, time.monotonic())
            self.ready = [server for server in self.servers if time.monotonic() - failed.get(server, time.monotonic()) < NOTICE_S]
            time.sleep(PROBE_S)

    def replace(self, old, new):
        """The new one takes traffic from its first successful probe on, as the old one has left."""
        self.servers = [new if server is old else server for server in self.servers]

    def accept(self):
        while not self.is_over:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.forward, args=(client,), daemon=True).start()

    def forward(self, client):
        ready = self.ready
        self.dialed += 1
        try:
            server = socket.create_connection(("127.0.0.1", ready[self.dialed % len(ready)].port), timeout=10)
        except (OSError, ZeroDivisionError):
            self.refused += 1
            client.close()
            return
        server.settimeout(None)
        for side in (client, server):
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self.pump, args=(server, client), daemon=True).start()
        self.pump(client, server)

    def pump(self, source, sink):
        """Until the source ends; the end is passed on, so that a half-closed connection stays one."""
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            for side in (source, sink):
                side.close()
