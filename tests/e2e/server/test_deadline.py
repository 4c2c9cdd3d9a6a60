# SPDX-License-Identifier: Apache-2.0
"""How long an evaluation may take: the smaller of the policy's limit and what is left of the review's own timeout, counted
from the request's arrival (runtime-performance.md §5.2, pitfall 9). Whatever the guest does."""
import json, os, time, unittest

from harness import HERE, Reader, Server, in_time, request, wasm

SLEEPERS = os.path.join(HERE, "policies")
TEXT = "Policy execution interrupted because it exceeded the allowed execution time"
GUESTS = {"loop": wasm("loop"), "sleep": f"file://{SLEEPERS}/sleep.wasm", "wasi-sleep": f"file://{SLEEPERS}/wasi-sleep.wasm"}
# Each with a limit that a review's timeout comes before, and with one that it does not.
POLICIES = {f"{name}-{limit}": {"module": module, "timeoutEvalSeconds": limit}
            for name, module in GUESTS.items() for limit in (1, 20)}
POLICIES["group"] = {"expression": "a() || b()", "message": "no", "policies": {
    name: {"module": GUESTS["sleep"], "timeoutEvalSeconds": 20} for name in "ab"}}


class Deadline(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(POLICIES)
        cls.addClassCleanup(cls.server.__exit__)

    def timed(self, path, seconds):
        """How long it took, which is less than `seconds` unless the machine is busy, and the response."""
        took, (status, _, text) = in_time(lambda: self.server.post(path), seconds)
        self.assertEqual(status, 200)
        return took, json.loads(text)["response"]

    def test_the_review_s_timeout_comes_first(self):
        for name in GUESTS:
            seconds, response = self.timed(f"/validate/{name}-20?timeout=1s", 1.0)  # while the client still waits
            self.assertEqual(response["status"], {"message": TEXT, "code": 500})
            self.assertGreater(seconds, 0.8)

    def test_the_policy_s_limit_comes_first(self):
        for name in GUESTS:
            for query in ("?timeout=10s", ""):
                seconds, response = self.timed(f"/validate/{name}-1{query}", 1.6)
                self.assertEqual(response["status"], {"message": TEXT, "code": 500})
                self.assertGreater(seconds, 0.99)

    def test_time_counts_from_the_arrival(self):
        for name in GUESTS:
            whole = request(f"/validate/{name}-20?timeout=2s")

            def ask():
                with self.server.raw() as sock:
                    sock.sendall(whole[:60])
                    time.sleep(1.2)
                    sock.sendall(whole[60:])
                    return Reader(sock).answer()
            seconds, (status, _, text) = in_time(ask, 2.0)
            self.assertEqual((status, json.loads(text)["response"]["status"]["message"]), (200, TEXT))
            self.assertGreater(seconds, 1.8)

    def test_what_came_too_late_is_ended_at_once(self):
        whole = request("/validate/loop-20?timeout=1s")

        def ask():
            with self.server.raw() as sock:
                sock.sendall(whole[:60])
                time.sleep(1.2)
                sock.sendall(whole[60:])
                return Reader(sock).answer()
        self.assertIn(TEXT, in_time(ask, 1.8)[1][2])

    def test_the_members_of_a_group_share_it(self):
        seconds, response = self.timed("/validate/group?timeout=2s", 2.0)
        self.assertFalse(response["allowed"])
        self.assertGreater(seconds, 1.8)

    def test_a_worker_lives_on_after_each(self):
        worker = self.server.workers()
        self.server.post("/validate/sleep-20?timeout=1")
        self.assertEqual(self.server.workers(), worker)


if __name__ == "__main__":
    unittest.main()
