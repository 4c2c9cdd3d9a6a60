#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Clients that hold what they got: as many as told at a time, each one that the server closes followed by another.

  slow_clients.py PORT KIND COUNT [ADDRESSES]

KIND is one of KINDS below. They come from ADDRESSES addresses of loopback, from 127.0.1.1 on; by default from 127.0.0.1. Says "ready" when
each has done what it does, and goes on until standard input ends; then it prints a JSON object. A process of its own, so that a
client that is measured does not wait for it.
"""
import errno, heapq, json, os, resource, select, socket, sys, time

KINDS = {
    "head": "one byte of a head",
    "body": "a head that declares 2 MB, and one byte of them",
    "handshake": "half of a ClientHello",
    "hello": "a ClientHello, and nothing behind it",
    "trickle": "one byte a second",
    "answers": "four requests with answers of 15 KB, which are never read",
}
CONNECTING_MAX = 128  # at a time; the backlog is longer
AGAIN_SECONDS = 1     # after the server has closed one
HEAD = b"POST /validate/accept HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
LONG = b"POST /validate/" + b"a" * 15000 + b" HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "


def client_hello():
    import ssl
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    connection = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    try:
        connection.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def first_bytes(kind):
    if kind in ("head", "trickle"):
        return HEAD[:1]
    if kind == "body":
        return HEAD + b"Content-Length: 2000000\r\n\r\n{"
    if kind in ("handshake", "hello"):
        hello = client_hello()
        return hello if kind == "hello" else hello[:len(hello) // 2]
    body = b'{"request":{"uid":"x"}}'
    return (LONG + b"%d\r\n\r\n" % len(body) + body) * 4


class Crowd:
    def __init__(self, port, kind, count, addresses):
        self.port, self.kind, self.count, self.addresses = port, kind, count, addresses
        self.first, self.poll, self.socks = first_bytes(kind), select.epoll(), {}
        self.wanted, self.connecting, self.done, self.closed, self.opened = count, 0, 0, 0, 0
        self.again = []  # when one more may be opened
        self.left = {}   # what is to be sent before it is done, and of which socket
        self.next_trickle, self.trickled = 0, 1

    def source(self):
        if not self.addresses:
            return "127.0.0.1"
        number = self.opened % self.addresses + 1
        return f"127.0.{1 + number // 256}.{number % 256}"

    def open_one(self):
        sock = socket.socket()
        sock.setblocking(False)
        if self.kind == "answers":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        try:
            sock.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
            sock.bind((self.source(), 0))
            sock.connect(("127.0.0.1", self.port))
        except BlockingIOError:
            pass
        except OSError as error:
            sock.close()
            if error.errno not in (errno.EADDRNOTAVAIL, errno.ECONNREFUSED):
                raise
            heapq.heappush(self.again, time.monotonic() + AGAIN_SECONDS)
            return
        self.opened += 1
        self.connecting += 1
        self.socks[sock.fileno()] = sock
        self.left[sock.fileno()] = self.first
        self.poll.register(sock.fileno(), select.EPOLLOUT)

    def close_one(self, fd):
        if self.left.pop(fd, None) is None:
            self.done -= 1
        else:
            self.connecting -= 1
        self.poll.unregister(fd)
        self.socks.pop(fd).close()
        self.closed += 1
        heapq.heappush(self.again, time.monotonic() + AGAIN_SECONDS)

    def go_on(self, fd, events):
        sock, left = self.socks[fd], self.left.get(fd)
        try:
            if left is not None and events & select.EPOLLOUT:
                left = left[sock.send(left):]
                self.left[fd] = left
                if not left:
                    del self.left[fd]
                    self.connecting -= 1
                    self.done += 1
                    self.poll.modify(fd, 0 if self.kind == "answers" else select.EPOLLIN | select.EPOLLRDHUP)
            elif events & (select.EPOLLERR | select.EPOLLHUP | select.EPOLLRDHUP) or (events & select.EPOLLIN and not sock.recv(4096)):
                self.close_one(fd)
        except BlockingIOError:
            pass
        except OSError:
            self.close_one(fd)

    def trickle(self, now):
        """All of them, spread over each second."""
        if self.kind != "trickle" or now < self.next_trickle:
            return
        self.next_trickle = now + 0.05
        fds = [fd for fd in self.socks if fd not in self.left]
        part = self.trickled % 20
        for fd in fds[part * len(fds) // 20:(part + 1) * len(fds) // 20]:
            try:
                self.socks[fd].send(HEAD[1 + self.trickled // 20 % 40:][:1])
            except OSError:
                pass  # its event tells
        self.trickled += 1

    def run(self, say_ready):
        said = False
        while True:
            now = time.monotonic()
            while self.again and self.again[0] <= now:
                heapq.heappop(self.again)
                self.wanted += 1
            while self.wanted and self.connecting < CONNECTING_MAX:
                self.wanted -= 1
                self.open_one()
            self.trickle(now)
            for fd, events in self.poll.poll(0.02, 256):
                if fd == 0:
                    return
                if fd in self.socks:
                    self.go_on(fd, events)
            if not said and self.opened >= self.count:  # the server may have closed the first of them already
                said = True
                say_ready()


def main():
    port, kind, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    addresses = int(sys.argv[4]) if len(sys.argv) > 4 else 0
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    crowd = Crowd(port, kind, count, addresses)
    os.set_blocking(0, False)
    crowd.poll.register(0, select.EPOLLIN | select.EPOLLHUP)
    crowd.run(lambda: print("ready", flush=True))
    print(json.dumps({"opened": crowd.opened, "closed_by_server": crowd.closed, "held": crowd.done}), flush=True)


if __name__ == "__main__":
    main()
