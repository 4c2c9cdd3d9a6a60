# SPDX-License-Identifier: Apache-2.0
"""Supervisor and worker: start, crash, drain, stop (docs/internals/supervisor.md; webhook-contract.md §4.6)."""
import os, select, signal, stat, tempfile, threading, time, unittest

import harness
from harness import Reader, Server, request, wait_for, wasm

POLICIES = {"accept": {"module": wasm("accept")}, "loop": {"module": wasm("loop"), "timeoutEvalSeconds": 1},
            "long": {"module": wasm("loop"), "timeoutEvalSeconds": 5}}


def is_alive(pid):
    try:
        return harness.proc(pid, "stat").rsplit(")", 1)[1].split()[0] != "Z"
    except harness.Ended:
        return False


def script(folder, text):
    path = os.path.join(folder, "command")
    with open(path, "w") as out:
        out.write("#!/bin/sh\n" + text)
    os.chmod(path, os.stat(path).st_mode | stat.S_IXUSR)
    return path


class Process(unittest.TestCase):
    def test_what_is_under_way_is_answered_before_the_end(self):
        with Server(POLICIES) as server:
            idle, busy, fresh = server.raw(), server.raw(), server.raw()
            Reader(idle).sock.sendall(request())
            self.assertEqual(Reader(idle).answer()[0], 200)
            worker, = server.workers()
            before = harness.cpu_ticks(worker)
            busy.sendall(request("/validate/long"))
            self.assertTrue(wait_for(lambda: harness.cpu_ticks(worker) > before + 5))
            server.process.send_signal(signal.SIGTERM)
            status, head, body = Reader(busy).answer()
            self.assertEqual(status, 200)
            self.assertIn("connection: close", head)
            self.assertIn("exceeded the allowed execution time", body)
            self.assertTrue(Reader(idle).is_at_end())
            self.assertEqual(server.process.wait(60), 0)
            self.assertRaises(ConnectionRefusedError, server.raw)
            self.assertRaises(ConnectionRefusedError, server.probe, "/readiness")
            self.assertEqual(server.errors(), "")
            for sock in (idle, busy, fresh):
                sock.close()

    @unittest.skipIf(harness.is_sanitized(), "which keeps what was freed")
    def test_what_was_kept_for_requests_goes_back_when_none_come(self):
        """A loop keeps the buffers of sixteen requests, 256 KiB each, for the next ones; here nobody has any."""
        def anonymous():
            return int(harness.proc(worker, "smaps_rollup").partition("\nAnonymous:")[2].split()[0])
        large = harness.review(padding="x" * 200000)
        with Server(POLICIES, "--workers", "1") as server:
            worker, = server.workers()
            socks = [server.raw() for _ in range(16)]
            for sock in socks:
                sock.sendall(request(body=large)[:-1])
            self.assertTrue(wait_for(lambda: anonymous() > 16 * 190))
            for sock in socks:
                sock.sendall(request(body=large)[-1:])
            for sock in socks:
                self.assertEqual(Reader(sock).answer()[0], 200)
                sock.close()
            self.assertTrue(wait_for(lambda: anonymous() < 16 * 190))
            self.assertEqual(server.post("/validate/accept")[0], 200)

    def test_a_request_that_is_still_coming_is_waited_for(self):
        with Server(POLICIES) as server:
            whole = request()
            half = server.raw()
            half.sendall(whole[:100])
            time.sleep(0.1)
            server.process.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            half.sendall(whole[100:])
            status, head, _ = Reader(half).answer()
            self.assertEqual(status, 200)
            self.assertIn("connection: close", head)
            self.assertEqual(server.process.wait(60), 0)
            half.close()

    def test_an_interrupt_stops_as_well(self):
        with Server(POLICIES) as server:
            server.process.send_signal(signal.SIGINT)
            self.assertEqual(server.process.wait(60), 0)

    def test_a_crashed_worker_is_replaced(self):
        with Server(POLICIES) as server:
            for number in (signal.SIGKILL, signal.SIGABRT):
                worker, = server.workers()
                os.kill(worker, number)
                self.assertTrue(wait_for(lambda: server.workers() not in ([], [worker])))
                self.assertEqual(server.post("/validate/accept")[0], 200)
            self.assertIn("the worker is gone; starting another", server.log())
            self.assertEqual(server.stop(), 0)

    def test_a_worker_does_not_outlive_the_supervisor(self):
        with Server(POLICIES) as server:
            worker, = server.workers()
            server.process.kill()
            server.process.wait()
            self.assertTrue(wait_for(lambda: not is_alive(worker)))

    def test_ports_refuse_until_all_is_loaded(self):
        with tempfile.TemporaryDirectory() as folder:
            command = script(folder, f"touch {folder}/begun\nwhile [ ! -e {folder}/go ]; do sleep 0.05; done\n"
                                     f"exec '{harness.COMMAND}' \"$@\"\n")
            with Server(POLICIES, environment={"CHIMERA_COMMAND": command}, is_awaited=False) as server:
                self.assertTrue(wait_for(lambda: os.path.exists(folder + "/begun")))
                self.assertRaises(ConnectionRefusedError, server.raw)
                self.assertRaises(ConnectionRefusedError, server.probe, "/readiness")
                open(folder + "/go", "w").close()
                self.assertTrue(server.wait_ready())
                self.assertEqual(server.post("/validate/accept")[0], 200)

    def test_a_build_can_be_stopped(self):
        with tempfile.TemporaryDirectory() as folder:
            command = script(folder, f"echo $$ >{folder}/pid\nsleep 600\n")
            with Server(POLICIES, environment={"CHIMERA_COMMAND": command}, is_awaited=False) as server:
                self.assertTrue(wait_for(lambda: os.path.exists(f"{folder}/pid") and os.path.getsize(f"{folder}/pid")))
                with open(f"{folder}/pid") as text:
                    command_pid = int(text.read())
                child, = server.workers()
                server.process.send_signal(signal.SIGTERM)
                self.assertEqual(server.process.wait(60), 0)
                self.assertTrue(wait_for(lambda: not is_alive(child) and not is_alive(command_pid)))

    def test_a_command_that_cannot_run_is_named(self):
        with Server(POLICIES, environment={"CHIMERA_COMMAND": "/nowhere/chimera"}, is_awaited=False) as server:
            self.assertEqual(server.process.wait(60), 1)
            self.assertIn("is `chimera` installed", server.errors())

    def test_a_slow_policy_holds_one_loop_only(self):
        with Server(POLICIES) as server:
            slow = [server.raw() for _ in range(2)]
            quick = server.raw()
            for _ in range(4):  # whichever loops they are on, one of two pairs shares none
                slow[0].sendall(request("/validate/long?timeout=3s"))
                time.sleep(0.1)
                slow[1].sendall(request())
                self.assertEqual(Reader(slow[1]).answer()[0], 200)
                self.assertFalse(select.select(slow[:1], [], [], 0)[0])  # the loop goes on
                self.assertEqual(Reader(slow[0]).answer()[0], 200)
                self.assertEqual(server.probe("/readiness")[0], 200)
            for sock in slow + [quick]:
                sock.close()

    def test_many_clients_at_once_are_served(self):
        with Server(POLICIES) as server:
            failed = []

            def work():
                try:
                    connection = server.connect()
                    for _ in range(50):
                        if server.post("/validate/accept", connection=connection)[0] != 200:
                            failed.append("status")
                    connection.close()
                except OSError as why:
                    failed.append(repr(why))
            threads = [threading.Thread(target=work) for _ in range(40)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(failed, [])


if __name__ == "__main__":
    unittest.main()
