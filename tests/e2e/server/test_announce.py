# SPDX-License-Identifier: Apache-2.0
"""What an operator reads in the log when something else begins to serve: a line each at the start, for a reload and for a swap
(docs/user/telemetry.md#logs)."""
import json, os, re, subprocess, tempfile, unittest

import harness
from harness import Server, make_certificates, wait_for, wasm, write

ACCEPT, REJECT = {"module": wasm("accept")}, {"module": wasm("reject")}


def line(server, message, number=1):
    """Fields of the last of so many."""
    def found():
        told = [json.loads(text)["fields"] for text in server.log().splitlines()]
        return [fields for fields in told if fields["message"] == message]
    assert wait_for(lambda: len(found()) >= number), server.log()
    return {name: value for name, value in found()[-1].items() if name not in ("message", "worker")}


class Announce(unittest.TestCase):
    def server(self, policies, *flags, **environment):
        server = Server(policies, "--log-fmt", "json", *flags, log="info", environment=environment)
        self.addCleanup(server.__exit__)
        return server

    def change(self, server, policies, number):
        path = os.path.join(server.folder, "policies.yml")
        write(path + ".new", policies)
        os.rename(path + ".new", path)
        return line(server, "policies reloaded", number)

    def test_the_start_says_what_serves_where(self):
        with tempfile.TemporaryDirectory() as folder:
            make_certificates(folder)
            admin = harness.free_port()
            version = subprocess.run([harness.SERVER, "--version"], capture_output=True, text=True).stdout
            version = re.search(r"chimera-server (\S+?)\)", version).group(1)
            server = self.server({"a": ACCEPT, "b": ACCEPT})
            self.assertEqual(line(server, "started"), {
                "version": version, "address": f"127.0.0.1:{server.port}", "readiness": f"127.0.0.1:{server.probe_port}", "tls": "off",
                "file": os.path.join(server.folder, "policies.yml"), "policies": 2})
            pair = ("--cert-file", f"{folder}/server.crt", "--key-file", f"{folder}/server.key")
            server = self.server({}, "--admin-port", str(admin), *pair)
            started = line(server, "started")
            self.assertEqual((started["tls"], started["admin"], started["policies"]), ("on", f"127.0.0.1:{admin}", 0))
            server = self.server({}, "--client-ca-file", f"{folder}/ca.crt", "--addr", "0.0.0.0", *pair)
            started = line(server, "started")
            self.assertEqual((started["tls"], started["address"]), ("mutual", f"0.0.0.0:{server.port}"))

    def test_a_bundle_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            write(f"{folder}/policies.yml", {"a": ACCEPT})
            subprocess.run([harness.COMMAND, "bundle", f"{folder}/policies.yml", "-o", f"{folder}/bundle"], check=True, capture_output=True,
                           env={**os.environ, "CHIMERA_CACHE_DIR": harness._cache})
            started = line(self.server(None, "--bundle", f"{folder}/bundle"), "started")
            self.assertEqual((started["bundle"], started.get("file"), started["policies"]), (f"{folder}/bundle", None, 1))

    def test_a_port_that_the_kernel_chose_is_named(self):
        server = self.server({}, "--port", "0", "--admin-port", "0")
        self.assertRegex(line(server, "started")["admin"], r"^127\.0\.0\.1:[1-9]\d*$")
        port = int(line(server, "started")["address"].rpartition(":")[2])
        self.assertTrue(port)
        server.port = port
        self.assertEqual(server.post("/validate/nobody")[0], 404)

    def test_a_reload_says_what_has_changed(self):
        group = {"expression": "m()", "message": "no", "policies": {"m": ACCEPT}}
        server = self.server({"a": ACCEPT, "b": ACCEPT, "c": ACCEPT, "g": group})
        self.assertEqual(self.change(server, {"d": ACCEPT, "a": REJECT, "b": {**ACCEPT, "settings": {"x": 1}}, "g": {**group, "expression": "!m()"}}, 1),
                         {"policies": 4, "added": "d", "removed": "c", "modules": "a", "settings": "b", "rules": "g"})
        self.assertEqual(self.change(server, {"a": {**REJECT, "policyMode": "monitor"}}, 2), {"policies": 1, "removed": "d, b, g/m", "rules": "a"})
        many = {f"p{number:02}": ACCEPT for number in range(25)}
        self.assertEqual(self.change(server, many, 3)["added"], ", ".join(list(many)[:10]) + " and 15 more")

    def test_a_module_that_was_replaced_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/m.wasm"
            for number, name in enumerate(("accept", "reject")):
                with open(wasm(name)[len("file://"):], "rb") as module:
                    data = module.read()
                with open(path + ".new", "wb") as out:
                    out.write(data)
                os.rename(path + ".new", path)
                if number == 0:
                    server = self.server({"a": {"module": f"file://{path}"}, "b": ACCEPT})
            server.process.send_signal(1)
            self.assertEqual(line(server, "policies reloaded"), {"policies": 2, "modules": "a"})

    def test_a_swap_counts(self):
        with tempfile.TemporaryDirectory() as folder:
            server = self.server({"a": ACCEPT, "b": REJECT}, CHIMERA_CACHE_DIR=folder, CHIMERA_WAIT_FOR_FULL_TIER="false")
            if "serving from the quick tier" in server.log():  # there is a tcc
                self.assertEqual(line(server, "swapped to the full tier"), {"policies": 2, "still_quick": 0})


if __name__ == "__main__":
    unittest.main()
