# SPDX-License-Identifier: Apache-2.0
"""The decision log: a line for each rejection, whatever becomes of where it is written (docs/user/decision-log.md)."""
import json, os, signal, stat, subprocess, tempfile, threading, unittest, urllib.parse

import harness
from harness import Server, review, wait_for, wasm
from test_admin import Admin

LINES = "chimera_decision_log_lines_total"
DROPPED = "chimera_decision_log_dropped_total"
ERRORS = "chimera_decision_log_errors_total"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def ask(**more):
    return review(userInfo={"username": "ann"}, name="web-1", **more)


def lines_of(path):
    """Those that are whole."""
    if not os.path.exists(path):
        return []
    with open(path) as log:
        return [json.loads(line) for line in log.read().split("\n")[:-1]]


class Folder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder, self.log = folder.name, os.path.join(folder.name, "decisions.log")

    def start(self, policies, *flags, log=None, **more):
        server = Admin(policies, "--decision-log", log or self.log, *flags, **more)
        self.addCleanup(server.__exit__)
        return server

    def wait_for_lines(self, count, path=None):
        self.assertTrue(wait_for(lambda: len(lines_of(path or self.log)) >= count), lines_of(path or self.log))
        return lines_of(path or self.log)

    def writer(self, server):
        pid, = [pid for pid, name in server.ask_workers(lambda pid: harness.proc(pid, "comm").strip()).items() if name == "chimera-log"]
        return pid


class Lines(Folder):
    def test_each_rejection_has_one_with_all_that_is_known(self):
        policies = {name: {"module": wasm(name)} for name in ("accept", "reject-message-code", "mutate", "trap")}
        policies["watched"] = {"module": wasm("reject-message-code"), "policyMode": "monitor"}
        policies["own-words"] = {"expression": "no()", "message": "both must hold", "policies": {"no": {"module": wasm("reject-message-code")}}}
        policies["broken"] = {"module": wasm("settings-invalid"), "settings": {}}
        server = self.start(policies, "--continue-on-errors")
        for name in policies:
            server.verdict("/validate/" + name, ask(uid="u-" + name))
        server.verdict("/audit/watched", ask(uid="u-audit"))
        server.verdict("/validate_raw/trap", json.dumps({"request": {"uid": "u-raw"}}).encode())
        headers = {**harness.JSON, "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
        server.post("/validate/trap", ask(uid="u-traced"), headers)
        told = {line["uid"]: line for line in self.wait_for_lines(9)}
        self.assertEqual(len(told), 9)
        first = told["u-reject-message-code"]
        self.assertRegex(first.pop("time"), r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual(first, {
            "policy_id": "reject-message-code", "mode": "protect", "origin": "validate", "enforced": True, "uid": "u-reject-message-code",
            "operation": "CREATE", "kind": {"group": "", "version": "v1", "kind": "Pod", "subresource": None}, "namespace": "default",
            "name": "web-1", "user": "ann", "code": 418, "message": "not today", "causes": []})
        self.assertEqual(told["u-own-words"]["causes"], [{"field": "spec.policies.no", "message": "not today", "reason": None}])
        self.assertEqual(told["u-own-words"]["message"], "both must hold")
        # As the operator's rule has it: the policy itself accepts.
        self.assertIn("is currently configured to not allow mutations", told["u-mutate"]["message"])
        self.assertEqual([told[uid]["enforced"] for uid in ("u-watched", "u-audit", "u-mutate", "u-broken", "u-raw")],
                         [False, False, True, True, True])
        self.assertEqual([told[uid][key] for uid, key in (("u-watched", "mode"), ("u-audit", "origin"), ("u-raw", "origin"), ("u-trap", "code"),
                                                          ("u-broken", "code"), ("u-raw", "user"), ("u-traced", "trace_id"))],
                         ["monitor", "audit", "raw", 500, 500, None, TRACE])
        self.assertNotIn("trace_id", told["u-trap"])
        self.assertEqual(stat.S_IMODE(os.stat(self.log).st_mode), 0o600)
        self.assertTrue(wait_for(lambda: server.value(LINES) == 9))
        self.assertEqual((server.value(DROPPED, reason="queue"), server.value(ERRORS)), (0, 0))

    def test_what_shall_be_left_out_is_in_no_line(self):
        server = self.start({"no": {"module": wasm("reject-message-code")}}, "--decision-log-omit", "user,name,message")
        server.verdict("/validate/no", ask())
        line, = self.wait_for_lines(1)
        self.assertEqual(line["omitted"], ["name", "user", "message"])
        self.assertFalse({"name", "user", "message"} & set(line))
        with open(self.log) as text:
            self.assertNotIn("ann", text.read())

    def test_processes_of_policies_and_workers_that_follow_write_to_the_same(self):
        server = self.start({"no": {"module": wasm("reject-message-code")}}, "--isolate", "each")
        server.verdict("/validate/no", ask())
        self.wait_for_lines(1)
        with open(os.path.join(server.folder, "policies.yml"), "w") as out:
            json.dump({"other": {"module": wasm("reject-message-code")}}, out)
        server.process.send_signal(signal.SIGHUP)
        self.assertTrue(wait_for(lambda: server.value("chimera_reloads_total", result="accepted") == 1))
        server.verdict("/validate/other", ask())
        self.assertEqual([line["policy_id"] for line in self.wait_for_lines(2)], ["no", "other"])

    def test_standard_output_has_them_as_whole_lines(self):
        # Of a file that it is more than one is begun, where it is not standard output.
        for name, count in (("-", 50), ("/dev/stdout", 200)):
            with self.subTest(name), Server({"no": {"module": wasm("reject-message-code")}}, "--decision-log", name, "--decision-log-size", "64Ki", log="info") as server:
                for _ in range(count):
                    server.verdict("/validate/no", ask())
                self.assertTrue(wait_for(lambda: sum(line.startswith('{"time"') for line in server.log().splitlines()) == count))
                self.assertEqual(json.loads(next(line for line in server.log().splitlines() if line.startswith("{")))["policy_id"], "no")


class Files(Folder):
    NO = {"no": {"module": wasm("reject-message-code")}}

    def test_a_file_that_was_taken_away_is_followed_by_another(self):
        server = self.start(self.NO, "--no-policy-watch")
        server.verdict("/validate/no", ask(uid="u-1"))
        self.wait_for_lines(1)
        os.rename(self.log, self.log + ".old")
        server.process.send_signal(signal.SIGHUP)
        self.assertTrue(wait_for(lambda: os.path.exists(self.log)))
        server.verdict("/validate/no", ask(uid="u-2"))
        self.assertEqual([line["uid"] for line in self.wait_for_lines(1)], ["u-2"])
        # Also when nobody says so, a second later.
        os.remove(self.log)
        self.assertTrue(wait_for(lambda: server.verdict("/validate/no", ask()) and os.path.exists(self.log)))
        # What copies and cuts in place is no harm, either.
        self.wait_for_lines(1)
        os.truncate(self.log, 0)
        server.verdict("/validate/no", ask(uid="u-3"))
        self.assertTrue(wait_for(lambda: "u-3" in [line["uid"] for line in lines_of(self.log)]))
        self.assertEqual([line["uid"] for line in lines_of(self.log + ".old")], ["u-1"])

    def test_two_files_at_most_of_the_size_that_is_allowed(self):
        server = self.start(self.NO, "--decision-log-size", "64Ki")
        connection = server.connect()
        body = review(name="n" * 200, userInfo={"username": "u" * 200})
        for _ in range(400):
            server.post("/validate/no", body, connection=connection)
        self.assertTrue(wait_for(lambda: server.value(LINES) == 400))
        self.assertEqual(sorted(os.listdir(self.folder)), ["decisions.log", "decisions.log.1"])
        sizes = [os.path.getsize(os.path.join(self.folder, name)) for name in os.listdir(self.folder)]
        self.assertTrue(all(size <= 64 << 10 for size in sizes), sizes)
        self.assertGreater(len(lines_of(self.log)) + len(lines_of(self.log + ".1")), 64)

    def test_a_full_disk_is_told_of_and_stops_nobody(self):
        server = self.start(self.NO, log="/dev/full")
        for _ in range(20):
            self.assertFalse(server.verdict("/validate/no", ask())["allowed"])
        self.assertTrue(wait_for(lambda: server.value(ERRORS) >= 2))
        self.assertEqual(server.value(LINES), 0)
        told = [line for line in server.log().splitlines() if "the decision log cannot be written" in line]
        self.assertEqual(len(told), 1, server.log())
        self.assertIn("cannot write to /dev/full: No space left on device", told[0])

    def test_a_folder_that_is_gone_for_a_while_loses_nothing(self):
        place = os.path.join(self.folder, "logs")
        os.mkdir(place)
        log = os.path.join(place, "d.log")
        server = self.start(self.NO, "--log-level", "warn", log=log)
        os.rename(place, place + ".away")
        self.assertTrue(wait_for(lambda: server.verdict("/validate/no", ask()) and server.value(ERRORS) > 0))
        os.rename(place + ".away", place)
        self.assertTrue(wait_for(lambda: "the decision log is written again" in server.log()), server.log())
        said = server.value("chimera_policy_evaluations_total", policy_name="no", verdict="rejected")
        self.assertTrue(wait_for(lambda: len(lines_of(log)) == said))

    def test_a_fifo_waits_for_its_reader(self):
        os.mkfifo(self.log)
        server = self.start(self.NO)
        server.verdict("/validate/no", ask(uid="u-early"))
        self.assertTrue(wait_for(lambda: server.value(LINES) == 1))
        with open(self.log) as reader:
            self.assertEqual(json.loads(reader.readline())["uid"], "u-early")
            server.verdict("/validate/no", ask(uid="u-late"))
            self.assertEqual(json.loads(reader.readline())["uid"], "u-late")

    def test_what_finds_no_room_is_counted_and_told_of(self):
        os.mkfifo(self.log)
        server = self.start(self.NO, "--decision-log-rate", "0", "--log-level", "warn")
        connection = server.connect()
        body, count = review(name="n" * 250, namespace="s" * 250, userInfo={"username": "u" * 250}), 0
        while server.value(DROPPED, reason="queue") < 10:
            for _ in range(200):
                server.post("/validate/no", body, connection=connection)
            count += 200
            self.assertLess(count, 10000)
        lost = server.value(DROPPED, reason="queue")
        with open(self.log) as reader:
            told, notices = 0, 0
            while told + notices < count:
                line = json.loads(reader.readline())
                told += "uid" in line
                notices += line.get("dropped", {}).get("queue", 0)
        self.assertEqual((told, notices), (count - lost, lost))
        self.assertTrue(wait_for(lambda: "rejections are not in the decision log" in server.log()))

    def test_too_many_in_a_second_are_counted_and_told_of(self):
        server = self.start(self.NO, "--decision-log-rate", "5")
        connection = server.connect()
        for _ in range(200):
            server.post("/validate/no", ask(), connection=connection)
        self.assertTrue(wait_for(lambda: any("dropped" in line for line in lines_of(self.log))))
        self.assertTrue(wait_for(lambda: sum("uid" in line for line in lines_of(self.log)) + server.value(DROPPED, reason="rate") == 200))
        self.assertGreaterEqual(sum("uid" in line for line in lines_of(self.log)), 10)
        self.assertGreater(server.value(DROPPED, reason="rate"), 0)

    def test_its_process_may_die_and_loses_nothing_that_waits(self):
        server = self.start(self.NO)
        pid = self.writer(server)
        os.kill(pid, signal.SIGKILL)
        for i in range(3):
            server.verdict("/validate/no", ask(uid=f"u-{i}"))
        self.assertEqual([line["uid"] for line in self.wait_for_lines(3)], ["u-0", "u-1", "u-2"])
        self.assertTrue(wait_for(lambda: self.writer(server) != pid))
        server.verdict("/validate/no", ask(uid="u-last"))
        server.stop()  # writes what is left
        self.assertEqual(lines_of(self.log)[-1]["uid"], "u-last")

    @unittest.skipIf(harness.is_sanitized(), "sanitizers have no lock-down")
    def test_its_process_has_no_more_rights_than_it_needs(self):
        server = self.start(self.NO)
        fields = harness.status(self.writer(server))
        self.assertEqual((fields["NoNewPrivs"].strip(), int(fields["CapEff"], 16) & ~0x6), ("1", 0))


class Starts(Folder):
    def refusal(self, *flags, environment=None):
        server = Server({}, *flags, is_awaited=False, environment=environment)
        try:
            self.assertEqual(server.process.wait(60), 1)
            return server.errors()
        finally:
            server.__exit__()

    def test_what_cannot_be_done_ends_the_start(self):
        for flags, text in (
                (("--decision-log", self.folder), f"--decision-log: cannot open {self.folder}: Is a directory"),
                (("--decision-log", self.folder + "/no/log"), f"--decision-log: cannot open {self.folder}/no/log: No such file or directory"),
                (("--decision-log", ""), "--decision-log: a path, or - for standard output, is missing"),
                (("--decision-log-omit", "user,groups"), "--decision-log-omit: 'groups' is no field that can be left out; those are uid, "
                 "operation, kind, namespace, name, user, message, causes and trace_id, separated by commas"),
                (("--decision-log-size", "1"), "--decision-log-size: '1' is not a size from 64Ki on, such as 64Mi, or 0 for no limit"),
                (("--decision-log-rate", "1k"), "--decision-log-rate: '1k' is not a number of lines from 0 to 1000000")):
            self.assertIn(text, self.refusal(*flags))
        self.assertIn("cannot open", self.refusal(environment={"CHIMERA_DECISION_LOG": self.folder}))


if __name__ == "__main__":
    unittest.main()
