# SPDX-License-Identifier: Apache-2.0
"""What each process of the server has of the policies' settings: its own memory is read (docs/internals/lockdown.md). The check of
certificates, which is over at once, is asked in tests/unit/server/base/test_role.c."""
import os, signal, tempfile, unittest

import harness
from collector import Collector
from harness import Server, wait_for, wasm, write
from test_otlp import otel
from test_process import script


def secret(name):
    return f"{name}-" + "7" * 40


def policies(*names):
    """Short settings go through small pieces of memory, long ones through large ones."""
    return {name[0]: {"module": wasm("accept"), "settings": {"token": secret(name), "more": [secret(name) + "8" * 200] * 300}}
            for name in names}


def known(pid, names):
    memory = harness.memory(pid)
    return [name for name in names if secret(name).encode() in memory]


def role(pid):
    if harness.proc(pid, "comm").strip() == "chimera-otlp":
        return "exporter"
    if harness.proc(pid, f"task/{pid}/children").strip():
        return "build"
    if ".so" not in "".join(line for line in harness.proc(pid, "maps").splitlines(True) if "/plugin" in line):
        return "admin"
    return "worker" if harness.listens(pid) else "tenant"


@unittest.skipIf(harness.is_sanitized(), "the sanitizers' malloc does not overwrite what is freed")
class Roles(unittest.TestCase):
    NAMES = ("a-first", "b-first", "b-next", "c-next")
    WANTED = {"worker": ["b-first"], "tenant": ["a-first"], "admin": [], "exporter": [], "build": []}

    def kill(self, server, name):
        """Until another is there."""
        before, = [pid for pid, found in self.roles(server).items() if found == name]
        os.kill(before, signal.SIGKILL)
        self.assertTrue(wait_for(lambda: [pid for pid, found in self.roles(server).items() if found == name and pid != before]))

    def roles(self, server):
        return server.ask_workers(role)

    def settings(self, server):
        return {role(pid): names for pid, names in server.ask_workers(lambda pid: known(pid, self.NAMES)).items()}

    def test_each_has_those_that_it_needs(self):
        with Collector() as collector:
            flags = ("--admin-port", str(harness.free_port()), "--enable-metrics", "--isolate", "a")
            command = script(self.folder(), f'[ -e "$0.waits" ] && sleep 300\nexec "{harness.COMMAND}" "$@"\n')
            with Server(policies("a-first", "b-first"), *flags, environment={"CHIMERA_COMMAND": command, **otel(collector)}) as server:
                before = {name: names for name, names in self.WANTED.items() if name != "build"}
                self.assertTrue(wait_for(lambda: len(self.roles(server)) == len(before)))
                self.assertEqual(self.settings(server), before)
                # A reload whose build does not end: there is a second file in the supervisor, which is no business of any of them.
                open(command + ".waits", "w").close()
                write(os.path.join(server.folder, "policies.yml"), policies("a-first", "b-next", "c-next"))
                server.process.send_signal(signal.SIGHUP)
                self.assertTrue(wait_for(lambda: "build" in self.roles(server).values()))
                self.assertEqual(self.settings(server), self.WANTED)
                self.assertEqual(known(server.process.pid, self.NAMES), list(self.NAMES))
                for name in ("tenant", "worker", "admin", "exporter"):
                    self.kill(server, name)
                self.assertTrue(server.wait_ready())
                self.assertTrue(wait_for(lambda: self.settings(server) == self.WANTED))

    def folder(self):
        made = tempfile.TemporaryDirectory(prefix="chimera-e2e-")
        self.addCleanup(made.cleanup)
        return made.name


if __name__ == "__main__":
    unittest.main()
