# SPDX-License-Identifier: Apache-2.0
"""A collector for tests: takes OTLP over gRPC and decodes it, with Python's standard library alone.

As much of HTTP/2 (RFC 9113), HPACK (RFC 7541), gRPC and protocol buffers as a client of unary calls needs; what it
does not know is an error, not a guess. The field numbers of OTLP are those of opentelemetry-proto.
"""
import gzip, socket, struct, threading, urllib.parse

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY = 1, 1, 4, 8, 32

# RFC 7541, appendix A.
STATIC = [pair.split("=", 1) for pair in (
    ":authority= :method=GET :method=POST :path=/ :path=/index.html :scheme=http :scheme=https :status=200 :status=204 :status=206 "
    ":status=304 :status=400 :status=404 :status=500 accept-charset= accept-encoding=gzip,_deflate accept-language= accept-ranges= accept= "
    "access-control-allow-origin= age= allow= authorization= cache-control= content-disposition= content-encoding= content-language= "
    "content-length= content-location= content-range= content-type= cookie= date= etag= expect= expires= from= host= if-match= "
    "if-modified-since= if-none-match= if-range= if-unmodified-since= last-modified= link= location= max-forwards= proxy-authenticate= "
    "proxy-authorization= range= referer= refresh= retry-after= server= set-cookie= strict-transport-security= transfer-encoding= "
    "user-agent= vary= via= www-authenticate=").split(" ")]
# Appendix B: the code is canonical, so the lengths say it all. A letter a byte, A for 5 bits.
LENGTHS = [ord(letter) - 60 for letter in (
    "ISXXXXXXXTZXXZXXXXXXXXZXXXXXXXXXBFFHIBDGFFDGDBBBAAABBBBBBBCDKBHFIBCCCCCCCCCCCCCCCCCCCCCCDCDIOIJBKABABABBBACCBBBABCBAABCCCCCKGJI"
    "XPRPPRRRSRSSSSSTSTTRSTSSSSQRSRSSTRQPRRSSQSRRTQRSSQQRQSRSSPRRRSRRSVVPORSRUVVVWWVTUOQVWWVWTQQVVXWWWPTPQRQQSRRUUTTVSVWVVWWWWWXWWWWWV")]


def make_huffman():
    codes, code, length = {}, 0, 0
    for symbol in sorted(range(256), key=lambda symbol: (LENGTHS[symbol], symbol)):
        code <<= LENGTHS[symbol] - length
        length = LENGTHS[symbol]
        codes[length, code] = symbol
        code += 1
    return codes


HUFFMAN = make_huffman()


def unhuffman(data):
    out, code, length = bytearray(), 0, 0
    for byte in data:
        for bit in range(7, -1, -1):
            code, length = code << 1 | byte >> bit & 1, length + 1
            if (length, code) in HUFFMAN:
                out.append(HUFFMAN[length, code])
                code = length = 0
    assert length < 8 and code == (1 << length) - 1, "padding"
    return bytes(out)


class Hpack:
    """One direction of one connection."""

    def __init__(self):
        self.dynamic, self.room = [], 4096

    def integer(self, bits):
        value, full = self.data[self.at] & (1 << bits) - 1, (1 << bits) - 1
        self.at, shift = self.at + 1, 0
        while value >= full and (shift == 0 or self.data[self.at - 1] & 128):
            value += (self.data[self.at] & 127) << shift
            self.at, shift = self.at + 1, shift + 7
        return value

    def string(self):
        is_huffman = self.data[self.at] & 128
        size = self.integer(7)
        text, self.at = self.data[self.at:self.at + size], self.at + size
        return (unhuffman(text) if is_huffman else text).decode()

    def entry(self, index):
        return STATIC[index - 1] if index <= len(STATIC) else self.dynamic[index - len(STATIC) - 1]

    def trim(self):
        while sum(len(name) + len(value) + 32 for name, value in self.dynamic) > self.room:
            self.dynamic.pop()

    def field(self, bits):
        index = self.integer(bits)
        return self.entry(index)[0] if index else self.string(), self.string()

    def decode(self, data):
        self.data, self.at, fields = data, 0, []
        while self.at < len(data):
            byte = data[self.at]
            if byte & 128:
                fields.append(tuple(self.entry(self.integer(7))))
            elif byte & 64:
                fields.append(self.field(6))
                self.dynamic.insert(0, fields[-1])
                self.trim()
            elif byte & 32:
                self.room = self.integer(5)
                self.trim()
            else:
                fields.append(self.field(4))
        return dict(fields)


def literal(name, value):
    """A field that is not indexed, its texts as they are."""
    return b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


class Connection:
    def __init__(self, collector, sock):
        self.collector, self.sock, self.hpack = collector, sock, Hpack()
        self.streams = {}  # number: [headers, body]

    def exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.sock.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def send(self, kind, flags, stream, payload=b""):
        self.sock.sendall(struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload)

    def receive(self):
        head = self.exactly(9)
        return head[3], head[4], struct.unpack(">I", head[5:])[0], self.exactly(int.from_bytes(head[:3], "big"))

    def run(self):
        assert self.exactly(24) == b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "the client does not speak HTTP/2"
        self.send(SETTINGS, 0, 0)
        while True:
            kind, flags, stream, payload = self.receive()
            if kind == SETTINGS and not flags & ACK:
                self.send(SETTINGS, ACK, 0)
            elif kind == PING and not flags & ACK:
                self.send(PING, ACK, 0, payload)
            elif kind == HEADERS:
                assert not flags & PADDED
                block = payload[5:] if flags & PRIORITY else payload
                while not flags & END_HEADERS:
                    more, more_flags, _, payload = self.receive()
                    assert more == CONTINUATION
                    block, flags = block + payload, flags | more_flags & END_HEADERS
                self.streams[stream] = [self.hpack.decode(block), b""]
            elif kind == DATA:
                assert not flags & PADDED
                self.streams[stream][1] += payload
                if payload:
                    for number in (0, stream):
                        self.send(WINDOW_UPDATE, 0, number, struct.pack(">I", len(payload)))
            elif kind == RST_STREAM:
                self.streams.pop(stream, None)
            elif kind == GOAWAY:
                return
            if kind in (HEADERS, DATA) and flags & END_STREAM:
                self.answer(stream, *self.streams.pop(stream))

    def answer(self, stream, headers, body):
        message = b""
        assert len(body) >= 5 and struct.unpack(">I", body[1:5])[0] == len(body) - 5, "one gRPC message"
        message = gzip.decompress(body[5:]) if body[0] else body[5:]
        status, text, reply = self.collector.take(headers, message)
        trailers = literal("grpc-status", str(status)) + (literal("grpc-message", urllib.parse.quote(text)) if text else b"")
        head = b"\x88" + literal("content-type", "application/grpc")
        if status:  # all in one, as servers do that have nothing to say
            self.send(HEADERS, END_HEADERS | END_STREAM, stream, head + trailers)
            return
        self.send(HEADERS, END_HEADERS, stream, head)
        self.send(DATA, 0, stream, b"\0" + struct.pack(">I", len(reply)) + reply)
        self.send(HEADERS, END_HEADERS | END_STREAM, stream, trailers)


class Collector:
    """A context manager that listens on loopback; `requests` has (path, headers, message) of each call that it took."""

    def __init__(self, port=0, tls=None):
        self.tls, self.requests, self.lock = tls, [], threading.Condition()
        self.status, self.text, self.reply = 0, "", b""  # what it answers
        self.refused = self.failures = 0
        self.connections = []
        self.listener = socket.create_server(("127.0.0.1", port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for sock in self.connections:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(sock)
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        try:
            if self.tls:
                sock = self.tls.wrap_socket(sock, server_side=True)
                self.connections.append(sock)
            Connection(self, sock).run()
        except (OSError, EOFError):
            self.failures += 1
        finally:
            sock.close()

    def take(self, headers, message):
        with self.lock:
            if self.status:
                self.refused += 1
            else:
                self.requests.append((headers[":path"], headers, message))
            self.lock.notify_all()
            return self.status, self.text, self.reply

    def wait_for(self, is_true, seconds=120):
        """False when it did not come true in time."""
        with self.lock:
            return self.lock.wait_for(is_true, seconds)

    def messages(self, service):
        with self.lock:
            return [message for path, _, message in self.requests if service in path]

    def metrics(self):
        """All exported so far, by name: a list of points each, the later ones behind."""
        found = {}
        for message in self.messages("MetricsService"):
            for name, points in metrics_of(message).items():
                found.setdefault(name, []).extend(points)
        return found

    def spans(self):
        return [span for message in self.messages("TraceService") for span in spans_of(message)]


# --- Protocol buffers, and OTLP in them ---

def fields_of(data):
    """{number: [values]}; a value is an int or bytes."""
    fields, at = {}, 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at, value, shift = at + 1, value | (byte & 127) << shift, shift + 7
            if byte < 128:
                return value

    while at < len(data):
        tag = varint()
        if tag & 7 == 0:
            value = varint()
        elif tag & 7 in (1, 5):
            size = 8 if tag & 7 == 1 else 4
            value, at = int.from_bytes(data[at:at + size], "little"), at + size
        else:
            assert tag & 7 == 2, tag
            size = varint()
            value, at = data[at:at + size], at + size
            assert len(value) == size
        fields.setdefault(tag >> 3, []).append(value)
    return fields


def attributes_of(pairs):
    found = {}
    for pair in pairs:
        fields = fields_of(pair)
        value, = fields_of(fields[2][0]).items()
        number, (raw,) = value
        found[fields[1][0].decode()] = raw.decode() if number == 1 else bool(raw) if number == 2 else raw
        assert number in (1, 2, 3)
    return found


def scopes_of(message):
    """(resource's attributes, scope's name, fields of the scope's part)"""
    for part in fields_of(message)[1]:
        part = fields_of(part)
        resource = attributes_of(fields_of(part[1][0])[1])
        for scope in part[2]:
            scope = fields_of(scope)
            yield resource, fields_of(scope[1][0])[1][0].decode(), scope


def doubles(data):
    return list(struct.unpack(f"<{len(data) // 8}d", data))


def metrics_of(message):
    found = {}
    for resource, scope, fields in scopes_of(message):
        for metric in map(fields_of, fields.get(2, [])):
            is_histogram = 9 in metric
            data = fields_of(metric[9 if is_histogram else 7][0])
            for point in map(fields_of, data[1]):
                told = {"scope": scope, "resource": resource, "start": point[2][0], "time": point[3][0], "temporality": data[2][0]}
                if is_histogram:
                    buckets = point[6][0]
                    told.update(count=point[4][0], sum=struct.unpack("<d", point[5][0].to_bytes(8, "little"))[0],
                                buckets=list(struct.unpack(f"<{len(buckets) // 8}Q", buckets)), bounds=doubles(point[7][0]))
                else:
                    told.update(value=point[6][0], monotonic=bool(data[3][0]))
                told["attributes"] = attributes_of(point.get(9 if is_histogram else 7, []))
                found.setdefault(metric[1][0].decode(), []).append(told)
    return found


def spans_of(message):
    for resource, scope, fields in scopes_of(message):
        for span in map(fields_of, fields[2]):
            events = [{"name": event[2][0].decode(), "time": event[1][0], "attributes": attributes_of(event.get(3, []))}
                      for event in map(fields_of, span.get(11, []))]
            yield {"scope": scope, "resource": resource, "trace": span[1][0].hex(), "id": span[2][0].hex(),
                   "parent": span[4][0].hex() if 4 in span else None, "name": span[5][0].decode(), "kind": span[6][0], "start": span[7][0],
                   "end": span[8][0], "attributes": attributes_of(span.get(9, [])), "events": events,
                   "status": fields_of(span[15][0]).get(3, [0])[0] if 15 in span else 0}
