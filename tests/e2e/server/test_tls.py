"""HTTPS and client certificates (policy-server.md §5)."""
import os, socket, ssl, shutil, tempfile, unittest, warnings

import harness
from harness import Reader, Server, request, wasm

POLICY = {"accept": {"module": wasm("accept")}}


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="chimera-e2e-")
        harness.make_certificates(cls.folder)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def client(self, name=None):
        context = ssl.create_default_context(cafile=self.path("ca.crt"))
        if name:
            context.load_cert_chain(self.path(name + ".crt"), self.path(name + ".key"))
        return context

    def serve(self, *flags, tls=None):
        return Server(POLICY, "--cert-file", self.path("server.crt"), "--key-file", self.path("server.key"), *flags,
                      tls=tls or self.client())

    def test_requests_are_answered_over_tls(self):
        with self.serve() as server:
            connection = server.connect()
            for _ in range(20):
                self.assertEqual(server.post("/validate/accept", connection=connection)[0], 200)
            connection.close()
            reader = Reader(server.raw())
            reader.sock.sendall(request() * 30)  # several in one record
            self.assertEqual([reader.answer()[0] for _ in range(30)], [200] * 30)
            for byte in request():
                reader.sock.sendall(bytes([byte]))  # and one in many
            self.assertEqual(reader.answer()[0], 200)
            reader.sock.close()
            self.assertEqual(server.stop(), 0)
            self.assertEqual(server.errors(), "")

    def test_large_bodies_and_answers_pass(self):
        with self.serve() as server:
            body = b'{"request":{"uid":"' + b"y" * 1_900_000 + b'"}}'
            reader = Reader(server.raw())
            for _ in range(3):
                reader.sock.sendall(request("/validate_raw/accept", body))
                status, _, text = reader.answer()
                self.assertEqual((status, text.count("yy")), (200, 950_000))
            reader.sock.close()
            self.assertEqual(server.post("/validate/accept", b" " * (8 << 20))[0], 413)

    def test_only_new_protocols_are_spoken_and_nothing_is_negotiated(self):
        with self.serve() as server:
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                context = self.client()
                context.minimum_version = context.maximum_version = version
                context.set_alpn_protocols(["h2", "http/1.1"])
                server.tls = context
                with server.raw() as sock:
                    self.assertEqual(sock.version(), version.name.replace("_", "."))
                    self.assertIsNone(sock.selected_alpn_protocol())
            context = self.client()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Python warns of the version that is to be refused
                context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
            context.set_ciphers("ALL:@SECLEVEL=0")
            server.tls = context
            self.assertRaises((ssl.SSLError, ConnectionError), server.raw)

    def test_the_client_chooses_the_cipher(self):
        with self.serve() as server:
            names = ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES256-GCM-SHA384"]
            for first in range(len(names)):
                context = self.client()
                context.maximum_version = ssl.TLSVersion.TLSv1_2
                context.set_ciphers(":".join(names[first:] + names[:first]))
                server.tls = context
                with server.raw() as sock:
                    self.assertEqual(sock.cipher()[0], names[first])

    def test_readiness_is_plain_and_plain_text_on_the_main_port_is_not_answered(self):
        with self.serve() as server:
            self.assertEqual(server.probe("/readiness")[0], 200)
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as sock:
                sock.sendall(request())
                self.assertNotIn(b"HTTP/1.1 200", Reader(sock).sock.recv(1000))

    def test_a_chain_is_sent_whole(self):
        chain = self.path("chain.crt")
        with open(chain, "w") as out:
            for name in ("server.crt", "ca.crt"):
                with open(self.path(name)) as part:
                    out.write(part.read())
        with Server(POLICY, "--cert-file", chain, "--key-file", self.path("server.key"), tls=self.client()) as server:
            self.assertEqual(server.post("/validate/accept")[0], 200)

    def refuses(self, server, context):
        server.tls = context
        try:
            server.post("/validate/accept")
        except (ssl.SSLError, ConnectionError, EOFError, OSError):
            return True
        return False

    def test_clients_must_be_certified_when_authorities_are_given(self):
        authorities = self.path("ca.crt") + "," + self.path("lonely.crt")
        with self.serve("--client-ca-file", authorities, tls=self.client("client")) as server:
            self.assertEqual(server.post("/validate/accept")[0], 200)
            server.tls = self.client("lonely")
            self.assertEqual(server.post("/validate/accept")[0], 200)
            self.assertTrue(self.refuses(server, self.client()))
            self.assertEqual(server.probe("/readiness")[0], 200)
        with self.serve("--client-ca-file", self.path("ca.crt"), tls=self.client("client")) as server:
            self.assertEqual(server.post("/validate/accept")[0], 200)
            self.assertTrue(self.refuses(server, self.client("lonely")))

    def start_fails(self, *flags):
        with Server(POLICY, *flags, is_awaited=False) as server:
            self.assertEqual(server.process.wait(60), 1)
            return server.errors()

    def test_files_that_do_not_fit_are_refused_at_start(self):
        empty = self.path("empty")
        open(empty, "w").close()
        key, certificate = self.path("server.key"), self.path("server.crt")
        self.assertIn("Expected exactly one certificate in certificate file, found 0",
                      self.start_fails("--cert-file", empty, "--key-file", key))
        self.assertIn("Expected exactly one key in key file, found 0",
                      self.start_fails("--cert-file", certificate, "--key-file", empty))
        self.assertIn("does not belong to the certificate",
                      self.start_fails("--cert-file", certificate, "--key-file", self.path("client.key")))
        self.assertIn("Cannot build client verifier",
                      self.start_fails("--cert-file", certificate, "--key-file", key, "--client-ca-file", empty))


if __name__ == "__main__":
    unittest.main()
