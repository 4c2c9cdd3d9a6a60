# SPDX-License-Identifier: Apache-2.0
"""Sockets that a service manager opens, and what it is told: sd_listen_fds(3), sd_notify(3). The manager is this test."""
import fcntl, http.client, json, os, socket, subprocess, tempfile, unittest

import harness
from harness import Reader, Server, request, wasm

# The number of the process is part of the protocol, and descriptors begin at 3.
SCRIPT = """
count=0
for fd in $FDS; do eval "exec $((3 + count))<&$fd $fd<&-"; count=$((count + 1)); done
export LISTEN_PID=${AS_PID:-$$} LISTEN_FDS=${AS_COUNT:-$count} LISTEN_FDNAMES=$NAMES
exec "$@"
"""


def tcp(address="127.0.0.1", family=socket.AF_INET):
    made = socket.socket(family)
    made.bind((address, 0))
    made.listen(64)
    return made


class Managed(Server):
    """Given a list of names and sockets; those without a name get the port of an option."""

    def __init__(self, sockets, *flags, **environment):
        self.folder, self.tls = tempfile.mkdtemp(prefix="chimera-e2e-"), None
        self.port, self.probe_port = harness.free_port(), harness.free_port()
        self.out = open(os.path.join(self.folder, "out"), "wb")
        self.err = open(os.path.join(self.folder, "err"), "wb")
        policies = os.path.join(self.folder, "policies.yml")
        with open(policies, "w") as out:
            json.dump({"accept": {"module": wasm("accept")}}, out)
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("KUBE", "OTEL", "LISTEN_"))}
        numbers = [fcntl.fcntl(one, fcntl.F_DUPFD, 30) for _, one in sockets]  # beyond those that they shall become
        clean.update({"CHIMERA_CACHE_DIR": harness._cache, "CHIMERA_WAIT_FOR_FULL_TIER": "true", "FDS": " ".join(map(str, numbers)),
                      "NAMES": ":".join(name for name, _ in sockets), **environment})
        self.process = subprocess.Popen(
            ["bash", "-c", SCRIPT, "manager", harness.SERVER, "--addr", "127.0.0.1", "--port", str(self.port),
             "--readiness-probe-port", str(self.probe_port), "--policies", policies, "--workers", "2",
             "--ignore-kubernetes-connection-failure", "--policies-download-dir", self.folder, *flags],
            stdout=self.out, stderr=self.err, env=clean, pass_fds=numbers)
        for number in numbers:
            os.close(number)


class Manager(unittest.TestCase):
    def test_all_three_ports_and_who_came_early(self):
        main, probe, admin = tcp(), tcp(), tcp()
        early = socket.create_connection(main.getsockname())
        early.sendall(request())
        # Any other name is the main port's, as is a unit's.
        with Managed([("probe", probe), ("chimera-server.socket", main), ("admin", admin)]) as server:
            early.settimeout(300)
            self.assertEqual(Reader(early).answer()[0], 200)
            server.port, server.probe_port = main.getsockname()[1], probe.getsockname()[1]
            self.assertTrue(server.is_ready())
            self.assertTrue(server.verdict("/validate/accept")["allowed"])
            page = http.client.HTTPConnection(*admin.getsockname(), timeout=60)
            page.request("GET", "/healthz", headers={"Host": "localhost"})
            self.assertEqual(page.getresponse().status, 200)
            self.assertEqual(server.stop(), 0)
        # They are the manager's: who comes after the end waits for the next server.
        socket.create_connection(main.getsockname()).close()

    def test_one_port_alone_and_both_families(self):
        main = tcp("::", socket.AF_INET6)
        with Managed([("main", main)]) as server:
            self.assertTrue(server.wait_ready(), server.errors())  # on the port of its option
            server.port = main.getsockname()[1]
            self.assertTrue(server.verdict("/validate/accept")["allowed"])

    def test_sockets_of_another_process_are_not_taken(self):
        main = tcp()
        with Managed([("main", main)], AS_PID="1") as server:
            self.assertTrue(server.wait_ready(), server.errors())
            self.assertTrue(server.verdict("/validate/accept")["allowed"])

    def test_it_says_when_it_is_ready(self):
        for abstract in (False, True):
            with tempfile.TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
                path = os.path.join(folder, "notify")
                told.bind("\0" + path if abstract else path)
                told.settimeout(300)
                with Managed([], NOTIFY_SOCKET="@" + path if abstract else path) as server:
                    self.assertEqual(told.recv(100), b"READY=1")
                    self.assertTrue(server.is_ready())

    def test_a_manager_that_is_not_there_is_no_error(self):
        for path in ("/nonexistent/notify", "relative", "", "/" + "x" * 200):
            with Managed([], NOTIFY_SOCKET=path) as server:
                self.assertTrue(server.wait_ready(), server.errors())

    def refused(self, sockets, words, **environment):
        with Managed(sockets, **environment) as server:
            self.assertEqual(server.process.wait(60), 1)
            self.assertEqual(server.errors(), f"Error: {words}\n")

    def test_what_is_refused(self):
        no_port = "LISTEN_FDS: descriptor 3 is no TCP socket that listens: use ListenStream= with a port, and Accept=no"
        with tempfile.TemporaryDirectory() as folder, tcp() as main, socket.socket(socket.AF_UNIX) as local, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as packets, socket.socket() as silent:
            local.bind(os.path.join(folder, "socket"))
            local.listen(1)
            packets.bind(("127.0.0.1", 0))
            silent.bind(("127.0.0.1", 0))
            for one in (local, packets, silent):
                self.refused([("main", one)], no_port)
            self.refused([("main", main), ("other", main)],
                         "LISTEN_FDS: two sockets for the port 'main': one is taken, and FileDescriptorName= says for which of main, probe and admin")
            self.refused([("probe", main), ("probe", main)],
                         "LISTEN_FDS: two sockets for the port 'probe': one is taken, and FileDescriptorName= says for which of main, probe and admin")
            for count in ("many", "-1", "65", "99999999999999999999"):
                self.refused([("main", main)], f"LISTEN_FDS: expected a number of descriptors, at most 64, found '{count}'", AS_COUNT=count)
            self.refused([], no_port, AS_COUNT="1")  # nothing is there


if __name__ == "__main__":
    unittest.main()
