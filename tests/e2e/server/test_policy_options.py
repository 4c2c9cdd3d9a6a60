# SPDX-License-Identifier: Apache-2.0
"""Options of ours for single policies (--policy-options): who gets what, at the start, at a reload, in a process of its own."""
import base64, json, os, signal, tempfile, unittest

import harness
from harness import Server, wait_for, wasm

GROW = {"module": f"file://{harness.HERE}/policies/grow.wasm"}
POLICIES = {"small": GROW, "large": GROW,
            "gate": {"expression": "member()", "message": "no", "policies": {"member": GROW}}}
EXIT_REFUSED = 1


def write(path, text):
    with open(path + ".new", "w") as out:
        out.write(text)
    os.rename(path + ".new", path)


class Case(unittest.TestCase):
    def file(self, text):
        path = os.path.join(self.enterContext(tempfile.TemporaryDirectory(prefix="chimera-options-")), "o.yml")
        write(path, text)
        return path

    def allowed(self, server):
        return [server.verdict("/validate/" + name)["allowed"] for name in ("small", "large", "gate%2Fmember")]

    def becomes(self, server, want):
        self.assertTrue(wait_for(lambda: self.allowed(server) == want), (self.allowed(server), server.log()))


class Limits(Case):
    def test_each_policy_has_its_own(self):
        options = self.file("'*': {memoryLimit: 1Gi}\nsmall: {memoryLimit: 32Mi}\ngate/member: {memoryLimit: 16Mi}\n")
        with Server(POLICIES, "--policy-options", options, log="warn") as server:
            self.assertEqual(self.allowed(server), [False, True, False])
            self.assertEqual(server.verdict("/validate/small")["status"]["message"], "no memory")

    def test_a_policy_that_does_not_fit_says_which_limit_it_is(self):
        options = self.file("a: {memoryLimit: 1Mi}\n'*': {memoryLimit: 64Mi}\n")
        accept = {"module": wasm("accept")}  # 1 MiB of memory of its own: nothing is left for an answer
        with Server({"a": accept, "b": accept}, "--policy-options", options, "--continue-on-errors") as server:
            message = server.verdict("/validate/a")["status"]["message"]
            self.assertIn("memory limit of 1 MiB", message)
            self.assertIn("`memoryLimit` of --policy-options", message)
            self.assertTrue(server.verdict("/validate/b")["allowed"])

    def test_the_environment_names_the_file_too(self):
        options = self.file("'*': {memoryLimit: 32Mi}\n")
        with Server(POLICIES, environment={"CHIMERA_POLICY_OPTIONS": options}) as server:
            self.assertEqual(self.allowed(server), [False, False, False])

    def test_they_hold_in_processes_of_their_own(self):
        options = self.file("small: {memoryLimit: 32Mi}\n")
        with Server(POLICIES, "--policy-options", options, "--isolate", "small,large") as server:
            self.assertEqual(self.allowed(server), [False, True, True])


class ManagedFields(Case):
    SAMPLES = os.path.join(harness.ROOT, "tests", "policies")
    FIELDS = [{"manager": "kubectl", "operation": "Update", "fieldsV1": {"f:metadata": {}}}]

    def patch(self, server, path):
        metadata = {"managedFields": self.FIELDS, "name": "x"}
        verdict = server.verdict(path, harness.review(object={"apiVersion": "v1", "kind": "Pod", "metadata": metadata}))
        return json.loads(base64.b64decode(verdict["patch"]))

    def test_what_is_not_seen_is_not_removed(self):
        with open(os.path.join(self.SAMPLES, "rust-labels", "settings.json")) as settings:
            labels = {"module": f"file://{self.SAMPLES}/rust-labels/rust-labels.wasm", "allowedToMutate": True,
                      "settings": json.load(settings)}
        group = {"expression": "member()", "message": "no", "policies": {"member": {"module": harness.wasm("accept")}}}
        policies = {"sees": labels, "omits": labels, "apart": labels, "gate": group}
        options = self.file("omits: {omitManagedFields: true}\napart: {omitManagedFields: true}\n"
                            "gate/member: {omitManagedFields: true}\n")
        with Server(policies, "--policy-options", options, "--isolate", "apart") as server:
            whole = self.patch(server, "/validate/sees")
            self.assertTrue(whole and all("managedFields" not in operation["path"] for operation in whole))
            self.assertEqual(self.patch(server, "/validate/omits"), whole)
            self.assertEqual(self.patch(server, "/validate/apart"), whole)
            self.assertTrue(server.verdict("/validate/gate")["allowed"])

    def test_a_policy_that_answers_another_object_is_compared_with_what_it_saw(self):
        mutate = {"module": harness.wasm("mutate"), "allowedToMutate": True}
        options = self.file("omits: {omitManagedFields: true}\n")
        with Server({"sees": mutate, "omits": mutate}, "--policy-options", options) as server:
            whole, rest = self.patch(server, "/validate/sees"), self.patch(server, "/validate/omits")
            removal = {"op": "remove", "path": "/metadata/managedFields"}
            self.assertIn(removal, whole)
            whole.remove(removal)
            self.assertEqual(rest, whole)


class Reload(Case):
    def test_another_file_is_taken_when_it_comes(self):
        options = self.file("{}\n")
        with Server(POLICIES, "--policy-options", options, log="info") as server:
            self.assertEqual(self.allowed(server), [True, True, True])
            write(options, "small: {memoryLimit: 32Mi}\n")
            self.becomes(server, [False, True, True])
            write(options, "large: {memoryLimit: 32Mi}\n")
            self.becomes(server, [True, False, True])

    def test_a_wrong_one_is_refused_and_the_old_one_serves_on(self):
        options = self.file("small: {memoryLimit: 32Mi}\n")
        with Server(POLICIES, "--policy-options", options, "--no-policy-watch", log="info") as server:
            write(options, "small: {memoryLimit: 32Mi}\nlarge: {memoryLimit: lots}\n")
            server.process.send_signal(signal.SIGHUP)
            self.assertTrue(wait_for(lambda: "reload refused" in server.log()), server.log())
            self.assertIn("o.yml:2:22: large.memoryLimit: expected a size from 1Mi to 16Gi", server.log())
            self.assertEqual(self.allowed(server), [False, True, True])
            write(options, "{}\n")
            server.process.send_signal(signal.SIGHUP)
            self.becomes(server, [True, True, True])


class Refusals(Case):
    def refuses(self, options, *want):
        with Server(POLICIES, "--policy-options", options, is_awaited=False) as server:
            self.assertEqual(server.process.wait(60), EXIT_REFUSED)
            for text in want:
                self.assertIn(text, server.errors())

    def test_mistakes_are_all_told_and_nothing_starts(self):
        self.refuses(self.file("smal: {}\nlarge: {memorylimit: 1Gi}\ngate: {memoryLimit: 1Gi}\n"),
                     "o.yml:1:1: smal: there is no policy of this id; is `small` meant?",
                     "o.yml:2:9: large.memorylimit: a policy's entry has no such key; is `memoryLimit` meant?",
                     "o.yml:3:1: gate: is a policy group; options are for its members, as in `gate/member`")

    def test_a_file_that_cannot_be_read_is_named(self):
        self.refuses("/nonexistent/o.yml", "/nonexistent/o.yml")
        self.refuses("/dev/null", "--policy-options: /dev/null is no regular file")


if __name__ == "__main__":
    unittest.main()
