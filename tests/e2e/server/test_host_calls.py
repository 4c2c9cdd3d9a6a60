# SPDX-License-Identifier: Apache-2.0
"""Host calls of a served policy: answered by the broker, from a worker that is locked down, or from a process of its own."""
import http.server, json, os, signal, subprocess, tempfile, threading, unittest

import harness
from harness import Server, wait_for

HOST_CALL = f"file://{harness.ROOT}/tests/policies/host-call/host-call.wasm"
REGO = f"file://{harness.ROOT}/tests/policies/rego-options/rego-options.wasm"
LOOKUP = {"binding": "kubewarden", "namespace": "net", "operation": "v1/dns_lookup_host", "payload": "localhost"}
NO_ANSWER = "Error obtaining response over callback channel"


def raw(server, policy, **request):
    body = json.dumps({"request": {"uid": "u-1", **request}}).encode()
    return server.verdict("/validate_raw/" + policy, body)


def children(server, name):
    """The server's processes of this name."""
    listed = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(server.process.pid)], capture_output=True, text=True).stdout
    return [int(line.split()[0]) for line in listed.splitlines() if line.split()[1] == name]


class Broker(unittest.TestCase):
    def test_a_locked_worker_has_its_calls_answered(self):
        with Server({"p": {"module": HOST_CALL, "hostCapabilities": ["net/*"]}}) as server:
            answer = raw(server, "p", **LOOKUP)
            self.assertTrue(answer["allowed"], answer)
            self.assertIn("127.0.0.1", json.loads(answer["status"]["message"])["ips"])
            denied = raw(server, "p", **{**LOOKUP, "namespace": "oci", "operation": "v1/manifest_digest"})
            self.assertEqual(denied["status"]["message"], "Policy has not been granted access to the 'oci/v1/manifest_digest' host "
                                                          "capability. The violation has been reported.")

    def test_so_has_a_process_of_its_own(self):
        with Server({"p": {"module": HOST_CALL, "hostCapabilities": ["*"]}}, "--isolate", "p") as server:
            self.assertTrue(raw(server, "p", **LOOKUP)["allowed"])

    def test_who_may_ask_for_nothing_has_no_broker(self):
        with Server({"p": {"module": HOST_CALL}}) as server:
            self.assertFalse(raw(server, "p", **LOOKUP)["allowed"])
            self.assertEqual(children(server, "chimera-broker"), [])

    def test_a_broker_that_is_killed_comes_back(self):
        with Server({"p": {"module": HOST_CALL, "hostCapabilities": ["*"]}}) as server:
            self.assertTrue(raw(server, "p", **LOOKUP)["allowed"])
            [broker] = children(server, "chimera-broker")
            os.kill(broker, signal.SIGKILL)
            self.assertTrue(wait_for(lambda: children(server, "chimera-broker") not in ([], [broker])))
            self.assertTrue(wait_for(lambda: raw(server, "p", **LOOKUP)["allowed"]))
            self.assertIn("the broker is gone; starting another", server.log())

    def test_the_server_takes_all_descriptors_that_it_may(self):
        """Each process of a tenant takes a dozen, and the soft limit is often 1024."""
        with Server({"p": {"module": HOST_CALL}}) as server, open(f"/proc/{server.process.pid}/limits") as limits:
            [line] = [line for line in limits if line.startswith("Max open files")]
            soft, hard = line.split()[3:5]
            self.assertEqual(soft, hard)

    def test_a_reload_takes_the_broker_along(self):
        with Server({"p": {"module": HOST_CALL, "hostCapabilities": ["*"]}}, log="info") as server:
            [broker] = children(server, "chimera-broker")
            server.process.send_signal(signal.SIGHUP)
            self.assertTrue(wait_for(lambda: raw(server, "p", **LOOKUP)["allowed"]))
            self.assertEqual(children(server, "chimera-broker"), [broker])


class Answering(http.server.BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self):
        type(self).asked += 1
        body = json.dumps({"path": self.path, "number": type(self).asked}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Rego(unittest.TestCase):
    """What --policy-options change for Rego."""

    def server(self, options, *flags, **more):
        path = os.path.join(self.enterContext(tempfile.TemporaryDirectory(prefix="chimera-options-")), "o.yml")
        with open(path, "w") as out:
            json.dump(options, out)
        return self.enterContext(Server({"p": {"module": REGO}}, "--policy-options", path, *flags, **more))

    def message(self, server, **request):
        return raw(server, "p", **request)["status"]["message"]

    def test_nothing_is_reached_without_hosts(self):
        server = self.server({})
        for request, why in (({"lookup": "localhost"}, "net.lookup_ip_addr: unallowed host: localhost"),
                             ({"send": {"method": "get", "url": "http://localhost/"}}, "http.send: no host may be reached")):
            answer = raw(server, "p", **request)
            self.assertFalse(answer["allowed"])
            self.assertEqual(answer["status"]["code"], 500)
            self.assertIn(why, answer["status"]["message"])

    def test_hosts_that_are_listed_are_reached(self):
        service = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        threading.Thread(target=service.serve_forever, daemon=True).start()
        self.addCleanup(service.server_close)
        self.addCleanup(service.shutdown)
        address = f"127.0.0.1:{service.server_port}"
        server = self.server({"p": {"regoHosts": [address, "localhost"], "regoBuiltinErrors": "undefined"}})
        self.assertIn("127.0.0.1", json.loads(self.message(server, lookup="localhost")))
        answer = json.loads(self.message(server, send={"method": "get", "url": f"http://{address}/a?b"}))
        self.assertEqual((answer["status"], answer["body"]["path"]), (200, "/a?b"))
        # The same request in one evaluation is sent once.
        first, second = json.loads(self.message(server, twice={"method": "get", "url": f"http://{address}/c"}))
        self.assertEqual(first, second)
        self.assertEqual(self.message(server, send={"method": "get", "url": "http://127.0.0.1:1/"}), "undefined")
        self.assertEqual(self.message(server, lookup="example.com"), "undefined")

    def test_a_name_with_a_nul_is_no_listed_one(self):
        server = self.server({"p": {"regoHosts": ["localhost"]}})
        for tail in ("\0", "\0" + "a" * 1500000):
            answer = raw(server, "p", lookup="localhost" + tail)
            self.assertEqual((answer["allowed"], answer["status"]["code"]), (False, 500))
            self.assertIn("unallowed host: localhost", answer["status"]["message"])
        self.assertIn("127.0.0.1", json.loads(self.message(server, lookup="localhost")))

    def test_a_builtin_that_fails_rejects_or_is_undefined(self):
        for options, want in (({}, (False, 500)), ({"*": {"regoBuiltinErrors": "reject"}}, (False, 500)),
                              ({"p": {"regoBuiltinErrors": "undefined"}}, (True, None))):
            server = self.server(options)
            answer = raw(server, "p", hex="zz")
            self.assertEqual((answer["allowed"], answer["status"].get("code")), want)
            self.assertEqual(self.message(server, hex="61"), '"a"')

    def test_another_rule_may_be_asked(self):
        server = self.server({"p": {"regoEntrypoint": "options/other"}})
        self.assertEqual(self.message(server, hex="61"), "another rule")

    def test_a_rule_that_is_not_there_is_said(self):
        server = self.server({"p": {"regoEntrypoint": "options/none"}}, "--continue-on-errors")
        self.assertIn("Cannot find the specified entrypoint options/none inside of", self.message(server))

    def test_the_reference_s_builtins_are_a_choice(self):
        self.assertEqual(self.message(self.server({}), split="a-b"), '["a","b"]')
        self.assertEqual(self.message(self.server({"p": {"regoUpstreamBuiltins": True}}), split="a-b"), '"ab"')

    def test_what_is_printed_is_logged_when_asked_for(self):
        for options, is_there in (({}, False), ({"*": {"regoPrint": True}}, True)):
            server = self.server(options, log="info")
            self.assertEqual(self.message(server, print="hello"), '"printed"')
            self.assertTrue(wait_for(lambda: is_there == ("traced: hello" in server.log())))


if __name__ == "__main__":
    unittest.main()
