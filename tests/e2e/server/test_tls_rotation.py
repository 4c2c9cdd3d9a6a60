# SPDX-License-Identifier: Apache-2.0
"""Certificates, keys and client authorities that change while the server runs (policy-server.md §5, docs/user/tls.md)."""
import os, shutil, signal, ssl, stat, subprocess, tempfile, threading, time, unittest

import harness
from harness import Mount, Server, wait_for, wasm, write

POLICY = {"accept": {"module": wasm("accept")}}
REAL = os.environ.get("CHIMERA_COMMAND", os.path.join(os.path.dirname(harness.SERVER), "chimera"))
RELOADING, FAILED = "Reloading Server TLS certificates", "Failed to reload TLS certificates: "


def read(path):
    with open(path) as text:
        return text.read()


def renew(folder, name, key):
    """Another certificate of the test authority, NAME.crt, for KEY."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
    if not os.path.exists(f"{folder}/{key}"):
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", key)
    openssl("req", "-new", "-key", key, "-subj", "/CN=" + name, "-out", "csr")
    openssl("x509", "-req", "-in", "csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "extensions",
            "-out", name + ".crt")


def clients_are_served(server):
    try:
        return server.post("/validate/accept")[0] == 200
    except OSError:
        return False


class Rotation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.source = tempfile.mkdtemp(prefix="chimera-rotation-")
        harness.make_certificates(cls.source)  # server, client of ca; lonely by itself
        for name in ("first", "second", "third"):
            renew(cls.source, name, name + ".key")
        renew(cls.source, "first-again", "first.key")
        cls.trust = ssl.create_default_context(cafile=cls.source + "/ca.crt")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.source)

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="chimera-rotation-")
        self.addCleanup(shutil.rmtree, self.folder)

    def text(self, name):
        return read(f"{self.source}/{name}")

    def pair(self, certificate, key=None):
        return {"tls.crt": self.text(certificate + ".crt"), "tls.key": self.text((key or certificate) + ".key")}

    def put(self, files):
        """In place, one after the other."""
        for name, text in files.items():
            write(f"{self.folder}/{name}", text)

    def serve(self, *flags, policies=POLICY, tls=None, **more):
        return Server(policies, "--cert-file", self.folder + "/tls.crt", "--key-file", self.folder + "/tls.key", *flags,
                      tls=tls or self.trust, log="info", **more)

    def client(self, name):
        context = ssl.create_default_context(cafile=self.source + "/ca.crt")
        context.load_cert_chain(f"{self.source}/{name}.crt", f"{self.source}/{name}.key")
        return context

    def served(self, server):
        """The name in the certificate of a new connection."""
        with server.raw() as sock:
            return dict(part[0] for part in sock.getpeercert()["subject"])["commonName"]

    def becomes(self, server, name):
        self.assertTrue(wait_for(lambda: self.served(server) == name), server.log())

    def says(self, server, text, count=1):
        self.assertTrue(wait_for(lambda: server.log().count(text) >= count), server.log())

    def stays(self, server, name):
        time.sleep(0.5)
        self.assertEqual(self.served(server), name)

    def kill_worker(self, server):
        worker, = server.workers()
        os.kill(worker, signal.SIGKILL)
        self.assertTrue(wait_for(lambda: len(server.workers()) == 1 and server.workers() != [worker]), server.log())

    def fds(self, pid):
        return len(harness.descriptors(pid))

    def test_a_mounted_secret_is_followed_a_hundred_times(self):
        names = ("first", "second", "third")
        mount = Mount(self.folder, self.pair("first"))
        with self.serve() as server:
            worker, = server.workers()
            kept, failures, is_over = server.connect(), [], False

            def work():
                connection = server.connect()
                for number in range(10 ** 9):
                    if is_over:
                        break
                    try:
                        if server.post("/validate/accept", connection=connection)[0] != 200:
                            failures.append("status")
                    except OSError as why:
                        failures.append(repr(why))
                    if number % 10 == 9:
                        connection.close()
                    time.sleep(0.005)
                connection.close()
            threads = [threading.Thread(target=work, daemon=True) for _ in range(2)]
            self.assertEqual(server.post("/validate/accept", connection=kept)[0], 200)
            socket_before = kept.sock
            for thread in threads:
                thread.start()
            for number in range(1, 101):
                mount.swap(self.pair(names[number % 3]))
                self.becomes(server, names[number % 3])
                if number == 10:
                    before = self.fds(worker), self.fds(server.process.pid)
                if number % 10 == 0:
                    self.assertEqual(server.post("/validate/accept", connection=kept)[0], 200)
            is_over = True
            for thread in threads:
                thread.join()
            self.assertEqual(server.post("/validate/accept", connection=kept)[0], 200)
            self.assertIs(kept.sock, socket_before)  # http.client would have made another
            self.assertEqual(failures, [])
            self.assertEqual(server.workers(), [worker])
            self.assertEqual(server.log().count(RELOADING), 100)
            self.assertTrue(wait_for(lambda: self.fds(worker) <= before[0] + 2))  # connections come and go
            self.assertTrue(wait_for(lambda: self.fds(server.process.pid) <= before[1]))
            self.assertNotIn("ERROR", server.log())
            kept.close()
            self.assertEqual(server.stop(), 0)
            self.assertEqual(server.errors(), "")

    def test_a_pair_is_taken_when_both_of_it_have_changed(self):
        self.put(self.pair("first"))
        with self.serve() as server:
            write(self.folder + "/tls.crt", self.text("second.crt"))
            self.says(server, "TLS certificate file has been modified")
            self.stays(server, "first")
            self.assertNotIn(RELOADING, server.log())
            self.kill_worker(server)  # the next worker cannot do with what is on the disk
            self.stays(server, "first")
            write(self.folder + "/tls.key", self.text("second.key"))
            self.says(server, "TLS key file has been modified")
            self.becomes(server, "second")
            self.assertEqual(server.log().count(RELOADING), 1)
            write(self.folder + "/tls.key", self.text("third.key"))  # in the other order
            self.stays(server, "second")
            write(self.folder + "/tls.crt", self.text("third.crt"))
            self.becomes(server, "third")
            self.kill_worker(server)
            self.stays(server, "third")
            self.assertEqual(server.probe("/readiness")[0], 200)

    def test_what_is_no_pair_is_refused_and_watched_on(self):
        self.put(self.pair("first"))
        with self.serve() as server:
            for number, (files, reason) in enumerate((
                    (self.pair("second", "third"), "the key does not belong to the certificate"),
                    ({"tls.crt": "", "tls.key": self.text("second.key")}, "Expected exactly one certificate in certificate file, found 0"),
                    ({"tls.crt": self.text("second.crt"), "tls.key": self.text("second.key")[:60]}, "Expected exactly one key in key file, found 0"),
                    ({"tls.crt": self.text("second.crt") * 9000, "tls.key": self.text("second.key")}, "cannot read")), 1):
                for name, text in files.items():  # whole, so that one change is one attempt
                    write(f"{self.folder}/.{name}", text)
                for name in files:
                    os.rename(f"{self.folder}/.{name}", f"{self.folder}/{name}")
                self.says(server, FAILED, number)
                line = [line for line in server.log().splitlines() if FAILED in line][-1]
                self.assertIn("ERROR", line)
                self.assertIn(reason, line)
                self.stays(server, "first")
                self.assertEqual(server.log().count(FAILED), number)  # said once
            os.remove(self.folder + "/tls.key")
            os.remove(self.folder + "/tls.crt")
            self.stays(server, "first")
            self.put(self.pair("second"))
            self.becomes(server, "second")

    def test_a_certificate_can_be_renewed_for_its_key(self):
        mount = Mount(self.folder, self.pair("first"))
        with self.serve() as server:
            mount.swap(self.pair("first-again", "first"))  # the mount changes both names
            self.becomes(server, "first-again")
            mount.swap(self.pair("first-again", "first"))  # the same once more
            self.says(server, "TLS key file has been modified", 2)
            self.stays(server, "first-again")
            self.assertEqual(server.log().count(RELOADING), 1)
        shutil.rmtree(self.folder)
        os.mkdir(self.folder)
        self.put(self.pair("first"))
        with self.serve() as server:
            write(self.folder + "/tls.crt", self.text("first-again.crt"))
            self.stays(server, "first")
            server.process.send_signal(signal.SIGHUP)  # takes what there is
            self.becomes(server, "first-again")
            self.assertTrue(server.verdict("/validate/accept")["allowed"])

    def test_authorities_are_replaced_without_the_pair(self):
        self.put({**self.pair("first"), "a.crt": self.text("ca.crt"), "b.crt": self.text("ca.crt")})
        authorities = f"{self.folder}/a.crt,{self.folder}/b.crt"
        with self.serve("--client-ca-file", authorities, tls=self.client("client")) as server:
            self.assertTrue(clients_are_served(server))
            kept = server.connect()
            self.assertEqual(server.post("/validate/accept", connection=kept)[0], 200)
            write(self.folder + "/tls.crt", self.text("second.crt"))  # half a pair is no business of theirs
            write(self.folder + "/a.crt", self.text("lonely.crt"))  # the first is replaced
            self.says(server, "Reloading client CA certificates")
            server.tls = self.client("lonely")
            self.assertTrue(wait_for(lambda: clients_are_served(server)), server.log())
            server.tls = self.client("client")  # whom the second still knows
            self.assertTrue(clients_are_served(server))
            self.assertEqual(self.served(server), "first")
            write(self.folder + "/b.crt", self.text("lonely.crt"))
            self.says(server, "TLS client CA file has been modified", 2)
            self.assertTrue(wait_for(lambda: not clients_are_served(server)))
            self.assertEqual(server.post("/validate/accept", connection=kept)[0], 200)  # is in already
            server.tls = self.client("lonely")
            self.assertTrue(clients_are_served(server))
            self.put({"a.crt": "", "b.crt": "no certificate\n"})
            self.says(server, FAILED + "Cannot build client verifier")
            self.assertTrue(clients_are_served(server))
            os.remove(self.folder + "/a.crt")
            write(self.folder + "/b.crt", self.text("ca.crt"))
            self.says(server, FAILED + "cannot open")
            self.assertTrue(clients_are_served(server))
            write(self.folder + "/a.crt", "-----BEGIN CERTIFICATE-----\nMIIB")  # broken, but the other is whole
            server.tls = self.client("client")
            self.assertTrue(wait_for(lambda: clients_are_served(server)), server.log())
            self.assertNotIn(RELOADING, server.log())
            self.assertEqual(server.probe("/readiness")[0], 200)
            kept.close()

    def test_only_the_worker_has_the_key(self):
        self.put(self.pair("first"))
        with self.serve("--isolate", "accept", "--admin-port", str(harness.free_port())) as server:
            self.put(self.pair("second"))
            self.becomes(server, "second")
            self.assertTrue(wait_for(lambda: len(server.workers()) == 3), server.workers())  # the check of the pair has ended
            pids = [server.process.pid, *server.workers()]  # with the tenant and the admin port's process
            copies = [pid for pid in pids if any("memfd:tls" in link for link in harness.descriptors(pid))]
            self.assertEqual(len(copies), 2)
            self.assertEqual(copies[0], server.process.pid)
            for name in ("first", "second"):
                secret = self.text(name + ".key").splitlines()[1].encode()
                self.assertEqual([pid for pid in pids if pid != copies[1] and secret in harness.memory(pid)], [])

    def test_a_worker_that_starts_meanwhile_has_the_newest(self):
        command = self.folder + "/command"
        write(command, f"#!/bin/sh\nwhile [ -e {self.folder}/hold ]; do sleep 0.05; done\nexec '{REAL}' \"$@\"\n")
        os.chmod(command, os.stat(command).st_mode | stat.S_IXUSR)
        self.put(self.pair("first"))
        with self.serve("--no-policy-watch", environment={"CHIMERA_COMMAND": command}) as server:
            old = server.connect()
            self.assertEqual(server.post("/validate/accept", connection=old)[0], 200)
            write(self.folder + "/hold", "")
            server.process.send_signal(signal.SIGHUP)
            self.says(server, "reloading the policies")
            self.put(self.pair("second"))
            self.becomes(server, "second")
            os.remove(self.folder + "/hold")
            self.says(server, "policies reloaded")
            self.becomes(server, "second")
            self.put(self.pair("third"))  # the worker before, which still has a connection, is told as well
            self.becomes(server, "third")
            self.assertEqual(server.post("/validate/accept", connection=old)[0], 200)
            old.close()
            for number in range(5):  # both at once
                self.put(self.pair(("first", "second")[number % 2]))
                server.process.send_signal(signal.SIGHUP)
                self.becomes(server, ("first", "second")[number % 2])
            self.assertTrue(clients_are_served(server))
            self.assertNotIn("ERROR", server.log())
            self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
