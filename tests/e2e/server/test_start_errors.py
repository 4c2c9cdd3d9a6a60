# SPDX-License-Identifier: Apache-2.0
"""A start that fails names what was wrong: the flag, or the variable that stood in for it, and the value."""
import contextlib, os, re, socket, subprocess, tempfile, unittest

import harness
from harness import SERVER, Server


@contextlib.contextmanager
def taken():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield str(other.getsockname()[1])


class StartErrors(unittest.TestCase):
    def fails(self, *flags, code=1, **environment):
        with Server({}, *flags, is_awaited=False, environment=environment) as server:
            self.assertEqual(server.process.wait(60), code)
            return server.errors()

    def test_a_taken_port_is_named_with_who_asked_for_it(self):
        with taken() as port:
            why = ": Address already in use (os error 98): another process has this port\n"
            for flag in ("--port", "--readiness-probe-port", "--admin-port"):
                self.assertEqual(self.fails(flag, port), f"Error: cannot listen on 127.0.0.1:{port} ({flag}){why}")
            self.assertEqual(self.fails(CHIMERA_ADMIN_PORT=port), f"Error: cannot listen on 127.0.0.1:{port} (CHIMERA_ADMIN_PORT){why}")

    def test_a_foreign_address_is_named(self):
        self.assertRegex(self.fails("--addr", "192.0.2.1"), r"^Error: cannot listen on 192\.0\.2\.1:\d+ \(--port\): Cannot assign requested address "
                         r"\(os error 99\): no interface of this machine has this address\n$")

    @unittest.skipUnless(os.geteuid() == 0, "an ordinary user's server cannot become another user's")
    def test_a_low_port_needs_a_right(self):
        with open("/proc/sys/net/ipv4/ip_unprivileged_port_start") as text:
            if int(text.read()) <= 80:
                self.skipTest("this machine needs none")
        done = subprocess.run([SERVER, "--addr", "127.0.0.1", "--port", "80", "--policies", "/dev/null"], capture_output=True, text=True, timeout=60,
                              user=65533, group=65533, cwd="/")
        self.assertEqual(done.stderr, "Error: cannot listen on 127.0.0.1:80 (--port): Permission denied (os error 13): ports below 1024 need "
                                      "CAP_NET_BIND_SERVICE, or root\n")

    def run_bare(self, **environment):
        done = subprocess.run([SERVER, "--policies", "/dev/null"], capture_output=True, text=True, timeout=60, cwd="/",
                              env={"PATH": os.environ["PATH"], **environment})
        return done.returncode, done.stderr

    def test_a_variable_is_blamed_for_what_it_says(self):
        for name, value, code, text in (
                ("KUBEWARDEN_PORT", "abc", 1, "Error: KUBEWARDEN_PORT: expected a number from 0 to 65535, found 'abc' "),
                ("KUBEWARDEN_PORT", "99999", 1, "Error: KUBEWARDEN_PORT: expected a number from 0 to 65535, found '99999' "),
                ("KUBEWARDEN_PORT", "8081", 1, "Error: KUBEWARDEN_PORT and --readiness-probe-port are both 8081: Address already in use "),
                ("KUBEWARDEN_BIND_ADDRESS", "here", 1, "Error: KUBEWARDEN_BIND_ADDRESS: expected an IP address such as"),
                ("KUBEWARDEN_CERT_FILE", "/x", 1, "Error: both certificate and key must be provided together: --key-file is missing"),
                ("CHIMERA_BUNDLE", "/nowhere", 1, "Error: CHIMERA_BUNDLE: cannot open the bundle /nowhere: No such file"),
                ("CHIMERA_POLICY_OPTIONS", "/nowhere", 1, "Error: CHIMERA_POLICY_OPTIONS: cannot read /nowhere: No such file"),
                ("CHIMERA_NO_POLICY_WATCH", "maybe", 2, "error: invalid value 'maybe' for 'CHIMERA_NO_POLICY_WATCH'\n"
                                                        "  [possible values: true, 1, yes, on, false, 0, no, off]\n"),
                ("KUBEWARDEN_LOG_LEVEL", "loud", 2, "error: invalid value 'loud' for 'KUBEWARDEN_LOG_LEVEL'\n")):
            with self.subTest(name=name, value=value):
                got, said = self.run_bare(**{name: value})
                self.assertEqual(got, code, said)
                self.assertTrue(said.startswith(text), said)

    def test_an_option_is_named_for_what_stands_alone(self):
        with tempfile.TemporaryDirectory(prefix="chimera-alone-") as folder:
            file = os.path.join(folder, "policies.yml")
            harness.write(file, {})
            for word, option in ((file, "--policies"), (folder, "--bundle")):
                done = subprocess.run([SERVER, word], capture_output=True, text=True, timeout=60)
                self.assertEqual((done.returncode, done.stderr), (2, f"error: unrecognized subcommand '{word}'\n  did you mean '{option} {word}'?\n"
                                                                     "\nFor more information, try '--help'.\n"))
            code, said = self.run_bare(CHIMERA_BUNDLE=file)
            self.assertEqual((code, said), (1, f"Error: CHIMERA_BUNDLE: {file} is a file, and a bundle is a folder that `chimera bundle` makes; an archive "
                                               "of one is unpacked first, a policies.yml is served by --policies\n"))

    def test_a_variable_that_there_is_not_is_told_with_the_one_that_was_meant(self):
        """Those of a Service with our name, which Kubernetes sets, are nobody's mistake."""
        strange = {"CHIMERA_ADMN_PORT": "9090", "CHIMERA_NOTHING_LIKE_IT": "1", "CHIMERA_SERVICE_HOST": "10.0.0.1", "CHIMERA_PORT_443_TCP": "x",
                   "CHIMERA_PORT": "tcp://10.0.0.1:443", "CHIMERA_LLD": ""}
        with Server({}, environment=strange, log="warn") as server:
            lines = [line.split("server::main: ")[1] for line in server.log().splitlines() if re.search("no variable CHIMERA_(ADMN|NOTH|SERVICE|PORT|LLD)", line)]
        self.assertEqual(sorted(lines), ["there is no variable CHIMERA_ADMN_PORT; is CHIMERA_ADMIN_PORT meant?",
                                         "there is no variable CHIMERA_NOTHING_LIKE_IT: it is ignored"])

    def test_a_cache_that_cannot_be_is_named_with_who_asked_for_it(self):
        policies = {"p": {"module": harness.wasm("accept")}}
        with tempfile.NamedTemporaryFile() as file:
            for variable, flags, text in (
                    (file.name, (), f"CHIMERA_CACHE_DIR={file.name}: cannot make {file.name}: File exists\n"),
                    ("", ("--policies-download-dir", file.name), f"cannot make {file.name}/chimera-cache: Not a directory: "
                     "the cache is in the folder of --policies-download-dir; CHIMERA_CACHE_DIR may name another one\n")):
                with self.subTest(flags=flags), Server(policies, *flags, is_awaited=False, environment={"CHIMERA_CACHE_DIR": variable}) as server:
                    self.assertEqual(server.process.wait(60), 1)
                    self.assertIn(text, server.errors())

    def test_the_certificate_s_script_says_what_it_wants(self):
        script = os.path.join(harness.ROOT, "docs", "user", "examples", "kubernetes", "make-certificate")
        with tempfile.TemporaryDirectory() as folder:
            for words in ((), ("pki",)):
                done = subprocess.run([script, *words], cwd=folder, capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stderr), (2, "make-certificate FOLDER NAME...: the folder to write to, and the server's names, as in pki chimera.chimera.svc\n"))
                self.assertEqual(os.listdir(folder), [])

    def test_without_a_home_and_with_a_strict_mask_it_serves(self):
        """What lies in a container's root file system is seldom its own."""
        before = os.umask(0o077)
        try:
            policies = {"p": {"module": harness.wasm("accept")}}
            with Server(policies, environment={"HOME": "", "TMPDIR": "/nowhere"}) as server:
                self.assertTrue(server.verdict("/validate/p")["allowed"])
        finally:
            os.umask(before)


if __name__ == "__main__":
    unittest.main()
