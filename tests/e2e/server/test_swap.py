# SPDX-License-Identifier: Apache-2.0
"""From the quick tier to the full one, without a lost request (docs/internals/supervisor.md).

The `chimera` program is a script here: what it gives for the quick tier is a copy of the full tier's plugin under the name
that the quick tier's have, and the full tier waits until the test lets it go. So this runs without tcc, too, and the moment
of the swap is the test's. Tiers below has the real compilers, where tcc is installed.
"""
import os, shutil, signal, stat, subprocess, tempfile, threading, time, unittest

import harness
from harness import Reader, Server, request, wait_for, wasm

POLICIES = {name: {"module": wasm(name)} for name in ("accept", "reject-message-code", "mutate", "wasi-accept")}
for policy in POLICIES.values():
    policy["allowedToMutate"] = True
REAL = os.environ.get("CHIMERA_COMMAND", os.path.join(os.path.dirname(harness.SERVER), "chimera"))

SCRIPT = r"""#!/usr/bin/env python3
import json, os, shutil, subprocess, sys, time
folder, real, words = %r, %r, sys.argv[1:]
at = words.index("--tier") + 1
is_full, words[at] = words[at] == "full", "full"
while is_full and not os.path.exists(folder + "/go"):
    time.sleep(0.02)
made = subprocess.run([real, *words], stdout=subprocess.PIPE, text=True)
for line in made.stdout.splitlines():
    told = json.loads(line)
    if is_full and os.path.exists(folder + "/broken-" + os.path.basename(told["policy"])):
        told = {"policy": told["policy"], "error": "the compiler says no"}
    stem = told.get("plugin", "")[:-len(".so")]
    quick = folder + "/" + os.path.basename(stem) + "-quick"
    for suffix in (".so", ".json", ".image"):
        if not is_full and os.path.exists(stem + suffix):
            shutil.copy(stem + suffix, quick + suffix + ".new")
            os.rename(quick + suffix + ".new", quick + suffix)
    if not is_full and "plugin" in told:
        told.update(plugin=quick + ".so", tier="quick")
    print(json.dumps(told))
sys.exit(made.returncode)
"""


def mapped(pid):
    """The plugins that a worker has mapped."""
    maps = harness.proc(pid, "maps").splitlines()
    return {line.split()[-1] for line in maps if line.endswith(".so") and "/usr/" not in line and "/lib/" not in line}


class Clients:
    """Threads that ask and compare, each on a connection that it keeps as long as the server does."""

    def __init__(self, server, count):
        self.server, self.failures, self.asked, self.is_over = server, [], 0, False
        self.wanted = {name: server.post("/validate/" + name)[2] for name in POLICIES}
        self.threads = [threading.Thread(target=self.work, args=(i,)) for i in range(count)]
        for thread in self.threads:
            thread.start()

    def work(self, number):
        keeps = number % 3 != 2
        connection = self.server.connect()
        while not self.is_over:
            for name, wanted in self.wanted.items():
                try:
                    status, _, text = self.server.post("/validate/" + name, connection=connection)
                    if (status, text) != (200, wanted):
                        self.failures.append((name, status, text))
                except OSError as why:
                    self.failures.append((name, repr(why)))
                    connection.close()
                self.asked += 1
            if not keeps:
                connection.close()  # the next request makes another
        connection.close()

    def end(self):
        self.is_over = True
        for thread in self.threads:
            thread.join()


class Swap(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="chimera-swap-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.command = os.path.join(self.folder, "command")
        with open(self.command, "w") as out:
            out.write(SCRIPT % (self.folder, REAL))
        os.chmod(self.command, os.stat(self.command).st_mode | stat.S_IXUSR)

    def serve(self, *flags, policies=POLICIES, **more):
        return Server(policies, *flags, environment={"CHIMERA_COMMAND": self.command, "CHIMERA_WAIT_FOR_FULL_TIER": "false"},
                      log="info", **more)

    def go(self):
        open(os.path.join(self.folder, "go"), "w").close()

    def swap(self, server):
        self.go()
        self.assertTrue(wait_for(lambda: "swapped to the full tier" in server.log()), server.log())

    def worker(self, server):
        """The youngest that serves; the build is no worker."""
        return [pid for pid, plugins in server.ask_workers(mapped).items() if plugins][-1]

    def test_no_request_is_lost_or_answered_differently(self):
        with self.serve() as server:
            self.assertTrue(wait_for(lambda: "building the full tier" in server.log()))
            before = self.worker(server)
            self.assertTrue(all(path.endswith("-quick.so") for path in mapped(before)))
            self.assertEqual(len(mapped(before)), len(POLICIES))
            fresh, half, idle = server.raw(), server.raw(), server.raw()
            whole = request()
            half.sendall(whole[:100])
            idle.sendall(whole)
            self.assertNotIn("connection: close", Reader(idle).answer()[1])
            clients = Clients(server, 9)
            self.assertTrue(wait_for(lambda: clients.asked > 0))
            self.swap(server)
            asked = clients.asked
            after = self.worker(server)
            self.assertNotEqual(before, after)
            self.assertEqual([path for path in mapped(after) if path.endswith("-quick.so")], [])
            self.assertEqual(len(mapped(after)), len(POLICIES))
            self.assertIn(before, server.workers())  # it has three connections to wait for
            self.assertTrue(wait_for(lambda: clients.asked > asked + 50))
            for sock, rest in ((fresh, whole), (half, whole[100:]), (idle, whole)):
                sock.sendall(rest)
                reader = Reader(sock)
                status, head, _ = reader.answer()
                self.assertEqual(status, 200)
                self.assertIn("connection: close", head)
                self.assertTrue(reader.is_at_end())
                sock.close()
            self.assertTrue(wait_for(lambda: server.workers() == [after]))
            clients.end()
            self.assertEqual(clients.failures, [])
            self.assertNotIn("ERROR", server.log())
            self.assertEqual(server.stop(), 0)
            self.assertEqual(server.errors(), "")

    def test_a_full_tier_that_cannot_be_built_changes_nothing(self):
        for name in POLICIES:
            open(os.path.join(self.folder, f"broken-{name}.wasm"), "w").close()
        with self.serve() as server:
            worker = self.worker(server)
            self.go()
            self.assertTrue(wait_for(lambda: server.log().count("its quick tier goes on serving") == len(POLICIES)))
            self.assertIn("the compiler says no", server.log())
            self.assertTrue(server.verdict("/validate/accept")["allowed"])
            self.assertTrue(wait_for(lambda: server.workers() == [worker]))
            self.assertNotIn("swapped", server.log())

    def test_one_that_cannot_be_built_does_not_keep_the_others(self):
        open(os.path.join(self.folder, "broken-mutate.wasm"), "w").close()
        with self.serve() as server:
            self.swap(server)
            self.assertEqual(server.log().count("its quick tier goes on serving"), 1)
            maps = mapped(self.worker(server))
            self.assertEqual(len([path for path in maps if path.endswith("-quick.so")]), 1)
            self.assertEqual(len(maps), len(POLICIES))
            self.assertIn("patch", server.verdict("/validate/mutate"))

    def test_a_crash_meanwhile_is_survived(self):
        with self.serve() as server:
            before = self.worker(server)
            os.kill(before, signal.SIGKILL)
            self.assertTrue(wait_for(lambda: "starting another" in server.log()))
            self.assertTrue(server.verdict("/validate/accept")["allowed"])
            self.swap(server)
            os.kill(self.worker(server), signal.SIGKILL)  # the next one has the full tier as well
            self.assertTrue(wait_for(lambda: server.log().count("starting another") == 2))
            self.assertTrue(server.verdict("/validate/accept")["allowed"])
            self.assertEqual([path for path in mapped(self.worker(server)) if path.endswith("-quick.so")], [])
            self.assertEqual(server.log().count("building the full tier"), 1)

    def test_a_stop_ends_the_build_and_retired_workers(self):
        with self.serve() as server:
            self.assertEqual(server.stop(), 0)  # the build would go on for ever
        with self.serve() as server:
            idle = server.raw()
            idle.sendall(request())
            Reader(idle).answer()
            before = self.worker(server)
            self.swap(server)
            self.assertEqual(len(server.workers()), 2)
            self.assertIn(before, server.workers())
            self.assertEqual(server.stop(), 0)
            self.assertTrue(Reader(idle).is_at_end())
            idle.close()

    def test_readiness_can_wait_for_the_full_tier(self):
        for flags, environment in ((("--wait-for-full-tier",), {"CHIMERA_WAIT_FOR_FULL_TIER": "false"}), ((), {"CHIMERA_WAIT_FOR_FULL_TIER": "true"})):
            environment["CHIMERA_COMMAND"] = self.command
            with Server(POLICIES, *flags, environment=environment, is_awaited=False, log="info") as server:
                time.sleep(1)
                self.assertFalse(server.is_ready())
                self.go()
                self.assertTrue(server.wait_ready())
                self.assertNotIn("quick tier", server.log())
                self.assertEqual([path for path in mapped(self.worker(server)) if path.endswith("-quick.so")], [])
            os.remove(os.path.join(self.folder, "go"))


def has_quick_tier():
    """tcc is there, and this `chimera` uses it."""
    with tempfile.TemporaryDirectory() as folder:
        return subprocess.run([REAL, "build", "--quiet", "--tier", "quick", "--cache-dir", folder,
                               os.path.join(harness.POLICIES, "accept.wasm")], capture_output=True).returncode == 0


class Tiers(unittest.TestCase):
    """The real compilers, a cold cache."""

    def tiers(self, server):
        """For each worker, whether what it has mapped is quick."""
        return list(server.ask_workers(lambda pid: {path.endswith("-quick.so") for path in mapped(pid)}).values())

    def test_a_cold_server_answers_from_tcc_and_goes_on_with_clang(self):
        if not has_quick_tier():
            self.skipTest("no tcc")
        with tempfile.TemporaryDirectory() as cache:
            environment = {"CHIMERA_COMMAND": REAL, "CHIMERA_CACHE_DIR": cache, "CHIMERA_WAIT_FOR_FULL_TIER": "false"}
            with Server(POLICIES, environment=environment, log="info") as server:
                self.assertTrue(wait_for(lambda: "serving from the quick tier" in server.log()))
                before = server.log().split("serving from the quick tier")[0]
                self.assertEqual(before.count('tier="quick"'), len(POLICIES), before)
                self.assertNotIn('tier="full"', before)
                clients = Clients(server, 4)
                self.assertTrue(wait_for(lambda: "swapped to the full tier" in server.log(), 600))
                self.assertTrue(wait_for(lambda: len(server.workers()) == 1))
                asked = clients.asked
                self.assertTrue(wait_for(lambda: clients.asked > asked + 20))
                clients.end()
                self.assertEqual(clients.failures, [])
                self.assertEqual(self.tiers(server), [{False}])
                self.assertNotIn("ERROR", server.log())
            with Server(POLICIES, environment=environment, log="info") as server:  # warm: nothing to swap
                self.assertEqual(self.tiers(server), [{False}])
                self.assertNotIn("quick tier", server.log())


if __name__ == "__main__":
    unittest.main()
