# SPDX-License-Identifier: Apache-2.0
"""http.send of Rego. What is expected is what OPA 1.22.4 answers to the same; where there is an opa (CHIMERA_OPA), it is asked, too."""
import gzip, json, os, re, subprocess, tempfile, unittest

from asking import Provider

os.environ.setdefault("CHIMERA_REGISTRY_PLAY", "unused")
import registries
import sigstore
import world

OPA = os.environ.get("CHIMERA_OPA")
NETWORK, INTERNAL = "eval_http_send_network_error", "eval_http_send_internal_error"
BUILTIN, TYPE = "eval_builtin_error: http.send: ", "eval_type_error: http.send: "


def script(request):
    """What is asked for by the path."""
    path, _, query = request.target.partition("?")
    if path == "/echo":
        headers = {name.lower(): value for name, value in request.headers.items()}
        return 200, {"Content-Type": "application/json"}, json.dumps({"method": request.method, "path": request.target,
                                                                     "body": request.body.decode(), "headers": headers})
    if path == "/type":
        kind, _, body = query.partition("&")
        return 200, {"Content-Type": kind.replace("%20", " ")}, body.replace("%20", " ").replace("%0A", "\n")
    if path == "/bytes":
        return 200, {"Content-Type": "text/plain"}, b"a\xff\xe2\x82b"
    if path == "/gzip":
        return 200, {"Content-Type": "application/json", "Content-Encoding": "gzip"}, gzip.compress(b'{"a": 1}')
    if path == "/twice":
        return 200, [("X-Two", "1"), ("x-two", "2"), ("X-Empty", "")], ""
    if path == "/close":
        return 200, {"Connection": "close", "Trailer": "X"}, ""
    if path == "/status":
        return int(query), {}, "told"
    if path == "/cache":
        return 200, {"Cache-Control": query.replace("%20", " ")}, ""
    if path.startswith("/redirect"):
        return int(path[9:]), {"Location": query}, "moved"
    if path == "/forever":
        return 302, {"Location": "/forever"}, ""
    if path == "/huge":
        return 200, {}, b"x" * (9 << 20)
    if path == "/cut":
        return None
    if path == "/slow":
        SLOW.wait(30)
        return None
    return 404, {}, "none"


def setUpModule():
    global FAKE, ASKED, URL, SLOW
    import threading
    SLOW = threading.Event()
    FAKE = world.Fake(script)
    FAKE.__enter__()
    unittest.addModuleCleanup(FAKE.__exit__)
    unittest.addModuleCleanup(SLOW.set)
    URL = "http://" + FAKE.host
    ASKED = Provider("http", http_hosts=[FAKE.host.split(":")[0], "[::1]:1", "nowhere.invalid", "LocalHost"])
    unittest.addModuleCleanup(ASKED.__exit__)


def opa(argument):
    """What OPA says; None: there is none."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as data:
        json.dump(argument, data)
        data.flush()
        done = subprocess.run([OPA, "eval", "--input", data.name, "http.send(input)", "--format", "raw"], capture_output=True, text=True)
    assert done.returncode == 0, done
    answer = json.loads(done.stdout)
    if "error" in answer:
        answer["error"]["message"] = re.sub(r"^(http\.send\(input\)|[^ ]*:\d+): ", "", answer["error"]["message"])
    return answer


def plain(answer):
    """Without what differs from one time to the next, and from one client to the other."""
    answer = json.loads(json.dumps(answer))
    answer.get("headers", {}).pop("date", None)
    if isinstance(answer.get("body"), dict) and "headers" in answer["body"]:
        for name in ("user-agent", "connection"):
            answer["body"]["headers"].pop(name, None)
        answer["raw_body"] = None
    if answer.get("raw_body") is None:
        answer.get("headers", {}).pop("content-length", None)
    return answer


class Case(unittest.TestCase):
    maxDiff = None

    def send(self, path="/echo", compares=True, asked=None, **argument):
        argument = {"method": "get", "url": URL + path if path.startswith("/") else path, "raise_error": False, **argument}
        argument = {key: value for key, value in argument.items() if value is not Ellipsis}
        answer = (asked or ASKED).ask("HttpSend", request=argument)
        if OPA and compares and answer.good:
            self.assertEqual(plain(answer.value), plain(opa(argument)))
        self.kept_ms = answer.keep_ms
        return answer.value if answer.good else answer.text

    def fails(self, code, message, *path, compares=True, **argument):
        answer = self.send(*path, compares=compares, **argument)
        self.assertEqual(answer, {"error": {"code": code, "message": message}, "status_code": 0})


class Requests(Case):
    def test_a_get_brings_nothing_of_its_own(self):
        answer = self.send()
        self.assertEqual((answer["status"], answer["status_code"]), ("200 OK", 200))
        self.assertEqual((answer["body"]["method"], answer["body"]["body"]), ("GET", ""))
        self.assertEqual(set(answer["body"]["headers"]), {"host", "user-agent", "accept-encoding"})
        self.assertEqual(json.loads(answer["raw_body"])["path"], "/echo")

    def test_methods(self):
        for method in ("post", "PUT", "patch", "delete", "get", ""):
            answer = self.send(method=method)
            self.assertEqual(answer["body"]["method"], method.upper() or "GET")
        for method in ("post", "PUT", "patch", "delete", "get"):
            answer = self.send(method=method, raw_body="text")
            self.assertEqual((answer["body"]["body"], answer["body"]["headers"]["content-length"]), ("text", "4"))
        self.assertEqual(self.send(method="head", compares=False)["raw_body"], "")

    def test_bodies(self):
        answer = self.send(method="post", body={"b": "<&>", "a": [1, None, 1.5, True]})
        self.assertEqual(answer["body"]["body"], '{"a":[1,null,1.5,true],"b":"\\u003c\\u0026\\u003e"}')
        self.assertNotIn("content-type", answer["body"]["headers"])
        for body, text in ((None, "null"), ("a", '"a"'), (7, "7")):
            self.assertEqual(self.send(method="post", body=body)["body"]["body"], text)
        self.assertEqual(self.send(method="post", body={"a": 1}, raw_body="raw")["body"]["body"], "raw")
        # OPA takes quotes off the ends of texts.
        self.assertEqual(self.send(method="post", raw_body='"a"')["body"]["body"], "a")

    def test_headers(self):
        given = {"Content-Type": "a/b", "x-one": "1", "Host": "other.test", "User-Agent": "me", "X-Empty": ""}
        got = self.send(method="post", headers=given)["body"]["headers"]
        self.assertEqual({name.lower(): value for name, value in given.items()}, {name: got[name.lower()] for name in
                                                                                 ("content-type", "x-one", "host", "user-agent", "x-empty")})

    def test_urls(self):
        self.assertEqual(self.send("/echo?b=%20&a=1#fragment")["body"]["path"], "/echo?b=%20&a=1")
        self.assertEqual(self.send(URL.replace("http://", "HTTP://") + "/echo", url=URL + "/echo")["status_code"], 200)


class Responses(Case):
    def test_the_type_says_how_the_body_is_read(self):
        for kind, body, value in (("application/json", '{"a": [1]}', {"a": [1]}), ("application/json; charset=utf-8", "1", 1),
                                  ("Application/JSON", "[1]", [1]), ("application/x+json", "[1]", [1]), ("application/jsonx", "[1]", None),
                                  ("text/json", "[1]", None), ("application/json", "[1", None), ("application/json", "", None),
                                  ("application/yaml", "a:\n- b\n- 1", {"a": ["b", 1]}), ("application/x-yaml", "a: b", {"a": "b"}),
                                  ("text/yaml", "a: b", None), ("text/plain", "{}", None)):
            query = f"{kind}&{body}".replace(" ", "%20").replace("\n", "%0A")
            answer = self.send("/type?" + query)
            self.assertEqual((answer["body"], answer["raw_body"]), (value, body), (kind, body))

    def test_it_may_be_forced(self):
        self.assertEqual(self.send("/type?text/plain&[1]", force_json_decode=True)["body"], [1])
        self.assertEqual(self.send("/type?text/plain&a:%20b", force_yaml_decode=True)["body"], {"a": "b"})
        self.assertEqual(self.send("/type?text/plain&a:%20b", force_json_decode=True, force_yaml_decode=True)["body"], None)
        self.assertEqual(self.send("/type?application/json&[1]", force_json_decode=False)["body"], [1])

    def test_large_numbers_stay(self):
        answer = ASKED.ask("HttpSend", request={"method": "get", "url": URL + "/type?application/json&[123456789012345678901234567890]"})
        self.assertIn('"body":[123456789012345678901234567890],', answer.text)

    def test_headers_are_lists_in_lower_case(self):
        answer = self.send("/twice")
        self.assertEqual((answer["headers"]["x-two"], answer["headers"]["x-empty"]), (["1", "2"], [""]))

    def test_headers_of_the_connection_are_the_client_s(self):
        self.assertEqual(set(self.send("/close")["headers"]), {"server", "date", "content-length", "trailer"})

    def test_any_status_is_an_answer(self):
        for status, text in ((404, "404 Not Found"), (500, "500 Internal Server Error"), (204, "204 No Content")):
            answer = self.send(f"/status?{status}")
            self.assertEqual((answer["status"], answer["status_code"]), (text, status))

    def test_what_is_packed_is_unpacked(self):
        answer = self.send("/gzip")
        self.assertEqual((answer["body"], answer["raw_body"]), ({"a": 1}, '{"a": 1}'))
        self.assertNotIn("content-encoding", answer["headers"])
        self.assertNotIn("content-length", answer["headers"])

    def test_bytes_that_are_no_text(self):
        self.assertEqual(self.send("/bytes")["raw_body"], "a\ufffd\ufffd\ufffdb")

    def test_too_much(self):
        self.assertEqual(self.send("/huge", compares=False)["error"]["code"], NETWORK)


class Redirects(Case):
    def test_they_are_not_followed_unasked(self):
        for status in (301, 302, 303, 307, 308):
            answer = self.send(f"/redirect{status}?/echo")
            self.assertEqual((answer["status_code"], answer["headers"]["location"]), (status, ["/echo"]))

    def test_they_are_followed(self):
        for status in (301, 302, 303, 307, 308):
            for method in ("get", "post", "head"):
                answer = self.send(f"/redirect{status}?/echo", enable_redirect=True, method=method, raw_body=... if method == "head" else "b",
                                   headers={"Authorization": "x"}, compares=False)
                self.assertEqual(answer["status_code"], 200)
                if method != "head":
                    body = answer["body"]
                    self.assertEqual((body["method"], body["body"]), (method.upper(), "b") if status > 303 else ("GET", ""))
                    self.assertEqual(body["headers"]["authorization"], "x")

    def test_they_end(self):
        answer = self.send("/forever", enable_redirect=True, compares=False)
        self.assertEqual(answer["error"], {"code": NETWORK, "message": f'Get "{URL}/forever": stopped after 10 redirects'})

    def test_only_to_hosts_that_are_allowed(self):
        with world.Fake(script, address="127.0.0.2") as other:
            to = f"http://{other.host}/echo"
            answer = self.send("/redirect302?" + to, enable_redirect=True, compares=False)
            self.assertEqual(answer["error"], {"code": NETWORK, "message": f'Get "{to}": disallowed host: 127.0.0.2'})
            self.assertEqual(other.requests, [])
            with Provider("http", http_hosts=["127.0.0.1", "127.0.0.2"]) as asked:
                answer = self.send("/redirect307?" + to, enable_redirect=True, compares=False, asked=asked,
                                   headers={"Authorization": "secret", "Cookie": "secret", "X-Other": "1", "Host": "named.test"})
            headers = answer["body"]["headers"]
            self.assertEqual((headers["host"], headers["x-other"]), (other.host, "1"))
            self.assertNotIn("authorization", headers)
            self.assertNotIn("cookie", headers)
        answer = self.send("/redirect302?file:///etc/passwd", enable_redirect=True, compares=False)
        self.assertIn("unsupported protocol scheme", answer["error"]["message"])


class Hosts(Case):
    def test_nobody_is_asked_without_a_list(self):
        with Provider("http") as asked:
            self.fails(INTERNAL, BUILTIN + "disallowed host: 127.0.0.1", compares=False, asked=asked)
            answer = asked.ask("HttpSend", request={"method": "get", "url": URL + "/echo"}, hosts=["127.0.0.1"])
            self.assertTrue(answer.good)

    def test_both_lists_must_have_it(self):
        for hosts, is_good in ((["127.0.0.1"], True), ([FAKE.host], True), (["127.0.0.1:1"], False), ([], False), (["127.0.0.10"], False),
                               (["127.0.0"], False), (None, True)):
            answer = ASKED.ask("HttpSend", request={"method": "get", "url": URL + "/echo"}, hosts=hosts)
            self.assertEqual(answer.good, is_good, hosts)
            if not is_good:
                self.assertEqual(answer.text, "http.send: disallowed host: 127.0.0.1")

    def test_what_is_written_otherwise_is_the_same_host(self):
        port = FAKE.host.split(":")[1]
        self.assertEqual(self.send(f"http://LOCALHOST:{port}/echo", compares=False)["status_code"], 200)
        for host in (f"127.0.0.1.:{port}", f"localhost.evil.test:{port}", f"evil.test:{port}@127.0.0.2:{port}", f"127.0.0.1@127.0.0.2:{port}"):
            self.assertIn("disallowed host: ", self.send(f"http://{host}/echo", compares=False)["error"]["message"], host)


class Failures(Case):
    def test_keys(self):
        self.fails(INTERNAL, TYPE + 'operand 1 invalid request parameters(s): {"yy", "zz"}', zz=1, yy=2)
        self.fails(INTERNAL, TYPE + 'operand 1 missing required request parameters(s): {"method"}', method=...)
        self.fails(INTERNAL, TYPE + 'operand 1 missing required request parameters(s): {"method", "url"}', method=..., url=...)

    def test_types(self):
        for name in ("method", "raw_body", "tls_ca_cert", "tls_ca_cert_file", "tls_client_key_env_variable", "tls_server_name", "url"):
            self.fails(INTERNAL, BUILTIN + f'"{name}" must be a string', **{name: 7})
        for name in ("enable_redirect", "tls_insecure_skip_verify", "tls_use_system_certs"):
            self.fails(INTERNAL, BUILTIN + 'strconv.ParseBool: parsing "\\"x\\"": invalid syntax', **{name: "x"})
            self.fails(INTERNAL, BUILTIN + 'strconv.ParseBool: parsing "2": invalid syntax', **{name: 2})
        self.assertEqual(self.send("/redirect302?/echo", enable_redirect=1)["status_code"], 200)
        for name in ("cache", "force_cache", "force_json_decode", "force_yaml_decode"):
            self.fails(INTERNAL, BUILTIN + f'invalid value for "{name}" field', **{name: 7})
        self.fails(INTERNAL, BUILTIN + "invalid type for headers key", headers=7)
        self.fails(INTERNAL, BUILTIN + 'invalid type for headers value "7"', headers={"a": 7})
        self.fails(INTERNAL, "cache_ignored_headers must be an array of strings", headers={}, cache_ignored_headers=[7])
        self.fails(INTERNAL, BUILTIN + "'force_cache' set but 'force_cache_duration_seconds' parameter is missing", force_cache=True)
        for number in (-1, 1.5, "a"):
            answer = self.send(max_retry_attempts=number)
            self.assertEqual(answer["error"]["code"], INTERNAL)
        answer = self.send(raise_error=7)
        self.assertEqual(answer, "http.send: invalid value for raise_error field")

    def test_timeouts(self):
        for timeout in ("5s", 5000000000, "5000000000", "0.1m", "1h2m3.5s", "+5s"):
            self.assertEqual(self.send(timeout=timeout)["status_code"], 200)
        self.fails(INTERNAL, BUILTIN + "invalid timeout number value 1.5, must be int64", timeout=1.5)
        self.fails(INTERNAL, TYPE + "operand 1 'timeout' must be one of {string, number} but got null", timeout=None)
        self.fails(INTERNAL, TYPE + "operand 1 'timeout' must be one of {string, number} but got boolean", timeout=True)
        self.assertEqual(self.send(timeout="5x", compares=False)["error"]["code"], INTERNAL)
        self.fails(NETWORK, f'Get "{URL}/slow": context deadline exceeded (Client.Timeout exceeded while awaiting headers)', "/slow",
                   timeout="300ms")
        self.assertEqual(self.send("/slow", timeout="300ms", raise_error=True), f"http.send: Get {URL}/slow: request timed out")
        answer = ASKED.ask("HttpSend", seconds=1, request={"method": "get", "url": URL + "/slow", "raise_error": True, "timeout": 0})
        self.assertEqual(answer.text, f"http.send: Get {URL}/slow: request timed out")

    def test_methods_and_headers_that_are_none(self):
        self.fails(INTERNAL, BUILTIN + 'net/http: invalid method "G T"', method="g t")
        for headers in ({"a b": "c"}, {"a": "b\r\nc: d"}, {"": "a"}):
            self.assertIn("error", self.send(headers=headers, compares=False))

    def test_urls_that_are_none(self):
        self.fails(NETWORK, 'Get "ftp://127.0.0.1/": unsupported protocol scheme "ftp"', "ftp://127.0.0.1/")
        self.fails(NETWORK, 'Get "/a": unsupported protocol scheme ""', url="/a")
        self.fails(NETWORK, 'Get "unix://localhost/a?socket=%2Fa": unsupported protocol scheme "unix"', "unix://localhost/a?socket=%2Fa",
                   compares=False)
        self.assertEqual(self.send("http://[::1", compares=False)["error"]["code"], INTERNAL)

    def test_a_password_is_not_told(self):
        url = f"http://user:secret@127.0.0.1:{registries.free_port()}/"
        answer = self.send(url, compares=False)
        self.assertTrue(answer["error"]["message"].startswith('Get "http://user:***@127.0.0.1:'), answer)
        self.assertNotIn("secret", str(answer))
        got = self.send(URL.replace("//", "//user:secret@") + "/echo", compares=False)["body"]["headers"]
        self.assertEqual(got["authorization"], "Basic dXNlcjpzZWNyZXQ=")
        got = self.send(URL.replace("//", "//user:secret@") + "/redirect302?/echo", compares=False, enable_redirect=True)["body"]["headers"]
        self.assertEqual(got["referer"], URL + "/redirect302?/echo")

    def test_who_is_not_there(self):
        for url in (f"http://127.0.0.1:{registries.free_port()}/", "http://nowhere.invalid/", "http://[::1]:1/", URL + "/cut"):
            answer = self.send(url, compares=False)
            self.assertEqual(answer["error"]["code"], NETWORK, url)
            self.assertTrue(answer["error"]["message"].startswith(f'Get "{url}": '), answer)
            self.assertTrue(self.send(url, compares=False, raise_error=True).startswith(f'http.send: Get "{url}": '))

    def test_it_is_tried_again(self):
        before = len(FAKE.seen())
        self.send("/cut", compares=False, max_retry_attempts=2)
        self.assertEqual(len(FAKE.seen()) - before, 3)
        self.send("/status?503", compares=False, max_retry_attempts=2)
        self.assertEqual(len(FAKE.seen()) - before, 4)

    def test_files_and_variables_are_not_read(self):
        for name in ("tls_ca_cert_file", "tls_client_cert_file", "tls_client_key_file", "tls_ca_cert_env_variable",
                     "tls_client_cert_env_variable", "tls_client_key_env_variable"):
            self.fails(INTERNAL, f"{BUILTIN}{name} is not available here", compares=False, **{name: "HOME"})
            self.assertEqual(self.send(compares=False, **{name: ""})["status_code"], 200)


class Caching(Case):
    def kept(self, query, **argument):
        self.send("/cache?" + query, **argument)
        return self.kept_ms

    def test_nothing_is_kept_unasked(self):
        self.assertEqual(self.kept("max-age=60"), 0)

    def test_what_the_server_says(self):
        self.assertTrue(50000 < self.kept("max-age=60", cache=True) <= 60000)
        self.assertTrue(50000 < self.kept("private,%20max-age=60", cache=True) <= 60000)
        for query in ("no-store,%20max-age=60", "max-age=0", "max-age=x", ""):
            self.assertEqual(self.kept(query, cache=True), 0, query)

    def test_what_is_forced(self):
        self.assertEqual(self.kept("no-store", force_cache=True, force_cache_duration_seconds=30), 30000)
        self.assertEqual(self.kept("no-store", force_cache=True, force_cache_duration_seconds=100000), 3600000)
        self.send("/status?500", force_cache=True, force_cache_duration_seconds=30)
        self.assertEqual(self.kept_ms, 0)


class Tls(Case):
    @classmethod
    def setUpClass(cls):
        world.make_authority()
        def refuse(request):
            return script(request)
        cls.fake = world.Fake(refuse, tls=True)
        cls.fake.__enter__()
        cls.addClassCleanup(cls.fake.__exit__)
        with open(world.path("own.crt")) as text:
            cls.authority = text.read()
        cls.url = f"https://{cls.fake.host}/echo"

    def test_authorities(self):
        self.assertEqual(self.send(self.url, compares=False)["error"]["code"], NETWORK)
        self.assertEqual(self.send(self.url, tls_ca_cert=self.authority)["status_code"], 200)
        self.assertEqual(self.send(self.url, tls_ca_cert=self.authority.replace("\n", "\\n"))["status_code"], 200)
        self.assertEqual(self.send(self.url, tls_ca_cert=self.authority, tls_use_system_certs=True)["status_code"], 200)
        self.assertEqual(self.send(self.url, tls_insecure_skip_verify=True)["status_code"], 200)
        self.fails(INTERNAL, BUILTIN + "could not append certificates", self.url, tls_ca_cert="x")

    def test_names(self):
        self.assertEqual(self.send(self.url, tls_ca_cert=self.authority, tls_server_name="localhost")["body"]["headers"]["host"],
                         self.fake.host)
        self.assertEqual(self.send(self.url, compares=False, tls_ca_cert=self.authority, tls_server_name="other.test")["error"]["code"],
                         NETWORK)
        answer = self.send(self.url, tls_ca_cert=self.authority, headers={"Host": "localhost"})
        self.assertEqual(answer["body"]["headers"]["host"], "localhost")

    def test_certificates_of_clients(self):
        import ssl
        key, certificate = world.path("client.key"), world.path("client.crt")
        sigstore.openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
        sigstore.openssl("req", "-new", "-key", key, "-subj", "/CN=client", "-out", key + ".csr")
        sigstore.openssl("x509", "-req", "-in", key + ".csr", "-CA", world.path("own.crt"), "-CAkey", world.path("own.key"), "-days", "2",
                         "-out", certificate)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(world.path("host.crt"), world.path("host.key"))
        context.load_verify_locations(world.path("own.crt"))
        context.verify_mode = ssl.CERT_REQUIRED
        fake = world.Fake(script)
        fake.server.socket = context.wrap_socket(fake.server.socket, server_side=True)
        with fake, open(key) as key_text, open(certificate) as certificate_text:
            url, pair = f"https://{fake.host}/echo", {"tls_client_cert": certificate_text.read(), "tls_client_key": key_text.read()}
            self.assertEqual(self.send(url, tls_ca_cert=self.authority, **pair)["status_code"], 200)
            self.assertEqual(self.send(url, compares=False, tls_ca_cert=self.authority)["error"]["code"], NETWORK)
        self.fails(INTERNAL, BUILTIN + "tls: failed to find any PEM data in certificate input", self.url, tls_client_cert="x",
                   tls_client_key="y")
        self.fails(INTERNAL, BUILTIN + "tls: failed to find any PEM data in key input", self.url, **{**pair, "tls_client_key": "y"})


if __name__ == "__main__":
    unittest.main()
