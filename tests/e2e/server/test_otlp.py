# SPDX-License-Identifier: Apache-2.0
"""Metrics and traces by OTLP over gRPC, as a collector sees them (policy-server.md §6.1 to §6.3, §8.1 test_otel)."""
import json, os, shutil, signal, ssl, subprocess, tempfile, time, unittest

import harness
from collector import Collector
from harness import Server, make_certificates, review, wait_for, wasm

COUNTER, LATENCY = "kubewarden_policy_evaluations_total", "kubewarden_policy_evaluation_latency_milliseconds"
BOUNDS = [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000]  # the SDK's
POD = review(requestKind={"group": "", "version": "v1", "kind": "Pod"})
POLICIES = {"accept": {"module": wasm("accept")},
            "code": {"module": wasm("reject-message-code"), "policyMode": "monitor"},
            "mutate": {"module": wasm("mutate"), "allowedToMutate": True},
            "guest": {"module": wasm("log")},
            "trap": {"module": wasm("trap")},
            "group": {"policies": {"member": {"module": wasm("accept")}}, "expression": "member()", "message": "no"}}


def otel(collector, scheme="http", **more):
    names = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"{scheme}://127.0.0.1:{collector.port}", "OTEL_BSP_SCHEDULE_DELAY": "50"}
    names.update(more)
    return {name: value for name, value in names.items() if value is not None}


def exporters(server):
    return [pid for pid, name in server.ask_workers(lambda pid: harness.proc(pid, "comm")).items() if name.strip() == "chimera-otlp"]


def one(points, **attributes):
    found = [point for point in points if all(point["attributes"].get(name) == value for name, value in attributes.items())]
    assert len(found) == 1, (attributes, points)
    return found[0]


def spans_of_requests(collector):
    return [span for span in collector.spans() if span["name"] != "validate_settings"]


class Metrics(unittest.TestCase):
    def test_the_last_push_has_it_all(self):
        with Collector() as collector, Server(POLICIES, "--enable-metrics", environment=otel(collector)) as server:
            before = time.time_ns()
            for path in ("/validate/accept", "/validate/accept", "/audit/accept", "/validate/code", "/validate/mutate", "/validate/group"):
                self.assertEqual(server.post(path, POD)[0], 200)
            self.assertEqual(server.post("/validate_raw/accept", b'{"request":{"uid":"r"}}')[0], 200)
            self.assertEqual(server.post("/validate/nobody", POD)[0], 404)
            self.assertEqual(server.stop(), 0)
            self.assertEqual(len(collector.requests), 1)  # the interval is a minute
            self.assertEqual(server.errors(), "")
            metrics = collector.metrics()
        self.assertEqual(set(metrics), {COUNTER, LATENCY})
        labels = {"policy_mode": "protect", "resource_kind": "Pod", "resource_namespace": "default", "resource_request_operation": "CREATE",
                  "accepted": True, "mutated": False, "request_origin": "validate"}
        self.assertEqual(one(metrics[COUNTER], policy_name="accept", request_origin="validate")["attributes"], {"policy_name": "accept", **labels})
        for name, count, more in (("accept", 2, {"request_origin": "validate"}), ("accept", 1, {"request_origin": "audit"}), ("group", 1, {}),
                                  ("code", 1, {"accepted": False, "policy_mode": "monitor", "error_code": 418}), ("mutate", 1, {"mutated": True})):
            point = one(metrics[COUNTER], policy_name=name, **more)
            self.assertEqual((point["value"], point["monotonic"], point["temporality"], point["scope"]), (count, True, 2, "kubewarden"), name)
            self.assertTrue(point["start"] < before < point["time"] <= time.time_ns())
            latency = one(metrics[LATENCY], policy_name=name, **more)
            self.assertEqual(latency["attributes"], point["attributes"])
            self.assertEqual((latency["count"], sum(latency["buckets"]), latency["bounds"]), (count, count, BOUNDS))
        raw, = [point for point in metrics[COUNTER] if "request_origin" not in point["attributes"]]
        self.assertEqual(raw["attributes"], {"policy_name": "accept", "policy_mode": "protect", "accepted": True, "mutated": False})

    def test_pushes_come_in_time_and_go_on_from_the_start(self):
        with Collector() as collector, Server(POLICIES, "--enable-metrics", environment=otel(collector, OTEL_METRIC_EXPORT_INTERVAL="100")) as server:
            for expected in (1, 2):
                server.post("/validate/accept", POD)
                self.assertTrue(collector.wait_for(lambda: collector.metrics().get(COUNTER, [{"value": 0}])[-1]["value"] == expected))
            self.assertEqual(len({point["start"] for point in collector.metrics()[COUNTER]}), 1)

    def test_delta_is_what_is_new(self):
        environment = {"OTEL_METRIC_EXPORT_INTERVAL": "100", "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta"}
        with Collector() as collector:
            with Server(POLICIES, "--enable-metrics", environment=otel(collector, **environment)) as server:
                server.post("/validate/accept", POD)
                self.assertTrue(collector.wait_for(lambda: COUNTER in collector.metrics()))
                collector.status = 14  # what is not taken comes again
                server.post("/validate/accept", POD)
                self.assertTrue(collector.wait_for(lambda: collector.refused))
                collector.status = 0
                server.post("/validate/accept", POD)
                server.stop()
            metrics = collector.metrics()
        self.assertEqual(sum(point["value"] for point in metrics[COUNTER]), 3)
        self.assertEqual(sum(sum(point["buckets"]) for point in metrics[LATENCY]), 3)
        self.assertEqual({point["temporality"] for point in metrics[COUNTER] + metrics[LATENCY]}, {1})
        times = [(point["start"], point["time"]) for point in metrics[COUNTER]]
        self.assertTrue(all(before[1] == after[0] for before, after in zip(times, times[1:])), times)

    def test_a_policy_that_did_not_start_is_counted(self):
        policies = {"accept": POLICIES["accept"], "broken": {"module": wasm("settings-invalid")}}
        with Collector() as collector, Server(policies, "--enable-metrics", "--continue-on-errors", environment=otel(collector)) as server:
            server.post("/validate/broken", POD)
            server.stop()
            point = one(collector.metrics()[COUNTER], policy_name="broken")
            self.assertEqual((set(point["attributes"]), point["value"]), ({"policy_name", "initialization_error"}, 1))

    def test_the_resource_is_as_the_environment_says(self):
        environment = {"OTEL_RESOURCE_ATTRIBUTES": "a=b%20c,service.name=x,service.namespace=n", "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20t,x-two=2",
                       "OTEL_EXPORTER_OTLP_METRICS_HEADERS": None}
        for service in (None, "named"):
            with Collector() as collector, Server(POLICIES, "--enable-metrics", environment=otel(collector, OTEL_SERVICE_NAME=service, **environment)) as server:
                server.post("/validate/accept", POD)
                server.stop()
                resource = collector.metrics()[COUNTER][0]["resource"]
                self.assertEqual((resource["service.name"], resource["a"], resource["service.namespace"]), (service or "x", "b c", "n"))
                headers = collector.requests[0][1]
                self.assertEqual((headers["authorization"], headers["x-two"], headers["te"], headers["grpc-timeout"]), ("Bearer t", "2", "trailers", "10000m"))


class Traces(unittest.TestCase):
    def test_spans_of_requests(self):
        with Collector() as collector, Server(POLICIES, "--log-fmt", "otlp", environment=otel(collector), log="info") as server:
            for path in ("/validate/guest?timeout=5s", "/audit/group", "/validate/trap", "/validate/mutate"):
                server.post(path, POD)
            server.post("/validate_raw/accept", b'{"request":{}}')
            server.post("/nowhere", POD)
            server.stop()
            spans, settings = [], []
            for span in collector.spans():
                (settings if span["name"] == "validate_settings" else spans).append(span)
            self.assertEqual(sorted(span["attributes"]["policy_id"] for span in settings), sorted(POLICIES.keys() - {"group"} | {"member"}))
            self.assertIn("}: server::http: finished processing request latency=", server.log())
        traces = {}
        for span in spans:
            traces.setdefault(span["trace"], []).append(span)
            self.assertEqual((span["scope"], span["resource"]["service.name"]), ("kubewarden-policy-server", "kubewarden-policy-server"))
            self.assertTrue(span["start"] <= span["end"] <= time.time_ns())
        self.assertEqual(len({span["id"] for span in spans}), len(spans))
        self.assertEqual(len(traces), 6)

        def chain(uri):
            """The spans of a trace, each the parent of the next."""
            inner, = [spans for spans in traces.values() if any(span["attributes"].get("uri") == uri for span in spans)]
            chained, parent = [], None
            while len(chained) < len(inner):
                span, = [span for span in inner if span["parent"] == parent]
                chained, parent = chained + [span], span["id"]
            return chained

        request, validation, validate, policy_log = chain("/validate/guest?timeout=5s")
        self.assertEqual([request["name"], validation["name"], validate["name"], policy_log["name"]], ["request", "validation", "validate", "policy_log"])
        self.assertEqual(request["attributes"], {"method": "POST", "uri": "/validate/guest?timeout=5s", "version": "HTTP/1.1"})
        self.assertEqual([event["name"] for event in request["events"]], ["finished processing request"])
        self.assertEqual(request["events"][0]["attributes"]["status"], 200)
        self.assertEqual(validation["attributes"], {
            "request_uid": "u-1", "host": "unknown", "policy_id": "guest", "name": "", "namespace": "default", "operation": "CREATE", "subresource": "",
            "kind": "Pod", "kind_group": "", "kind_version": "v1", "resource": "pods", "resource_group": "", "resource_version": "v1",
            "allowed": True, "mutated": False})
        event, = policy_log["events"]
        self.assertEqual((event["name"], event["attributes"]["target"], event["attributes"]["level"]), ("hello", "policy_log", "INFO"))
        self.assertEqual([span["name"] for span in chain("/audit/group")], ["request", "audit", "validate", "validate"])
        self.assertEqual([span["attributes"]["policy_id"] for span in chain("/audit/group")[1:]], ["group", "group", "member"])
        _, validation, validate = chain("/validate/trap")
        self.assertEqual((validation["attributes"]["response_code"], validation["attributes"]["allowed"]), (500, False))
        self.assertEqual((validate["status"], validation["status"]), (2, 0))
        self.assertEqual(validate["events"][0]["attributes"]["function"], "__guest_call")
        self.assertTrue(chain("/validate/mutate")[1]["attributes"]["mutated"])
        self.assertEqual(chain("/validate_raw/accept")[1]["name"], "validation_raw")
        self.assertEqual([span["name"] for span in chain("/nowhere")], ["request"])

    def test_a_callers_trace_goes_on(self):
        trace, caller = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
        half = "traceidratio", "0.5"
        # The last eight bytes of a trace's id choose with a ratio, so that all who see it choose alike.
        low, high = trace[:16] + "0" * 15 + "1", trace[:16] + "f" * 16
        for sampler, trace_id, flags, is_traced in (
                (("", ""), trace, "01", True), (("", ""), trace, "00", False), (("parentbased_always_off", ""), trace, "01", True),
                (("always_on", ""), trace, "00", True), (("always_off", ""), trace, "01", False),
                (half, low, "00", True), (half, high, "01", False)):
            environment = dict(zip(("OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"), sampler))
            with self.subTest(sampler=sampler, flags=flags), Collector() as collector, \
                    Server({"accept": POLICIES["accept"]}, "--log-fmt", "otlp", environment=otel(collector, **environment)) as server:
                self.assertEqual(server.post("/validate/accept", POD, {**harness.JSON, "traceparent": f"00-{trace_id}-{caller}-{flags}"})[0], 200)
                server.stop()
                spans = spans_of_requests(collector)
                self.assertEqual([span["name"] for span in spans], ["validate", "validation", "request"] if is_traced else [])
                if is_traced:
                    *_, request = spans
                    self.assertEqual({span["trace"] for span in spans}, {trace_id})
                    self.assertEqual((request["parent"], request["kind"]), (caller, 2))  # SERVER: it is what came in here
                    self.assertNotIn(caller, [span["id"] for span in spans])

    def test_what_is_no_traceparent_begins_a_trace(self):
        trace, caller = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
        with Collector() as collector, Server(POLICIES, "--log-fmt", "otlp", environment=otel(collector)) as server:
            for value in ("", "00", f"00-{trace}-{caller}", f"00-{trace.upper()}-{caller}-01", f"ff-{trace}-{caller}-01"):
                self.assertEqual(server.post("/validate/accept", POD, {**harness.JSON, "traceparent": value})[0], 200)
            server.stop()
            requests = [span for span in spans_of_requests(collector) if span["name"] == "request"]
        self.assertEqual(len({span["trace"] for span in requests} | {trace}), 6)
        self.assertEqual({span["parent"] for span in requests}, {None})

    def test_a_reload_changes_nothing_for_them(self):
        before = {name: POLICIES[name] for name in ("accept", "guest")}
        with Collector() as collector, Server(before, "--log-fmt", "otlp", "--enable-metrics", environment=otel(collector)) as server:
            server.post("/validate/accept", POD)
            with open(os.path.join(server.folder, "policies.yml.new"), "w") as out:
                json.dump({**before, "trap": POLICIES["trap"]}, out)
            os.rename(out.name, os.path.join(server.folder, "policies.yml"))
            server.process.send_signal(signal.SIGHUP)
            self.assertTrue(wait_for(lambda: server.post("/validate/trap", POD)[0] == 200))
            server.post("/validate/accept", POD)
            server.stop()
            found = [span["attributes"]["policy_id"] for span in spans_of_requests(collector) if span["name"] == "validate"]
            self.assertEqual(sorted(found)[:3], ["accept", "accept", "trap"])
            self.assertEqual(one(collector.metrics()[COUNTER], policy_name="accept")["value"], 2)

    def test_what_is_too_much_is_left_out(self):
        with Collector() as collector, Server(POLICIES, "--log-fmt", "otlp", environment=otel(collector), log="debug") as server:
            long = review(uid="é" * 4000, name="n" * 4000, namespace="\x01")
            server.post("/validate/guest?" + "q" * 4000, long)
            server.stop()
            request, validation = [one([span for span in collector.spans() if span["name"] == name]) for name in ("request", "validation")]
        self.assertEqual((len(request["attributes"]["uri"]), len(validation["attributes"]["name"])), (256, 256))
        self.assertEqual(validation["attributes"]["request_uid"], "é" * 128)

    def test_a_sampler_chooses(self):
        for sampler, argument, least, most in (("always_off", "", 0, 0), ("parentbased_traceidratio", "0.5", 50, 150), ("traceidratio", "1", 200, 200),
                                               ("traceidratio", "2", 200, 200), ("unheard", "", 200, 200)):
            environment = {"OTEL_TRACES_SAMPLER": sampler, "OTEL_TRACES_SAMPLER_ARG": argument}
            with Collector() as collector, Server(POLICIES, "--log-fmt", "otlp", environment=otel(collector, **environment), log="warn") as server:
                connection = server.connect()
                for number in range(1, 201):
                    server.post("/validate/accept", POD, connection=connection)
                    if least == 200 and number % 20 == 0:  # so that nothing is too much for the exporter
                        self.assertTrue(collector.wait_for(lambda: len(spans_of_requests(collector)) == number * 3), sampler)
                connection.close()
                server.stop()
                self.assertTrue(least <= len(spans_of_requests(collector)) / 3 <= most, sampler)
                self.assertEqual("OTEL_TRACES_SAMPLER is not understood" in server.log(), argument == "2" or sampler == "unheard")

    def test_spans_that_are_refused_are_counted(self):
        with Collector() as collector:
            with Server(POLICIES, "--log-fmt", "otlp", "--enable-metrics", environment=otel(collector), log="info") as server:
                self.assertTrue(collector.wait_for(lambda: len(collector.spans()) == 6))  # of the settings
                collector.status, collector.text = 3, "not like this"
                server.post("/validate/accept", POD)
                refused = 'the collector refuses what is exported what="traces" why="INVALID_ARGUMENT: not like this"'
                self.assertTrue(wait_for(lambda: refused in server.log()))
                collector.status = 0
                server.stop()
            self.assertEqual(spans_of_requests(collector), [])
            self.assertEqual(collector.metrics()["chimera_dropped_spans_total"][-1]["value"], 3)


class Trouble(unittest.TestCase):
    def test_a_collector_may_come_late_die_and_come_back(self):
        with Collector() as probe:
            port = probe.port
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}", "OTEL_BSP_SCHEDULE_DELAY": "50", "OTEL_METRIC_EXPORT_INTERVAL": "200"}
        with Server(POLICIES, "--log-fmt", "otlp", "--enable-metrics", environment=environment, log="info") as server:
            for _ in range(2):
                server.post("/validate/accept", POD)
                self.assertTrue(wait_for(lambda: 'cannot export; trying again from time to time what="traces"' in server.log()))
                self.assertEqual(server.post("/validate/accept", POD)[0], 200)
                with Collector(port) as collector:
                    self.assertTrue(collector.wait_for(lambda: collector.messages("Metrics") and len(spans_of_requests(collector)) >= 6))
                    self.assertTrue(wait_for(lambda: 'exporting again what="traces"' in server.log()))
            self.assertEqual(server.stop(), 0)

    def test_what_is_unavailable_is_tried_again(self):
        with Collector() as collector, Server(POLICIES, "--log-fmt", "otlp", environment=otel(collector)) as server:
            collector.status = 14
            server.post("/validate/accept", POD)
            self.assertTrue(collector.wait_for(lambda: collector.refused))
            collector.status = 0
            self.assertTrue(collector.wait_for(lambda: len(spans_of_requests(collector)) == 3))

    def test_an_exporter_that_dies_is_started_again(self):
        with Collector() as collector, Server(POLICIES, "--log-fmt", "otlp", "--enable-metrics", environment=otel(collector)) as server:
            pid, = exporters(server)
            os.kill(pid, signal.SIGKILL)
            self.assertEqual(server.post("/validate/accept", POD)[0], 200)
            self.assertTrue(wait_for(lambda: exporters(server) not in ([], [pid])))
            self.assertIn("the exporter is gone; starting another", server.log())
            self.assertTrue(collector.wait_for(lambda: len(spans_of_requests(collector)) == 3))  # they waited in the pipe
            server.stop()
            self.assertEqual(collector.metrics()[COUNTER][-1]["value"], 1)

    def test_an_exporter_that_stands_still_holds_nothing(self):
        environment = {"OTEL_METRIC_EXPORT_INTERVAL": "200"}
        with Collector() as collector, Server(POLICIES, "--log-fmt", "otlp", "--enable-metrics", environment=otel(collector, **environment)) as server:
            pid, = exporters(server)
            os.kill(pid, signal.SIGSTOP)
            connection = server.connect()
            for _ in range(600):  # more than the pipe takes
                self.assertEqual(server.post("/validate/accept", POD, connection=connection)[0], 200)
            connection.close()
            os.kill(pid, signal.SIGCONT)

            def lost():
                return collector.metrics().get("chimera_dropped_spans_total", [{"value": 0}])[-1]["value"]
            self.assertTrue(collector.wait_for(lambda: len(spans_of_requests(collector)) + lost() == 600 * 3))
            self.assertGreater(lost(), 0)

    def test_the_exporter_is_confined_and_workers_know_nothing_of_it(self):
        with Collector() as collector, Server(POLICIES, "--enable-metrics", environment=otel(collector)) as server:
            pid, = exporters(server)
            for other in server.workers() + [server.process.pid]:
                self.assertEqual("libcurl" in harness.proc(other, "maps"), other == pid)
            status = harness.status(pid)
            if not harness.is_sanitized():
                self.assertEqual(status["NoNewPrivs"], "1")
                self.assertEqual(int(status["CapEff"], 16) & ~(1 << 2), 0)  # CAP_DAC_READ_SEARCH

    def test_nothing_is_started_that_nobody_asked_for(self):
        with Server(POLICIES) as server:
            self.assertEqual(exporters(server), [])
        with Server(POLICIES, "--enable-metrics", environment={"OTEL_SDK_DISABLED": "true"}) as server:
            self.assertEqual(exporters(server), [])

    def fails(self, text, *flags, **environment):
        with Server(POLICIES, *flags, environment=environment, is_awaited=False) as server:
            self.assertEqual(server.process.wait(60), 1)
            self.assertIn(text, server.errors())

    def test_wrong_settings_stop_the_start(self):
        self.fails("Error: cannot read the file that OTEL_EXPORTER_OTLP_CERTIFICATE names, /nowhere: No such file", "--enable-metrics",
                   OTEL_EXPORTER_OTLP_CERTIFICATE="/nowhere")
        self.fails("OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY names, /nowhere", "--log-fmt", "otlp", OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY="/nowhere")
        self.fails("need each other", "--enable-metrics", OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE="/dev/null")
        self.fails('"ftp://x" is neither http:// nor https://', "--enable-metrics", OTEL_EXPORTER_OTLP_METRICS_ENDPOINT="ftp://x")

    def test_a_missing_plugin_is_named(self):
        with tempfile.TemporaryDirectory() as folder:
            alone = shutil.copy(harness.SERVER, folder)
            out = subprocess.run([alone, "--enable-metrics", "--policies", "/dev/null", "--ignore-kubernetes-connection-failure", "--port", str(harness.free_port()),
                                  "--readiness-probe-port", str(harness.free_port())], capture_output=True, text=True, timeout=20, cwd=folder)
            self.assertEqual(out.returncode, 1)
            self.assertIn("need the plugin chimera-capability-otlp.so", out.stderr)

    def test_the_server_itself_has_no_libcurl(self):
        linked = subprocess.run(["readelf", "-d", harness.SERVER], capture_output=True, text=True).stdout
        self.assertIn("libssl", linked)
        self.assertNotIn("libcurl", linked)


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        make_certificates(cls.folder)
        cls.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cls.tls.load_cert_chain(cls.path("server.crt"), cls.path("server.key"))
        cls.tls.load_verify_locations(cls.path("ca.crt"))
        cls.tls.verify_mode = ssl.CERT_REQUIRED
        cls.tls.set_alpn_protocols(["h2"])

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    def exports(self, collector, scheme="https", **environment):
        with Server(POLICIES, "--enable-metrics", "--log-fmt", "otlp", environment=otel(collector, scheme, **environment), log="info") as server:
            server.post("/validate/accept", POD)
            self.assertEqual(server.stop(), 0)
            return server.log()

    def files(self, part=""):
        return {f"OTEL_EXPORTER_OTLP_{part}CERTIFICATE": self.path("ca.crt"), f"OTEL_EXPORTER_OTLP_{part}CLIENT_CERTIFICATE": self.path("client.crt"),
                f"OTEL_EXPORTER_OTLP_{part}CLIENT_KEY": self.path("client.key")}

    def test_both_signals_over_mutual_tls(self):
        for files, compression in ((self.files(), "none"), ({**self.files("METRICS_"), **self.files("TRACES_")}, "gzip")):
            with Collector(tls=self.tls) as collector:
                self.exports(collector, OTEL_EXPORTER_OTLP_COMPRESSION=compression, **files)
                self.assertEqual({COUNTER, LATENCY}, set(collector.metrics()) - {"chimera_dropped_spans_total"})
                self.assertEqual({point["scope"] for point in collector.metrics()[COUNTER]}, {"kubewarden"})
                self.assertEqual({span["scope"] for span in collector.spans()}, {"kubewarden-policy-server"})
                self.assertEqual({request[1].get("grpc-encoding") for request in collector.requests}, {None if compression == "none" else "gzip"})

    def test_who_is_not_certified_gets_nothing(self):
        for changed in ({"OTEL_EXPORTER_OTLP_CERTIFICATE": self.path("lonely.crt")},
                        {"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": self.path("lonely.crt"), "OTEL_EXPORTER_OTLP_CLIENT_KEY": self.path("lonely.key")}):
            with Collector(tls=self.tls) as collector:
                log = self.exports(collector, **{**self.files(), **changed})
                self.assertEqual(collector.requests, [])
                self.assertIn("cannot export; trying again from time to time", log)

    def test_an_endpoint_without_a_scheme(self):
        for insecure, tls, files in (("true", None, {}), ("false", self.tls, self.files())):
            with Collector(tls=tls) as collector:
                self.exports(collector, OTEL_EXPORTER_OTLP_ENDPOINT=f"localhost:{collector.port}", OTEL_EXPORTER_OTLP_INSECURE=insecure, **files)
                self.assertEqual(len(collector.messages("Metrics")), 1)


if __name__ == "__main__":
    unittest.main()
