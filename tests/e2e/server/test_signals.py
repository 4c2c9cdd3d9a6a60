# SPDX-License-Identifier: Apache-2.0
"""Whichever process of the server a signal reaches, the server does what it means; and each of them has a name of its own
(docs/user/reload.md, docs/user/server.md)."""
import os, shutil, signal, subprocess, unittest

import harness
from collector import Collector
from harness import Server, wait_for, wasm, write
from test_otlp import otel

POLICIES = {"a": {"module": wasm("accept")}, "b": {"module": wasm("accept")}}


def names(server):
    """The youngest of each name."""
    return {name.strip(): pid for pid, name in server.ask_workers(lambda pid: harness.proc(pid, "comm")).items()}


def shown(pid):
    """As `ps` has it: the word that names the program."""
    return os.path.basename(harness.proc(pid, "cmdline").split("\0")[0])


class Signals(unittest.TestCase):
    def server(self, *flags, log="info", **environment):
        collector = Collector()
        self.addCleanup(collector.stop)
        server = Server(POLICIES, "--admin-port", str(harness.free_port()), "--enable-metrics", *flags, log=log,
                        environment={**otel(collector), **environment})
        self.addCleanup(server.__exit__)
        return server

    def test_each_process_has_a_name(self):
        server = self.server("--isolate", "a")
        self.assertTrue(wait_for(lambda: sorted(names(server)) == ["chimera-admin", "chimera-otlp", "chimera-tenant", "chimera-worker"]))
        self.assertEqual(harness.proc(server.process.pid, "comm").strip(), "chimera-server")
        for name, pid in names(server).items():
            self.assertEqual(shown(pid), name)
            self.assertEqual(harness.proc(pid, "cmdline").replace("\0", " ").split()[1:],
                             harness.proc(server.process.pid, "cmdline").replace("\0", " ").split()[1:])

    def test_a_hangup_reloads_whichever_process_it_reaches(self):
        server = self.server()
        for count, name in enumerate(("chimera-server", "chimera-worker", "chimera-admin", "chimera-otlp"), 1):
            pid = {**names(server), "chimera-server": server.process.pid}[name]
            os.kill(pid, signal.SIGHUP)
            self.assertTrue(wait_for(lambda: server.log().count("policies reloaded") == count), name)
            self.assertEqual(server.post("/validate/a")[0], 200)
        self.assertNotIn(" ERROR ", server.log())  # none was ended by it

    def test_the_end_is_the_servers_whichever_process_is_told(self):
        for name in ("chimera-worker", "chimera-admin", "chimera-otlp"):
            for number in (signal.SIGTERM, signal.SIGINT):
                with self.subTest(name=name, number=number):
                    server = self.server()
                    os.kill(names(server)[name], number)
                    self.assertEqual(server.process.wait(120), 0)
                    self.assertNotIn("is gone", server.log())

    def test_a_tenant_hears_nothing(self):
        """Policies in it may have taken it over: it can end nobody else."""
        server = self.server("--isolate", "a")
        tenant = names(server)["chimera-tenant"]
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            os.kill(tenant, number)
        self.assertEqual(server.post("/validate/a")[0], 200)
        self.assertEqual(names(server)["chimera-tenant"], tenant)

    def test_what_means_nothing_ends_nothing(self):
        server = self.server()
        for pid in (server.process.pid, *server.workers()):
            os.kill(pid, signal.SIGUSR1)
            os.kill(pid, signal.SIGUSR2)
        self.assertEqual(server.post("/validate/a")[0], 200)
        os.kill(server.process.pid, signal.SIGHUP)  # it was read behind the others
        self.assertTrue(wait_for(lambda: "policies reloaded" in server.log()))
        self.assertNotIn("is gone", server.log())

    def test_all_at_once_is_one_end(self):
        """As systemd and a terminal tell all of them."""
        server = self.server()
        for pid in (*server.workers(), server.process.pid):
            os.kill(pid, signal.SIGTERM)
        self.assertEqual(server.process.wait(120), 0)
        self.assertNotIn("is gone", server.log())

    @unittest.skipUnless(shutil.which("pidof"), "it is part of sysvinit-utils, which is everywhere")
    def test_the_command_of_the_page_reaches_the_server(self):
        server = self.server()
        with open(os.path.join(harness.ROOT, "docs", "user", "reload.md")) as page:
            command, = [line.split("#")[0].strip() for line in page if line.startswith("kill -HUP ")]
        self.assertIn("$(pidof chimera-server)", command)
        found = subprocess.run(["pidof", "chimera-server"], capture_output=True, text=True).stdout.split()
        self.assertIn(str(server.process.pid), found)
        self.assertEqual([pid for pid in map(str, server.workers()) if pid in found], [])
        # Only ours: other tests may have a server of their own.
        subprocess.run(["sh", "-c", command.replace("$(pidof chimera-server)", str(server.process.pid))], check=True)
        self.assertTrue(wait_for(lambda: "policies reloaded" in server.log()))


if __name__ == "__main__":
    unittest.main()
