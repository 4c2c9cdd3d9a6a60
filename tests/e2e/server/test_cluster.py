# SPDX-License-Identifier: Apache-2.0
"""Policies that ask for the cluster's objects, served: an API server of ours, tests/e2e/cluster/apiserver.py, is the cluster."""
import json, os, sys, tempfile, unittest

import harness
from harness import Server, wait_for

sys.path.append(os.path.join(harness.ROOT, "tests", "e2e", "cluster"))
import apiserver  # noqa: E402

HOST_CALL = f"file://{harness.ROOT}/tests/policies/host-call/host-call.wasm"
REGO = f"file://{harness.ROOT}/tests/policies/rego-cluster/rego-cluster.wasm"
NAMESPACES = [{"apiVersion": "v1", "kind": "Namespace"}]
GRANTED = {"module": HOST_CALL, "hostCapabilities": ["kubernetes/*"], "contextAwareResources": NAMESPACES}


def namespace(name, **labels):
    return {"metadata": {"name": name, "labels": labels}, "spec": {}}


class Case(unittest.TestCase):
    def setUp(self):
        self.cluster = apiserver.ApiServer()
        self.addCleanup(self.cluster.close)
        for name in ("alpha", "beta"):
            self.cluster.put("namespaces", namespace(name, team=name))

    def serve(self, policies, *flags, **more):
        folder = self.enterContext(tempfile.TemporaryDirectory(prefix="chimera-cluster-"))
        path = os.path.join(folder, "config")
        with open(path, "w") as out:
            json.dump({"apiVersion": "v1", "kind": "Config", "current-context": "c",
                       "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
                       "clusters": [{"name": "c", "cluster": {"server": self.cluster.url}}],
                       "users": [{"name": "u", "user": {"token": "secret"}}]}, out)
        return self.enterContext(Server(policies, *flags, environment={"KUBECONFIG": path}, **more))

    def call(self, server, operation, policy="p", **payload):
        """(whether there was an answer, the answer or the error)"""
        request = {"uid": "u-1", "binding": "kubewarden", "namespace": "kubernetes", "operation": operation, "payload": payload}
        answer = server.verdict("/validate_raw/" + policy, json.dumps({"request": request}).encode())
        return answer["allowed"], answer["status"]["message"]

    def names(self, server, policy="p"):
        is_good, text = self.call(server, "list_resources_all", policy, api_version="v1", kind="Namespace")
        self.assertTrue(is_good, text)
        return [item["metadata"]["name"] for item in json.loads(text)["items"]]


class Calls(Case):
    def test_lists_objects_and_reviews_are_answered(self):
        server = self.serve({"p": GRANTED})
        self.assertEqual(self.names(server), ["alpha", "beta"])
        _, text = self.call(server, "list_resources_all", api_version="v1", kind="Namespace", label_selector="team=beta")
        self.assertEqual([item["metadata"]["name"] for item in json.loads(text)["items"]], ["beta"])
        _, text = self.call(server, "get_resource", api_version="v1", kind="Namespace", name="alpha", disable_cache=False)
        self.assertEqual(json.loads(text)["metadata"]["labels"], {"team": "alpha"})
        for user, may in (("root", True), ("anna", False)):
            review = {"user": user, "resource_attributes": {"verb": "get", "resource": "pods"}}
            self.assertEqual(self.call(server, "can_i", subject_access_review=review, disable_cache=False), (True, json.dumps({"allowed": may}, separators=(",", ":"))))

    def test_what_is_not_granted_is_refused_in_the_reference_s_words(self):
        server = self.serve({"p": GRANTED, "q": {**GRANTED, "hostCapabilities": []}})
        self.assertEqual(self.call(server, "list_resources_all", api_version="v1", kind="Pod"), (False,
                         "Policy has not been granted access to Kubernetes v1/Pod resources. The violation has been reported."))
        self.assertEqual(self.call(server, "list_resources_all", "q", api_version="v1", kind="Namespace"), (False,
                         "Policy has not been granted access to the 'kubernetes/list_resources_all' host capability. The violation has been reported."))

    def test_a_change_is_seen(self):
        for flags in ([], ["--isolate", "p"]):
            with self.subTest(flags=flags):
                server = self.serve({"p": GRANTED}, *flags)
                self.assertEqual(self.names(server), ["alpha", "beta"])
                self.cluster.put("namespaces", namespace("gamma"))
                self.assertTrue(wait_for(lambda: self.names(server) == ["alpha", "beta", "gamma"]))
                self.cluster.delete("namespaces", "", "gamma")
                self.assertTrue(wait_for(lambda: self.names(server) == ["alpha", "beta"]))

    def test_a_list_is_asked_for_once(self):
        server = self.serve({"p": GRANTED})
        for _ in range(20):
            self.names(server)
        lists = [query for _, path, query, _ in self.cluster.requests if path == "/api/v1/namespaces" and "watch" not in query]
        self.assertEqual(len(lists), 1)

    def test_what_was_seen_stays_while_the_api_server_fails(self):
        server = self.serve({"p": GRANTED})
        self.assertEqual(self.names(server), ["alpha", "beta"])

        def fail(handler, path, query):
            self.cluster.say(handler, 500, apiserver.status(500, "InternalError", "not now"))
            return True

        self.cluster.faults.append(fail)
        self.cluster.end_watches()
        self.assertEqual(self.names(server), ["alpha", "beta"])
        is_good, text = self.call(server, "get_resource", api_version="v1", kind="Namespace", name="alpha", disable_cache=True)
        self.assertFalse(is_good)
        self.assertIn("not now", text)
        self.cluster.faults.clear()
        self.cluster.forget("namespaces")
        self.cluster.put("namespaces", namespace("gamma"))
        self.assertTrue(wait_for(lambda: self.names(server) == ["alpha", "beta", "gamma"], 60))

    def test_a_selector_that_is_none_is_said_at_once(self):
        is_good, text = self.call(self.serve({"p": GRANTED}), "list_resources_all", api_version="v1", kind="Namespace", label_selector="a in (")
        self.assertFalse(is_good)
        self.assertIn("a in (", text)

    def test_what_does_not_fit_is_refused_and_the_rest_is_answered(self):
        self.cluster.fill("configmaps", [{"metadata": {"name": f"c{i}", "namespace": "alpha"}, "data": {"x": "y" * 4000}} for i in range(400)])
        kinds = NAMESPACES + [{"apiVersion": "v1", "kind": "ConfigMap"}]
        server = self.serve({"p": {**GRANTED, "contextAwareResources": kinds}}, "--cluster-memory", "1Mi")
        is_good, text = self.call(server, "list_resources_all", api_version="v1", kind="ConfigMap")
        self.assertFalse(is_good)
        self.assertIn("need more than the 1 MiB that they may use: raise the limit (--cluster-memory)", text)
        self.assertEqual(self.names(server), ["alpha", "beta"])

    def test_a_limit_that_is_none_is_refused_at_the_start(self):
        for value in ("lots", "1023Ki", "65Gi"):
            with Server({"p": GRANTED}, "--cluster-memory", value, is_awaited=False) as server:
                self.assertEqual(server.process.wait(60), 1)
                self.assertIn(f"--cluster-memory: '{value}' is not a size from 1Mi to 64Gi", server.errors())

    def test_without_a_cluster_the_policy_is_told(self):
        server = self.enterContext(Server({"p": GRANTED}))
        self.assertEqual(self.call(server, "list_resources_all", api_version="v1", kind="Namespace"),
                         (False, "Callback evaluation failure: kube::Client was not initialized properly"))


class Rego(Case):
    def verdict(self, server, name):
        answer = server.verdict("/validate/r", harness.review(namespace=name))
        return answer["allowed"], answer.get("status", {}).get("message")

    def test_the_cluster_is_among_the_data_and_changes(self):
        server = self.serve({"r": {"module": REGO, "contextAwareResources": NAMESPACES}})
        self.assertEqual(self.verdict(server, "alpha"), (True, "2"))
        self.assertEqual(self.verdict(server, "gamma"), (False, "2"))
        self.cluster.put("namespaces", namespace("gamma"))
        self.assertTrue(wait_for(lambda: self.verdict(server, "gamma") == (True, "3")))


if __name__ == "__main__":
    unittest.main()
