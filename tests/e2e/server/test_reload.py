"""Another policies.yml without a restart (docs/user/reload.md): it is taken whole or refused, and no request notices."""
import json, os, signal, threading, time, unittest

import harness
from harness import Server, review, wasm

BEFORE = {"one": {"module": wasm("accept")}, "two": {"module": wasm("reject-message-code")}}
AFTER = {"one": {"module": wasm("reject-message-code")}, "two": {"module": wasm("accept")}, "three": {"module": wasm("accept")}}


def wait_for(is_true, seconds=30):
    until = time.time() + seconds
    while not is_true() and time.time() < until:
        time.sleep(0.02)
    return is_true()


def put(server, policies):
    """As editors do: a whole file takes the name."""
    path = os.path.join(server.folder, "policies.yml")
    with open(path + ".new", "w") as out:
        out.write(policies if isinstance(policies, str) else json.dumps(policies))
    os.rename(path + ".new", path)


class Clients:
    """Threads that ask for one policy, on connections that they keep as long as the server does; each sees the old verdict,
    and from some request on the new one, and nothing else."""

    def __init__(self, server, count=6):
        self.server, self.failures, self.seen, self.is_over = server, [], [[] for _ in range(count)], False
        self.threads = [threading.Thread(target=self.work, args=(i,)) for i in range(count)]
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
            if number % 3 == 2:
                connection.close()  # the next request makes another
        connection.close()

    def end(self):
        self.is_over = True
        for thread in self.threads:
            thread.join()


class Reload(unittest.TestCase):
    def reload(self, server, policies, text="policies reloaded"):
        count = server.log().count(text)
        put(server, policies)
        server.process.send_signal(signal.SIGHUP)
        self.assertTrue(wait_for(lambda: server.log().count(text) > count), server.log())

    def allowed(self, server, name):
        return server.verdict("/validate/" + name)["allowed"]

    def test_no_request_is_lost_when_verdicts_change(self):
        with Server(BEFORE, log="info") as server:
            clients = Clients(server)
            self.assertTrue(wait_for(lambda: all(clients.seen)))
            self.reload(server, AFTER)
            self.assertTrue(wait_for(lambda: all(len(seen) == 2 for seen in clients.seen)))
            clients.end()
            self.assertEqual(clients.failures, [])
            self.assertEqual(clients.seen, [[True, False]] * 6)
            self.assertTrue(self.allowed(server, "three"))
            self.assertTrue(wait_for(lambda: len(server.workers()) == 1))
            self.assertNotIn("ERROR", server.log())
            self.assertEqual(server.stop(), 0)
            self.assertEqual(server.errors(), "")


if __name__ == "__main__":
    unittest.main()
