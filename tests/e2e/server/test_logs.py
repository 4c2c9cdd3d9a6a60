# SPDX-License-Identifier: Apache-2.0
"""The log as scripts read it: spans, events and fields with the reference's names (policy-server.md §6.3, §6.4)."""
import json, re, unittest

from harness import Server, review, wasm

POLICIES = {"accept": {"module": wasm("accept")},
            "guest": {"module": wasm("log")},
            "trap": {"module": wasm("trap")},
            "loop": {"module": wasm("loop"), "timeoutEvalSeconds": 1},
            "quiet": {"module": wasm("reject-message"), "policyMode": "monitor"},
            "group": {"policies": {"member": {"module": wasm("log")}}, "expression": "member()", "message": "no"}}
POD = review(name="web", subResource="status", requestKind={"group": "g", "version": "v2", "kind": "Thing"},
             requestResource={"group": "h", "version": "v3", "resource": "things"}, requestSubResource="scale")
VALIDATION = ('host="unknown" policy_id="%s" kind="Pod" kind_group="" kind_version="v1" name="web" namespace="default" operation="CREATE" '
              'request_uid="u-1" resource="pods" resource_group="" resource_version="v1" subresource="status"')  # as the reference writes it


def lines_of(form, level, *requests, flags=(), policies=POLICIES):
    with Server(policies, "--log-fmt", form, *flags, log=level) as server:
        for path, body in requests:
            server.post(path, body)
        server.stop()
        lines = server.log().splitlines()
    return [json.loads(line) for line in lines] if form == "json" else lines


class Text(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lines = lines_of("text", "debug", ("/validate/accept?timeout=9s", POD), ("/validate/guest", POD), ("/audit/group", POD),
                             ("/validate/trap", POD), ("/validate/loop", POD), ("/validate/quiet", POD),
                             ("/validate_raw/accept", b'{"request":{}}'), ("/validate/a%2Fb%2Fc", POD),
                             ("/validate/accept", review(uid='u"\n}: forged', name="\x1b[2J")))

    def one(self, *parts):
        found = [line for line in self.lines if all(part in line for part in parts)]
        self.assertEqual(len(found), 1, (parts, found))
        return found[0]

    def test_a_request_has_its_span(self):
        self.assertRegex(self.one("/accept?timeout=9s", "finished"),
                         r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z  INFO request\{method=POST uri=/validate/accept\?timeout=9s "
                         r"version=HTTP/1\.1\}: server::http: finished processing request latency=\d+ ms status=200$")

    def test_what_is_not_there_has_its_span_too(self):
        self.assertIn("DEBUG request{method=POST uri=/validate/a%2Fb%2Fc version=HTTP/1.1}: server::http: started processing request",
                      self.one("a%2Fb%2Fc", "started"))
        self.assertIn(":validation{%s}: server::api: Evaluation error" % (VALIDATION % "a/b/c"), self.one("Evaluation error"))

    def test_a_server_error_is_an_error(self):
        self.assertIn(" ERROR request{method=POST uri=/validate/a%2Fb%2Fc version=HTTP/1.1}: server::http: response failed "
                      "classification=Status code: 500", self.one("response failed"))

    def test_the_review_and_the_answer_are_told_within_the_span(self):
        span = "request{method=POST uri=/validate/accept?timeout=9s version=HTTP/1.1}:validation{%s" % (VALIDATION % "accept")
        self.assertIn(f"DEBUG {span}}}: server::api: admission_review={POD.decode()}", self.one("timeout=9s", "admission_review="))
        self.assertIn(f"DEBUG {span} allowed=true mutated=false}}: server::api: policy evaluated", self.one("timeout=9s", "policy evaluated"))
        self.assertIn(':validation_raw{host="unknown" policy_id="accept"}: server::api: raw_review={"request":{}}', self.one("raw_review"))

    def test_a_guest_speaks_within_the_spans(self):
        line = self.one("/validate/guest", "hello")
        self.assertIn('}:validate{policy_id="guest"}:policy_log: policy_log: hello data={"data":{"k":"v"},', line)
        self.assertIn(':audit{%s}:validate{policy_id="group"}:validate{policy_id="member"}:policy_log: policy_log: hello' % (VALIDATION % "group"),
                      self.one("/audit/group", "hello"))

    def test_a_stop_is_one_error_with_policy_request_and_function(self):
        for policy, message, why in (("trap", "waPC communication error", "unreachable"),
                                     ("loop", "policy execution time exceeded", "deadline exceeded")):
            line = self.one(f"/validate/{policy} ", " ERROR ")
            self.assertRegex(line, rf'chimera::trap: {message} policy_id="{policy}" request_uid="u-1" error="[^"]*{why}[^"]*" '
                             r'function="\w+" function_index=\d+ wasm_offset=0x')
        line = self.one("/validate/loop ", "policy evaluated")
        self.assertIn('allowed=false mutated=false response_code=500 response_message="Policy execution interrupted', line)

    def test_monitor_mode_tells_the_verdict_it_hides(self):
        self.assertIn('"allowed\\":false', self.one("/validate/quiet", "INFO", "policy evaluation (monitor mode)").replace('\\"', '\\"'))

    def test_a_client_cannot_forge_lines(self):
        line = self.one("forged", "admission_review")
        self.assertIn('request_uid="u\\"\\n}: forged"', line)
        self.assertIn('name="\\u{1b}[2J"', line)


class Json(unittest.TestCase):
    def test_spans_are_members(self):
        lines = lines_of("json", "debug", ("/validate/guest", POD))
        self.assertTrue(all({"timestamp", "level", "fields", "target"} <= set(line) for line in lines))
        self.assertNotIn("span", lines[0])
        hello, = [line for line in lines if line["fields"].get("message") == "hello"]
        self.assertEqual((hello["span"], hello["target"]), ({"name": "policy_log"}, "policy_log"))
        self.assertEqual([span["name"] for span in hello["spans"]], ["request", "validation", "validate", "policy_log"])
        self.assertEqual(hello["spans"][0], {"method": "POST", "uri": "/validate/guest", "version": "HTTP/1.1", "name": "request"})
        self.assertEqual(hello["spans"][1], {
            "request_uid": "u-1", "host": "unknown", "policy_id": "guest", "object_name": "web", "namespace": "default", "operation": "CREATE",
            "subresource": "status", "kind": "Pod", "kind_group": "", "kind_version": "v1", "resource": "pods", "resource_group": "",
            "resource_version": "v1", "name": "validation"})
        seen, = [line["fields"] for line in lines if "admission_review" in line["fields"]]
        self.assertEqual(json.loads(seen["admission_review"])["request"]["uid"], "u-1")


class Isolated(unittest.TestCase):
    def test_a_stop_in_a_jail_names_the_request_too(self):
        lines = lines_of("text", "error", ("/validate/trap", POD), flags=("--isolate", "each"), policies={"trap": POLICIES["trap"]})
        line, = [line for line in lines if "waPC communication error" in line]
        self.assertTrue(re.search(r'validate\{policy_id="trap" request_uid="u-1"\}: chimera::trap: .*policy_id="trap" request_uid="u-1" error="unreachable"', line), line)


if __name__ == "__main__":
    unittest.main()
