# SPDX-License-Identifier: Apache-2.0
"""Whichever process of the server a signal reaches, the server does what it means; and each of them has a name of its own
(docs/user/reload.md, docs/user/server.md)."""
import contextlib, os, shutil, signal, subprocess, tempfile, unittest

import harness
from collector import Collector
from harness import Server, wait_for, wasm, write
from test_otlp import otel
from test_process import script

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


class Builds(unittest.TestCase):
    """A build that is stopped leaves nothing in the cache: a rollout that begins often would fill its volume."""
    LONG = f"file://{harness.ROOT}/tests/policies/rust-privileged/rust-privileged.wasm"

    def setUp(self):
        made = tempfile.TemporaryDirectory(prefix="chimera-e2e-")
        self.addCleanup(made.cleanup)
        self.cache = made.name

    def scratch(self):
        """The folders of builds that are there."""
        with contextlib.suppress(FileNotFoundError):
            return os.listdir(self.cache + "/scratch")
        return []

    def start(self, policies=None, **more):
        server = Server(policies or {"p": {"module": self.LONG}}, log="info", environment={"CHIMERA_CACHE_DIR": self.cache}, **more)
        self.addCleanup(server.__exit__)
        return server

    def build(self):
        """A server whose build has begun."""
        server = self.start(is_awaited=False)
        self.assertTrue(wait_for(lambda: any(os.listdir(f"{self.cache}/scratch/{name}") for name in self.scratch())), server.log())
        return server

    def test_a_server_that_is_stopped_leaves_nothing(self):
        server = self.build()
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(60), 0)
        self.assertEqual(self.scratch(), [])

    def test_a_build_that_another_takes_the_place_of_leaves_nothing(self):
        server = self.start({"p": {"module": wasm("accept")}})
        write(os.path.join(server.folder, "policies.yml"), {"p": {"module": self.LONG}})
        self.assertTrue(wait_for(lambda: self.scratch()))
        write(os.path.join(server.folder, "policies.yml"), {"q": {"module": wasm("accept")}})
        self.assertTrue(wait_for(lambda: "policies reloaded" in server.log()))
        self.assertEqual(server.post("/validate/q")[0], 200)
        self.assertEqual(self.scratch(), [])

    def test_what_a_killed_server_leaves_is_swept_up_by_its_build(self):
        server = self.build()
        server.process.kill()
        server.process.wait()
        self.assertTrue(wait_for(lambda: self.scratch() == []))

    def test_what_a_killed_build_leaves_is_swept_up_by_the_next_start(self):
        left = f"{self.cache}/scratch/build-killed"
        for policies in ({"p": {"module": wasm("accept")}}, {"p": {"module": wasm("accept")}}, {"q": {"module": wasm("reject")}}):
            os.makedirs(left + "/deep")
            os.utime(left, (1, 1))
            os.chmod(self.cache, 0o700)
            self.start(policies)  # with something to build, without, and with something again
            self.assertTrue(wait_for(lambda: not os.path.exists(left)))


class StoppedBuilds(unittest.TestCase):
    """A build that SIGSTOP has stopped holds a reload no longer than a worker may take for its start."""
    NEW = {"p": {"module": wasm("reject")}}

    def test_it_is_given_up(self):
        for whose in ("chimera-build", "its program"):
            with self.subTest(whose=whose), tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
                command = script(folder, f"[ -e {folder}/hold ] && exec sleep 300\nexec '{harness.COMMAND}' \"$@\"\n")
                environment = {"CHIMERA_COMMAND": command, "CHIMERA_CACHE_DIR": folder + "/cache"}
                server = stack.enter_context(Server({"p": {"module": wasm("accept")}}, "--worker-start-timeout", "2", log="info", environment=environment))
                open(folder + "/hold", "w").close()
                write(os.path.join(server.folder, "policies.yml"), self.NEW)
                self.assertTrue(wait_for(lambda: self.program(server)))
                pid = names(server)["chimera-build"] if whose == "chimera-build" else self.program(server)
                os.kill(pid, signal.SIGSTOP)
                self.assertTrue(wait_for(lambda: "reload refused" in server.log()), server.log())
                self.assertIn("a signal has stopped the build, and it did not go on for 2 s", server.log())
                self.assertEqual(server.post("/validate/p")[0], 200)
                os.remove(folder + "/hold")
                server.process.send_signal(signal.SIGHUP)
                self.assertTrue(wait_for(lambda: "policies reloaded" in server.log()))

    def program(self, server):
        """What the build runs, once it does; 0 before."""
        build = names(server).get("chimera-build")
        with contextlib.suppress(harness.Ended):
            children = harness.proc(build, f"task/{build}/children").split() if build else []
            return int(children[0]) if children and harness.proc(int(children[0]), "cmdline").startswith("sleep") else 0
        return 0


if __name__ == "__main__":
    unittest.main()
