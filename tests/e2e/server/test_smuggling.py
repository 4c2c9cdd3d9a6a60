# SPDX-License-Identifier: Apache-2.0
"""Request smuggling: bytes that two parsers could divide differently into requests (RFC 9112 §11.2).

Behind each stands a request that must never be answered when the one before it was refused, and must be answered when
it was not: so nobody can slip a request past a proxy that reads the bytes in another way. Sections are of RFC 9112, or
of RFC 9110 where it says so. Everything is played over plain TCP and over TLS.

`test_smuggling.py PORT` prints what another server on 127.0.0.1 says to the same bytes. Go 1.26's net/http and nginx 1.22
of Debian 12 (in front of it) were asked. Neither divides any of them into more requests than we do, but where we refuse:
- both take bare line feeds between fields, at the end of the head and in trailers; we do not (2.2: "MAY" take them);
- Go takes a coding with a length (and ignores the length), repeated equal lengths, folded lines, user information, NULs
  in extensions; it waits for the 2^64 - 1 bytes of a chunk. Its limit of heads is 1 MiB;
- nginx takes a carriage return before a line end, lines without a colon, nearly any byte in names and hosts, several spaces in
  the start line, HTTP/1.10, unknown expectations, extensions and trailers of any size and content.
And where we take: Go refuses an empty line before a request, nginx tabs around values, an empty host and heads over 8 KiB.
Go answers a redirect where a path is not clean, and both route a target with a fragment; we know no such path.
"""
import json, os, shutil, socket, ssl, sys, tempfile, unittest

import harness
from harness import Reader, Server, request, review, wasm

MEGABYTE = 1 << 20
BODY = review("first")
LAST = request("/validate/accept", review("last"))
START = "POST /validate/accept HTTP/1.1"
LENGTH = f"Content-Length: {len(BODY)}"
CHUNKED = "Transfer-Encoding: chunked"


def head(*fields, start=START, host="Host: x"):
    """Of fields in ISO 8859-1, which may hold any byte."""
    lines = [start, *([host] if host else []), "Content-Type: application/json", *fields]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


def sized(*fields, **more):
    return head(*fields, LENGTH, **more) + BODY


def chunk(data, extension=b""):
    return b"%x%s\r\n%s\r\n" % (len(data), extension, data)


def chunked(body=chunk(BODY) + b"0\r\n\r\n", coding=CHUNKED, *fields, **more):
    return head(*fields, coding, **more) + body


# name: (section, status, bytes). One answer of that status, and the connection ends.
REFUSED = {
    # Two framings at once.
    "length, then coding": ("6.3 (3)", 400, head(LENGTH, CHUNKED) + chunk(BODY) + b"0\r\n\r\n"),
    "coding, then length": ("6.3 (3)", 400, head(CHUNKED, LENGTH) + BODY),
    "length 0 and coding": ("6.3 (3)", 400, head("Content-Length: 0", CHUNKED) + chunk(BODY) + b"0\r\n\r\n"),
    "coding and a length of one chunk line": ("6.3 (3)", 400, head(CHUNKED, "Content-Length: 4") + b"5c\r\n"),
    "a coding in HTTP/1.0": ("6.1", 400, chunked(start="POST /validate/accept HTTP/1.0")),
    # Lengths.
    "two lengths, the same": ("6.3 (5)", 400, head(LENGTH, LENGTH) + BODY),
    "two lengths, different": ("6.3 (5)", 400, head(LENGTH, "Content-Length: 0") + BODY),
    "two lengths, the small one first": ("6.3 (5)", 400, head("content-length: 3", "Content-Length: 30") + BODY),
    "a list of the same length": ("6.3 (5)", 400, head(LENGTH + f", {len(BODY)}") + BODY),
    "a list of different lengths": ("6.3 (5)", 400, head("Content-Length: 5, 6") + BODY),
    **{f"length {value!r}": ("RFC 9110 8.6", 400, head("Content-Length:" + value) + BODY)
       for value in ("", " ", " +5", " -5", " 0x5", " 5_0", " 5 0", " 5;", " 5,", " ,5", " 1e1", " 5.0", " \xb2", " '5'",
                     " 18446744073709551621", " 9223372036854775808", " 00000000000000000005")},
    "a length with a line break in it": ("5.2", 400, head("Content-Length: 3\r\n 0") + BODY),
    # Codings.
    **{f"coding {value!r}": ("6.1", 501, chunked(coding="Transfer-Encoding: " + value))
       for value in ("xchunked", "chunkedx", "identity", "gzip", "gzip, chunked", "chunked, gzip", "chunked, identity",
                     "chunked, chunked", "chunked;q=1", "\"chunked\"", "'chunked'", ",chunked", "chunked,", "chun ked",
                     "cow", "", "\xa0chunked", "chunked\x85")},
    **{f"coding {value!r}": ("RFC 9110 5.5", 400, chunked(coding="Transfer-Encoding:" + value))
       for value in ("\x0bchunked", "\x0cchunked", " chunked\0", "\0chunked", " chunked\x7f", "\rchunked", " chunked\r")},
    "two codings": ("6.1", 400, head(CHUNKED, CHUNKED) + chunk(BODY) + b"0\r\n\r\n"),
    "two codings, one unknown": ("6.1", 400, head(CHUNKED, "Transfer-Encoding: identity") + chunk(BODY) + b"0\r\n\r\n"),
    "an unknown coding and a length": ("6.3 (3)", 400, head("Transfer-Encoding: x", LENGTH) + BODY),
    # Field lines.
    "a space before the colon": ("5.1", 400, chunked(coding="Transfer-Encoding : chunked")),
    "a tab before the colon": ("5.1", 400, chunked(coding="Transfer-Encoding\t: chunked")),
    "a space before the colon of a length": ("5.1", 400, head("Content-Length : 5") + BODY),
    "a space in a name": ("5.1", 400, chunked(coding="Transfer Encoding: chunked")),
    "a space before the first field": ("2.2", 400, START.encode() + b"\r\n Host: x\r\n" + LENGTH.encode() + b"\r\n\r\n" + BODY),
    "a folded line": ("5.2", 400, chunked(coding="Transfer-Encoding:\r\n chunked")),
    "a line folded by a tab": ("5.2", 400, chunked(coding="X: y\r\n\tTransfer-Encoding: chunked")),
    "a bare line feed between fields": ("2.2", 400, chunked(coding="X: y\nTransfer-Encoding: chunked")),
    "a bare line feed before the empty line": ("2.2", 400, sized("X: y\n")),
    "line feeds only": ("2.2", 400, sized().replace(b"\r\n", b"\n")),
    "a bare line feed as the end": ("2.2", 400, head(LENGTH)[:-2] + b"\n" + BODY),
    "a bare carriage return between fields": ("2.2", 400, chunked(coding="X: y\rTransfer-Encoding: chunked")),
    "carriage returns only": ("2.2", 400, sized().replace(b"\r\n", b"\r") + b"\r\n\r\n"),
    "two carriage returns": ("2.2", 400, sized("X: y\r")),
    "no colon": ("5", 400, sized("nothing")),
    "no name": ("5", 400, sized(": nothing")),
    **{f"a name with {byte!r}": ("RFC 9110 5.1", 400, sized(f"X{byte}: y"))
       for byte in "\0\x01\x1f\x7f\x80\xe4\xff()<>@,;\\\"/[]?={} "},
    **{f"a value with {byte!r}": ("RFC 9110 5.5", 400, sized(f"X: a{byte}b"))
       for byte in "\0\x01\x08\x0b\x0c\x0e\x1b\x1f\x7f"},
    # Hosts.
    "no host": ("3.2", 400, sized(host=None)),
    "two hosts": ("3.2", 400, sized("Host: x")),
    "two hosts, one empty": ("3.2", 400, sized("Host:")),
    **{f"host {value!r}": ("3.2", 400, sized(host="Host: " + value))
       for value in ("a b", "a/b", "u@x", "x?", "x#", "a\\b", "<x>", "\"x\"", "x\xe4", "x|y", "x^", "`x`", "{x}")},
    # Start lines.
    **{f"start {start!r}": ("3", 400, sized(start=start))
       for start in ("POST /validate/accept", "POST", "", "/validate/accept HTTP/1.1", "POST  /validate/accept HTTP/1.1",
                     "POST /validate/accept  HTTP/1.1", "POST /validate/accept HTTP/1.1 ", " POST /validate/accept HTTP/1.1",
                     "POST\t/validate/accept\tHTTP/1.1", "POST /validate/acc ept HTTP/1.1", "POST /validate/accept HTTP/1.1x",
                     "POST /validate/accept http/1.1", "POST /validate/accept HTTP/1,1", "POST /validate/accept HTTP/01.1",
                     "POST /validate/accept HTTP/1.10", "POST /validate/accept HTTP/+1.1", "POST /validate/accept HTTP/1.",
                     "POST /validate/accept HTTP/1", "POST /validate/accept\0 HTTP/1.1", "POST /validate/\x01 HTTP/1.1",
                     "POST /validate/\x7f HTTP/1.1", "PO\0ST /validate/accept HTTP/1.1", "PO(ST /validate/accept HTTP/1.1",
                     "POST /validate/accept HTTP/1.1\rX: y")},
    "a protocol to come": ("RFC 9110 2.5", 505, sized(start="POST /validate/accept HTTP/2.0")),
    "the preface of HTTP/2": ("RFC 9110 2.5", 505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "a line feed before the request": ("2.2", 400, b"\n" + sized()),
    "http: without a host": ("RFC 9110 4.2.1", 400, sized(start="POST http:///validate/accept HTTP/1.1")),
    "a name and password in the target": ("RFC 9110 4.2.4", 400, sized(start="POST http://u:p@x/validate/accept HTTP/1.1")),
    # Expectations.
    "an unknown expectation": ("RFC 9110 10.1.1", 417, sized("Expect: 200-ok")),
    "two expectations in one": ("RFC 9110 10.1.1", 417, sized("Expect: 100-continue, x")),
    "an expectation with a space": ("RFC 9110 10.1.1", 417, sized("Expect: 100 -continue")),
    # Chunk sizes.
    **{f"chunk size {size!r}": ("7.1", 400, chunked(size + b"\r\n" + BODY + b"\r\n0\r\n\r\n"))
       for size in (b"", b"g", b"-1", b"+5", b"0x5", b"5 ", b" 5", b"5\t", b"1_0", b"5,", b"0 ", b"\xef\xbc\x95", b"\0005",
                    b"5\0", b"'5'", b"10000000000000005", b"100000000000000005", b"ffffffffffffffff", b"8000000000000005",
                    b"0000000000000005", b"5\r", b"5\rx", b"\r\n5")},
    "a chunk size that ends in a line feed": ("7.1", 400, chunked(b"5\nhello\r\n0\r\n\r\n")),
    "all of a chunked body with line feeds": ("7.1", 400, chunked(b"5\nhello\n0\n\n")),
    "a last chunk that ends in a line feed": ("7.1", 400, chunked(chunk(BODY) + b"0\n\r\n")),
    "an end that is a line feed": ("7.1", 400, chunked(chunk(BODY) + b"0\r\n\n")),
    "a chunk longer than its size": ("7.1", 400, chunked(b"5\r\nhello!\r\n0\r\n\r\n")),
    "a chunk without an end": ("7.1", 400, chunked(b"5\r\nhello0\r\n\r\n")),
    "a chunk that ends in a line feed": ("7.1", 400, chunked(b"5\r\nhello\n0\r\n\r\n")),
    "a chunk that ends in a carriage return": ("7.1", 400, chunked(b"5\r\nhello\r0\r\n\r\n")),
    # What follows a size.
    "an extension with a line feed": ("7.1.1", 400, chunked(b"5;\nxhello\r\n0\r\n\r\n")),
    "an extension that a line feed ends": ("7.1.1", 400, chunked(b"5;a=b\nhello\r\n0\r\n\r\n")),
    "an extension with a carriage return": ("7.1.1", 400, chunked(b"5;a\rb\r\nhello\r\n0\r\n\r\n")),
    "an extension with a NUL": ("7.1.1", 400, chunked(b"5;a\0b\r\nhello\r\n0\r\n\r\n")),
    "a line feed in a quoted extension": ("7.1.1", 400, chunked(b"5;a=\"\n\"\r\nhello\r\n0\r\n\r\n")),
    "a quoted extension over two lines": ("7.1.1", 400, chunked(b"3;a=\"\r\nhello\"\r\n0\r\n\r\n")),
    "a huge extension": ("7.1.1", 400, chunked(b"5;" + b"a" * 5000 + b"\r\nhello\r\n0\r\n\r\n")),
    "many small extensions": ("7.1.1", 400, chunked(chunk(b" ", b";" + b"a" * 100) * 1000 + chunk(BODY) + b"0\r\n\r\n")),
    # Trailers.
    "a trailer that a line feed ends": ("7.1.2", 400, chunked(chunk(BODY) + b"0\r\nX: y\n\r\n")),
    "a trailer with a NUL": ("7.1.2", 400, chunked(chunk(BODY) + b"0\r\nX: \0\r\n\r\n")),
    "a trailer with a carriage return": ("7.1.2", 400, chunked(chunk(BODY) + b"0\r\nX: a\rb\r\n\r\n")),
    "huge trailers": ("7.1.2", 400, chunked(chunk(BODY) + b"0\r\n" + b"X: y\r\n" * 4000 + b"\r\n")),
    # Heads without an end.
    "a megabyte of a field": ("5", 431, sized("X: " + "a" * MEGABYTE)),
    "a megabyte of fields": ("5", 431, sized(*["X: y"] * (MEGABYTE // 6))),
    "a megabyte of a name": ("5", 431, sized("X" * MEGABYTE + ": y")),
    "a megabyte of a target": ("3", 414, sized(start="POST /" + "a" * MEGABYTE + " HTTP/1.1")),
    "a megabyte of a method": ("3", 414, sized(start="P" * MEGABYTE)),
}

# name: (section, statuses, bytes). These are well-formed: each is answered, and the connection goes on.
TAKEN = {
    "a length": ("6.2", [200], sized()),
    "chunks": ("7.1", [200], chunked()),
    "a length with zeros before it": ("RFC 9110 8.6", [200], head(f"Content-Length: 000{len(BODY)}") + BODY),
    "blanks around a length": ("5", [200], head(f"Content-Length:\t {len(BODY)} \t") + BODY),
    "names in any case": ("5.1", [200], head(f"cOnTeNt-LeNgTh: {len(BODY)}") + BODY),
    **{f"coding {value!r}": ("7", [200], chunked(coding="Transfer-Encoding:" + value))
       for value in ("chunked", " CHUNKED", "\tChunked\t", "  \t chunked  ")},
    "other names with underscores": ("RFC 9110 5.1", [200], sized("Content_Length: 3", "Transfer_Encoding: chunked")),
    "names that only look alike": ("RFC 9110 5.1", [200], sized("Content-Length-: 3", "X-Transfer-Encoding: chunked")),
    "bytes above 127 in a value": ("RFC 9110 5.5", [200], sized("X: \x80\xff")),
    "a tab in a value": ("RFC 9110 5.5", [200], sized("X: a\tb")),
    "an empty value": ("5", [200], sized("X:")),
    "many fields": ("5", [200], sized(*["X: y"] * 1000)),
    "an empty line before": ("2.2", [200], b"\r\n" + sized()),
    **{f"host {value!r}": ("3.2", [200], sized(host="Host:" + value))
       for value in ("", " x", " x:80", " a_b", " 1.2.3.4:5", " [::1]:8443", " %41", " p.n.svc", " !$&'()*+,;=~-")},
    "no host in HTTP/1.0": ("3.2", [200], sized("Connection: keep-alive", host=None, start="POST /validate/accept HTTP/1.0")),
    "a later minor version": ("RFC 9110 2.5", [200], sized(start="POST /validate/accept HTTP/1.2")),
    "the absolute form": ("3.2.2", [200], sized(start="POST http://other/validate/accept HTTP/1.1")),
    "the absolute form of https": ("3.2.2", [200], sized(start="POST HTTPS://other:1/validate/accept?x HTTP/1.1")),
    "a query that looks like a path": ("3.2.2", [404], sized(start="POST http://x?a=/validate/accept HTTP/1.1")),
    "the authority form": ("3.2.3", [404], head(start="CONNECT x:443 HTTP/1.1")),
    "the authority form of a POST": ("3.2.3", [404], sized(start="POST x:443 HTTP/1.1")),
    "the asterisk form": ("3.2.4", [404], head(start="OPTIONS * HTTP/1.1")),
    "two slashes": ("3.2.1", [404], sized(start="POST //validate/accept HTTP/1.1")),
    "dots": ("3.2.1", [404], sized(start="POST /x/../validate/accept HTTP/1.1")),
    "a fragment": ("3.2", [404], sized(start="POST /validate/accept#x HTTP/1.1")),
    "an unknown policy": ("9.3", [404], sized(start="POST /validate/other HTTP/1.1")),
    "another type": ("9.3", [415], sized(start="POST /audit/accept HTTP/1.1").replace(b"application/json", b"text/plain")),
    "a body of no JSON": ("9.3", [400], head("Content-Length: 5") + b"hello"),
    "a body that looks like a request": ("6.3", [400, 200], head(f"Content-Length: {len(LAST)}") + LAST + sized()),
    "a chunk that looks like a request": ("7.1", [400, 200], chunked(chunk(LAST) + b"0\r\n\r\n") + sized()),
    "a GET with a body": ("6.3", [405, 200], sized(start="GET /validate/accept HTTP/1.1") + sized()),
    "a GET with chunks": ("6.3", [405, 200], chunked(start="GET /validate/accept HTTP/1.1") + sized()),
    "a method in another case": ("RFC 9110 9.1", [405], sized(start="post /validate/accept HTTP/1.1")),
    "a TRACE": ("RFC 9110 9.3.8", [405], head("X: y", start="TRACE /validate/accept HTTP/1.1")),
    "an offer of HTTP/2": ("RFC 9110 7.8", [200], sized("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")),
    "an expectation that nobody waits for": ("RFC 9110 10.1.1", [200], sized("Expect: 100-continue")),
    "an expectation in another case": ("RFC 9110 10.1.1", [200], sized("Expect: 100-Continue")),
    "an expectation in HTTP/1.0": ("RFC 9110 10.1.1", [200], sized("Expect: 100-continue", "Connection: keep-alive",
                                                                   start="POST /validate/accept HTTP/1.0")),
    "an expectation without a body": ("RFC 9110 10.1.1", [400], head("Expect: 100-continue", "Content-Length: 0")),
    "sizes in both cases": ("7.1", [200], chunked(b"%X\r\n%s\r\n000\r\n\r\n" % (len(BODY), BODY))),
    "zeros before a size": ("7.1", [200], chunked(b"0000%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY))),
    "an extension": ("7.1.1", [200], chunked(chunk(BODY, b";a=b;c") + b"0;d\r\n\r\n")),
    "a quoted extension": ("7.1.1", [200], chunked(chunk(BODY, b';a="x;y"') + b"0\r\n\r\n")),
    "a length in a trailer": ("RFC 9110 6.5.1", [200], chunked(chunk(BODY) + b"0\r\nContent-Length: 500\r\n\r\n")),
    "a coding in a trailer": ("RFC 9110 6.5.1", [200], chunked(chunk(BODY) + b"0\r\nTransfer-Encoding: chunked\r\n\r\n")),
    "a host in a trailer": ("RFC 9110 6.5.1", [200], chunked(chunk(BODY) + b"0\r\nHost: y\r\nConnection: close\r\n\r\n")),
}

# name: (section, bytes). One good answer, and the connection ends: what stands behind is not read.
LAST_ONES = {
    "close": ("9.6", sized("Connection: close")),
    "close among others": ("9.6", sized("Connection: x, ClOsE , keep-alive")),
    "close in a second field": ("9.6", sized("Connection: keep-alive", "Connection: close")),
    "HTTP/1.0": ("9.3", sized(start="POST /validate/accept HTTP/1.0")),
}

# name: (section, bytes). The client goes away amid these: no answer but one that gives up.
CUT = {
    "a body that is too short": ("8", head("Content-Length: 500") + BODY),
    "a chunk that is too short": ("8", chunked(b"500\r\n" + BODY)),
    "no last chunk": ("8", chunked(chunk(BODY))),
    "no empty line behind the trailers": ("8", chunked(chunk(BODY) + b"0\r\nX: y\r\n")),
    "no empty line": ("8", head(LENGTH)[:-2]),
}


def answers(sock, data):
    """What comes back to `data`, until the connection ends: [(status, head, body)]."""
    try:
        sock.sendall(data)
    except OSError:
        pass  # refused before all of it was there
    reader, found = Reader(sock), []
    try:
        while True:
            found.append(reader.answer())
    except (EOFError, ssl.SSLError, ConnectionResetError):
        return found


def say_end(sock):
    """Sends the alert that nothing follows, and does not wait for the other side's."""
    sock.settimeout(0)
    try:
        sock.unwrap()
    except (OSError, ValueError):
        pass
    sock.settimeout(30)


class Smuggling(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="chimera-e2e-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        harness.make_certificates(cls.folder)
        certificate, key, ca = (os.path.join(cls.folder, name) for name in ("server.crt", "server.key", "ca.crt"))
        policy = {"accept": {"module": wasm("accept")}}
        cls.servers = [Server(policy), Server(policy, "--cert-file", certificate, "--key-file", key,
                                              tls=ssl.create_default_context(cafile=ca))]
        for server in cls.servers:
            cls.addClassCleanup(server.__exit__)

    def each(self, cases, check):
        for server in self.servers:
            for name, case in cases.items():
                with self.subTest(name=name, section=case[0], tls=bool(server.tls)), server.raw() as sock:
                    check(sock, *case[1:])

    def test_what_is_ambiguous_is_refused_and_ends_the_connection(self):
        def check(sock, status, data):
            found = answers(sock, data + LAST)
            self.assertEqual([answer[0] for answer in found], [status])
            self.assertIn("connection: close", found[0][1])
        self.each(REFUSED, check)

    def test_what_is_well_formed_is_answered_and_the_next_one_too(self):
        def check(sock, statuses, data):
            found = answers(sock, data + LAST + sized("Connection: close"))
            self.assertEqual([answer[0] for answer in found], [*statuses, 200, 200])
            self.assertEqual([json.loads(text)["response"]["uid"] for _, _, text in found[-2:]], ["last", "first"])
        self.each(TAKEN, check)

    def test_nothing_is_read_behind_the_last_request(self):
        def check(sock, data):
            self.assertEqual([answer[0] for answer in answers(sock, data + LAST)], [200])
        self.each(LAST_ONES, check)

    def test_what_is_cut_short_is_not_answered(self):
        def check(sock, data):
            sock.sendall(data)
            if isinstance(sock, ssl.SSLSocket):
                say_end(sock)
            else:
                sock.shutdown(socket.SHUT_WR)
            self.assertEqual(answers(sock, b""), [])
        self.each(CUT, check)

    def test_requests_behind_a_refused_one_are_not_answered_however_they_come(self):
        for server in self.servers:
            for size in (1, 7, 100):
                data = sized() + sized(start="POST /validate/other HTTP/1.1") + head(LENGTH, CHUNKED) + BODY + LAST * 3
                with server.raw() as sock:
                    for at in range(0, len(data), size):
                        try:
                            sock.sendall(data[at:at + size])
                        except OSError:
                            break
                    self.assertEqual([answer[0] for answer in answers(sock, b"")], [200, 404, 400])

    def test_a_refused_answer_has_no_body_for_a_head(self):
        for server in self.servers:
            with server.raw() as sock:
                data = sized(start="HEAD /validate/accept HTTP/1.1") + LAST
                sock.sendall(data)
                reader = Reader(sock)
                self.assertEqual((reader.head().split()[1], reader.answer()[0]), ("405", 200))


def ask_peer(port):
    for cases in (REFUSED, TAKEN):
        for name, (section, wanted, data) in cases.items():
            with socket.create_connection(("127.0.0.1", port), timeout=3) as sock:
                try:
                    found = [answer[0] for answer in answers(sock, data + LAST + sized("Connection: close"))]
                except (OSError, ValueError) as why:
                    found = [repr(why)]
            mine = [wanted] if cases is REFUSED else [*wanted, 200, 200]
            print("same     " if found == mine else "different", f"{name}: we {mine}, it {found}")


if __name__ == "__main__":
    if len(sys.argv) == 2 and sys.argv[1].isdigit():
        ask_peer(int(sys.argv[1]))
    else:
        unittest.main()
