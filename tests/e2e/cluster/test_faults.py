# SPDX-License-Identifier: Apache-2.0
"""A cluster that does not do as it should: it is slow, refuses, breaks off, forgets, lies, or is very large. The policy gets one
clear error or the right answer, what is kept stays true, and memory stays flat."""
import json, os, tempfile, threading, time, unittest

import apiserver, driver

LIST = "/api/v1/configmaps"


def config_map(name, namespace="a", **more):
    return {"metadata": {"name": name, "namespace": namespace}, **more}


def is_list(path, query, of=LIST):
    return path == of and "watch" not in query


def is_watch(path, query):
    return path == LIST and "watch" in query


class Base(unittest.TestCase):
    limits = {}

    def setUp(self):
        self.server = apiserver.ApiServer()
        self.server.put("configmaps", config_map("one"))
        self.server.put("configmaps", config_map("two"))
        self.server.put("secrets", config_map("s"))
        self.driver = driver.Driver({"server": self.server.url, "token": "secret"}, self.limits)

    def tearDown(self):
        self.assertEqual(self.driver.close(), 0)
        self.server.close()

    def until(self, condition, what):
        for _ in range(6000):
            if condition():
                return
            time.sleep(0.01)
        self.fail(what)

    def fault(self, applies, answer, times=1):
        """The next `times` requests that it applies to are answered by `answer(handler)`."""
        left, lock = [times], threading.Lock()

        def fault(handler, path, query):
            with lock:
                if not applies(path, query) or left[0] == 0:
                    return False
                left[0] -= 1
            answer(handler)
            return True
        self.server.faults.append(fault)

    def says(self, code, message="no", headers=()):
        return lambda handler: self.server.say(handler, code, apiserver.status(code, "Reason", message), headers)

    def says_body(self, body):
        return lambda handler: self.server.say(handler, 200, body if isinstance(body, bytes) else body.encode())

    def streams(self, *texts, then=apiserver.cut):
        def answer(handler):
            handler.send_response(200)
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            for text in texts:
                self.server.chunk(handler, text if isinstance(text, bytes) else text.encode())
            then(handler)
        return answer

    def refuses(self, pattern, **fields):
        with self.assertRaisesRegex(driver.Failed, pattern):
            self.driver.list("ConfigMap", **fields)

    def lists(self):
        return sum(is_list(path, query) and "continue" not in query for _, path, query, _ in self.server.requests)

    def is_listed(self):
        try:
            return self.driver.list("ConfigMap") and True
        except driver.Failed:
            return False

    def begin(self):
        self.assertEqual(self.driver.names("ConfigMap"), ["one", "two"])
        self.until(lambda: self.server.watches == 1, "no watch")


class FirstList(Base):

    def test_slow(self):
        self.fault(is_list, lambda handler: time.sleep(1.5) or self.server.say(handler, 500, {}))
        self.refuses("^cannot list v1/ConfigMap: the API server did not answer in time$", ms=300)
        self.assertEqual(self.driver.names("ConfigMap"), ["one", "two"])  # the same list goes on

    def test_busy(self):
        self.fault(is_list, self.says(429, headers=[("Retry-After", "1")]))
        begun = time.monotonic()
        self.assertEqual(self.driver.names("ConfigMap"), ["one", "two"])
        self.assertGreaterEqual(time.monotonic() - begun, 1)

    def test_broken_for_a_while(self):
        self.fault(is_list, self.says(500), times=2)
        self.assertEqual(self.driver.names("ConfigMap"), ["one", "two"])

    def test_broken(self):
        self.fault(is_list, self.says(503, "etcdserver: no leader"), times=1000000)
        self.refuses("^cannot list v1/ConfigMap: etcdserver: no leader$", ms=50000)
        begun = time.monotonic()
        self.refuses("^cannot list v1/ConfigMap: etcdserver: no leader$", ms=50000)
        self.assertLess(time.monotonic() - begun, 20)  # known by now: nobody waits for it
        self.server.faults.clear()
        self.until(lambda: self.comes_back(), "it does not come back")

    def comes_back(self):
        try:
            return self.driver.names("ConfigMap", ms=100) == ["one", "two"]
        except driver.Failed:
            return False

    def test_not_there(self):
        asked = driver.Driver({"server": "http://127.0.0.1:1"})
        with self.assertRaisesRegex(driver.Failed, "^error finding resource v1 / ConfigMap: the API server cannot be reached: Failed to connect to 127.0.0.1 port 1"):
            asked.get("ConfigMap", "one", namespace="a")
        self.assertEqual(asked.close(), 0)

    def test_forbidden(self):
        self.fault(is_list, self.says(403, 'configmaps is forbidden: User "u" cannot list'), times=1000000)
        begun = time.monotonic()
        self.refuses('^cannot list v1/ConfigMap: configmaps is forbidden: User "u" cannot list$')
        self.assertLess(time.monotonic() - begun, 9)
        self.server.faults.clear()
        time.sleep(1.5)  # a failure is kept for a second
        self.assertEqual(self.driver.names("ConfigMap"), ["one", "two"])

    def test_cut_in_the_middle(self):
        whole = b'{"kind":"ConfigMapList","metadata":{"resourceVersion":"105"},"items":[{"metadata":{"name":"x"}},{"meta'
        self.fault(is_list, self.streams(whole), times=2)
        self.assertEqual(self.driver.names("ConfigMap"), ["one", "two"])

    def test_ends_too_early(self):
        self.fault(is_list, self.says_body('{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"x"}}'))
        self.assertEqual(self.driver.names("ConfigMap"), ["one", "two"])

    def test_a_pages_token_is_too_old(self):
        self.server.fill("configmaps", [config_map(f"n{i:04}") for i in range(1100)])
        self.fault(lambda path, query: is_list(path, query) and "continue" in query, self.says(410, "The provided continue parameter is too old"))
        self.assertEqual(len(self.driver.names("ConfigMap", ms=30000)), 1102)
        self.assertEqual(self.lists(), 2)

    def test_a_redirect_is_not_followed(self):
        self.fault(is_list, lambda handler: self.server.say(handler, 302, b"{}", [("Location", self.server.url + "/api/v1/secrets")]), times=1000)
        self.refuses("^cannot list v1/ConfigMap: HTTP status 302$")

    def test_what_is_no_list(self):
        deep = "[" * 5000
        answers = []
        for number, (body, why) in enumerate((
                ("", "the API server's answer was cut off"), ("x", "is not the JSON of a list"), ("[]", "is not the JSON of a list"), ("{}", "the API server's list has no version"),
                ('{"metadata":7,"items":[]}', "is not the JSON of a list"), ('{"metadata":{"resourceVersion":7},"items":[]}', "is not the JSON of a list"),
                ('{"metadata":{"resourceVersion":"1"},"items":[7]}', "it is no object"), ('{"metadata":{"resourceVersion":"1"},"items":[{}]}', "has no metadata"),
                ('{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{}}]}', "has no name"), ('{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":7}}]}', "metadata has a member of a wrong type"),
                ('{"metadata":{"resourceVersion":"1"},"items":[{"metadata":[]}]}', "metadata is no object"), ('{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":""}}]}', "has no name"),
                ('{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"x"},"a":1e999}]}', "number out of range"), ('{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"x"} "a"}]}', "expected `,` or `}`"),
                ('{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"\ud800"}}]}'.encode("utf-8", "surrogatepass"), "invalid unicode code point"),
                ('{"items":[' + deep, "is not the JSON of a list"), ('{"items":[{"a":' + "[" * 150 + "]" * 150 + '}],"metadata":{"resourceVersion":"1"}}', "recursion limit exceeded"),
                ('{"metadata":{"resourceVersion":"' + "9" * 1000 + '"},"items":[]}', "a version of the API server's is too long"))):
            namespace = f"n{number}"
            path = f"/api/v1/namespaces/{namespace}/configmaps"
            self.fault(lambda at, query, path=path: is_list(at, query, path), self.says_body(body), times=1000000)
            answers.append((why, self.driver.begin_ask("KubernetesListResourceNamespace", api_version="v1", kind="ConfigMap", namespace=namespace, ms=60000)))
        for why, answer in answers:
            self.assertIn(why, answer.get(timeout=600)["error"])
        self.assertEqual(self.driver.names("ConfigMap"), ["one", "two"])

    def test_an_object_that_is_too_large(self):
        def answer(handler):
            handler.send_response(200)
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            self.server.chunk(handler, b'{"metadata":{"resourceVersion":"1"},"items":[{"metadata":{"name":"x"},"data":{"a":"')
            for _ in range(17):
                self.server.chunk(handler, b"x" * (1 << 20))
        self.fault(is_list, answer, times=1000)
        self.refuses("^cannot list v1/ConfigMap: the API server sent an object of more than 16 MiB$", ms=50000)

    def test_odd_discovery(self):
        for body in ("x", "[]", "{}", '{"resources":7}', '{"resources":[{"name":"configmaps"}]}', '{"resources":[{"name":7,"kind":"ConfigMap","namespaced":true}]}',
                     '{"resources":[{"name":"../secrets","kind":"ConfigMap","namespaced":true}]}', '{"resources":[{"name":"a/b","kind":"ConfigMap","namespaced":true}]}'):
            self.server.faults = []
            self.fault(lambda path, query: path == "/api/v1", self.says_body(body))
            with self.assertRaises(driver.Failed):
                self.driver.get("ConfigMap", "one", namespace="a")
            time.sleep(1.1)
        self.driver.get("ConfigMap", "one", namespace="a")

    def test_odd_objects(self):
        for body in ("", "x", "[]", "7", '{"metadata":7}', '{"metadata":{"labels":[]}}', '{"a":}', "{" * 1000):
            self.fault(lambda path, query: path.endswith("/one"), self.says_body(body))
            with self.assertRaises(driver.Failed):
                self.driver.get("ConfigMap", "one", namespace="a")
        for body in ("", "x", "[]", '{"status":7}', '{"status":{"allowed":1}}', '{"status":{"allowed":true,"reason":7}}'):
            self.fault(lambda path, query: path.endswith("reviews"), self.says_body(body))
            with self.assertRaises(driver.Failed):
                self.driver.ask("KubernetesCanI", request={"groups": [], "user": "root", "resource_attributes": {"verb": "get", "resource": "pods"}}, disable_cache=True)
        self.fault(lambda path, query: path.endswith("/one"), lambda handler: self.server.say(handler, 200, b'{"metadata":{"name":"' + b"x" * (20 << 20) + b'"}}'))
        with self.assertRaisesRegex(driver.Failed, "^the API server's answer is larger than 16 MiB$"):
            self.driver.get("ConfigMap", "one", namespace="a", ms=50000)

    def test_objects_are_asked_for_again(self):
        for answer in (apiserver.cut, self.says(429, headers=[("Retry-After", "0")]), self.says(500), self.says(503)):
            self.fault(lambda path, query: path.endswith("/one"), answer)
            self.assertIn('"one"', self.driver.get("ConfigMap", "one", namespace="a")["text"])
        self.fault(lambda path, query: path.endswith("/one"), self.says(500, "broken"), times=1000)
        with self.assertRaisesRegex(driver.Failed, "^ApiError: broken$"):
            self.driver.get("ConfigMap", "one", namespace="a", ms=50000)
        self.fault(lambda path, query: path.endswith("/two"), lambda handler: time.sleep(3), times=1000)
        with self.assertRaisesRegex(driver.Failed, "^the API server did not answer in time$|cannot be reached"):
            self.driver.get("ConfigMap", "two", namespace="a", ms=300)


class Watch(Base):
    def change(self):
        """While nobody watches: one object goes, one comes."""
        self.server.delete("configmaps", "a", "one")
        self.server.put("configmaps", config_map("new"))

    def test_versions_are_forgotten(self):
        self.begin()
        time.sleep(1.1)
        self.fault(is_watch, self.says(429, headers=[("Retry-After", "1")]))
        self.server.end_watches()
        self.change()
        self.server.forget("configmaps")
        self.until(lambda: self.driver.names("ConfigMap") == ["new", "two"], "it is not listed anew")
        self.assertEqual(self.lists(), 2)

    def test_versions_are_forgotten_within_a_watch(self):
        self.begin()
        gone = json.dumps({"type": "ERROR", "object": apiserver.status(410, "Expired", "too old resource version")}) + "\n"
        self.fault(is_watch, self.streams(gone))
        time.sleep(1.1)
        self.server.end_watches()
        self.until(lambda: self.lists() == 2, "it is not listed anew")
        self.server.put("configmaps", config_map("new"))
        self.until(lambda: self.driver.names("ConfigMap") == ["new", "one", "two"], "the watch does not go on")

    def test_a_watch_that_breaks_off(self):
        self.begin()
        half = '{"type":"ADDED","object":{"metadata":{"name":"half","namesp'
        self.fault(is_watch, self.streams(half), times=2)
        self.fault(is_watch, apiserver.cut)
        self.fault(is_watch, self.says(500))
        time.sleep(1.1)
        self.server.end_watches()
        self.change()
        self.until(lambda: self.driver.names("ConfigMap") == ["new", "two"], "the watch does not go on")
        self.assertEqual(self.lists(), 1)

    def test_events_that_are_none(self):
        self.begin()
        for number, text in enumerate(("x\n", "[]\n", '{"type":"ADDED"}\n', '{"type":"ADDED","object":7}\n', '{"type":"LATER","object":{}}\n', '{"type":"ADDED","object":{"metadata":{}}}\n',
                                       '{"type":"ERROR","object":{"code":500}}\n', "{" * 1000, '{"type":"MODIFIED","object":{"metadata":{"name":"\x01"}}}\n')):
            self.server.faults = []
            self.fault(is_watch, self.streams(text))
            time.sleep(1.1)
            self.server.end_watches()
            self.until(lambda: self.lists() == number + 2, f"{text}: it is not listed anew")
            self.assertEqual(self.driver.names("ConfigMap"), ["one", "two"])
            self.until(lambda: self.server.watches == 1, "no watch")

    def test_each_watch_ends_at_once(self):
        self.begin()
        self.fault(is_watch, self.streams(then=lambda handler: handler.wfile.write(b"0\r\n\r\n")), times=1000000)
        self.server.end_watches()
        time.sleep(3)
        self.assertLess(sum(is_watch(path, query) for _, path, query, _ in self.server.requests), 12)
        self.assertEqual(self.driver.names("ConfigMap"), ["one", "two"])

    def test_rights_are_taken_away(self):
        """What may not be listed any more is not answered from memory."""
        self.begin()
        before, _ = self.driver.list("ConfigMap")
        self.fault(lambda path, query: path == LIST, self.says(403, "configmaps is forbidden"), times=1000000)
        time.sleep(1.1)
        self.server.end_watches()
        self.until(lambda: self.driver.version(before["place"]) != before["version"], "clients are not told")
        self.refuses("^cannot list v1/ConfigMap: configmaps is forbidden$")
        self.assertEqual(self.driver.count()[0].get("chimera_kubernetes_objects", 0), 0)

    def test_a_kind_goes(self):
        self.begin()
        self.fault(lambda path, query: path == LIST, self.says(404, "the server could not find the requested resource"), times=1000000)
        time.sleep(1.1)
        self.server.end_watches()
        self.until(lambda: not self.is_listed(), "it is still answered")

    def test_many_events(self):
        """Versions do not go faster than answers can be made, and the last state is what counts."""
        first, _ = self.driver.list("ConfigMap")
        begun = time.monotonic()
        for number in range(2000):
            self.server.put("configmaps", config_map(f"n{number % 50}", data={"n": str(number)}))
        self.until(lambda: {item["data"]["n"] for item in self.driver.list("ConfigMap")[1] if "data" in item} == {str(number) for number in range(1950, 2000)}, "events are missing")
        seconds = time.monotonic() - begun
        self.assertLessEqual(self.driver.version(first["place"]) - first["version"], seconds / 0.02 + 2)


class Limits(Base):
    """Of memory: 3 MiB here."""
    limits = {"kubernetes_bytes": 3 << 20}

    def test_too_many(self):
        self.server.fill("configmaps", [config_map(f"n{i:05}", data={"a": "x" * 1000}) for i in range(4000)])
        refusal = (r"^cannot list v1/ConfigMap: the objects of the cluster that policies list need more than the 3 MiB that they may use: raise the limit "
                   r"\(--cluster-memory\), or list less, by a namespace, a selector or field masks$")
        self.refuses(refusal)
        at = len(self.server.requests)
        self.refuses(refusal)
        self.assertEqual(len(self.server.requests), at)  # known for a while: a list is dear
        self.assertEqual(self.driver.count()[0]["chimera_kubernetes_used_bytes"], 0)
        self.assertEqual(self.driver.names("Secret"), ["s"])
        self.assertEqual(len(self.driver.names("ConfigMap", field_masks=["none"])), 4002)

    def test_too_many_come(self):
        self.begin()
        for number in range(40):
            self.server.put("configmaps", config_map(f"n{number}", data={"a": "x" * 100000}))
        self.until(lambda: not self.is_listed(), "the limit is passed")
        self.assertEqual(self.driver.count()[0]["chimera_kubernetes_used_bytes"], 0)

    def test_an_answer_is_too_much(self):
        self.server.fill("configmaps", [config_map(f"n{i:05}", data={"a": "x" * 1000}) for i in range(2000)])
        self.refuses("need more than the 3 MiB that they may use")
        self.assertEqual(self.driver.names("Secret"), ["s"])


class Large(unittest.TestCase):
    def setUp(self):
        self.server = apiserver.ApiServer()
        self.folder = tempfile.TemporaryDirectory()
        self.into = os.path.join(self.folder.name, "answer")

    def tearDown(self):
        self.server.close()
        self.folder.cleanup()

    def ask(self, asked, **fields):
        """The items' names; of a large answer, which goes into a file."""
        said = asked.ask("KubernetesListResourceAll", api_version="v1", ms=500000, into=self.into, **fields)
        with open(self.into, "rb") as answer:
            text = answer.read()
        return said, [item["metadata"]["name"] for item in json.loads(text)["items"]], len(text)

    def test_a_hundred_thousand_objects(self):
        self.server.fill("pods", [{"metadata": {"name": f"p{i:06}", "namespace": f"n{i % 100:02}", "labels": {"app": "a"}}, "spec": {"nodeName": "node", "x": i}} for i in range(100000)])
        asked = driver.Driver({"server": self.server.url, "token": "secret"})
        _, before = asked.count()
        first, names, size = self.ask(asked, kind="Pod")
        self.assertEqual((len(names), len(set(names))), (100000, 100000))
        counted, after = asked.count()
        self.assertEqual(counted["chimera_kubernetes_objects"], 100000)
        # What is counted is what is used: objects, their index, and the answer, which is no memory of the process.
        own = counted["chimera_kubernetes_bytes"] - size
        self.assertLess((after - before) * 1024, own * 1.15 + (8 << 20))
        self.assertLess(own, size + 100000 * 72)
        self.server.put("pods", {"metadata": {"name": "new", "namespace": "n50"}})
        for _ in range(6000):
            if asked.version(first["place"]) != first["version"]:
                break
            time.sleep(0.01)
        self.assertIn("new", self.ask(asked, kind="Pod")[1])
        self.assertEqual(asked.close(), 0)

    def test_objects_of_a_megabyte(self):
        self.server.fill("configmaps", [config_map(f"n{i}", data={"a": "<ü\n" * 250000}) for i in range(30)])
        asked = driver.Driver({"server": self.server.url, "token": "secret"})
        self.assertEqual(len(self.ask(asked, kind="ConfigMap")[1]), 30)
        for number in range(60):
            self.server.put("configmaps", config_map(f"n{number % 30}", data={"a": "xx\n" * 250000, "n": number}))
        for _ in range(6000):
            self.ask(asked, kind="ConfigMap")
            with open(self.into, "rb") as answer:
                if {item["data"].get("n") for item in json.load(answer)["items"]} == set(range(30, 60)):
                    break
        else:
            self.fail("changes are missing")
        counted, memory = asked.count()
        self.assertLess(memory * 1024, counted["chimera_kubernetes_bytes"] + (40 << 20))
        self.assertEqual(asked.close(), 0)


class Idle(unittest.TestCase):
    def setUp(self):
        self.server = apiserver.ApiServer()
        self.server.put("configmaps", config_map("one"))
        self.driver = driver.Driver({"server": self.server.url, "token": "secret"}, {"kubernetes_idle_ms": 1000})

    def tearDown(self):
        self.assertEqual(self.driver.close(), 0)
        self.server.close()

    def test_what_nobody_asks_for_goes(self):
        said, _ = self.driver.list("ConfigMap")
        for _ in range(3000):
            if self.driver.count()[0].get("chimera_kubernetes_objects", 0) == 0 and self.server.watches == 0:
                break
            time.sleep(0.01)
        self.assertEqual((self.driver.count()[0]["chimera_kubernetes_used_bytes"]), 0)
        self.assertGreater(self.driver.version(said["place"]), said["version"])
        self.assertEqual(self.driver.names("ConfigMap"), ["one"])

    def test_what_is_in_use_stays(self):
        """Clients ask again only when the version has moved: so it moves before anything goes."""
        said, _ = self.driver.list("ConfigMap")
        until, moved = time.monotonic() + 4, 0
        while time.monotonic() < until:
            if self.driver.version(said["place"]) != said["version"]:
                said, _ = self.driver.list("ConfigMap")
                moved += 1
            time.sleep(0.02)
        self.assertGreaterEqual(moved, 3)
        self.assertEqual(self.driver.count()[0]["chimera_kubernetes_lists_total"], 1)


class End(unittest.TestCase):
    def test_while_all_is_under_way(self):
        server = apiserver.ApiServer()
        server.faults = [lambda handler, path, query: "one" in path and (time.sleep(2) or True)]
        asked = driver.Driver({"server": server.url, "token": "secret"})
        for number in range(20):
            asked.begin_ask("KubernetesListResourceNamespace", api_version="v1", kind="ConfigMap", namespace=f"n{number}", ms=5000)
            asked.begin_ask("KubernetesGetResource", api_version="v1", kind="ConfigMap", name="one", namespace="a", disable_cache=True, ms=500)
        self.assertEqual(asked.close(), 0)
        server.close()

    def test_too_many_lists(self):
        server = apiserver.ApiServer()
        asked = driver.Driver({"server": server.url, "token": "secret"})
        answers = [asked.begin_ask("KubernetesListResourceNamespace", api_version="v1", kind="ConfigMap", namespace=f"n{number}", ms=60000) for number in range(256)]
        self.assertEqual([answer.get(timeout=600).get("error") for answer in answers], [None] * 256)
        with self.assertRaisesRegex(driver.Failed, "^policies ask for more than 256 different lists of the cluster: list all namespaces at once, or wait until others are forgotten$"):
            asked.list("ConfigMap", namespace="another")
        self.assertEqual(asked.close(), 0)
        server.close()
