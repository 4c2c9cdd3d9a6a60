# SPDX-License-Identifier: Apache-2.0
"""Who the provider is to the API server, and whom it believes to be that: tokens that change, programs that give them, client
certificates, authorities, other names, other users."""
import datetime, json, os, subprocess, tempfile, time, unittest

import apiserver, driver

V1 = "client.authentication.k8s.io/v1"


def openssl(folder, *words):
    subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)


def read(folder, name):
    with open(os.path.join(folder, name)) as text:
        return text.read()


class Credentials(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = folder = cls.temporary.name
        openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=ca", "-days", "2")
        for name, subject, alternative in (("server", "/CN=server", "IP:127.0.0.1"), ("named", "/CN=named", "DNS:kubernetes.default"), ("client", "/O=system:masters/CN=admin", "DNS:client")):
            openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + ".key", "-out", name + ".csr", "-subj", subject)
            with open(os.path.join(folder, name + ".ext"), "w") as text:
                text.write("subjectAltName=" + alternative)
            openssl(folder, "x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", name + ".pem", "-days", "2", "-extfile", name + ".ext")
        cls.authority = read(folder, "ca.pem")

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def start(self, tls=None, token="secret", **settings):
        self.server = apiserver.ApiServer(token, tls and {"certificate": os.path.join(self.folder, tls + ".pem"), "key": os.path.join(self.folder, tls + ".key"), **settings.pop("server", {})})
        self.server.put("configmaps", {"metadata": {"name": "one", "namespace": "a"}})
        self.driver = driver.Driver({"server": self.server.url, **settings})
        self.addCleanup(self.server.close)
        self.addCleanup(lambda: self.assertEqual(self.driver.close(), 0))

    def refuses(self, pattern):
        with self.assertRaisesRegex(driver.Failed, pattern):
            self.driver.get("ConfigMap", "one", namespace="a", ms=5000)

    def test_tls_by_the_clusters_authority(self):
        self.start("server", certificate_authority=self.authority, token_file=self.file("token", "secret\n"))
        self.assertEqual(self.driver.names("ConfigMap"), ["one"])

    def test_tls_by_nobody_known(self):
        self.start("server")
        self.refuses("^error finding resource v1 / ConfigMap: the API server cannot be reached: SSL certificate problem")

    def test_tls_unverified_when_the_operator_says_so(self):
        self.start("server", token_file=self.file("token", "secret"), insecure_skip_tls_verify=True)
        self.assertEqual(self.driver.names("ConfigMap"), ["one"])

    def test_another_name(self):
        self.start("named", certificate_authority=self.authority, token_file=self.file("token", "secret"), tls_server_name="kubernetes.default")
        self.assertEqual(self.driver.names("ConfigMap"), ["one"])

    def test_a_wrong_name(self):
        self.start("named", certificate_authority=self.authority)
        self.refuses("the API server cannot be reached: SSL: no alternative certificate subject name matches")

    def test_client_certificate(self):
        self.start("server", token=None, certificate_authority=self.authority, client_certificate=read(self.folder, "client.pem"), client_key=read(self.folder, "client.key"),
                   server={"client_ca": os.path.join(self.folder, "ca.pem")})
        self.assertEqual(self.driver.names("ConfigMap"), ["one"])

    def test_basic(self):
        self.start(token=None, username="me", password="p:w")
        self.driver.names("ConfigMap")
        self.assertEqual(self.server.requests[-1][3]["Authorization"], "Basic bWU6cDp3")

    def test_acting_as_another(self):
        self.start(token=None, **{"as": "jane", "as_uid": "7", "as_groups": ["dev", "ops"], "as_user_extra": {"example.com/scope": ["x"]}})
        seen = []
        self.server.faults = [lambda handler, path, query: seen.append([(name, value) for name, value in handler.headers.items() if name.startswith("Impersonate")])]
        self.driver.names("ConfigMap")
        self.assertEqual(seen[0], [("Impersonate-User", "jane"), ("Impersonate-Uid", "7"), ("Impersonate-Group", "dev"), ("Impersonate-Group", "ops"), ("Impersonate-Extra-example.com%2Fscope", "x")])

    def file(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path + ".new", "w") as out:
            out.write(text)
        os.rename(path + ".new", path)
        return path

    def test_a_token_that_is_rotated(self):
        self.start(token_file=self.file("rotated", "secret"))
        self.driver.get("ConfigMap", "one", namespace="a")
        self.server.token = "second"
        self.file("rotated", "second")
        time.sleep(1.1)  # a file is not read more often than that
        self.driver.get("ConfigMap", "one", namespace="a")
        self.file("rotated", "wrong")
        self.server.token = "third"
        self.refuses("ApiError: Unauthorized$")

    def test_a_token_that_is_not_there(self):
        self.start(token_file=os.path.join(self.folder, "nowhere"))
        self.refuses("no credentials for the API server: .*nowhere: ")

    def test_a_file_that_is_no_token(self):
        self.start(token_file=self.file("odd", "a b"))
        self.refuses("no credentials for the API server: the token for the API server is none$")

    def program(self, text):
        path = self.file("program", "#!/bin/sh\n" + text)
        os.chmod(path, 0o700)
        return {"command": path, "apiVersion": V1}

    def answer(self, **status):
        return "echo '%s'" % json.dumps({"apiVersion": V1, "kind": "ExecCredential", "status": status})

    def test_a_program_that_gives_tokens(self):
        """It is run again when its token has expired, and when the API server does not take it."""
        count = os.path.join(self.folder, "count")
        self.start(exec=self.program(f"echo run >> {count}; {self.answer(token='secret')}"))
        self.assertEqual(self.driver.names("ConfigMap"), ["one"])
        self.driver.get("ConfigMap", "one", namespace="a")
        self.assertEqual(read(self.folder, "count"), "run\n")
        self.program(self.answer(token="second"))
        self.server.token = "second"
        time.sleep(1.1)
        self.driver.get("ConfigMap", "one", namespace="a")

    def test_a_token_that_expires(self):
        soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=2)
        self.start(exec=self.program(self.answer(token="secret", expirationTimestamp=soon.strftime("%Y-%m-%dT%H:%M:%SZ"))))
        self.driver.get("ConfigMap", "one", namespace="a")
        count = os.path.join(self.folder, "again")
        self.program(f"echo run >> {count}; {self.answer(token='secret')}")
        time.sleep(1.1)
        self.driver.get("ConfigMap", "one", namespace="a")  # it is near its end: another is asked for meanwhile
        for _ in range(1000):
            if os.path.exists(count):
                break
            time.sleep(0.01)
        self.assertTrue(os.path.exists(count))

    def test_a_program_that_gives_certificates(self):
        self.start("server", token=None, certificate_authority=self.authority, server={"client_ca": os.path.join(self.folder, "ca.pem")},
                   exec=self.program(self.answer(clientCertificateData=read(self.folder, "client.pem"), clientKeyData=read(self.folder, "client.key")).replace("\\n", "\\\\n")))
        self.assertEqual(self.driver.names("ConfigMap"), ["one"])

    def test_a_program_that_fails(self):
        self.start(exec=self.program("echo no login >&2; exit 1"))
        self.refuses("no credentials for the API server: .*program: exit code 1: no login$")
        self.program(self.answer(token="secret"))
        time.sleep(1.1)
        self.driver.get("ConfigMap", "one", namespace="a")

    def test_a_program_whose_token_is_refused(self):
        self.start(exec=self.program(self.answer(token="wrong")))
        self.refuses("Unauthorized|the API server refuses what the program for credentials gave")
