# SPDX-License-Identifier: Apache-2.0
"""HTTPS and client certificates (policy-server.md §5)."""
import os, socket, ssl, shutil, subprocess, tempfile, time, unittest, warnings

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

    def test_a_chain_leads_to_a_root_that_clients_know(self):
        folder = tempfile.mkdtemp(prefix="chimera-e2e-")
        self.addCleanup(shutil.rmtree, folder)

        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
        for name in ("root", "middle", "leaf"):
            openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", name + ".key")
        openssl("req", "-x509", "-new", "-key", "root.key", "-subj", "/CN=root", "-days", "2", "-out", "root.crt",
                "-addext", "keyUsage=critical,keyCertSign")
        for name, above, extensions in (("middle", "root", "basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign\n"),
                                        ("leaf", "middle", "subjectAltName=DNS:localhost,IP:127.0.0.1\n")):
            with open(folder + "/extensions", "w") as out:
                out.write(extensions)
            openssl("req", "-new", "-key", name + ".key", "-subj", "/CN=" + name, "-out", name + ".csr")
            openssl("x509", "-req", "-in", name + ".csr", "-CA", above + ".crt", "-CAkey", above + ".key", "-CAcreateserial",
                    "-days", "2", "-extfile", "extensions", "-out", name + ".crt")
        with open(folder + "/chain.crt", "w") as out:
            for name in ("leaf", "middle"):
                with open(f"{folder}/{name}.crt") as part:
                    out.write(part.read())
        for certificate, is_accepted in (("chain", True), ("leaf", False)):
            with Server(POLICY, "--cert-file", f"{folder}/{certificate}.crt", "--key-file", folder + "/leaf.key",
                        tls=ssl.create_default_context(cafile=folder + "/root.crt")) as server:
                self.assertEqual(self.refuses(server, server.tls), not is_accepted)
        # And the other way round: a client's chain up to an authority that is given alone.
        with Server(POLICY, "--cert-file", folder + "/chain.crt", "--key-file", folder + "/leaf.key", "--client-ca-file", folder + "/root.crt",
                    tls=ssl.create_default_context(cafile=folder + "/root.crt")) as server:
            server.tls.load_cert_chain(folder + "/chain.crt", folder + "/leaf.key")
            self.assertEqual(server.post("/validate/accept")[0], 200)

    def handshake(self, server, *arguments):
        """What openssl(1) says of the connection; empty when there was none."""
        client = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-CAfile", self.path("ca.crt"), *arguments],
                                input=b"", capture_output=True)
        return client.stdout.decode() if client.returncode == 0 else ""

    def test_suites_and_groups_are_those_of_the_reference(self):
        with self.serve() as server:
            for suite in ("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"):
                self.assertIn(f"Cipher is {suite}", self.handshake(server, "-tls1_3", "-ciphersuites", suite))
            for suite in ("AES256-GCM-SHA384", "AES128-GCM-SHA256", "CHACHA20-POLY1305"):
                suite = "ECDHE-ECDSA-" + suite
                self.assertIn(f"Cipher is {suite}", self.handshake(server, "-tls1_2", "-cipher", suite))
            for suite in ("ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-CCM", "AES256-GCM-SHA384", "ALL:!ECDHE"):
                self.assertEqual(self.handshake(server, "-tls1_2", "-cipher", suite), "", suite)
            for group in ("X25519", "P-256", "P-384"):
                self.assertIn("Cipher is TLS_", self.handshake(server, "-tls1_3", "-groups", group), group)
            for group in ("P-521", "X448"):
                self.assertEqual(self.handshake(server, "-tls1_3", "-groups", group), "", group)
            said = self.handshake(server, "-tls1_3", "-alpn", "h2,http/1.1")
            self.assertIn("No ALPN negotiated", said)
            self.assertNotIn("New Session Ticket arrived", said)

    def test_a_handshake_has_ten_seconds(self):
        with self.serve() as server:
            silent = socket.create_connection(("127.0.0.1", server.port))
            started = time.monotonic()
            halfway = socket.create_connection(("127.0.0.1", server.port))
            halfway.sendall(b"\x16\x03\x01\x02\x00\x01")  # a record's head, and no more
            for sock in (silent, halfway):
                sock.settimeout(60)
                self.assertEqual(sock.recv(1), b"")
                self.assertGreaterEqual(time.monotonic() - started, 9)
                sock.close()

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
