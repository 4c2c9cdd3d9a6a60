# SPDX-License-Identifier: Apache-2.0
"""Policies from places that mean harm: what is served is what was signed, what is a secret stays one, and a start comes to an end."""
import base64, contextlib, http.client, http.server, json, os, subprocess, sys, threading, unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import harness, registries
from harness import Server
from registries import Registry
from test_fetch import Fetch, module

SIGNATURE = "dev.cosignproject.cosign/signature"
# Does what `chimera` does; behind the verb that WHEN names FROM takes the place of TO, as if somebody else had written to the store.
IN_BETWEEN = """#!/bin/sh
"{command}" "$@"
status=$?
if [ "$1" = "$WHEN" ]; then cp "$FROM" "$TO.new"; mv "$TO.new" "$TO"; fi
exit $status
"""


class Signed(Fetch):
    def setUp(self):
        super().setUp()
        self.key = self.folder + "/key.pem"
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.key], check=True)
        subprocess.run(["openssl", "ec", "-in", self.key, "-pubout", "-out", self.folder + "/key.pub"], check=True, capture_output=True)
        with open(self.folder + "/key.pub") as file:
            self.config = self.write("verification.yml", {"apiVersion": "v1", "allOf": [{"kind": "pubKey", "key": file.read()}]})
        self.other = self.write("other.wasm", "")
        with open(self.other, "wb") as out:
            out.write(module("reject"))

    def sign(self, registry, repository, digest):
        """As cosign did it first."""
        payload = json.dumps({"critical": {"identity": {"docker-reference": f"{registry.host}/{repository}"},
                                           "image": {"docker-manifest-digest": digest},
                                           "type": "cosign container image signature"}, "optional": None}).encode()
        made = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=payload, check=True, capture_output=True).stdout
        layer = {"mediaType": "application/vnd.dev.cosign.simplesigning.v1+json", "digest": registry.put_blob(repository, payload),
                 "size": len(payload), "annotations": {SIGNATURE: base64.b64encode(made).decode()}}
        config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": registry.put_blob(repository, b"{}"), "size": 2}
        registry.put_manifest(repository, digest.replace(":", "-") + ".sig", {"schemaVersion": 2, "config": config, "layers": [layer]})

    def in_between(self, verb, path):
        """The environment of a server for which the file at `path` becomes another one right behind that verb of its command's."""
        command = self.write("chimera", IN_BETWEEN.format(command=harness.COMMAND))
        os.chmod(command, 0o755)
        return {"CHIMERA_COMMAND": command, "WHEN": verb, "FROM": self.other, "TO": path}

    def flags(self, registry):
        return ["--sources-path", registry.insecure(), "--verification-path", self.config, "--policies-download-dir", self.folder + "/store"]


class Replaced(Signed):
    """Other processes write to the same store, and need not ask for signatures."""

    def test_what_is_built_is_what_was_signed(self):
        with Registry() as registry:
            digest = registry.put_policy("p", "v1", module("accept"))
            self.sign(registry, "p", digest)
            policies = {"p": {"module": f"registry://{registry.host}/p:v1"}}
            path = f"{self.folder}/store/registry/{registry.host}/p:v1"
            with Server(policies, *self.flags(registry)) as server:
                self.assertTrue(server.verdict("/validate/p")["allowed"])
            with Server(policies, *self.flags(registry), environment=self.in_between("fetch", path), is_awaited=False) as server:
                self.assertEqual(server.process.wait(120), 1)
                self.assertIn("Policy 'p' cannot be verified: its file in the store was replaced", server.errors())
            os.remove(path)  # else it is seen by the look at the file, which comes first
            with Server(policies, *self.flags(registry), "--continue-on-errors", environment=self.in_between("fetch", path)) as server:
                answer = server.verdict("/validate/p")
                self.assertFalse(answer["allowed"])
                self.assertEqual(answer["status"]["code"], 500)
                self.assertIn("cannot be verified", answer["status"]["message"])


SAYS_OTHER_THINGS = """#!/bin/sh
if [ "$1" != fetch ]; then exec "{command}" "$@"; fi
"{command}" "$@" | sed "$EDIT"
"""


class Lines(Fetch):
    """A line of the command's that cannot be read is not made up for by that of another policy."""

    def test_a_result_is_taken_for_no_other_policy(self):
        with Registry() as registry:
            command = self.write("chimera", SAYS_OTHER_THINGS.format(command=harness.COMMAND))
            os.chmod(command, 0o755)
            names = ["accept", "reject"]
            for name in names:
                registry.put_policy(name, "v1", module(name))
            policies = {name: {"module": f"registry://{registry.host}/{name}:v1"} for name in names}
            flags = ["--sources-path", registry.insecure(), "--continue-on-errors"]
            for edit in ("/reject:v1/s/^/x/", "/reject:v1/s/reject:v1/accept:v1/g", "/reject:v1/s/path/p/", "/accept:v1/d"):
                with Server(policies, *flags, environment={"CHIMERA_COMMAND": command, "EDIT": edit}, is_awaited=False) as server:
                    if edit.endswith("d"):  # there is one too few: nobody knows which
                        self.assertEqual(server.process.wait(120), 1)
                        continue
                    self.assertTrue(server.wait_ready(), server.errors())
                    self.assertTrue(server.verdict("/validate/accept")["allowed"])
                    answer = server.verdict("/validate/reject")
                    self.assertIn("what `chimera fetch` says of it cannot be read", answer["status"]["message"], edit)


class Secrets(Fetch):
    """A URL's query may be one, as those that clouds sign are; somebody may write a login before a host."""

    def test_a_query_is_for_the_web_server_alone(self):
        asked, lines = [], []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                for name in filter(str.isdigit, os.listdir("/proc")):
                    with contextlib.suppress(OSError), open(f"/proc/{name}/cmdline", "rb") as file:
                        lines.append(file.read())
                data = module("accept")
                self.send_response(200 if "good" in self.path else 404)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
            threading.Thread(target=web.serve_forever, daemon=True).start()
            host = f"127.0.0.1:{web.server_port}"
            policies = {"good": {"module": f"http://{host}/good.wasm?t=hush"}, "bad": {"module": f"http://{host}/bad.wasm?t=hush"},
                        "login": {"module": f"https://anna:hush@{host}/good.wasm"}, "image": {"module": f"registry://anna:hush@{host}/p:v1"}}
            sources, port = self.write("sources.json", {"insecure_sources": [host]}), harness.free_port()
            flags = ["--sources-path", sources, "--continue-on-errors", "--admin-port", str(port)]
            with Server(policies, *flags, log="debug") as server:
                answers = {name: server.verdict("/validate/" + name) for name in policies}
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                connection.request("GET", "/policies")
                said = [json.dumps(answers), connection.getresponse().read().decode(), server.log(), server.errors()]
                connection.close()
            web.shutdown()
        self.assertTrue(answers["good"]["allowed"])
        self.assertIn(f"policy 'bad' from http://{host}/bad.wasm: ", answers["bad"]["status"]["message"])
        self.assertIn("a login before the host is not taken", answers["login"]["status"]["message"])
        self.assertIn("/good.wasm?t=hush", asked)
        self.assertIn(b"--from-input", b"".join(lines))  # it was there to be seen
        for text in said:
            self.assertNotIn("hush", text)
        self.assertFalse([line for line in lines if b"hush" in line])


class Names(Fetch):
    def test_the_end_of_a_url_makes_no_plugin(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                data = module("accept")
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
            threading.Thread(target=web.serve_forever, daemon=True).start()
            host = f"127.0.0.1:{web.server_port}"
            sources = self.write("sources.json", {"insecure_sources": [host]})
            with Server({"p": {"module": f"http://{host}/policy.so"}}, "--sources-path", sources) as server:
                self.assertTrue(server.verdict("/validate/p")["allowed"])
            web.shutdown()


class Unconfined(Fetch):
    """What speaks to a registry is confined, or it does not speak, as compilers do not run then."""

    def test_a_kernel_that_cannot_confine(self):
        with Registry() as registry:
            registry.put_policy("p", "v1", module("accept"))
            policies = {"p": {"module": f"registry://{registry.host}/p:v1"}}
            flags, lesser = ["--sources-path", registry.insecure()], {"CHIMERA_CONFINEMENT": "seccomp"}
            with Server(policies, *flags, "--continue-on-errors", environment=lesser) as server:
                self.assertIn("the process that fetches cannot be confined here", server.verdict("/validate/p")["status"]["message"])
            with Server(policies, *flags, "--allow-unconfined-builds", environment=lesser) as server:
                self.assertTrue(server.verdict("/validate/p")["allowed"])


class Kept(Signed):
    def test_slashes_behind_the_store_are_no_part_of_it(self):
        with Registry() as registry:
            self.sign(registry, "p", registry.put_policy("p", "v1", module("accept")))
            environment = {**os.environ, "HOME": self.folder, "XDG_CACHE_HOME": "", "XDG_CONFIG_HOME": ""}
            for store in ("/store//", "/store"):
                command = [harness.COMMAND, "verify", "--offline"] if store == "/store" else \
                    [harness.COMMAND, "pull", "--sources-path", registry.insecure()]
                done = subprocess.run([*command, "--store", self.folder + store, "-k", self.folder + "/key.pub",
                                       f"registry://{registry.host}/p:v1"], capture_output=True, text=True, timeout=60, env=environment)
                self.assertEqual(done.returncode, 0, done.stderr)
            self.assertTrue(os.path.exists(f"{self.folder}/store/signatures/registry/{registry.host}/p:v1.json"))


class Outputs(Fetch):
    def test_a_policy_can_be_pulled_to_a_pipe(self):
        with Registry() as registry:
            registry.put_policy("p", "v1", module("accept"))
            command = [harness.COMMAND, "pull", "--sources-path", registry.insecure(), f"registry://{registry.host}/p:v1", "-o"]
            environment = {**os.environ, "HOME": self.folder, "XDG_CACHE_HOME": "", "XDG_CONFIG_HOME": ""}
            for output, wanted in (("/dev/stdout", module("accept")), ("/dev/null", b"")):
                done = subprocess.run([*command, output], capture_output=True, timeout=60, env=environment)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                self.assertEqual(done.stdout, wanted)


if __name__ == "__main__":
    unittest.main()
