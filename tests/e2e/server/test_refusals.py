# SPDX-License-Identifier: Apache-2.0
"""What the server says when a process of its own ends in an odd way: which one, how, and in one line."""
import os, signal, tempfile, unittest

import harness
from harness import Server, wait_for, wasm

POLICIES = {"accept": {"module": wasm("accept")}}
COMMAND = os.environ.get("CHIMERA_COMMAND", os.path.join(os.path.dirname(harness.SERVER), "chimera"))


class Refusals(unittest.TestCase):
    def refused(self, script):
        """The last line of a start whose `chimera` is this script."""
        folder = tempfile.mkdtemp(prefix="chimera-e2e-")
        path = os.path.join(folder, "command")
        with open(path, "w") as out:
            out.write("#!/bin/sh\n" + script)
        os.chmod(path, 0o755)
        with Server(POLICIES, environment={"CHIMERA_COMMAND": path}, is_awaited=False) as server:
            self.assertEqual(server.process.wait(60), 1)
            text = server.errors()
        os.unlink(path)
        os.rmdir(folder)
        self.assertEqual(text.count("\n"), 1, text)
        return text

    def test_a_build_that_says_nothing_is_told_by_its_end(self):
        self.assertIn("chimera build ended with exit code 7", self.refused("exit 7"))
        self.assertIn("chimera build was ended by signal 9", self.refused("kill -9 $$"))

    def test_a_build_s_last_words_are_handed_on(self):
        text = self.refused("echo 'error: no room for it' >&2\nexit 1")
        self.assertIn("no room for it", text)
        self.assertNotIn("error: no room", text)
        self.assertNotIn("exit code", text)

    def test_a_worker_s_end_is_told(self):
        with Server(POLICIES) as server:
            for number, name in ((signal.SIGKILL, "the worker was ended by signal 9 (Killed)"),
                                 (signal.SIGSYS, "the worker was ended for a system call that its lock-down denies")):
                worker, = server.workers()
                os.kill(worker, number)
                self.assertTrue(wait_for(lambda: name in server.log() + server.errors()), server.log())
                self.assertTrue(wait_for(lambda: server.workers() not in ([], [worker]) and server.is_ready()))
                self.assertEqual(server.post("/validate/accept")[0], 200)


if __name__ == "__main__":
    unittest.main()
