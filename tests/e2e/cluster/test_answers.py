# SPDX-License-Identifier: Apache-2.0
"""What policies are answered, from a cluster that does as it should. Texts and forms: guest-abis.md §5.6, §5.7, and the
recordings of the reference (shared/reference/kubernetes.jsonl), which tests/e2e/kubernetes plays against a real API server."""
import json, time, unittest

import apiserver, driver

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def config_map(name, namespace="alpha", **more):
    return {"metadata": {"name": name, "namespace": namespace, "uid": f"uid-{name}", **more.pop("metadata", {})}, **more}


class Answers(unittest.TestCase):
    def setUp(self):
        self.server = apiserver.ApiServer()
        self.server.put("namespaces", {"metadata": {"name": "alpha", "labels": {"team": "a"}}, "spec": {}})
        self.server.put("configmaps", config_map("one", data={"n": "1", "key": "<ü>"}, metadata={
            "labels": {"app": "x"}, "managedFields": [{"manager": "curl"}], "annotations": {LAST_APPLIED: "{}", "kept": "yes"}}))
        self.server.put("configmaps", config_map("two"))
        self.server.put("configmaps", config_map("three", "beta", metadata={"labels": {"app": "x"}}))
        self.driver = driver.Driver({"server": self.server.url, "token": "secret"})

    def tearDown(self):
        self.assertEqual(self.driver.close(), 0)
        self.server.close()

    def until(self, condition, what):
        for _ in range(3000):
            if condition():
                return
            time.sleep(0.01)
        self.fail(what)

    def test_a_list_has_the_references_form(self):
        said, _ = self.driver.list("ConfigMap", namespace="alpha")
        version = {name: json.loads(self.driver.get("ConfigMap", name, namespace="alpha")["text"])["metadata"]["resourceVersion"] for name in ("one", "two")}
        self.assertEqual(said["text"], '{"apiVersion":"v1","kind":"ConfigMapList","metadata":{},"items":['
                         '{"metadata":{"annotations":{"kept":"yes"},"labels":{"app":"x"},"managedFields":[],"name":"one","namespace":"alpha",'
                         '"resourceVersion":"%s","uid":"uid-one"},"data":{"key":"<ü>","n":"1"}},'
                         '{"metadata":{"annotations":{},"managedFields":[],"name":"two","namespace":"alpha","resourceVersion":"%s","uid":"uid-two"}}]}'
                         % (version["one"], version["two"]))
        self.assertTrue(said["memory"] and said["sealed"])
        self.assertGreater(said["place"], 0)

    def test_lists_by_selectors_and_masks(self):
        self.assertEqual(self.driver.names("ConfigMap"), ["one", "two", "three"])
        self.assertEqual(self.driver.names("ConfigMap", label_selector="app=x"), ["one", "three"])
        self.assertEqual(self.driver.names("ConfigMap", label_selector="app=nobody"), [])
        self.assertEqual(self.driver.names("ConfigMap", field_selector="metadata.name=two"), ["two"])
        self.assertEqual(self.driver.names("ConfigMap", namespace="nowhere"), [])
        masked = self.driver.list("ConfigMap", namespace="alpha", field_masks=["data.n"])[1][0]
        self.assertEqual((masked["data"], masked["metadata"]["labels"]), ({"n": "1"}, {"app": "x"}))
        self.assertNotIn("data", self.driver.list("ConfigMap", namespace="alpha", field_masks=["metadata.name"])[1][0])

    def test_pages(self):
        self.server.fill("secrets", [{"metadata": {"name": f"s{i:04}", "namespace": "n"}} for i in range(1234)])
        self.assertEqual(self.driver.names("Secret"), [f"s{i:04}" for i in range(1234)])
        pages = [query for _, path, query, _ in self.server.requests if path == "/api/v1/secrets" and "watch" not in query]
        self.assertEqual(([page["limit"] for page in pages], ["continue" in page for page in pages]), (["500"] * 3, [False, True, True]))

    def test_an_answer_stands_until_an_event(self):
        first, _ = self.driver.list("ConfigMap")
        second, _ = self.driver.list("ConfigMap")
        self.assertEqual((first["place"], first["version"]), (second["place"], second["version"]))
        self.server.put("configmaps", config_map("two", data={"new": "1"}))
        self.until(lambda: self.driver.version(first["place"]) != first["version"], "the change is not seen")
        self.assertEqual(self.driver.list("ConfigMap")[1][1], {**config_map("two", data={"new": "1"}), "apiVersion": "v1", "kind": "ConfigMap", "metadata": {
            "annotations": {}, "managedFields": [], "name": "two", "namespace": "alpha", "resourceVersion": str(self.server.version), "uid": "uid-two"}})
        self.server.delete("configmaps", "alpha", "one")
        self.server.put("configmaps", config_map("aaa", "alpha"))
        self.until(lambda: self.driver.names("ConfigMap") == ["aaa", "two", "three"], "the changes are not seen")

    def test_a_watch_goes_on_where_it_was(self):
        self.driver.list("ConfigMap")
        for number in range(3):
            self.until(lambda: self.server.watches == 1, "no watch")
            time.sleep(1.1)  # one that ends at once is begun again later
            self.server.end_watches()
            self.server.put("configmaps", config_map(f"while-{number}"))
            self.until(lambda: f"while-{number}" in self.driver.names("ConfigMap"), "the change is not seen")
        self.assertEqual(self.driver.count()[0]["chimera_kubernetes_lists_total"], 1)

    def test_bookmarks_move_the_version(self):
        self.server.bookmarks = 0.05
        self.driver.list("ConfigMap")
        self.until(lambda: self.server.watches == 1, "no watch")
        self.server.put("secrets", {"metadata": {"name": "other", "namespace": "x"}})
        at = self.server.version
        time.sleep(1.2)
        self.server.end_watches()
        self.until(lambda: any(query.get("resourceVersion") == str(at) for _, _, query, _ in self.server.requests), "the watch goes on from an old version")

    def test_objects(self):
        self.assertEqual(json.loads(self.driver.get("ConfigMap", "one", namespace="alpha")["text"])["metadata"]["managedFields"], [{"manager": "curl"}])
        self.assertEqual(self.driver.get("Namespace", "alpha")["text"], '{"apiVersion":"v1","kind":"Namespace","metadata":{"labels":{"team":"a"},"name":"alpha","resourceVersion":"101"},"spec":{}}')
        self.assertEqual(self.driver.get("Namespace", "alpha", namespace="ignored")["size"], self.driver.get("Namespace", "alpha")["size"])
        masked = json.loads(self.driver.get("ConfigMap", "one", namespace="alpha", field_masks=["data.key"])["text"])
        self.assertEqual((masked["data"], masked["kind"]), ({"key": "<ü>"}, "ConfigMap"))
        self.assertEqual(self.driver.get("ConfigMap", "one", namespace="alpha", disable_cache=False)["keep_ms"], 5000)
        self.assertEqual(self.driver.get("ConfigMap", "one", namespace="alpha")["keep_ms"], 0)

    def test_access(self):
        review = {"groups": ["g"], "user": "root", "resource_attributes": {"group": "", "name": None, "namespace": "alpha", "verb": "get", "resource": "pods", "subresource": None, "version": None}}
        self.assertEqual(self.driver.ask("KubernetesCanI", request=review, disable_cache=False)["text"], '{"allowed":true}')
        self.server.reviews = lambda spec: {"allowed": False, "reason": json.dumps(spec, sort_keys=True), "denied": True}
        said = json.loads(self.driver.ask("KubernetesCanI", request={**review, "user": "nobody"}, disable_cache=True)["text"])
        self.assertEqual(list(said), ["allowed", "denied", "reason"])
        self.assertEqual(json.loads(said["reason"]), {"groups": ["g"], "user": "nobody", "resourceAttributes": {"group": "", "namespace": "alpha", "verb": "get", "resource": "pods"}})
        self.server.reviews = lambda spec: None
        with self.assertRaisesRegex(driver.Failed, "^SubjectAccessReview did not return a response$"):
            self.driver.ask("KubernetesCanI", request=review, disable_cache=True)
        self.server.reviews = lambda spec: {"allowed": "yes"}
        with self.assertRaisesRegex(driver.Failed, "^the API server's SubjectAccessReview has a wrong 'allowed'$"):
            self.driver.ask("KubernetesCanI", request=review, disable_cache=True)

    def test_plural(self):
        self.assertEqual(self.driver.ask("KubernetesGetResourcePluralName", api_version="rbac.authorization.k8s.io/v1", kind="RoleBinding")["text"], '"rolebindings"')

    def test_refusals(self):
        def refuses(text, call):
            with self.assertRaises(driver.Failed) as failed:
                call()
            self.assertEqual(str(failed.exception), text)

        refuses("Cannot find v1/ConfigMap named 'nobody' inside of namespace 'Some(\"alpha\")'", lambda: self.driver.get("ConfigMap", "nobody", namespace="alpha"))
        refuses("Cannot find v1/Namespace named 'nobody' inside of namespace 'None'", lambda: self.driver.get("Namespace", "nobody"))
        refuses("Resource v1/ConfigMap is namespaced, but no namespace was provided", lambda: self.driver.get("ConfigMap", "one"))
        refuses("Cannot find resource v1/Unicorn", lambda: self.driver.list("Unicorn"))
        refuses("error finding resource a.b/v1 / X: the server could not find the requested resource", lambda: self.driver.list("X", "a.b/v1"))
        refuses("cannot determine group and version for apps", lambda: self.driver.list("X", "apps"))
        refuses("resource v1/Namespace is cluster wide. Cannot search for it inside of a namespace", lambda: self.driver.list("Namespace", namespace="alpha"))
        refuses("cannot list v1/ConfigMap with label selector 'app in (': unable to parse requirement: found \"app in (\"", lambda: self.driver.list("ConfigMap", label_selector="app in ("))
        refuses("a selector is longer than 32768 bytes", lambda: self.driver.list("ConfigMap", label_selector="a" * 40000))
        refuses("field_masks have more than 1023 parts", lambda: self.driver.list("ConfigMap", field_masks=[f"a{i}" for i in range(2000)]))
        refuses("field_masks are longer than 65536 bytes", lambda: self.driver.list("ConfigMap", field_masks=["a" * 70000]))

    def test_no_name_leads_to_another_resource(self):
        """What a policy gives as a name may hold anything; the allow-list has judged apiVersion and kind alone."""
        self.server.put("secrets", {"metadata": {"name": "s", "namespace": "alpha"}})
        self.driver.names("ConfigMap")
        asked = lambda: sum("watch" not in query for _, _, query, _ in self.server.requests)
        before = asked()
        for name in ("../secrets/s", "..", ".", "x/../../secrets/s", "%2e%2e/secrets/s", "a%2Fb", "", "a b", "a\nb", "a\tb"):
            with self.assertRaisesRegex(driver.Failed, "^Cannot find v1/ConfigMap named "):
                self.driver.get("ConfigMap", name, namespace="alpha")
            with self.assertRaisesRegex(driver.Failed, "^Cannot find v1/ConfigMap named "):
                self.driver.get("ConfigMap", "one", namespace=name)
            with self.assertRaisesRegex(driver.Failed, "^'.*' cannot be a namespace$|cannot be a namespace"):
                self.driver.list("ConfigMap", namespace=name)
        for version in ("v1/../v1", "../v1", "apps/v1/x", "apps/..", "v1?x", "v1/", "/v1", "Apps/v1", "apps%2Fv1/v1"):
            with self.assertRaisesRegex(driver.Failed, "^cannot determine group and version for "):
                self.driver.list("ConfigMap", version)
        self.assertEqual(asked(), before)
        with self.assertRaisesRegex(driver.Failed, "^Cannot find v1/ConfigMap named 'a\\?b#c&d' "):
            self.driver.get("ConfigMap", "a?b#c&d", namespace="alpha")
        self.assertEqual(self.server.requests[-1][1], "/api/v1/namespaces/alpha/configmaps/a%3Fb%23c%26d")

    def test_two_askers_share_a_list(self):
        answers = [self.driver.begin_ask("KubernetesListResourceAll", api_version="v1", kind="ConfigMap") for _ in range(20)]
        self.assertEqual(len({answer.get(timeout=600)["text"] for answer in answers}), 1)
        self.assertEqual(len([1 for _, path, query, _ in self.server.requests if path == "/api/v1/configmaps" and "watch" not in query]), 1)
        self.assertEqual(len([1 for _, path, _, _ in self.server.requests if path == "/api/v1"]), 1)


class NoCluster(unittest.TestCase):
    def test_says_why(self):
        for settings, text in ((None, "kube::Client was not initialized properly"), ({"server": "ftp://x"}, "the cluster's server is no URL"),
                               ({"server": "https://x", "token": 7}, "the cluster's token is no text"), ({"server": "https://x", "token": "a\nb"}, "the token for the API server is none")):
            refused = driver.Driver(settings)
            self.assertEqual(refused.process.wait(timeout=600), 1)
            for _ in range(500):
                if refused.refused:
                    break
                time.sleep(0.01)
            self.assertEqual(refused.refused, text)
