# SPDX-License-Identifier: Apache-2.0
"""Policies from registries and web servers (policy-server.md §1.5 to §1.7; policy_downloader.rs of the reference)."""
import functools, http.server, json, os, shutil, signal, ssl, subprocess, sys, tempfile, threading, unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness, registries
from harness import Server, wait_for, wasm
from registries import Registry


def module(name):
    with open(wasm(name)[len("file://"):], "rb") as file:
        return file.read()


class Web:
    """Serves a folder over https."""

    def __init__(self, folder, certificate, key):
        handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
        handler.log_message = lambda *_: None
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@unittest.skipUnless(registries.is_there(), "no docker-registry here")
class Fetch(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="chimera-fetch-")
        self.addCleanup(shutil.rmtree, self.folder)

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as out:
            out.write(text if isinstance(text, str) else json.dumps(text))
        return path

    def fails(self, policies, *flags):
        """What is printed behind "Error: "."""
        with Server(policies, *flags, is_awaited=False) as server:
            self.assertEqual(server.process.wait(120), 1)
            text = server.errors()
        self.assertTrue(text.startswith("Error: "), text)
        return text[len("Error: "):].rstrip("\n")


class Start(Fetch):
    def test_file_web_and_registry_in_one_file(self):
        harness.make_certificates(self.folder)
        os.mkdir(self.folder + "/www")
        with open(self.folder + "/www/policy.wasm", "wb") as out:
            out.write(module("reject"))
        tls = [self.folder + "/" + name for name in ("server.crt", "server.key", "ca.crt")]
        with Registry(tls=tls, login=registries.HTPASSWD) as registry, Web(self.folder + "/www", *tls[:2]) as web:
            digest = registry.put_policy("team/accept", "v1", module("accept"))
            authority = [{"type": "Path", "path": tls[2]}]
            sources = self.write("sources.yml", {"source_authorities": {registry.host: authority, f"localhost:{web.port}": authority}})
            self.write("config.json", {"auths": {registry.host: {"auth": "YW5uYTpzZWNyZXQ="}}})
            policies = {"file": {"module": wasm("accept")}, "web": {"module": f"https://localhost:{web.port}/policy.wasm"},
                        "tag": {"module": f"registry://{registry.host}/team/accept:v1"},
                        "bare": {"module": f"{registry.host}/team/accept:v1"},
                        "digest": {"module": f"registry://{registry.host}/team/accept@{digest}"}}
            with Server(policies, "--sources-path", sources, "--docker-config-json-path", self.folder, log="info") as server:
                for name in policies:
                    self.assertEqual(server.verdict("/validate/" + name)["allowed"], name != "web")
                self.assertTrue(os.path.exists(f"{server.folder}/registry/{registry.host}/team/accept:v1"))
                self.assertTrue(os.path.exists(f"{server.folder}/https/localhost:{web.port}/policy.wasm"))
                self.assertEqual(server.log().count("policy download "), 4, server.log())  # what two want is fetched once
                self.assertNotIn("secret", server.log())

    def test_what_is_in_the_store_is_not_asked_for(self):
        with Registry() as registry:
            registry.put_policy("p", "v1", module("accept"))
            name, sources = f"registry://{registry.host}/p:v1", registry.insecure()
            shutil.copy(sources, self.folder)
            store = self.folder + "/store"
            os.mkdir(store)
            flags = ["--sources-path", self.folder + "/insecure.yml", "--policies-download-dir", store]
            with Server({"p": {"module": name}}, *flags) as server:
                self.assertTrue(server.verdict("/validate/p")["allowed"])
        with Server({"p": {"module": name}}, *flags) as server:  # the registry is gone
            self.assertTrue(server.verdict("/validate/p")["allowed"])

    def test_errors_have_the_reference_s_words(self):
        with Registry() as registry:
            registry.put_policy("image", "v1", module("accept"), layers=[])
            sources, host = registry.insecure(), registry.host
            for name, cause in ((f"{host}/none:v1", "404"), (f"registry://{host}/none:v1", "404"), (f"{host}/image:v1", "no layers")):
                text = self.fails({"p": {"module": name}}, "--sources-path", sources)
                self.assertIn(f"Error while downloading policy 'p' from {name}: ", text)
                self.assertIn(cause, text)
            # Without it in sources.yml no plain HTTP is spoken.
            self.assertIn("Error while downloading policy 'p'", self.fails({"p": {"module": f"{host}/none:v1"}}))

    def test_what_fails_is_that_policy_s_failure_with_continue_on_errors(self):
        with Registry() as registry:
            name = f"{registry.host}/not_existing:v0.1.0"
            policies = {"wrong_url": {"module": name}, "good": {"module": wasm("accept")}}
            with Server(policies, "--sources-path", registry.insecure(), "--continue-on-errors") as server:
                self.assertTrue(server.verdict("/validate/good")["allowed"])
                status = server.verdict("/audit/wrong_url")["status"]
                self.assertEqual(status["code"], 500)
                self.assertIn(f"Error while downloading policy 'wrong_url' from {name}", status["message"])


class Moves(Fetch):
    def test_latest_is_asked_for_again_at_a_reload(self):
        with Registry() as registry:
            registry.put_policy("p", "latest", module("accept"))
            first = registry.get_manifest("p", "latest")[0]
            policies = {"p": {"module": f"registry://{registry.host}/p"}}
            port = harness.free_port()
            with Server(policies, "--sources-path", registry.insecure(), "--admin-port", str(port)) as server:
                self.assertTrue(server.verdict("/validate/p")["allowed"])
                self.assertEqual(self.shown(port)["manifest_digest"], first)
                second = registry.put_policy("p", "latest", module("reject"))
                server.process.send_signal(signal.SIGHUP)
                self.assertTrue(wait_for(lambda: not server.verdict("/validate/p")["allowed"]))
                self.assertTrue(wait_for(lambda: self.shown(port)["manifest_digest"] == second))
                self.assertRegex(self.shown(port)["fetched"], r"^20\d\d-\d\d-\d\dT")
                registry.stop()  # a reload that cannot ask is refused, and the policies before go on serving
                server.process.send_signal(signal.SIGHUP)
                self.assertTrue(wait_for(lambda: "reload refused" in server.log()))
                self.assertFalse(server.verdict("/validate/p")["allowed"])
                registry.start()

    @staticmethod
    def shown(port):
        connection = harness.http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.request("GET", "/policies")
            return json.loads(connection.getresponse().read())["policies"][0]
        finally:
            connection.close()


if __name__ == "__main__":
    unittest.main()
