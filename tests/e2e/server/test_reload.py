# SPDX-License-Identifier: Apache-2.0
"""Other policies without a restart (docs/user/reload.md): a new set is taken whole or refused, and no request notices."""
import json, os, shutil, signal, ssl, stat, tempfile, threading, time, unittest

import harness, test_swap
from harness import Mount, Reader, Server, request, wait_for, wasm, write

BEFORE = {"one": {"module": wasm("accept")}, "two": {"module": wasm("reject-message-code")}}
AFTER = {"one": {"module": wasm("reject-message-code")}, "two": {"module": wasm("accept")}, "three": {"module": wasm("accept")}}
REAL = os.environ.get("CHIMERA_COMMAND", os.path.join(os.path.dirname(harness.SERVER), "chimera"))


def put(server, policies):
    """As editors do: a whole file takes the name."""
    path = os.path.join(server.folder, "policies.yml")
    write(path + ".new", policies)
    os.rename(path + ".new", path)


def hang_up(server):
    server.process.send_signal(signal.SIGHUP)


class Clients:
    """Threads that ask for one policy, on connections that they keep as long as the server does. `seen` has for each the
    verdicts, without repetitions."""

    def __init__(self, server, count=6):
        self.server, self.failures, self.asked = server, [], 0
        self.seen, self.is_over = [[] for _ in range(count)], False
        self.threads = [threading.Thread(target=self.work, args=(i,), daemon=True) for i in range(count)]
        for thread in self.threads:
            thread.start()

    def work(self, number):
        connection, seen = self.server.connect(), self.seen[number]
        while not self.is_over:
            try:
                status, _, text = self.server.post("/validate/one", connection=connection)
                allowed = json.loads(text)["response"]["allowed"] if status == 200 else None
                if allowed is None:
                    self.failures.append((status, text))
                elif not seen or seen[-1] != allowed:
                    seen.append(allowed)
            except OSError as why:
                self.failures.append(repr(why))
                connection.close()
            self.asked += 1
            if number % 3 == 2:
                connection.close()  # the next request makes another
        connection.close()

    def end(self):
        self.is_over = True
        for thread in self.threads:
            thread.join()


class Case(unittest.TestCase):
    def folder(self):
        folder = tempfile.mkdtemp(prefix="chimera-reload-")
        self.addCleanup(shutil.rmtree, folder, True)
        return folder

    def allowed(self, server, name="one"):
        return server.verdict("/validate/" + name)["allowed"]

    def becomes(self, server, allowed, name="one"):
        self.assertTrue(wait_for(lambda: self.allowed(server, name) == allowed), server.log())

    def says(self, server, text, count=1):
        self.assertTrue(wait_for(lambda: server.log().count(text) >= count), server.log())


class Load(Case):
    """Six clients that never stop asking."""

    def switch(self, server, change):
        clients = Clients(server)
        self.assertTrue(wait_for(lambda: all(clients.seen)))
        change()
        self.assertTrue(wait_for(lambda: all(len(seen) == 2 for seen in clients.seen)), server.log())
        clients.end()
        self.assertEqual(clients.failures, [])
        self.assertEqual(clients.seen, [[True, False]] * 6)
        self.assertTrue(self.allowed(server, "three"))
        self.assertTrue(wait_for(lambda: len(server.workers()) == 1))
        self.assertNotIn("ERROR", server.log())
        self.assertEqual(server.stop(), 0)
        self.assertEqual(server.errors(), "")

    def test_a_hangup_loses_no_request(self):
        with Server(BEFORE, "--no-policy-watch", log="info") as server:
            put(server, AFTER)
            time.sleep(0.5)
            self.assertNotIn("reloading", server.log())
            self.switch(server, lambda: hang_up(server))

    def test_a_change_of_the_file_loses_no_request_over_tls(self):
        folder = self.folder()
        harness.make_certificates(folder)
        flags = ("--cert-file", f"{folder}/server.crt", "--key-file", f"{folder}/server.key")
        with Server(BEFORE, *flags, tls=ssl.create_default_context(cafile=f"{folder}/ca.crt"), log="info") as server:
            self.switch(server, lambda: put(server, AFTER))

    def test_reloads_in_a_row_lose_nothing_and_leave_nothing(self):
        with Server(BEFORE, log="info") as server:
            def size():
                lines = harness.proc(server.process.pid, "smaps_rollup").splitlines()
                return int(next(line.split()[1] for line in lines if line.startswith("Private_Dirty")))

            def fds():
                return len(harness.descriptors(server.process.pid))
            before = None
            clients = Clients(server, 2)
            for number in range(30):
                put(server, (AFTER, BEFORE)[number % 2])
                hang_up(server)
                self.says(server, "policies reloaded", number + 1)
                if number == 3:
                    self.assertTrue(wait_for(lambda: len(server.workers()) == 1), server.log())
                    before = (size(), fds())
            self.assertTrue(wait_for(lambda: len(server.workers()) == 1), server.log())
            clients.end()
            self.assertEqual(clients.failures, [])
            self.assertTrue(wait_for(lambda: fds() <= before[1]))
            self.assertLess(size(), before[0] + (400 if not harness.is_sanitized() else 100_000))
            self.assertNotIn("ERROR", server.log())


    def test_many_reloads_cut_nobody_off(self):
        """Whose answer takes long has it from a worker that has since been replaced many times, each time with an idle connection
        left that it could wait for."""
        # As long as the reloads take, which depends on the machine; the last is enough for any.
        for seconds in (5, 20, 90):
            if self.cuts_nobody_off(seconds):
                return
        self.fail("the reloads took longer than the slowest answer")

    def cuts_nobody_off(self, seconds):
        """False when the answer came before the last reload."""
        sleep = {"module": "file://" + os.path.join(harness.HERE, "policies", "sleep.wasm"), "timeoutEvalSeconds": seconds}
        with Server(dict(BEFORE, sleep=sleep), log="info") as server:
            answers, idle = [], []
            slow = threading.Thread(target=lambda: answers.append(server.post("/validate/sleep")[0]))
            slow.start()
            time.sleep(0.3)
            for number in range(7):
                idle.append(server.connect())
                self.assertEqual(server.post("/validate/one", connection=idle[-1])[0], 200)
                put(server, dict((AFTER, BEFORE)[number % 2], sleep=sleep))
                hang_up(server)
                self.says(server, "policies reloaded", number + 1)
            is_last = not answers
            slow.join()
            self.assertEqual(answers, [200])
            for connection in idle:
                connection.close()
            self.assertNotIn("crashed", server.log())
            return is_last


class Triggers(Case):
    def test_a_file_can_change_in_every_way(self):
        folder = self.folder() + "/inner"
        os.mkdir(folder)
        path = folder + "/policies.yml"
        write(path, BEFORE)
        with Server({}, "--policies", path, log="info") as server:
            self.assertTrue(self.allowed(server))
            write(path, AFTER)  # written in place
            self.becomes(server, False)
            write(path + "~", BEFORE)  # renamed over
            os.rename(path + "~", path)
            self.becomes(server, True)
            os.remove(path)  # removed and made again
            self.says(server, "reload refused")
            self.assertTrue(self.allowed(server))
            write(path, AFTER)
            self.becomes(server, False)
            os.rename(folder, folder + ".old")  # its folder is replaced, and replaced again
            os.mkdir(folder)
            write(path, BEFORE)
            self.becomes(server, True)
            shutil.rmtree(folder)
            os.mkdir(folder)
            write(path, AFTER)
            self.becomes(server, False)
            os.rename(path, folder + ".target")  # becomes a link, whose target is written to
            os.symlink(folder + ".target", path)
            write(folder + ".target", BEFORE)
            self.becomes(server, True)
            shutil.rmtree(folder)
            os.symlink(folder + ".old", folder)  # and the folder becomes one
            write(path, AFTER)
            self.becomes(server, False)

    def test_what_says_the_same_changes_nothing(self):
        with Server(BEFORE, log="info") as server:
            worker, = server.workers()
            path = os.path.join(server.folder, "policies.yml")
            os.utime(path)
            put(server, BEFORE)
            put(server, "# a comment\n" + json.dumps(BEFORE, indent=2))
            write(os.path.join(server.folder, "another"), "")
            time.sleep(1)
            self.assertNotIn("reloading", server.log())
            self.assertEqual(server.workers(), [worker])
            put(server, "no: [")
            self.says(server, "reload refused")
            os.utime(path)
            time.sleep(0.5)
            self.assertEqual(server.log().count("reload refused"), 1)
            put(server, BEFORE)
            time.sleep(0.5)
            self.assertEqual(server.workers(), [worker])
            hang_up(server)  # a signal is obeyed in any case
            self.says(server, "policies reloaded")

    def test_a_mounted_config_map_is_followed_each_time(self):
        folder = self.folder()
        mount = Mount(folder, {"policies.yml": BEFORE, "sources.yml": "{}"})
        with Server({}, "--policies", folder + "/policies.yml", log="info") as server:
            for number in range(8):
                mount.swap({"policies.yml": (AFTER, BEFORE)[number % 2], "sources.yml": "{}"})
                self.becomes(server, number % 2 == 1)
            self.assertNotIn("ERROR", server.log())

    def test_a_plugin_that_was_replaced_is_taken_on_a_hangup(self):
        folder = self.folder()
        shutil.copy(os.path.join(harness.POLICIES, "accept.wasm"), folder + "/p.wasm")
        with Server({"one": {"module": f"file://{folder}/p.wasm"}}, log="info") as server:
            self.assertTrue(self.allowed(server))
            shutil.copy(os.path.join(harness.POLICIES, "reject.wasm"), folder + "/p.wasm")
            hang_up(server)
            self.becomes(server, False)


class Refusals(Case):
    BAD = {
        "": "is empty: write {}",
        "no: [": "policies.yml:2:1: no[0]: did not find expected node content",
        "a/b: {module: file:///x.wasm}": "contains a '/' character",
        json.dumps({"one": {"module": "file:///nowhere.wasm"}}): r'policy \"one\": Cannot find policy with uri: /nowhere.wasm',
        json.dumps({"one": {"module": wasm("settings-invalid")}}): r'policy \"one\": Policy settings are invalid',
        json.dumps({"one": {"module": wasm("accept"), "hostCapabilities": ["a**"]}}): "one.hostCapabilities[0]: invalid pattern",
    }

    def test_what_is_bad_is_refused_with_its_reason_and_the_old_set_serves_on(self):
        with Server(BEFORE, log="info") as server:
            clients = Clients(server, 3)
            for number, (text, reason) in enumerate(self.BAD.items(), 1):
                put(server, text)
                self.says(server, "reload refused; the policies before go on serving", number)
                line = [line for line in server.log().splitlines() if "reload refused" in line][-1]
                self.assertIn("ERROR", line)
                self.assertIn(reason, line, server.log())
            path = os.path.join(server.folder, "policies.yml")
            os.remove(path)
            os.mkfifo(path)  # nobody is to wait for it
            self.says(server, "is no regular file")
            clients.end()
            self.assertEqual((clients.failures, clients.seen), ([], [[True]] * 3))
            os.remove(path)
            put(server, AFTER)
            self.becomes(server, False)
            self.assertTrue(wait_for(lambda: len(server.workers()) == 1), server.log())

    def test_what_isolation_does_not_know_is_refused(self):
        with Server(BEFORE, "--isolate", "two", log="info") as server:
            put(server, {"one": AFTER["one"]})
            self.says(server, "'two' is no policy or policy group")
            self.assertTrue(self.allowed(server))

    def test_a_server_that_goes_on_in_spite_of_errors_does_so_here(self):
        with Server(BEFORE, "--continue-on-errors", log="info") as server:
            put(server, {**AFTER, "bad": {"module": "file:///nowhere.wasm"}, "picky": {"module": wasm("settings-invalid")}})
            self.becomes(server, False)
            for name, reason in (("bad", "bootstrap failure: bad: "), ("picky", "Policy settings are invalid")):
                status = server.verdict("/validate/" + name)["status"]
                self.assertEqual(status["code"], 500)
                self.assertIn(reason, status["message"])
            put(server, "no: [")
            self.says(server, "reload refused")
            self.assertFalse(self.allowed(server))


class Meanwhile(Case):
    """What happens while a reload is under way: the `chimera` program waits as long as a file is there."""

    def setUp(self):
        self.place = self.folder()
        self.command = self.place + "/command"
        write(self.command, f"#!/bin/sh\necho x >>{self.place}/runs\nwhile [ -e {self.place}/hold ]; do sleep 0.05; done\nexec '{REAL}' \"$@\"\n")
        os.chmod(self.command, os.stat(self.command).st_mode | stat.S_IXUSR)

    def serve(self, *flags, **more):
        return Server(BEFORE, *flags, environment={"CHIMERA_COMMAND": self.command}, log="info", **more)

    def hold(self):
        write(self.place + "/hold", "")

    def go(self):
        os.remove(self.place + "/hold")

    def runs(self):
        with open(self.place + "/runs") as text:
            return len(text.read().split())

    def begin(self, server, policies, count=1):
        runs = self.runs()
        put(server, policies)
        self.says(server, "reloading the policies", count)
        self.assertTrue(wait_for(lambda: self.runs() > runs))

    def test_the_last_of_several_wins(self):
        with self.serve() as server:
            self.hold()
            self.begin(server, AFTER)
            self.begin(server, {"one": {"module": "file:///nowhere.wasm"}}, 2)
            self.begin(server, {"one": {"module": wasm("accept")}, "last": {"module": wasm("accept")}}, 3)
            put(server, "no: [")  # changes nothing
            self.says(server, "reload refused")
            self.assertEqual(len(server.workers()), 2)  # the worker and one build
            self.go()
            self.assertTrue(wait_for(lambda: server.post("/validate/last")[0] == 200), server.log())
            self.assertEqual(server.post("/validate/two")[0], 404)
            self.assertEqual(server.log().count("policies reloaded"), 1)
            self.assertEqual(server.log().count("ERROR"), 1)
            for policies in (AFTER, BEFORE, AFTER, BEFORE, AFTER) * 4:  # as fast as it can
                put(server, policies)
                hang_up(server)
                time.sleep(0.03)
            self.becomes(server, False)
            self.assertTrue(wait_for(lambda: len(server.workers()) == 1), server.log())
            self.assertEqual(server.log().count("ERROR"), 1)

    def test_a_crash_meanwhile_is_survived(self):
        with self.serve() as server:
            worker, = server.workers()
            self.hold()
            self.begin(server, AFTER)
            os.kill(worker, signal.SIGKILL)
            self.says(server, "starting another")
            self.assertTrue(self.allowed(server))
            self.go()
            self.becomes(server, False)
            self.assertTrue(wait_for(lambda: len(server.workers()) == 1), server.log())
            os.kill(server.workers()[0], signal.SIGKILL)  # the next one serves the new set as well
            self.says(server, "starting another", 2)
            self.assertFalse(self.allowed(server))

    def test_a_stop_ends_the_build(self):
        with self.serve() as server:
            self.hold()
            self.begin(server, AFTER)
            self.assertEqual(server.stop(), 0)  # the build would go on for ever
            self.assertEqual(server.errors(), "")

    def test_what_changes_during_the_start_is_taken_after_it(self):
        for change in ("file", "signal"):
            self.hold()
            flags = () if change == "file" else ("--no-policy-watch",)
            with self.serve(*flags, is_awaited=False) as server:
                self.assertTrue(wait_for(lambda: os.path.exists(self.place + "/runs")))
                put(server, AFTER)
                if change == "signal":
                    hang_up(server)
                time.sleep(0.5)
                self.assertNotIn("reloading", server.log())
                self.go()
                self.assertTrue(server.wait_ready())
                self.becomes(server, False)
            os.remove(self.place + "/runs")


class Tiers(Case):
    """The real compilers, a cold cache."""

    def quick(self, server):
        """How many of the plugins that the newest worker has mapped are of the quick tier."""
        *_, newest = server.ask_workers(test_swap.mapped).values()
        return sum(path.endswith("-quick.so") for path in newest)

    def test_a_reload_keeps_the_full_tier_and_builds_it_for_what_is_new(self):
        if not test_swap.has_quick_tier():
            self.skipTest("no tcc")
        environment = {"CHIMERA_CACHE_DIR": self.folder(), "CHIMERA_WAIT_FOR_FULL_TIER": "false"}
        with Server({"one": {"module": wasm("accept")}}, environment=environment, log="info") as server:
            self.assertTrue(wait_for(lambda: "swapped to the full tier" in server.log(), 600), server.log())
            put(server, {"one": {"module": wasm("accept")}, "two": {"module": wasm("mutate"), "allowedToMutate": True}})
            self.says(server, "policies reloaded")
            self.says(server, "serving from the quick tier", 2)
            self.assertIn("patch", server.verdict("/validate/two"))
            self.assertTrue(wait_for(lambda: server.log().count("swapped to the full tier") == 2, 600), server.log())
            self.assertTrue(wait_for(lambda: len(server.workers()) == 1))
            self.assertEqual(self.quick(server), 0)
            built = server.log().count("building the full tier")
            put(server, {"two": {"module": wasm("mutate"), "allowedToMutate": True, "settings": {"x": 1}}})
            self.says(server, "policies reloaded", 2)
            self.assertTrue(wait_for(lambda: len(server.workers()) == 1))
            self.assertEqual(self.quick(server), 0)
            self.assertEqual(server.log().count("building the full tier"), built)
            self.assertNotIn("ERROR", server.log())


class Isolated(Case):
    @unittest.skipIf(harness.is_sanitized(), "the sanitizers' malloc does not overwrite what is freed")
    def test_jails_are_replaced_too_and_know_nothing_of_other_settings(self):
        def policies(one, secret):
            return {"one": {"module": wasm(one)}, "two": {"module": wasm("accept"), "settings": {"token": secret}}}
        old, new = "old-secret-" + "7" * 40, "new-secret-" + "8" * 40
        with Server(policies("accept", old), "--isolate", "each", log="info") as server:
            before = set(server.workers())
            idle = server.raw()
            idle.sendall(request("/validate/one"))
            Reader(idle).answer()
            put(server, policies("reject", new))
            self.becomes(server, False)
            after = set(server.workers()) - before
            self.assertEqual(len(after), 3)
            idle.sendall(request("/validate/one"))  # the worker before still has its tenants
            self.assertIn('"allowed":true', Reader(idle).answer()[2])
            idle.close()
            self.assertTrue(wait_for(lambda: set(server.workers()) == after))
            jails = [harness.memory(pid) for pid in after if not harness.listens(pid)]
            self.assertEqual([old.encode() in memory for memory in jails], [False, False])
            self.assertEqual(sorted(new.encode() in memory for memory in jails), [False, True])
            self.assertNotIn("ERROR", server.log())


if __name__ == "__main__":
    unittest.main()
