# SPDX-License-Identifier: Apache-2.0
"""Certificates that can serve nobody, and those that some clients refuse (docs/user/tls.md). openssl makes them here and now."""
import datetime, os, re, shutil, ssl, subprocess, tempfile, unittest

from harness import Server, wait_for, wasm, write

POLICY = {"accept": {"module": wasm("accept")}}
CONFIGURATION = """[ca]
default_ca = here
[here]
database = index.txt
new_certs_dir = .
serial = serial
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = supplied
[plain]
basicConstraints = CA:FALSE
subjectAltName = DNS:localhost, IP:127.0.0.1
[client_only]
extendedKeyUsage = clientAuth
subjectAltName = DNS:localhost
[server_too]
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = DNS:localhost
[nameless]
basicConstraints = CA:FALSE
[authority]
basicConstraints = critical, CA:TRUE
subjectAltName = DNS:localhost
"""
EC, DAY = ["-algorithm", "EC", "-pkeyopt"], datetime.timedelta(days=1)
KEYS = {"p256": [*EC, "ec_paramgen_curve:P-256"], "p384": [*EC, "ec_paramgen_curve:P-384"], "ed25519": ["-algorithm", "ED25519"],
        "rsa": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "ed448": ["-algorithm", "ED448"],
        "koblitz": [*EC, "ec_paramgen_curve:secp256k1"], "p224": [*EC, "ec_paramgen_curve:secp224r1"],
        "small": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:1024"]}


class Checks(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="chimera-tls-")
        self.addCleanup(shutil.rmtree, self.folder)
        for name, text in (("ca.cnf", CONFIGURATION), ("index.txt", ""), ("serial", "01")):
            write(os.path.join(self.folder, name), text)
        self.now = datetime.datetime.now(datetime.timezone.utc)

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def make(self, name, key="p256", extensions="plain", begins=-DAY, ends=30 * DAY):
        """A self-signed pair NAME.crt, NAME.key, valid from and to so much from now on."""
        dates = [(self.now + delta).strftime("%Y%m%d%H%M%SZ") for delta in (begins, ends)]
        self.openssl("genpkey", *KEYS[key], "-out", name + ".key")
        self.openssl("req", "-new", "-key", name + ".key", "-subj", "/CN=" + name, "-out", name + ".csr")
        self.openssl("ca", "-batch", "-config", "ca.cnf", "-selfsign", "-keyfile", name + ".key", "-in", name + ".csr", "-extensions",
                     extensions, "-startdate", dates[0], "-enddate", dates[1], "-notext", "-out", name + ".crt")
        with open(self.path(name + ".crt")) as text:
            return text.read()

    def serve(self, name, *flags, log="warn", **more):
        return Server(POLICY, "--cert-file", self.path(name + ".crt"), "--key-file", self.path(name + ".key"), *flags, log=log,
                      tls=ssl._create_unverified_context(), **more)

    def refused(self, name, *flags):
        """The one line that says why."""
        with self.serve(name, *flags, is_awaited=False) as server:
            self.assertEqual(server.process.wait(60), 1)
            line, = server.errors().splitlines()
        return line

    def warned(self, name, *flags):
        """The warnings of a start that serves."""
        with self.serve(name, *flags) as server:
            self.assertEqual(server.post("/validate/accept")[0], 200)
            return re.findall(r" WARN server::certificates: (.*)\n", server.log())

    def shown(self, delta):
        return (self.now + delta).strftime("%Y-%m-%d %H:%M:%S UTC")

    def test_good_ones_are_served_without_a_word(self):
        for key in ("p256", "p384", "ed25519", "rsa"):
            self.make(key, key)
            self.assertEqual(self.warned(key), [])
        self.make("both", extensions="server_too")
        self.assertEqual(self.warned("both"), [])

    def test_what_is_past_or_to_come_is_refused(self):
        self.make("old", begins=-2 * DAY, ends=-DAY)
        self.assertEqual(self.refused("old"), f'Error: {self.path("old.crt")}: the certificate "CN=old" has expired: it was valid '
                                              f"from {self.shown(-2 * DAY)} to {self.shown(-DAY)}; renew it")
        self.make("early", begins=DAY, ends=2 * DAY)
        self.assertEqual(self.refused("early"), f'Error: {self.path("early.crt")}: the certificate "CN=early" is not valid yet: it is '
                                                f"from {self.shown(DAY)} to {self.shown(2 * DAY)}; look at the clocks of this machine "
                                                "and of who issued it")

    def test_keys_that_tls_has_no_place_for_are_refused(self):
        for key, curve in (("koblitz", "EC, secp256k1"), ("p224", "EC, secp224r1")):
            self.make(key, key)
            self.assertEqual(self.refused(key), f'Error: {self.path(key + ".crt")}: no client can be served with the certificate "CN={key}": '
                                                f"its key ({curve}) has no place in TLS 1.2 and 1.3; make a new pair, with P-256 or RSA")

    def test_small_keys_are_refused(self):
        self.make("small", "small")
        self.assertRegex(self.refused("small"), f'^Error: {self.path("small.crt")}: the key of the certificate "CN=small", RSA of 1024 bits, '
                                                "is too small: ")

    def test_a_key_of_another_certificate_is_refused(self):
        self.make("one")
        self.make("two")
        shutil.copy(self.path("two.key"), self.path("one.key"))
        self.assertEqual(self.refused("one"), f'Error: {self.path("one.key")}: the key does not belong to the certificate')

    def test_what_some_clients_refuse_is_warned_of(self):
        cases = [("soon", {"ends": DAY / 2}, f"the certificate expires within a day: on {self.shown(DAY / 2)}"),
                 ("skewed", {"begins": DAY / 24 / 60 * 4.5}, f"the certificate is not valid before {self.shown(DAY / 24 / 60 * 4.5)}"),
                 ("client", {"extensions": "client_only"}, "the certificate is for other uses than serverAuth: clients that check it refuse it"),
                 ("nameless", {"extensions": "nameless"}, "the certificate has no subjectAltName: clients find no name in it, and the API "
                                                          "server refuses it"),
                 ("authority", {"extensions": "authority"}, "the certificate is an authority's: some clients refuse it for a server"),
                 ("ed448", {"key": "ed448"}, "the API server cannot be served with the certificate: it does not know keys such as ED448")]
        for name, how, text in cases:
            self.make(name, **how)
            self.assertEqual(self.warned(name), [fr'{text} path="{self.path(name + ".crt")}" certificate="\"CN={name}\""'])

    def test_a_chain_that_is_past_is_warned_of(self):
        text = self.make("leaf") + self.make("old", begins=-2 * DAY, ends=-DAY)
        write(self.path("leaf.crt"), text)
        line, = self.warned("leaf")
        self.assertIn("a certificate of the chain is of no use", line)
        self.assertIn(r"the certificate \"CN=old\" has expired", line)

    def test_authorities_of_which_none_is_valid_are_refused(self):
        self.make("server")
        old = self.make("old", begins=-2 * DAY, ends=-DAY)
        self.assertRegex(self.refused("server", "--client-ca-file", self.path("old.crt")),
                         f'^Error: no client can be certified: {self.path("old.crt")}: the certificate "CN=old" has expired: ')
        write(self.path("two.crt"), old + self.make("new", extensions="authority"))
        with self.serve("server", "--client-ca-file", self.path("two.crt")) as server:
            server.tls.load_cert_chain(self.path("new.crt"), self.path("new.key"))
            self.assertEqual(server.post("/validate/accept")[0], 200)
            self.assertIn("a client authority certifies nobody", server.log())

    def test_a_daemon_does_not_start_with_them(self):
        self.make("old", begins=-2 * DAY, ends=-DAY)
        with self.serve("old", "--daemon", "--daemon-pid-file", self.path("pid"), is_awaited=False) as server:
            self.assertEqual(server.process.wait(60), 1)
            self.assertIn("has expired", server.errors())

    def test_a_reload_of_them_is_refused_and_the_old_ones_serve_on(self):
        texts = {}
        for name, how in (("first", {}), ("old", {"begins": -2 * DAY, "ends": -DAY}), ("koblitz", {"key": "koblitz"}), ("second", {}),
                          ("soon", {"ends": DAY / 2})):
            certificate = self.make(name, **how)
            with open(self.path(name + ".key")) as key:
                texts[name] = (certificate, key.read())

        def put(name):
            for end, text in zip((".crt", ".key"), texts[name]):
                write(self.path("served" + end), text)

        put("first")
        with self.serve("served", log="info") as server:
            def served():
                with server.raw() as sock:
                    pem = ssl.DER_cert_to_PEM_cert(sock.getpeercert(True))
                return next(name for name, (text, _) in texts.items() if ssl.PEM_cert_to_DER_cert(text) == ssl.PEM_cert_to_DER_cert(pem))

            for name, why in (("old", 'the certificate "CN=old" has expired'),
                              ("koblitz", "its key (EC, secp256k1) has no place in TLS 1.2 and 1.3")):
                put(name)
                self.assertTrue(wait_for(lambda: why in server.log()), server.log())
                line = next(line for line in server.log().splitlines() if why in line)
                self.assertIn(f"Failed to reload TLS certificates: {self.path('served.crt')}: ", line)
                self.assertEqual(served(), "first")
            put("second")
            self.assertTrue(wait_for(lambda: served() == "second"), server.log())
            put("soon")
            self.assertTrue(wait_for(lambda: served() == "soon"), server.log())
            self.assertIn("the certificate expires within a day", server.log())


if __name__ == "__main__":
    unittest.main()
