# SPDX-License-Identifier: Apache-2.0
"""The admin port: /healthz, /metrics, /policies, the page, and who may ask for them (docs/user/observability.md)."""
import hashlib, html.parser, http.client, json, os, re, shutil, signal, socket, stat, tempfile, time, unittest, urllib.parse

import harness, prometheus
from harness import Server, free_port, review, wait_for, wasm

REFERENCE = "kubewarden_policy_evaluations_total"
LATENCY = "kubewarden_policy_evaluation_latency_milliseconds"
HOSTILE = 'a"b\\c\nd<i>&\'é'


COMMAND = r"""#!/usr/bin/env python3
import os, subprocess, sys, time
folder, real, words = %r, %r, sys.argv[1:]
def wait_for(what):
    while not os.path.exists(folder + "/go-" + what):
        time.sleep(0.02)
if words[words.index("--tier") + 1] == "full":
    wait_for("full")
modules = [word for word in words if word.endswith(".wasm")]
for number, module in enumerate(modules):
    wait_for(str(number))
    status = subprocess.run([real, *(word for word in words if word not in modules), module]).returncode
    if status:
        sys.exit(status)
"""


class Admin(Server):
    """A server with an admin port."""

    def __init__(self, policies, *flags, **more):
        self.admin_port = free_port()
        super().__init__(policies, "--admin-port", str(self.admin_port), *flags, **more)

    def get(self, path, method="GET", body=None):
        """(status, headers in lower case, body as text)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=20)
        try:
            connection.request(method, path, body=body)
            answer = connection.getresponse()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()
        finally:
            connection.close()

    def metrics(self):
        status, headers, text = self.get("/metrics")
        assert (status, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
        return prometheus.parse(text)

    def samples(self, family, name=None, **labels):
        """[(labels, value)] of those that have these labels"""
        return [(found, value) for sample, found, value in self.metrics()[family][1]
                if sample == (name or family) and labels.items() <= found.items()]

    def value(self, family, name=None, **labels):
        samples = self.samples(family, name, **labels)
        assert len(samples) == 1, samples
        return samples[0][1]

    def policies(self):
        status, headers, text = self.get("/policies")
        assert (status, headers["content-type"]) == (200, "application/json")
        tree = json.loads(text)
        return tree["server"], {policy["id"]: policy for policy in tree["policies"]}

    def admin_process(self):
        """The child that listens on the admin port."""
        return next((pid for pid, holds in self.ask_workers(self.holds_admin_port).items() if holds), None)

    def holds_admin_port(self, pid):
        if "/chimera-server" not in harness.proc(pid, "maps"):
            return False
        with open("/proc/net/tcp") as table:
            inodes = {line.split()[9] for line in table if line.split()[1] == "0100007F:%04X" % self.admin_port and line.split()[3] == "0A"}
        return not {f"socket:[{inode}]" for inode in inodes}.isdisjoint(harness.descriptors(pid))


def kinds(**more):
    return review(requestKind={"group": "", "version": "v1", "kind": "Pod"}, **more)


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        policies = {name: {"module": wasm(name)} for name in ("accept", "reject-message-code", "mutate", "trap", "loop")}
        policies["loop"]["timeoutEvalSeconds"] = 1
        policies["mutate"]["allowedToMutate"] = False
        policies["watched"] = {"module": wasm("reject-message-code"), "policyMode": "monitor"}
        policies["group"] = {"expression": "yes() && !no()", "message": "no",
                             "policies": {"yes": {"module": wasm("accept")}, "no": {"module": wasm("reject-message-code")}}}
        policies["strict"] = {**policies["group"], "expression": "yes() && no()", "message": "both must hold"}
        policies["broken"] = {"module": wasm("settings-invalid"), "settings": {"valid": False}}
        policies[HOSTILE] = {"module": wasm("accept")}
        cls.server = Admin(policies, "--continue-on-errors", "--always-accept-admission-reviews-on-namespace", "free")
        server = cls.server
        for i in range(5):
            server.verdict("/validate/accept", kinds(namespace="ns-%d" % (i % 2)))
        server.verdict("/audit/accept", kinds())
        server.verdict("/validate_raw/accept", json.dumps({"request": {"uid": "r"}}).encode())
        server.verdict("/validate/accept", kinds(namespace="free"))
        server.verdict("/validate/reject-message-code", kinds(uid="u-no", name="pod-<b>x</b>"))
        server.verdict("/validate/mutate", kinds())
        server.verdict("/validate/trap", kinds())
        server.verdict("/validate/loop", kinds())
        server.verdict("/validate/watched", kinds())
        server.verdict("/validate/group", kinds())
        server.verdict("/validate/strict", kinds())
        server.verdict("/validate/broken", kinds())
        server.post("/validate/accept", b"{}")
        server.post("/validate/nobody", kinds())
        server.verdict("/validate/" + urllib.parse.quote(HOSTILE), kinds(operation=HOSTILE, namespace=HOSTILE))

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def test_the_reference_s_labels_are_as_the_reference_has_them(self):
        labels = {"policy_name": "accept", "policy_mode": "protect", "resource_kind": "Pod", "resource_namespace": "ns-0",
                  "resource_request_operation": "CREATE", "accepted": "true", "mutated": "false", "request_origin": "validate"}
        self.assertEqual(self.server.samples(REFERENCE, policy_name="accept", resource_namespace="ns-0"), [(labels, 3.0)])
        self.assertEqual(self.server.value(REFERENCE, policy_name="accept", resource_namespace="ns-1"), 2)
        self.assertEqual(self.server.value(REFERENCE, policy_name="accept", request_origin="audit"), 1)

    def test_a_raw_request_has_no_labels_of_resources(self):
        raw = [labels for labels, _ in self.server.samples(REFERENCE, policy_name="accept") if "request_origin" not in labels]
        self.assertEqual(raw, [{"policy_name": "accept", "policy_mode": "protect", "accepted": "true", "mutated": "false"}])

    def test_the_guest_s_verdict_counts_not_what_is_made_of_it(self):
        self.assertEqual(self.server.value(REFERENCE, policy_name="watched", policy_mode="monitor", accepted="false", error_code="418"), 1)
        self.assertEqual(self.server.value(REFERENCE, policy_name="mutate", accepted="true", mutated="true"), 1)
        self.assertEqual(self.server.value("chimera_policy_monitored_total", policy_name="watched"), 1)
        self.assertEqual(self.server.value("chimera_policy_monitored_total", policy_name="reject-message-code"), 0)

    def test_the_shortcut_namespace_counts_as_accepted(self):
        self.assertEqual(self.server.value(REFERENCE, policy_name="accept", resource_namespace="free", accepted="true"), 1)

    def rejections(self, query=""):
        status, headers, text = self.server.get("/rejections" + query)
        self.assertEqual((status, headers["content-type"]), (200, "application/json"))
        return json.loads(text)["rejections"]

    def test_a_group_s_rejection_has_its_members_reasons(self):
        told, = self.rejections("?policy=strict")
        self.assertEqual((told["policy"], told["operation"], told["kind"], told["message"], told["code"]), ("strict", "CREATE", "Pod", "both must hold", None))
        self.assertEqual(told["causes"], [{"field": "spec.policies.no", "message": "not today", "is_cut": False}])
        self.assertEqual((told["causes_left_out"], told["cut"], told["mode"], told["is_audit"]), (0, [], "protect", False))
        self.assertEqual(self.rejections("?policy=strict/no"), [told])
        self.assertEqual(json.loads(self.server.get("/policies/strict")[2])["rejections"], [told])
        self.assertIn("no not today", Page(self.server.get("/?policy=strict")[2]).text)

    def test_a_trap_s_function_is_told_with_the_policy_and_its_rejection(self):
        told, = self.rejections("?policy=trap")
        self.assertEqual((told["code"], told["uid"]), (500, "u-1"))
        self.assertTrue(told["function"])
        policy = json.loads(self.server.get("/policies/trap")[2])
        self.assertEqual(policy["last_stop"]["function"], told["function"])
        row, = [row for row in Page(self.server.get("/")[2]).rows if row.startswith("trapkubewarden")]
        self.assertRegex(row, "last stopped in " + re.escape(told["function"]) + r", \d+ s ago")
        self.assertIsNone(json.loads(self.server.get("/policies/accept")[2])["last_stop"])

    def test_rejections_are_of_all_or_of_one(self):
        self.assertEqual({told["policy"] for told in self.rejections()}, {"reject-message-code", "trap", "loop", "watched", "strict"})
        self.assertEqual([told["code"] for told in self.rejections("?policy=reject-message-code")], [418])
        self.assertEqual(self.rejections("?policy=accept"), [])
        self.assertEqual(self.server.get("/rejections?policy=nobody")[0], 404)
        self.assertEqual(self.server.get("/rejections?n=1")[0], 400)

    def test_what_is_no_verdict_is_not_counted(self):
        self.assertEqual(sum(value for _, value in self.server.samples(REFERENCE, policy_name="accept")), 8)
        self.assertEqual(self.server.samples(REFERENCE, policy_name="nobody"), [])

    def test_a_policy_that_did_not_start_counts_with_its_reason(self):
        (labels, value), = self.server.samples(REFERENCE, policy_name="broken")
        self.assertEqual((set(labels), value), ({"policy_name", "initialization_error"}, 1))
        self.assertIn("Policy settings are invalid", labels["initialization_error"])
        self.assertEqual(self.server.samples(LATENCY, LATENCY + "_count", policy_name="broken"), [])
        self.assertEqual(self.server.value("chimera_policy_up", policy_name="broken"), 0)

    def test_a_group_counts_once_and_its_members_among_ours(self):
        self.assertEqual(self.server.value(REFERENCE, policy_name="group", accepted="true"), 1)
        self.assertEqual(self.server.samples(REFERENCE, policy_name="group/no"), [])
        self.assertEqual(self.server.value("chimera_policy_evaluations_total", policy_name="group/no", verdict="rejected"), 1)
        self.assertEqual(self.server.value("chimera_policy_evaluations_total", policy_name="group", verdict="accepted"), 1)

    def test_latencies_are_whole_milliseconds_in_the_sdk_s_buckets(self):
        buckets = self.server.samples(LATENCY, LATENCY + "_bucket", policy_name="loop")
        self.assertEqual([labels["le"] for labels, _ in buckets], ["0", "5", "10", "25", "50", "75", "100", "250", "500", "750", "1000",
                                                                   "2500", "5000", "7500", "10000", "+Inf"])
        counts = {labels["le"]: value for labels, value in buckets}
        self.assertEqual((counts["750"], counts["10000"]), (0, 1))  # about a second
        self.assertGreaterEqual(self.server.value(LATENCY, LATENCY + "_sum", policy_name="loop"), 900)

    def test_traps_and_deadlines_are_told_apart(self):
        for family, policy in (("chimera_policy_traps_total", "trap"), ("chimera_policy_deadlines_total", "loop")):
            self.assertEqual({labels["policy_name"]: value for labels, value in self.server.samples(family) if value}, {policy: 1})
        self.assertEqual(self.server.value("chimera_policy_evaluations_total", policy_name="trap", verdict="error"), 1)

    def test_a_policy_s_costs_are_told(self):
        value = self.server.value
        self.assertGreater(value("chimera_policy_cpu_seconds_total", policy_name="loop"), 0.001)
        self.assertGreater(value("chimera_policy_latency_microseconds", policy_name="loop", quantile="0.99"), 800000)
        self.assertLess(value("chimera_policy_latency_microseconds", policy_name="accept", quantile="0.5"), 800000)
        self.assertEqual(value("chimera_policy_evaluation_seconds", "chimera_policy_evaluation_seconds_count", policy_name="accept"), 7)
        self.assertGreater(value("chimera_policy_dirty_pages_total", policy_name="accept"), 0)
        self.assertEqual(value("chimera_policy_resets_total", policy_name="accept"), 7)
        self.assertIn(value("chimera_policy_instances", policy_name="accept"), range(2, 7))  # one a loop, and of standby threads
        self.assertGreater(value("chimera_policy_slot_bytes", policy_name="accept"), 0)
        classes = self.server.samples("chimera_policy_cpu_class", "chimera_policy_cpu_class_bucket", policy_name="loop")
        self.assertEqual({labels["le"]: count for labels, count in classes}["0.0001"], 0)

    def test_names_of_others_are_escaped(self):
        (labels, value), = self.server.samples(REFERENCE, policy_name=HOSTILE)
        self.assertEqual((labels["resource_namespace"], labels["resource_request_operation"], value), (HOSTILE, HOSTILE, 1))

    def test_answers_and_connections_are_counted(self):
        codes = {labels["code"]: value for labels, value in self.server.samples("chimera_http_responses_total")}
        self.assertEqual((codes["200"], codes["422"], codes["404"], codes["503"]), (17, 1, 1, 0))
        self.assertEqual(self.server.value("chimera_connections"), 0)
        with self.server.raw() as one, self.server.raw() as two:
            self.assertTrue(wait_for(lambda: self.server.value("chimera_connections") == 2), (one, two))
        self.assertTrue(wait_for(lambda: self.server.value("chimera_connections") == 0))

    def test_the_processes_are_told(self):
        wait_for(lambda: self.server.samples("chimera_process_resident_bytes", process="workers"))
        for process in ("supervisor", "workers", "admin"):
            size = self.server.value("chimera_process_resident_bytes", process=process)
            self.assertTrue(2 ** 20 < size < 2 ** 34, (process, size))
        self.assertGreater(self.server.value("chimera_process_open_fds", process="workers"), 5)
        self.assertAlmostEqual(self.server.value("process_start_time_seconds"), time.time(), delta=600)

    def test_policies_tells_the_state_of_each(self):
        server, policies = self.server.policies()
        self.assertTrue(server["is_ready"])
        with open(wasm("accept")[len("file://"):], "rb") as module:
            digest = "sha256:" + hashlib.sha256(module.read()).hexdigest()
        accept = policies["accept"]
        self.assertEqual([accept[key] for key in ("kind", "state", "reason", "mode", "tier", "digest", "execution_mode", "module")],
                         ["policy", "loaded", None, "protect", "full", digest, "kubewarden-wapc", wasm("accept")])
        self.assertIn("chimera-", accept["build"])
        self.assertEqual(accept["counts"]["accepted"], 7)
        self.assertEqual(policies["broken"]["state"], "failed")
        self.assertIn("Policy settings are invalid", policies["broken"]["reason"])
        self.assertEqual(policies["watched"]["mode"], "monitor")
        self.assertEqual([policies["group/no"]["kind"], policies["group/no"]["group"]], ["member", "group"])
        self.assertEqual([policies["group"]["kind"], policies["group"]["expression"]], ["group", "yes() && !no()"])
        self.assertIn(HOSTILE, policies)
        self.assertEqual(policies["trap"]["counts"]["traps"], 1)

    def test_reading_is_all_that_it_does(self):
        for path in ("/healthz", "/metrics", "/policies", "/"):
            status, headers, text = self.server.get(path, "POST", body=b"x" * 100000)
            self.assertEqual((status, headers["allow"], text), (405, "GET,HEAD", ""), path)
            status, headers, text = self.server.get(path, "HEAD")
            self.assertEqual((status, text), (200, ""), path)
            self.assertGreater(int(headers["content-length"]), 0, path)
        for path in ("/validate/accept", "/readiness", "/metrics/", "/.."):
            self.assertEqual(self.server.get(path)[0], 404, path)
        self.assertEqual(self.server.get("/metrics?x=1")[0], 200)

    def test_nonsense_is_refused_and_nobody_waits_for_a_slow_client(self):
        idle = [socket.create_connection(("127.0.0.1", self.server.admin_port), timeout=20) for _ in range(20)]
        with socket.create_connection(("127.0.0.1", self.server.admin_port), timeout=20) as client:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n")
            self.assertTrue(client.recv(100).startswith(b"HTTP/1.1 400 "))
        with socket.create_connection(("127.0.0.1", self.server.admin_port), timeout=20) as client:
            client.sendall(b"GET /" + b"x" * 20000)
            self.assertRegex(client.recv(100), b"^HTTP/1.1 4")
        self.assertEqual(self.server.get("/healthz")[0], 200)
        for client in idle:
            client.close()


class Page(html.parser.HTMLParser):
    """Reads the page, and fails where elements are not closed in order or markup is not ours."""
    VOID = {"meta", "br"}
    ELEMENTS = {"html", "head", "title", "style", "body", "main", "header", "h1", "h2", "span", "p", "a", "b", "dl", "div", "dt", "dd", "small",
                "table", "thead", "tbody", "tr", "th", "td", "bdi", "svg", "rect", "line", "text", "i", "ul", "li"} | VOID

    def __init__(self, text):
        super().__init__()
        self.open, self.rows, self.titles, self.text = [], [], [], ""
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        assert tag in self.ELEMENTS, tag
        for name, value in attributes:
            assert not name.startswith("on") and name not in ("src", "style"), name
            assert name != "href" or re.fullmatch(r"/|/metrics|#rejections|(/policies|/rejections)?"
                                                  r"|(/policies/|/(rejections)?\?policy=)[\w.%/<>-]+(#rejections)?", value), value
        if tag == "tr":
            self.rows.append("")
        if tag not in self.VOID:
            self.open.append(tag)
        self.titles += [value for name, value in attributes if name == "aria-label"]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        if "title" in self.open and "svg" in self.open:
            return  # of a drawing
        self.text += data
        if "tr" in self.open:
            self.rows[-1] += data

    def handle_comment(self, data):
        raise AssertionError(data)


class Looks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        policies = {"accept": {"module": wasm("accept")}, "no": {"module": wasm("reject-message-code"), "policyMode": "monitor"},
                    "trap": {"module": wasm("trap")}, "broken": {"module": wasm("settings-invalid")}, HOSTILE: {"module": wasm("accept")}}
        cls.server = Admin(policies, "--continue-on-errors")
        for _ in range(1100):
            cls.server.verdict("/validate/accept", kinds())
        cls.server.verdict("/validate/no", kinds(uid="u-\x01-<script>", name="pod<!--", namespace="\u202eevil"))
        cls.server.verdict("/validate/trap", kinds(uid="u-2"))
        cls.server.verdict("/audit/no", kinds(uid="u-3"))
        cls.server.verdict("/validate/" + urllib.parse.quote(HOSTILE), kinds())
        cls.status, cls.headers, cls.html = cls.server.get("/")
        cls.page = Page(cls.html)

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def row(self, begin):
        rows = [row for row in self.page.rows if row.startswith(begin)]
        self.assertEqual(len(rows), 1, self.page.rows)
        return rows[0]

    def test_the_numbers_are_those_of_the_requests(self):
        self.assertIn("1,100 · 0 · 0", self.row("acceptkubewarden"))
        self.assertIn("0 · 2 · 0", self.row("no monitor"))
        self.assertIn("0 · 0 · 1", self.row("trapkubewarden"))
        self.assertIn("1100 accepted, 0 rejected, 0 errors", self.page.titles)
        self.assertIn("Evaluations1,1040 with a change", self.page.text)
        self.assertIn("serving", self.page.text)

    def test_what_failed_comes_first_with_its_reason(self):
        self.assertTrue(self.page.rows[1].startswith("broken failedPolicy settings are invalid"), self.page.rows)

    def test_the_last_rejections_are_there_newest_first(self):
        rows = [row for row in self.page.rows if re.match(r"\d+ s ago", row)]
        self.assertEqual(len(rows), 3)
        self.assertRegex(rows[0], r"^\d+ s agono monitor audit.*u-3.*418")
        self.assertRegex(rows[1], r"^\d+ s agotrap.*u-2.*500.*Guest call failure")
        self.assertIn("not today", rows[0])

    def test_names_and_messages_are_text_whatever_they_hold(self):
        self.assertEqual(len([row for row in self.page.rows if row.startswith(HOSTILE.replace("\n", " "))]), 1)
        self.assertIn("u-\ufffd-<script>", self.page.text)
        self.assertIn("pod<!--", self.page.text)
        for bad in ("<script", "<i>", "<!--", "\x01"):
            self.assertNotIn(bad, self.html)
        self.assertIn("<bdi>\ufffdevil</bdi>", self.html)
        self.assertNotIn("\u202e", self.html)

    def test_the_browser_is_told_to_run_and_load_nothing(self):
        self.assertEqual((self.status, self.headers["content-type"]), (200, "text/html; charset=utf-8"))
        policy = self.headers["content-security-policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertNotIn("script", policy)
        self.assertEqual((self.headers["x-content-type-options"], self.headers["referrer-policy"]), ("nosniff", "no-referrer"))
        self.assertIn('<meta http-equiv="refresh" content="5">', self.html)
        self.assertNotIn("http://", self.html)

    def test_an_empty_one_has_no_rows(self):
        with Admin({}) as server:
            self.assertIn("None yet.", Page(server.get("/")[2]).text)


class Life(unittest.TestCase):
    def test_it_is_off_unless_told(self):
        with Server({"accept": {"module": wasm("accept")}}) as server:
            self.assertEqual(len(server.workers()), 1)

    def test_a_port_that_is_taken_ends_the_start(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            flags = ["--admin-port", str(taken.getsockname()[1])]
            server = Server({"accept": {"module": wasm("accept")}}, *flags, is_awaited=False)
            self.assertEqual(server.process.wait(60), 1)
            self.assertIn(" (--admin-port): ", server.errors())
            server.__exit__()

    def test_counts_outlast_crashes_and_reloads(self):
        policies = {"accept": {"module": wasm("accept")}}
        with Admin(policies) as server:
            admin, = [server.admin_process()]
            worker, = [pid for pid in server.workers() if pid != admin]
            server.verdict("/validate/accept", kinds())
            os.kill(worker, signal.SIGKILL)
            self.assertTrue(wait_for(lambda: server.value("chimera_worker_restarts_total") == 1 and server.get("/healthz")[0] == 200))
            server.verdict("/validate/accept", kinds())
            self.reload(server, json.dumps({**policies, "more": {"module": wasm("reject-message-code")}}))
            self.assertTrue(wait_for(lambda: server.value("chimera_reloads_total", result="accepted") == 1))
            server.verdict("/validate/accept", kinds())
            self.assertEqual(server.value(REFERENCE, policy_name="accept"), 3)
            self.assertIn(server.value("chimera_policy_instances", policy_name="accept"), range(2, 7))
            self.assertIn("more", server.policies()[1])

            self.reload(server, "more: 1\n")
            self.assertTrue(wait_for(lambda: server.value("chimera_reloads_total", result="refused") == 1))
            told, kept = server.policies()
            self.assertIn("policies.yml:1:7: more: expected a policy ", told["refusal"])
            self.assertEqual(set(kept), {"accept", "more"})
            self.reload(server, json.dumps(policies))
            self.assertTrue(wait_for(lambda: server.value("chimera_reloads_total", result="accepted") == 2))
            told, kept = server.policies()
            self.assertEqual((told["refusal"], set(kept)), (None, {"accept"}))

    def reload(self, server, text):
        path = os.path.join(server.folder, "policies.yml")
        with open(path + ".new", "w") as out:
            out.write(text)
        os.rename(path + ".new", path)
        server.process.send_signal(signal.SIGHUP)

    def test_policies_in_processes_of_their_own_are_told_like_others(self):
        policies = {"trap": {"module": wasm("trap")}, "accept": {"module": wasm("accept")},
                    "loop": {"module": wasm("loop"), "timeoutEvalSeconds": 1}}
        with Admin(policies, "--isolate", "each") as server:
            for name in ("trap", "accept", "accept", "loop"):
                server.verdict("/validate/" + name, kinds())
            self.assertEqual(server.value("chimera_policy_traps_total", policy_name="trap"), 1)
            self.assertEqual(server.value("chimera_policy_deadlines_total", policy_name="loop"), 1)
            self.assertEqual(server.value("chimera_policy_resets_total", policy_name="accept"), 2)
            self.assertGreater(server.value("chimera_policy_dirty_pages_total", policy_name="accept"), 0)
            self.assertGreater(server.value("chimera_policy_cpu_seconds_total", policy_name="loop"), 0.001)
            told = server.policies()[1]["accept"]
            self.assertEqual((told["state"], told["tier"], told["requests_begin"]), ("loaded", "full", "in a process of its own"))
            self.assertRegex(told["digest"], "^sha256:[0-9a-f]{64}$")

    def test_it_comes_back_and_the_server_does_not_notice(self):
        with Admin({"accept": {"module": wasm("accept")}}) as server:
            admin = server.admin_process()
            server.verdict("/validate/accept", kinds())
            os.kill(admin, signal.SIGKILL)
            server.verdict("/validate/accept", kinds())
            self.assertTrue(wait_for(lambda: server.admin_process() not in (None, admin)))
            self.assertEqual(server.value(REFERENCE, policy_name="accept"), 2)
            self.assertEqual(server.value("chimera_worker_restarts_total"), 0)

    @unittest.skipIf(harness.is_sanitized(), "sanitizers have no lock-down")
    def test_it_is_locked_down(self):
        with Admin({"accept": {"module": wasm("accept")}}) as server:
            fields = harness.status(server.admin_process())
            self.assertEqual((fields["Seccomp"].strip(), fields["NoNewPrivs"].strip(), int(fields["CapEff"], 16)), ("2", "1", 0))

    def command(self, folder):
        """In place of `chimera`: builds its n-th module when there is a file go-n, for the full tier when there is go-full."""
        real = os.environ.get("CHIMERA_COMMAND", os.path.join(os.path.dirname(harness.SERVER), "chimera"))
        path = os.path.join(folder, "chimera")
        with open(path, "w") as out:
            out.write(COMMAND % (folder, real))
        os.chmod(path, stat.S_IRWXU)
        return {"CHIMERA_COMMAND": path}

    def go(self, folder, what):
        with open(os.path.join(folder, f"go-{what}"), "w"):
            pass

    def states(self, server):
        return {id: policy["state"] for id, policy in server.policies()[1].items()}

    def test_a_cold_start_can_be_watched_and_the_end_is_told(self):
        policies = {name: {"module": wasm(name)} for name in ("accept", "reject")}
        with tempfile.TemporaryDirectory() as folder:
            self.go(folder, "full")
            with Admin(policies, environment=self.command(folder), is_awaited=False) as server:
                wait_for(lambda: self.answers(server))
                self.assertEqual(server.get("/healthz")[::2], (503, "starting: the policies are being built\n"))
                self.assertTrue(wait_for(lambda: self.states(server) == {"accept": "building", "reject": "building"}))
                self.assertEqual((server.policies()[0]["is_ready"], server.value("chimera_ready")), (False, 0))
                self.go(folder, 0)
                self.assertTrue(wait_for(lambda: self.states(server) == {"accept": "built", "reject": "building"}))
                self.go(folder, 1)
                self.assertTrue(server.wait_ready())
                self.assertTrue(wait_for(lambda: server.get("/healthz")[0] == 200))
                self.assertEqual(self.states(server), {"accept": "loaded", "reject": "loaded"})
                # A request under way keeps the server, and then the end is told.
                with server.raw() as client:
                    client.sendall(harness.request()[:-10])
                    self.assertTrue(wait_for(lambda: server.value("chimera_connections") == 1))
                    server.process.send_signal(signal.SIGTERM)
                    self.assertTrue(wait_for(lambda: server.get("/healthz")[::2] == (503, "stopping\n")))
                    client.sendall(harness.request()[-10:])
                self.assertEqual(server.process.wait(60), 0)
                self.assertFalse(self.answers(server))

    @unittest.skipUnless(shutil.which("tcc"), "the quick tier needs tcc")
    def test_the_full_tier_s_build_can_be_watched(self):
        with tempfile.TemporaryDirectory() as folder:
            environment = {**self.command(folder), "CHIMERA_WAIT_FOR_FULL_TIER": "false", "CHIMERA_CACHE_DIR": os.path.join(folder, "cache")}
            self.go(folder, 0)
            with Admin({"accept": {"module": wasm("accept")}}, environment=environment) as server:
                def tiers():
                    return [server.policies()[1]["accept"][key] for key in ("tier", "full_tier")]
                self.assertTrue(wait_for(lambda: tiers() == ["quick", "building"]))
                self.assertEqual(server.samples("chimera_policy_info", tier="quick")[0][1], 1)
                self.go(folder, "full")
                self.assertTrue(wait_for(lambda: tiers() == ["full", None]))

    def answers(self, server):
        try:
            return bool(server.get("/healthz"))
        except OSError:
            return False


class Host(unittest.TestCase):
    """DNS rebinding: a page of somebody else's, whose name points to this port, reads nothing."""

    def ask(self, port, head):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            client.sendall(head.encode())
            answer = b""
            while got := client.recv(65536):
                answer += got
        return int(answer.split()[1]), answer.split(b"\r\n\r\n", 1)[1].decode()

    def test_a_name_that_nobody_has_told_is_refused(self):
        with Admin({"accept": {"module": wasm("accept")}}, "--admin-hosts", "metrics.example,other.example") as server:
            for path in ("/", "/metrics", "/policies", "/healthz", "/nothing"):
                status, body = self.ask(server.admin_port, f"GET {path} HTTP/1.1\r\nHost: evil.example:9090\r\n\r\n")
                self.assertEqual(status, 421, path)
                self.assertRegex(body, "^the admin port is not known by this name: .* --admin-hosts\n$")
            for head, status in (("GET /healthz HTTP/1.1\r\nHost: localhost:9090\r\n\r\n", 200),
                                 ("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 200),
                                 ("GET /healthz HTTP/1.1\r\nHost: [::1]:9090\r\n\r\n", 200),
                                 ("GET /healthz HTTP/1.1\r\nHost: other.example\r\n\r\n", 200),
                                 ("GET /healthz HTTP/1.0\r\n\r\n", 200),
                                 ("HEAD /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
                                 ("POST /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
                                 # the target's name counts, RFC 9112 §3.2.2
                                 ("GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 421),
                                 ("GET http://localhost/healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 200)):
                self.assertEqual(self.ask(server.admin_port, head)[0], status, head)

    def test_what_is_no_name_ends_the_start(self):
        for names, wrong in (("https://a", "https://a"), ("a:9090", "a:9090"), ("a,,b", ""), ("a, b", " b"), ("", "")):
            server = Server({}, "--admin-hosts", names, is_awaited=False)
            self.assertEqual(server.process.wait(20), 1)
            self.assertIn(f"--admin-hosts: '{wrong}' is no name of a host", server.errors())
            server.__exit__()


class Address(unittest.TestCase):
    def test_it_listens_on_loopback_or_where_it_is_told(self):
        for address, reached in (("0.0.0.0:%d", True), ("%d", False)):
            port = free_port()
            with Server({"accept": {"module": wasm("accept")}}, "--admin-port", address % port):
                with socket.socket() as client:
                    client.settimeout(5)
                    self.assertEqual(client.connect_ex(("127.0.0.2", port)) == 0, reached, address)


if __name__ == "__main__":
    unittest.main()
