"""How long an evaluation may take: the smaller of the policy's limit and what is left of the review's own timeout, counted
from the request's arrival (design.md, settled question 14; runtime-performance.md §5.2, pitfall 9). Whatever the guest does."""
import json, os, time, unittest

from harness import HERE, Reader, Server, request, wasm

SLEEPERS = os.path.join(HERE, "policies")
TEXT = "Policy execution interrupted because it exceeded the allowed execution time"
GUESTS = {"loop": wasm("loop"), "sleep": f"file://{SLEEPERS}/sleep.wasm", "wasi-sleep": f"file://{SLEEPERS}/wasi-sleep.wasm"}
# Each with a limit that a review's timeout comes before, and with one that it does not.
POLICIES = {f"{name}-{limit}": {"module": module, "timeoutEvalSeconds": limit}
            for name, module in GUESTS.items() for limit in (1, 20)}
POLICIES["group"] = {"expression": "a() || b()", "message": "no", "policies": {
    name: {"module": GUESTS["sleep"], "timeoutEvalSeconds": 20} for name in "ab"}}
LATE = 0.6  # on a busy machine


class Deadline(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(POLICIES)
        cls.addClassCleanup(cls.server.__exit__)

    def timed(self, path):
        started = time.time()
        status, _, text = self.server.post(path)
        self.assertEqual(status, 200)
        return time.time() - started, json.loads(text)["response"]

    def test_the_review_s_timeout_comes_first(self):
        for name in GUESTS:
            seconds, response = self.timed(f"/validate/{name}-20?timeout=1s")
            self.assertEqual(response["status"], {"message": TEXT, "code": 500})
            self.assertGreater(seconds, 0.8)
            self.assertLess(seconds, 1.0)  # while the client still waits

    def test_the_policy_s_limit_comes_first(self):
        for name in GUESTS:
            for query in ("?timeout=10s", ""):
                seconds, response = self.timed(f"/validate/{name}-1{query}")
                self.assertEqual(response["status"], {"message": TEXT, "code": 500})
                self.assertGreater(seconds, 0.99)
                self.assertLess(seconds, 1.0 + LATE)

    def test_time_counts_from_the_arrival(self):
        for name in GUESTS:
            whole = request(f"/validate/{name}-20?timeout=2s")
            sock = self.server.raw()
            started = time.time()
            sock.sendall(whole[:60])
            time.sleep(1.2)
            sock.sendall(whole[60:])
            status, _, text = Reader(sock).answer()
            self.assertEqual((status, json.loads(text)["response"]["status"]["message"]), (200, TEXT))
            self.assertGreater(time.time() - started, 1.8)
            self.assertLess(time.time() - started, 2.0)
            sock.close()

    def test_what_came_too_late_is_ended_at_once(self):
        whole = request("/validate/loop-20?timeout=1s")
        sock = self.server.raw()
        sock.sendall(whole[:60])
        time.sleep(1.2)
        started = time.time()
        sock.sendall(whole[60:])
        self.assertIn(TEXT, Reader(sock).answer()[2])
        self.assertLess(time.time() - started, LATE)
        sock.close()

    def test_the_members_of_a_group_share_it(self):
        seconds, response = self.timed("/validate/group?timeout=2s")
        self.assertFalse(response["allowed"])
        self.assertGreater(seconds, 1.8)
        self.assertLess(seconds, 2.0)

    def test_a_worker_lives_on_after_each(self):
        worker = self.server.workers()
        self.timed("/validate/sleep-20?timeout=1")
        self.assertEqual(self.server.workers(), worker)


if __name__ == "__main__":
    unittest.main()
