# SPDX-License-Identifier: Apache-2.0
"""What a policy gets to see of a request (policy-server.md §4.3)."""
import json, os, unittest

import harness
from harness import Server, review

ECHO = {"module": "file://" + os.path.join(harness.HERE, "policies", "wasi-echo.wasm")}
# Parts of a review as no API server writes them, and what the reference's own types make of them.
ODD = {"kind": ["apps", "v1", "Deployment"],
       "resource": {"group": "apps", "version": "v1", "resource": "deployments", "scope": None},
       "requestKind": {"kind": "Deployment", "more": [1], "group": "apps", "version": "v1"},
       "requestResource": ["apps", "v1", "deployments"],
       "userInfo": {"username": "alice@example.com", "groups": None, "extra": None, "impersonated": {"by": "bob"}},
       "object": {"metadata": {"name": "x", "labels": None, "x": [None]}}, "oldObject": None, "options": {"kind": "CreateOptions", "x": None},
       "name": None, "dryRun": None, "surprise": {"a": None}}
NORMAL = {"uid": "u-1", "namespace": "default", "operation": "CREATE",
          "kind": {"group": "apps", "version": "v1", "kind": "Deployment"},
          "resource": {"group": "apps", "version": "v1", "resource": "deployments"},
          "requestKind": {"group": "apps", "version": "v1", "kind": "Deployment"},
          "requestResource": {"group": "apps", "version": "v1", "resource": "deployments"},
          "userInfo": {"username": "alice@example.com"},
          "object": {"metadata": {"name": "x", "labels": None, "x": [None]}}, "options": {"kind": "CreateOptions", "x": None}}


class Requests(unittest.TestCase):
    def seen(self, server, name, body):
        return json.loads(server.verdict("/validate/" + name, body)["status"]["message"])["request"]

    def test_typed_parts_come_in_their_normal_form_and_objects_as_they_are(self):
        for flags in ((), ("--isolate", "each")):
            with Server({"echo": ECHO}, *flags) as server:
                self.assertEqual(self.seen(server, "echo", review(**ODD)), NORMAL)
                plain = review(userInfo={"username": "a", "groups": ["b"], "extra": {"k": ["v"]}})
                self.assertEqual(self.seen(server, "echo", plain), json.loads(plain)["request"])
                deleted = self.seen(server, "echo", review(operation="DELETE", object=None, oldObject={"a": None}))
                self.assertNotIn("object", deleted)
                self.assertEqual(deleted["oldObject"], {"a": None})

    def test_a_raw_request_is_handed_on_whole(self):
        with Server({"echo": ECHO}) as server:
            raw = {"kind": ["a", None], "userInfo": {"groups": None}, "fill": "x" * 100}
            status, _, body = server.post("/validate_raw/echo", json.dumps({"request": raw}).encode())[:3]
            self.assertEqual(status, 200)
            self.assertEqual(json.loads(json.loads(body)["response"]["status"]["message"])["request"], raw)

    def test_settings_take_all_of_json(self):
        """policies.yml is JSON here, in which all that is not ASCII is escaped: what lies beyond 16 bits as two surrogates."""
        settings = {"motto": "ready \U0001F600", "\U0001F511": ["\x85\u2028"]}
        with Server({"echo": dict(ECHO, settings=settings)}) as server:
            with open(os.path.join(server.folder, "policies.yml")) as text:
                self.assertIn("ready \\ud83d\\ude00", text.read())
            self.assertEqual(json.loads(server.verdict("/validate/echo")["status"]["message"])["settings"], settings)


if __name__ == "__main__":
    unittest.main()
