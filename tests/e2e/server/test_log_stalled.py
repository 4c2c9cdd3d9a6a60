# SPDX-License-Identifier: Apache-2.0
"""A log that nobody reads: requests are answered all the same, and the log tells what it has lost
(docs/user/observability.md)."""
import fcntl, json, os, pty, re, signal, tempfile, termios, threading, unittest

import harness
from harness import Server, review, wait_for, wasm, write
from test_admin import Admin

POLICIES = {"accept": {"module": wasm("accept")}}
LARGE = review(object={"padding": "x" * 2400})  # at the level "debug" a request logs it whole, in less than a page
ENOUGH = 150  # of these requests, to fill every pipe and the server's memory for the log
ADMIN_LINES = "chimera_log_lines_dropped_total"


def ask(server, times=1, body=None):
    connection = server.connect()
    for _ in range(times):
        status, _, text = server.post("/validate/accept", body, connection=connection)
        assert status == 200 and json.loads(text)["response"]["allowed"], (status, text)
    connection.close()


class Reader:
    """Reads a pipe to its end on a thread."""

    def __init__(self, fd):
        self.fd, self.bytes = fd, b""
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while True:
            got = os.read(self.fd, 65536)
            if not got:
                return
            self.bytes += got

    def lines(self):
        """The whole ones so far."""
        return self.bytes.decode().split("\n")[:-1]


class Stalled(unittest.TestCase):
    def check_alive(self, server):
        """However often it is asked."""
        ask(server, ENOUGH, LARGE)
        self.assertEqual(server.probe("/readiness")[0], 200)

    def check_end(self, server):
        server.process.send_signal(signal.SIGTERM)
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.process.wait(20), 0)  # a worker that has to be killed takes 28 s

    def test_a_pipe_that_nobody_reads(self):
        out, end = os.pipe()
        with Admin(POLICIES, "--log-fmt", "json", log="debug", output=end) as server:
            os.close(end)
            while server.value(ADMIN_LINES) == 0:
                self.check_alive(server)
            # Nobody else waits for the log: workers are replaced, and policies reloaded.
            before = set(server.workers())
            worker, = before - {server.admin_process()}
            os.kill(worker, signal.SIGKILL)
            self.assertTrue(wait_for(lambda: set(server.workers()) - before and server.is_ready()))
            ask(server)
            write(os.path.join(server.folder, "policies.yml"), {**POLICIES, "more": {"module": wasm("accept")}})
            server.process.send_signal(signal.SIGHUP)
            self.assertTrue(wait_for(lambda: server.post("/validate/more")[0] == 200))
            self.check_alive(server)
            self.assertTrue(wait_for(lambda: server.value("chimera_workers") == 1))

            reader = Reader(out)
            self.assertTrue(wait_for(lambda: self.is_told(server, reader)))
            self.check_end(server)
            reader.thread.join()
            self.check_story(server, reader.lines())

    def is_told(self, server, reader):
        """There is room in the log again."""
        ask(server, 1, review(uid="the-last-one"))
        return any("the-last-one" in line for line in reader.lines())

    def check_story(self, server, lines):
        told = [json.loads(line)["fields"] for line in lines]  # each of them is whole
        begins = [fields for fields in told if fields.get("message", "").startswith("log lines are dropped from here on")]
        ends = [fields for fields in told if fields.get("message", "").startswith("log lines were dropped")]
        self.assertTrue(begins and ends)
        self.assertLess(len(begins) + len(ends), 12)  # once for each process and time, not for each line
        self.assertTrue(all(fields["lines"] > 0 for fields in ends))
        self.assertTrue(any(fields.get("message") == "policies reloaded" for fields in told))

    def test_what_is_lost_is_counted_to_the_line(self):
        out, end = os.pipe()
        with Admin(POLICIES, "--log-fmt", "json", log="info", output=end) as server:
            os.close(end)
            asked = 0
            while server.value(ADMIN_LINES) == 0:
                ask(server, 100)
                asked += 100
            lost = server.value(ADMIN_LINES)
            reader = Reader(out)
            self.assertTrue(wait_for(lambda: any("log lines were dropped" in line for line in reader.lines())))
            self.check_end(server)
            reader.thread.join()
            told = [json.loads(line)["fields"] for line in reader.lines()]
            seen = sum(fields.get("message") == "finished processing request" for fields in told)
            end, = [fields for fields in told if fields.get("message", "").startswith("log lines were dropped")]
            self.assertEqual((end["lines"], seen), (lost, asked - lost))

    def test_a_terminal_that_is_stopped(self):
        master, terminal = pty.openpty()
        with Server(POLICIES, log="debug", output=terminal) as server:
            termios.tcflow(terminal, termios.TCOOFF)  # as Ctrl-S does
            for _ in range(3):
                self.check_alive(server)
            self.check_end(server)
        os.close(terminal)
        os.close(master)

    def test_a_disk_that_is_full(self):
        full = os.open("/dev/full", os.O_WRONLY)
        with Admin(POLICIES, log="debug", output=full) as server:
            while server.value(ADMIN_LINES) == 0:
                self.check_alive(server)
            self.check_end(server)
        os.close(full)

    def test_a_reader_that_is_gone(self):
        out, end = os.pipe()
        with Admin(POLICIES, log="debug", output=end) as server:
            os.close(end)
            os.close(out)
            while server.value(ADMIN_LINES) == 0:
                self.check_alive(server)
            self.check_end(server)

    def test_a_pipe_that_another_program_has_set_not_to_block(self):
        out, end = os.pipe()
        fcntl.fcntl(end, fcntl.F_SETFL, os.O_NONBLOCK)
        with Server(POLICIES, log="info", output=end) as server:
            reader = Reader(out)
            ask(server, 1000)
            self.check_end(server)
            os.close(end)
            reader.thread.join()
            self.assertEqual(sum("finished processing request" in line for line in reader.lines()), 1000)

    def test_a_daemon_s_file_may_be_a_pipe(self):
        with tempfile.TemporaryDirectory() as folder:
            path, pid_file = os.path.join(folder, "out"), os.path.join(folder, "pid")
            os.mkfifo(path)
            out = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            server = Server(POLICIES, "--daemon", "--daemon-stdout-file", path, "--daemon-stderr-file", path,
                            "--daemon-pid-file", pid_file, log="debug", is_awaited=False)
            self.assertEqual(server.process.wait(300), 0)
            with open(pid_file) as text:
                pid = int(text.read())
            try:
                for _ in range(3):
                    self.check_alive(server)
            finally:
                os.kill(pid, signal.SIGTERM)
                self.assertTrue(wait_for(lambda: not os.path.exists(pid_file), 20))
            server.__exit__()
            os.close(out)


class Complete(unittest.TestCase):
    def test_a_crash_loses_no_line(self):
        with Server(POLICIES, log="info") as server:
            for round in range(1, 4):
                before = server.workers()
                ask(server, 100)
                os.kill(before[0], signal.SIGKILL)  # it has written only some of them
                self.assertTrue(wait_for(lambda: server.workers() not in ([], before) and server.is_ready()))
                # One that is killed between the writing and the taking note of it writes some twice.
                finished = lambda: len({line for line in server.log().splitlines() if "finished processing" in line})
                wait_for(lambda: finished() >= 100 * round, 20)
                self.assertEqual(finished(), 100 * round)
            self.assertRegex(server.log(), "(?s)finished processing.*the worker is gone; starting another.*serving")

    def test_isolated_processes_lose_none_either(self):
        policies = {"trap": {"module": wasm("trap")}}
        with Server(policies, "--isolate", "each", log="error") as server:
            for _ in range(50):
                server.verdict("/validate/trap")
            worker, = [pid for pid in server.workers() if harness.listens(pid)]
            os.kill(worker, signal.SIGKILL)  # its isolated processes are killed with it
            self.assertTrue(wait_for(lambda: "the worker is gone" in server.log()))
            traps = lambda: len({line for line in server.log().splitlines() if "chimera::trap" in line})
            wait_for(lambda: traps() >= 50, 20)
            self.assertEqual(traps(), 50)


class Policies(unittest.TestCase):
    """What a policy may write."""

    def test_a_policy_that_writes_too_much_is_cut_short(self):
        policies = {"loud": {"module": wasm("log")}, "quiet": {"module": wasm("log")},
                    "group": {"policies": {"member": {"module": wasm("log")}}, "expression": "member()", "message": "no"}}
        with Admin(policies, "--policy-log-rate", "1", "--log-fmt", "json", log="info") as server:
            times = 0
            while server.value("chimera_policy_log_lines_dropped_total", policy_name="loud") < 20:
                server.verdict("/validate/loud")
                times += 1
            server.verdict("/validate/quiet")
            while server.value("chimera_policy_log_lines_dropped_total", policy_name="group/member") == 0:
                server.verdict("/validate/group")
            lost = server.value("chimera_policy_log_lines_dropped_total", policy_name="loud")
            self.assertEqual(server.value("chimera_policy_log_lines_dropped_total", policy_name="quiet"), 0)
            # The end of it is told, even if the policy is not asked again.
            self.assertTrue(wait_for(lambda: self.lost(server, "loud") == lost))
            hello = [line for line in self.lines(server) if line["fields"].get("policy_id") == "loud" and line["target"] == "policy_log"]
            self.assertEqual(len(hello) + lost, times * self.lines_of_one(server))
            self.assertTrue(any(line["fields"].get("policy_id") == "loud" and "writes too many" in line["fields"]["message"]
                                for line in self.lines(server)))
            self.assertEqual(server.value(ADMIN_LINES), 0)

    def lines(self, server):
        return [json.loads(line) for line in server.log().splitlines()]

    def lost(self, server, policy):
        return sum(line["fields"]["lines"] for line in self.lines(server)
                   if line["fields"].get("message") == "log lines of a policy were dropped" and line["fields"]["policy_id"] == policy)

    def lines_of_one(self, server):
        """How many the policy writes for a request."""
        return len([line for line in self.lines(server) if line["fields"].get("policy_id") == "quiet" and line["target"] == "policy_log"])

    def test_ordinary_policies_are_far_from_it(self):
        with Admin({"log": {"module": wasm("log")}}, log="info") as server:
            for _ in range(500):
                server.verdict("/validate/log")
            self.assertEqual(server.value("chimera_policy_log_lines_dropped_total", policy_name="log"), 0)
            server.stop()
            self.assertEqual(len(re.findall("policy_log: policy_log: hello", server.log())), 500)

    def test_no_limit_is_a_choice(self):
        with Server({"log": {"module": wasm("log")}}, "--policy-log-rate", "0", log="info") as server:
            for _ in range(300):
                server.verdict("/validate/log")
            server.stop()
            self.assertEqual(len(re.findall("policy_log: policy_log: hello", server.log())), 300)

    def test_a_rate_that_is_none_is_refused(self):
        for rate in ("-1", "fast", "1000001"):
            server = Server({}, f"--policy-log-rate={rate}", is_awaited=False)
            self.assertEqual(server.process.wait(20), 1)
            self.assertIn(f"--policy-log-rate: '{rate}' is not a number of lines from 0 to 1000000", server.errors())
            server.__exit__()


if __name__ == "__main__":
    unittest.main()
