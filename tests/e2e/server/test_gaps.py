# SPDX-License-Identifier: Apache-2.0
"""What upstream's tests leave out (policy-server.md §8, the last line): the edges of the contract, byte for byte."""
import base64, json, os, unittest

from harness import HERE, Reader, Server, request, review, wasm
from test_upstream import Row, patch_of, tiny

LIMIT = 2 << 20
TOO_LONG = "Failed to buffer the request body: length limit exceeded"
NO_JSON_TYPE = "Expected request with `Content-Type: application/json`"
PATHS = ("/validate/accept", "/audit/accept", "/validate_raw/accept")
HEAD = '{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":'
NOTHING = '"auditAnnotations":null,"warnings":null}'


class Gaps(Row):
    flags = ("--continue-on-errors", "--always-accept-admission-reviews-on-namespace", "kubewarden")
    policies = {
        "accept": tiny("accept"), "reject": tiny("reject-message-code"), "trap": tiny("trap"),
        "annotated": tiny("audit-annotations"), "mutate": tiny("mutate", allowedToMutate=True), "mutate-denied": tiny("mutate"),
        "mutate-monitored": tiny("mutate", policyMode="monitor"),
        "warnings-monitored": tiny("reject-warnings", policyMode="monitor"),
        "annotated-monitored": tiny("audit-annotations", policyMode="monitor"),
        "custom": tiny("reject-message-code", message="see the wiki"),
        "lists": {"module": f"file://{HERE}/policies/mutate-lists.wasm", "allowedToMutate": True},
        "group": {"expression": "a() && b()", "message": "no", "policies": {
            "a": tiny("accept"), "b": {"module": "file:///nowhere/x.wasm"}}},
        "unasked": {"expression": "a() || b()", "message": "no", "policies": {
            "a": tiny("accept"), "b": {"module": "file:///nowhere/x.wasm"}}}}

    def text(self, path, body=None):
        status, _, text = self.server.post(path, body)
        self.assertEqual(status, 200, text)
        return text

    def refusal(self, path, status, text, body=None, headers=None):
        """JSON on /validate, plain text elsewhere."""
        got, fields, answer = self.server.post(path, body, **({"headers": headers} if headers else {}))
        is_json = path.startswith("/validate/")
        self.assertEqual((got, fields["content-type"]),
                         (status, "application/json" if is_json else "text/plain; charset=utf-8"))
        wanted = json.dumps({"message": text, "status": status}, separators=(",", ":"), ensure_ascii=False)
        self.assertEqual(answer, wanted if is_json else text)

    def test_413(self):
        for path in PATHS:
            self.refusal(path, 413, TOO_LONG, b" " * (LIMIT + 1))
            # Right at the limit the body is read: it is no JSON.
            self.assertEqual(self.server.post(path, b" " * LIMIT)[0], 400)

    def test_413_comes_before_what_the_body_says_and_after_its_type(self):
        self.refusal("/validate/nobody", 413, TOO_LONG, b" " * (LIMIT + 1))
        self.refusal("/validate/accept", 415, NO_JSON_TYPE, b" " * (LIMIT + 1), {"Content-Type": "text/plain"})

    def test_415(self):
        for path in PATHS:
            for kind in ("text/plain", "application/xml", "json", "application/jsonx", "", "application/", "text/json"):
                self.refusal(path, 415, NO_JSON_TYPE, headers={"Content-Type": kind})
            for kind in ("application/json", "application/json; charset=latin-1", "APPLICATION/JSON", "application/x+json"):
                body = review() if path != PATHS[2] else b'{"request":{}}'
                self.assertEqual(self.server.post(path, body, {"Content-Type": kind})[0], 200)

    def test_400(self):
        deep = review(object="DEEP").replace(b'"DEEP"', b"[" * 200 + b"]" * 200)
        for path in PATHS:
            for body in (b"", b"{", b"\xff", b'{"request":"\xff"}', b"{'a':1}", b'{"request":01}', deep, b"\xef\xbb\xbf{}",
                         review()[:-1], review() + b"{}", review() + b"\0"):
                status, _, text = self.server.post(path, body)
                self.assertEqual(status, 400, body[:40])
                message = json.loads(text)["message"] if path == PATHS[0] else text
                self.assertTrue(message.startswith("Failed to parse the request body as JSON: "), message)

    def test_405(self):
        for path in PATHS:
            for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "post"):
                with self.server.raw() as sock:
                    sock.sendall(request(path, None, method=method))
                    reader = Reader(sock)
                    head = reader.head().lower()
                    self.assertTrue(head.startswith("http/1.1 405 "), head)
                    self.assertIn("\r\nallow: post", head)
                    self.assertIn("\r\ncontent-length: 0", head)
                    self.assertNotIn("content-type", head)

    def test_the_order_of_keys_and_nulls(self):
        self.assertEqual(self.text("/validate/accept"), HEAD + '{"uid":"u-1","allowed":true,' + NOTHING + "}")
        self.assertEqual(self.text("/validate/reject"), HEAD + '{"uid":"u-1","allowed":false,"status":{"message":"not today",'
                         '"code":418},' + NOTHING + "}")
        self.assertEqual(self.text("/validate/custom"), HEAD + '{"uid":"u-1","allowed":false,"status":{"message":"see the wiki",'
                         '"details":{"causes":[{"reason":null,"message":"not today","field":null}]},"code":418},' + NOTHING + "}")
        patch = base64.b64encode(b'[{"op":"replace","path":"","value":{"a":[1,2,3],"b":[],"c":{"d":[{"x":1},{"y":2}]},'
                                 b'"m~n/o":1}}]').decode()
        self.assertEqual(self.text("/validate_raw/lists", b'{"request":1}'), '{"response":{"uid":"","allowed":true,'
                         '"patchType":"JSONPatch","patch":"' + patch + '",' + NOTHING + "}")
        self.assertEqual(self.text("/validate/annotated"), HEAD + '{"uid":"u-1","allowed":true,"auditAnnotations":{"alpha":"2",'
                         '"zeta":"1"},"warnings":null}}')
        self.assertEqual(self.server.post("/validate/nobody")[2], '{"message":"unknown policy: nobody","status":404}')

    def test_nulls_stand_for_what_is_not_there(self):
        names = ("name", "namespace", "subResource", "requestSubResource", "requestKind", "requestResource", "object",
                 "oldObject", "options", "dryRun")
        self.assertTrue(self.verdict("/validate/accept", review(**dict.fromkeys(names)))["allowed"])
        for name in ("uid", "kind", "resource", "operation", "userInfo"):
            self.assertEqual(self.server.post("/validate/accept", review(**{name: None}))[0], 422, name)

    def test_an_object_that_is_null(self):
        for operation in ("DELETE", "CREATE"):
            body = review(operation=operation, object=None, oldObject={"kind": "Pod"})
            self.assertTrue(self.verdict("/validate/accept", body)["allowed"])
            for path in ("/validate/mutate", "/audit/mutate", "/validate/mutate-denied"):
                response = self.verdict(path, body)
                self.assertEqual(response, {"uid": "u-1", "allowed": False, "auditAnnotations": None, "warnings": None, "status": {
                    "message": "Incoming object is null, which happens only with DELETE operations, but the policy is attempting a "
                               "mutation. This is not allowed"}})

    def test_query_strings_change_nothing(self):
        for query in ("", "?", "?timeout=10s", "?timeout=", "?timeout=-1s", "?timeout=999999999999s", "?a=b&timeout=1h", "?%zz",
                      "?/validate/reject", "?a?b", "?timeout=10s&timeout=1s"):
            self.assertTrue(self.verdict("/validate/accept" + query)["allowed"], query)
            self.assertFalse(self.verdict("/audit/reject" + query)["allowed"], query)
        self.answers("/validate/accept%3Ftimeout=1s", None, 404)

    def test_audit_shows_a_mutation_whatever_the_rules(self):
        wanted = self.verdict("/validate/mutate")
        for name in ("mutate", "mutate-denied", "mutate-monitored"):
            self.assertEqual(self.verdict("/audit/" + name), wanted)
        self.assertEqual((wanted["allowed"], "patch" in wanted), (True, True))

    def test_monitor_keeps_warnings_and_annotations(self):
        self.assertEqual(self.verdict("/validate/warnings-monitored"), {
            "uid": "u-1", "allowed": True, "auditAnnotations": None, "warnings": ["careful"]})
        self.assertEqual(self.verdict("/validate/annotated-monitored")["auditAnnotations"], {"alpha": "2", "zeta": "1"})

    def test_patches_of_lists(self):
        """The policy makes {"a":[1,2,3],"b":[],"c":{"d":[{"x":1},{"y":2}]},"m~n/o":1} of everything; policy-server.md §4.6 says how."""
        same = {"a": [1, 2, 3], "b": [], "c": {"d": [{"x": 1}, {"y": 2}]}, "m~n/o": 1}
        cases = [
            (same, None),
            (dict(same, a=[1, 2]), [("add", "/a/2", 3)]),
            (dict(same, a=[]), [("add", "/a/0", 1), ("add", "/a/1", 2), ("add", "/a/2", 3)]),
            (dict(same, a=[1, 2, 3, 4, 5]), [("remove", "/a/3"), ("remove", "/a/3")]),
            (dict(same, a=[0, 1, 2, 3]), [("replace", "/a/0", 1), ("replace", "/a/1", 2), ("replace", "/a/2", 3),
                                          ("remove", "/a/3")]),
            (dict(same, a=[1.0, 2, 3]), [("replace", "/a/0", 1)]),
            (dict(same, a={"0": 1}), [("replace", "/a", [1, 2, 3])]),
            (dict(same, b=[[]]), [("remove", "/b/0")]),
            (dict(same, c={"d": [{"x": 1}]}), [("add", "/c/d/1", {"y": 2})]),
            (dict(same, c={"d": [{"x": 2, "z": 0}, {}]}), [("replace", "/c/d/0/x", 1), ("remove", "/c/d/0/z"),
                                                           ("add", "/c/d/1/y", 2)]),
            ({"z": 1, "A": 2, "b": []}, [("add", "/a", [1, 2, 3]), ("add", "/c", {"d": [{"x": 1}, {"y": 2}]}),
                                         ("add", "/m~0n~1o", 1), ("remove", "/A"), ("remove", "/z")]),
            ([1, 2, 3], [("replace", "", same)])]
        for document, steps in cases:
            response = self.verdict("/validate_raw/lists", json.dumps({"request": document}).encode())
            wanted = steps and [dict(zip(("op", "path", "value"), step)) for step in steps]
            self.assertEqual(patch_of(response) if "patch" in response else None, wanted, document)
            self.assertEqual(patch_of(self.verdict("/validate/lists", review(object=document))) if steps else None, wanted)

    def test_a_member_that_failed_to_load(self):
        """Upstream answers 404; we say what is wrong, and not when nobody asks that member (policy-server.md §10)."""
        response = self.verdict("/validate/group")
        self.assertEqual((response["allowed"], response["status"]["code"]), (False, 500))
        self.assertRegex(response["status"]["message"], "^error evaluating policy group expression: error invoking group/b: .*"
                                                        "/nowhere/x.wasm")
        self.assertTrue(self.verdict("/validate/unasked")["allowed"])
        self.assertTrue(self.verdict("/validate/group", review(namespace="kubewarden"))["allowed"])


if __name__ == "__main__":
    unittest.main()
