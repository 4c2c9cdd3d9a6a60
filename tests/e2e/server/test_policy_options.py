# SPDX-License-Identifier: Apache-2.0
"""Options of ours for single policies: the file of --policy-options."""
import os, tempfile, unittest

from harness import Server, wasm

ANSWER = {"module": wasm("accept")}  # 1 MiB of memory of its own


def options(text):
    with tempfile.NamedTemporaryFile("w", suffix=".yml", delete=False) as out:
        out.write(text)
    return out.name


class PolicyOptions(unittest.TestCase):
    def start(self, text, *flags):
        path = options(text)
        self.addCleanup(os.unlink, path)
        return Server({"a": ANSWER, "b": ANSWER}, "--policy-options", path, *flags, is_awaited=False)

    def test_a_limit_is_of_its_policy_alone(self):
        with self.start("a:\n  memoryLimit: 1Mi\n'*':\n  memoryLimit: 64Mi\n", "--continue-on-errors") as server:
            self.assertTrue(server.wait_ready(), server.errors())
            refused = server.verdict("/validate/a")
            self.assertFalse(refused["allowed"])
            self.assertIn("memory limit of 1 MiB", refused["status"]["message"])
            self.assertIn("memoryLimit", refused["status"]["message"])
            self.assertTrue(server.verdict("/validate/b")["allowed"])

    def test_mistakes_stop_the_start_with_their_places(self):
        with self.start("a:\n  memoryLimit: 12\n  memoryLimits: 1Gi\nc: {}\n") as server:
            self.assertFalse(server.wait_ready())
            said = server.errors()
        for piece in (":2:", "memoryLimit", "1Mi to 16Gi", ":3:", "memoryLimits", ":4:", "no policy has this id"):
            self.assertIn(piece, said)

    def test_a_file_that_is_not_there_is_named(self):
        with Server({"a": ANSWER}, "--policy-options", "/nonexistent/options.yml", is_awaited=False) as server:
            self.assertFalse(server.wait_ready())
            self.assertIn("/nonexistent/options.yml", server.errors())


if __name__ == "__main__":
    unittest.main()
