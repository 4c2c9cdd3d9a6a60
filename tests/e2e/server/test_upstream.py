# SPDX-License-Identifier: Apache-2.0
"""The tests of Kubewarden's own server, by their names (policy-server.md §8.1 and §8.2), played over the wire.

What stands in for upstream's policies, which are fetched from a registry there: rust-privileged, rust-raw-mutation and
rust-sleeping of tests/policies, and the tiny ones of tests/reference. Names that end in `_today` are rows whose part does
not exist yet: they say what happens instead, and are not passed. docs/internals/conformance.md has the whole table.
"""
import base64, json, os, unittest

from harness import ROOT, Server, review, wasm
from test_swap import mapped

MESSAGE = "The group policy rejected your request"
TIMEOUT = {"message": "Policy execution interrupted because it exceeded the allowed execution time", "code": 500}
RAW = {"module": f"file://{ROOT}/tests/policies/rust-raw-mutation/rust-raw-mutation.wasm",
       "settings": {"forbiddenResources": ["banana", "carrot"], "defaultResource": "hay"}}
SLEEP = {"module": f"file://{ROOT}/tests/policies/rust-sleeping/rust-sleeping.wasm", "settings": {"sleepMilliseconds": 2}}
BANANA = json.dumps({"request": {"user": "tonio", "action": "eats", "resource": "banana"}}).encode()
HAY = BANANA.replace(b"banana", b"hay")
RESOURCES = [{"apiVersion": "apps/v1", "kind": "Deployment"}, {"apiVersion": "v1", "kind": "Namespace"},
             {"apiVersion": "v1", "kind": "Service"}]


def sample(name, **more):
    return dict(more, module=f"file://{ROOT}/tests/policies/{name}/{name}.wasm")


def tiny(name, **more):
    return dict(more, module=wasm(name))


def group(expression, members, **more):
    return dict({"expression": expression, "message": MESSAGE, "policies": members}, **more)


def document(name):
    with open(os.path.join(ROOT, "tests", "requests", name + ".json"), "rb") as text:
        return text.read()


def nap(milliseconds):
    annotations = {"kubewarden.sleep_duration_milliseconds": str(milliseconds)}
    return review(object={"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "nginx", "annotations": annotations}})


def patch_of(response):
    return json.loads(base64.b64decode(response["patch"]))


class Row(unittest.TestCase):
    """One server for all rows of a class; `policies` and `flags` are the class's."""
    flags = ()

    @classmethod
    def setUpClass(cls):
        cls.server = Server(cls.policies, *cls.flags)
        cls.addClassCleanup(cls.server.__exit__)

    def verdict(self, path, body=None):
        return self.server.verdict(path, body)

    def answers(self, path, body, status):
        self.assertEqual(self.server.post(path, body)[0], status)


class IntegrationTest(Row):
    """PS/tests/integration_test.rs"""
    flags = ("--continue-on-errors", "--policy-timeout", "2")
    policies = {
        "pod-privileged": sample("rust-privileged"),
        "pod-privileged-message": sample("rust-privileged", message="This is a custom error message"),
        "raw-mutation": dict(RAW, allowedToMutate=True),
        "sleep": SLEEP,
        "context-aware-denied": tiny("host-k8s-list", hostCapabilities=[], contextAwareResources=RESOURCES),
        "context-aware-allowed": tiny("host-k8s-list", hostCapabilities=["*"], contextAwareResources=RESOURCES),
        "ctx-aware-group-denied": group("member()", {"member": tiny("host-k8s-list", contextAwareResources=RESOURCES)}),
        "ctx-aware-group-allowed": group("member()", {"member": tiny("host-k8s-list", contextAwareResources=RESOURCES,
                                                                     hostCapabilities=["*"])}),
        "group-policy-just-pod-privileged": group("pod_privileged() && true", {"pod_privileged": sample("rust-privileged")}),
        "group-policy-just-raw-mutation": group("raw_mutation() && true", {"raw_mutation": RAW}),
        "invalid_settings": dict(SLEEP, settings={"sleepMilliseconds": "abc"}),
        "wrong_url": {"module": "registry.example/kubewarden/tests/not_existing:v0.1.0"}}
    # Our policy names the container; upstream's text is "Privileged container is not allowed".
    REASON = "privileged containers are not allowed: debug"

    def test_validate(self):
        response = self.verdict("/validate/pod-privileged", document("pod-privileged"))
        self.assertFalse(response["allowed"])
        self.assertEqual(response["status"], {"message": self.REASON})

    def test_validate_custom_rejection_message(self):
        response = self.verdict("/validate/pod-privileged-message", document("pod-privileged"))
        self.assertEqual((response["allowed"], response["status"]), (False, {
            "message": "This is a custom error message",
            "details": {"causes": [{"reason": None, "message": self.REASON, "field": None}]}}))

    def test_validate_policy_group(self):
        path = "/validate/group-policy-just-pod-privileged"
        response = self.verdict(path, document("pod-privileged"))
        self.assertEqual((response["allowed"], response["warnings"], response["status"]), (False, None, {
            "message": MESSAGE, "details": {"causes": [
                {"reason": None, "message": self.REASON, "field": "spec.policies.pod_privileged"}]}}))
        response = self.verdict(path, document("pod-5k"))
        self.assertTrue(response["allowed"])
        self.assertNotIn("status", response)

    def test_validate_policy_not_found(self):
        self.answers("/validate/does-not-exist", document("pod-5k"), 404)

    def test_validate_invalid_payload(self):
        self.answers("/validate/pod-privileged", b"{}", 422)

    def test_validate_raw(self):
        response = self.verdict("/validate_raw/raw-mutation", BANANA)
        self.assertEqual((response["allowed"], response["patchType"]), (True, "JSONPatch"))
        self.assertEqual(patch_of(response), [{"op": "replace", "path": "/resource", "value": "hay"}])
        self.assertNotIn("status", response)

    def test_validate_policy_group_does_not_do_mutation(self):
        response = self.verdict("/validate_raw/group-policy-just-raw-mutation", BANANA)
        self.assertFalse(response["allowed"])
        self.assertNotIn("patch", response)
        self.assertNotIn("patchType", response)
        self.assertEqual(response["status"], {"message": MESSAGE, "details": {"causes": [
            {"reason": None, "message": "mutation is not allowed inside of policy group",
             "field": "spec.policies.raw_mutation"}]}})

    def test_validate_raw_policy_not_found(self):
        self.answers("/validate_raw/does-not-exist", BANANA, 404)

    def test_validate_raw_invalid_payload(self):
        self.answers("/validate_raw/raw-mutation", b"{}", 422)

    def test_audit(self):
        response = self.verdict("/audit/pod-privileged", document("pod-privileged"))
        self.assertEqual((response["allowed"], response["status"]), (False, {"message": self.REASON}))

    def test_audit_policy_not_found(self):
        self.answers("/audit/does-not-exist", document("pod-5k"), 404)

    def test_audit_invalid_payload(self):
        self.answers("/audit/pod-privileged", b"{}", 422)

    def test_timeout_protection_accept(self):
        self.assertTrue(self.verdict("/validate/sleep", nap(100))["allowed"])

    def test_timeout_protection_reject(self):
        response = self.verdict("/validate/sleep", nap(4000))
        self.assertEqual((response["allowed"], response["status"]), (False, TIMEOUT))

    def test_timeout_protection_policy_specific_reject(self):
        with Server({"sleep-1s-timeout": dict(SLEEP, timeoutEvalSeconds=1)}, "--policy-timeout", "20") as server:
            response = server.verdict("/validate/sleep-1s-timeout", nap(4000))
            self.assertEqual((response["allowed"], response["status"]), (False, TIMEOUT))

    def test_context_aware_policy_host_capability_denied(self):
        response = self.verdict("/validate/context-aware-denied", document("deployment"))
        self.assertFalse(response["allowed"])
        self.assertIn("has not been granted access", response["status"]["message"])

    def test_context_aware_policy_host_capability_allowed(self):
        response = self.verdict("/validate/context-aware-allowed", document("deployment"))
        self.assertNotIn("has not been granted access", response["status"]["message"])

    def test_context_aware_group_policy_host_capability(self):
        response = self.verdict("/validate/ctx-aware-group-denied", document("deployment"))
        self.assertFalse(response["allowed"])
        self.assertIn("has not been granted access", response["status"]["details"]["causes"][0]["message"])
        response = self.verdict("/validate/ctx-aware-group-allowed", document("deployment"))
        self.assertNotIn("has not been granted access", json.dumps(response))

    def test_policy_with_invalid_settings(self):
        response = self.verdict("/validate/invalid_settings", nap(100))
        self.assertEqual((response["allowed"], response["status"]["code"]), (False, 500))
        self.assertRegex(response["status"]["message"], "Policy settings are invalid:.*Error decoding validation payload.*"
                                                        "invalid type: string.*expected u64.*")

    def test_policy_with_wrong_url(self):
        response = self.verdict("/audit/wrong_url", nap(100))
        self.assertEqual((response["allowed"], response["status"]["code"]), (False, 500))
        self.assertIn("Error while downloading policy 'wrong_url' from registry.example/kubewarden/tests/not_existing:v0.1.0",
                      response["status"]["message"])


class Service(Row):
    """PS/src/api/service.rs"""
    flags = ("--always-accept-admission-reviews-on-namespace", "kubewarden")
    policies = {f"{name}-{mode}": tiny(name, policyMode=mode) for name in ("accept", "reject") for mode in ("protect", "monitor")}

    def test_evaluate_policy_evaluator_accepts_request(self):
        for path in ("validate", "audit"):
            for mode in ("protect", "monitor"):
                self.assertTrue(self.verdict(f"/{path}/accept-{mode}")["allowed"])

    def test_evaluate_policy_evaluator_rejects_request(self):
        for path in ("validate", "audit"):
            for mode in ("protect", "monitor"):
                response = self.verdict(f"/{path}/reject-{mode}")
                self.assertEqual(response["allowed"], (path, mode) == ("validate", "monitor"))
                self.assertNotIn("status", response if response["allowed"] else {})

    def test_evaluate_policy_evaluator_accepts_request_raw(self):
        self.assertTrue(self.verdict("/validate_raw/accept-protect", HAY)["allowed"])

    def test_evaluate_policy_evaluator_rejects_request_raw(self):
        self.assertFalse(self.verdict("/validate_raw/reject-protect", HAY)["allowed"])

    def test_evaluate_policy_evaluator_rejects_request_but_request_originated_from_allowed_namespace(self):
        for path in ("validate", "audit"):
            response = self.verdict(f"/{path}/reject-protect", review(namespace="kubewarden"))
            self.assertTrue(response["allowed"])
            self.assertNotIn("status", response)


HAPPY, UNHAPPY = tiny("accept"), tiny("reject-message-code")
THREE = {"happy_policy_1": HAPPY, "unhappy_policy_1": UNHAPPY, "unhappy_policy_2": UNHAPPY}


def expressions(**more):
    """Those that both evaluation_environment.rs and evaluator.rs check."""
    one = {"happy_policy_1": HAPPY}
    found = {"single": ("true || happy_policy_1()", one), "unregistered": ("unknown_policy() || happy_policy_1()", one),
             "typos": ("something that doesn't make sense", {}), "sums": ("happy_policy_1() + 1", one),
             "number": ("1 + 1", {}), "literals": ("2 > 1", {})}
    return {name: group(*parts) for name, parts in found.items()}


class EvaluationEnvironment(Row):
    """PS/src/evaluation/evaluation_environment.rs, and PE/src/policy_group_evaluator/evaluator.rs"""
    flags = ("--continue-on-errors",)
    policies = dict(expressions(), **{
        "happy_policy_1": HAPPY, "happy_policy_2": HAPPY, "unhappy_policy_1": UNHAPPY,
        "policy_with_timeout": tiny("accept", timeoutEvalSeconds=5), "policy_3": tiny("settings-invalid"),
        "all": group("unhappy_policy_1() || (happy_policy_1() && unhappy_policy_2())", THREE),
        "not_all": group("unhappy_policy_1() || happy_policy_1() || unhappy_policy_2()", THREE)})

    def test_lookup_policy(self):
        self.answers("/validate/policy_not_defined", None, 404)
        self.assertTrue(self.verdict("/validate/happy_policy_1")["allowed"])

    def test_group_policy_warning_assignments(self):
        response = self.verdict("/validate/all")
        self.assertEqual((response["allowed"], response["warnings"]), (False, None))
        self.assertCountEqual(response["status"]["details"]["causes"], [
            {"reason": None, "message": "not today", "field": "spec.policies.unhappy_policy_" + n} for n in "12"])
        response = self.verdict("/validate/not_all")
        self.assertEqual((response["allowed"], response["warnings"], "status" in response), (True, None, False))

    def test_ensure_correct_instances_of_policy_evaluator(self):
        worker, = self.server.workers()
        self.assertEqual(len(mapped(worker)), 3)  # modules: accept, reject-message-code, settings-invalid

    def test_validate_policy_with_initialization_error(self):
        self.assertEqual(self.verdict("/validate/policy_3")["status"],
                         {"message": "Policy settings are invalid: key x is missing", "code": 500})

    def test_validate_policy_settings_of_policy_group(self):
        """Upstream finds these out when it checks the group; the answers are what its server then gives."""
        for name in ("single", "literals"):
            self.assertTrue(self.verdict("/validate/" + name)["allowed"])
        for name in ("unregistered", "typos", "sums", "number"):
            response = self.verdict("/validate/" + name)
            self.assertEqual((response["allowed"], response["status"]["code"]), (False, 500))
            self.assertTrue(response["status"]["message"].startswith("error evaluating policy group expression: "))


class PrecompiledPolicy(unittest.TestCase):
    """PS/src/evaluation/precompiled_policy.rs; the table of all versions is check_version_compares_major_and_minor in
    tests/unit/runtime/policy/test_metadata.c."""

    def failure(self, name):
        with Server({"p": tiny(name)}, is_awaited=False) as server:
            self.assertEqual(server.process.wait(60), 1)
            return server.errors()

    def test_old_kubewarden_versions_test(self):
        self.assertIn("Policy required Kubewarden version 9.0.0 but is running on 1.36.0", self.failure("needs-newer"))

    def test_validate_protocol_version_test(self):
        self.assertIn("Policy uses protocol version Unknown but only V1 is supported", self.failure("protocol-unknown"))
        self.assertIn("Policy is missing protocol version, which is required for KubewardenWapc execution mode",
                      self.failure("not-annotated"))
        with Server({"p": tiny("wasi-accept")}) as server:  # of protocol "Unknown", which WASI does not mind
            self.assertTrue(server.verdict("/validate/p")["allowed"])


HANDLER_MESSAGE = "custom"
HANDLERS = [(mode, may_mutate, message) for mode in ("monitor", "protect") for may_mutate in (True, False)
            for message in (HANDLER_MESSAGE, None)]


def handled(name, mode, may_mutate, message):
    return f"{name}.{mode}.{may_mutate}.{message}"


class AdmissionResponseHandler(Row):
    """PE/src/admission_response_handler.rs: eight handlers, each with an answer of three kinds."""
    policies = {handled(name, *handler): tiny(name, policyMode=handler[0], allowedToMutate=handler[1], message=handler[2])
                for name in ("accept", "reject-message-code", "mutate") for handler in HANDLERS}

    def each(self, name):
        for handler in HANDLERS:
            with self.subTest(name=name, handler=handler):
                yield (*handler, self.verdict("/validate/" + handled(name, *handler)))

    @staticmethod
    def rejection(message, custom, **more):
        if not custom:
            return {"message": message, **more}
        return {"message": custom, "details": {"causes": [{"reason": None, "message": message, "field": None}]}, **more}

    def test_process_accepted_response(self):
        for *_, response in self.each("accept"):
            self.assertEqual(response, {"uid": "u-1", "allowed": True, "auditAnnotations": None, "warnings": None})

    def test_process_rejected_response(self):
        for mode, _, message, response in self.each("reject-message-code"):
            self.assertEqual(response["allowed"], mode == "monitor")
            self.assertEqual(response.get("status"),
                             None if mode == "monitor" else self.rejection("not today", message, code=418))

    def test_process_mutated_response(self):
        for mode, may_mutate, message, response in self.each("mutate"):
            name = handled("mutate", mode, may_mutate, message)
            refusal = self.rejection(f"Request rejected by policy {name}. The policy attempted to mutate the request, but it is "
                                     "currently configured to not allow mutations.", message)
            self.assertEqual(response["allowed"], mode == "monitor" or may_mutate)
            self.assertEqual(response.get("status"), None if response["allowed"] else refusal)
            self.assertEqual("patch" in response, mode == "protect" and may_mutate)
            self.assertEqual("patchType" in response, "patch" in response)


class AdmissionResponse(Row):
    """PE/src/admission_response.rs"""
    policies = {name: tiny(name, allowedToMutate=True) for name in
                ("reject-message-code", "reject-warnings", "audit-annotations", "mutate", "mutate-same")}
    policies["labels"] = sample("rust-labels", allowedToMutate=True, settings={"labels": {"a/b": "c"}})

    def test_create_reject_response(self):
        self.assertEqual(self.verdict("/validate/reject-message-code"), {
            "uid": "u-1", "allowed": False, "status": {"message": "not today", "code": 418},
            "auditAnnotations": None, "warnings": None})

    def test_create_from_policy_validation_response_and_mutated_object_is_none(self):
        response = self.verdict("/validate/reject-warnings")
        self.assertEqual((response["allowed"], "patch" in response, "patchType" in response), (False, False, False))
        self.assertTrue(response["warnings"])
        self.assertTrue(self.verdict("/validate/audit-annotations")["auditAnnotations"])

    def test_create_from_policy_validation_response_and_mutated_object_is_not_different_from_original_one(self):
        same = {"apiVersion": "v1", "kind": "Pod", "metadata": {"labels": {"a/b": "c"}, "name": "x"}}
        response = self.verdict("/validate/labels", review(object=same))
        self.assertEqual((response["allowed"], "patch" in response, "status" in response), (True, False, False))

    def test_mutation_on_delete_operation_is_not_allowed(self):
        response = self.verdict("/validate/mutate", review(operation="DELETE", object=None))
        self.assertEqual((response["allowed"], "patch" in response), (False, False))
        self.assertIn("only with DELETE operations", response["status"]["message"])

    def test_create_from_policy_validation_response_with_mutation(self):
        response = self.verdict("/validate/labels")
        self.assertEqual((response["allowed"], response["patchType"], "status" in response), (True, "JSONPatch", False))
        self.assertEqual(patch_of(response), [{"op": "add", "path": "/metadata/labels", "value": {"a/b": "c"}}])


class PolicyId(Row):
    """PE/src/admission_response_handler/policy_id.rs"""
    policies = {"policy1": HAPPY, "group1": group("policy1()", {"policy1": HAPPY})}

    def test_create_policy_id_by_parsing_string(self):
        for identifier, status in (("policy1", 200), ("group1%2Fpolicy1", 200), ("", 404), ("a%2Fb%2Fc", 500)):
            self.answers("/validate/" + identifier, None, status)


GATED = {"host-oci-digest": "oci/v1/manifest_digest", "host-dns": "net/v1/dns_lookup_host",
         "host-crypto": "crypto/v1/is_certificate_trusted", "host-k8s-get": "kubernetes/get_resource",
         "host-k8s-list": "kubernetes/list_resources_all", "host-can-i": "kubernetes/can_i"}


class HostCapabilities(Row):
    """PE/src/host_capabilities.rs and PE/src/runtimes/callback.rs; their tables are in tests/unit/runtime/capability/test_capability.c
    (check_accepts_paths_and_wildcards, check_refuses_with_the_reference_s_words, call_answers_each_step_of_the_dispatch)."""
    policies = {}
    for name, path in GATED.items():
        for way, patterns in {"none": [], "other": ["oci/v2/*"], "all": ["*"], "exact": [path],
                              "prefix": [path.split("/")[0] + "/*"]}.items():
            policies[f"{name}.{way}"] = tiny(name, hostCapabilities=patterns, contextAwareResources=[
                {"apiVersion": "v1", "kind": "Namespace"}])
    policies["log"] = tiny("log")

    def test_host_capability_denied_returns_denial_error(self):
        for name, path in GATED.items():
            for way in ("none", "other"):
                response = self.verdict(f"/validate/{name}.{way}")
                self.assertEqual((response["allowed"], response["status"]["code"]), (False, 500))
                self.assertIn(f"Policy has not been granted access to the '{path}' host capability. The violation has been "
                              "reported.", response["status"]["message"])
        self.assertTrue(self.verdict("/validate/log")["allowed"])  # logging is never gated

    def test_host_capability_allowed_proceeds_past_capability_check(self):
        for name in GATED:
            for way in ("all", "exact", "prefix"):
                response = self.verdict(f"/validate/{name}.{way}")
                self.assertNotIn("has not been granted access", response.get("status", {}).get("message", ""))

    def test_invalid_patterns(self):
        for pattern in ("oci*", "oci/v1/oci_*", "*/oci", "", "unknown/v1/op", "oci/v99/verify", "oci/v1", "net", "kubernetes"):
            with Server({"p": tiny("accept", hostCapabilities=[pattern])}, "--continue-on-errors", is_awaited=False) as server:
                self.assertEqual(server.process.wait(60), 1)
                self.assertIn("p.hostCapabilities[0]: invalid pattern", server.errors())


class PolicyEvaluator(Row):
    """PE/tests/integration_test.rs: real policies of every kind."""
    policies = {
        "wapc": sample("rust-privileged"), "gatekeeper": sample("rego-gatekeeper", settings={"labels": [{"key": "x"}]}),
        "wasi": tiny("wasi-accept"), "wasi_mutating": tiny("wasi-mutate", allowedToMutate=True),
        "wapc_raw_mutating": dict(RAW, allowedToMutate=True),
        "opa_raw": sample("rego-opa"),
        "wasi_raw": tiny("wasi-reject"), "wasi_raw_mutating": tiny("wasi-mutate", allowedToMutate=True),
        "rego_context": sample("rego-gatekeeper", hostCapabilities=["*"], contextAwareResources=RESOURCES),
        "opa_context": sample("rego-opa", hostCapabilities=["*"], contextAwareResources=RESOURCES),
        "wapc_context": tiny("host-k8s-list", hostCapabilities=["*"], contextAwareResources=[
            {"apiVersion": "v1", "kind": "Namespace"}])}

    def test_policy_evaluator(self):
        """A real WASI policy (go-annotations), and more cases of these: tests/policies/serve-cases."""
        response = self.verdict("/validate/wapc", document("pod-privileged"))
        self.assertEqual((response["allowed"], "patch" in response), (False, False))
        self.assertTrue(self.verdict("/validate/wapc", document("pod-5k"))["allowed"])
        response = self.verdict("/validate/gatekeeper", document("pod-plain"))
        self.assertEqual((response["allowed"], "code" in response["status"]), (False, False))
        self.assertTrue(self.verdict("/validate/wasi", document("pod-5k"))["allowed"])
        self.assertIn("patch", self.verdict("/validate/wasi_mutating", document("pod-5k")))
        self.assertTrue(self.verdict("/validate_raw/wapc_raw_mutating", HAY)["allowed"])
        self.assertIn("patch", self.verdict("/validate_raw/wapc_raw_mutating", BANANA))
        self.assertTrue(self.verdict("/validate_raw/opa_raw", b'{"request":{"uid":"r-1"}}')["allowed"])
        self.assertFalse(self.verdict("/validate_raw/wasi_raw", HAY)["allowed"])
        self.assertIn("patch", self.verdict("/validate_raw/wasi_raw_mutating", HAY))
        self.assertEqual(self.verdict("/validate_raw/gatekeeper", HAY)["status"], {
            "message": "internal server error: Gatekeeper does not support raw validation requests", "code": 500})

    def test_context_aware_without_a_cluster(self):
        """Policies that ask are told so; Rego ones, which do not ask, must not judge by an empty cluster."""
        for name in ("rego_context", "opa_context", "wapc_context"):
            response = self.verdict("/validate/" + name, document("pod-5k"))
            self.assertEqual((response["allowed"], response["status"]["code"]), (False, 500))
            self.assertRegex(response["status"]["message"], "kube::Client was not initialized properly|callback channel (not provided|is not set)")


class Config(unittest.TestCase):
    """PS/src/config.rs; its tables are in tests/unit/runtime/source/test_policies.c and test_server_options.c."""

    def test_handle_settings_conversion(self):
        """A label is wanted when the settings arrive, none when they are empty, missing or null."""
        entries = {"empty": {"settings": {}}, "missing": {}, "null": {"settings": None},
                   "provided": {"settings": {"labels": {"a": "b"}}}}
        with Server({name: sample("rust-labels", allowedToMutate=True, **more) for name, more in entries.items()}) as server:
            self.assertEqual([name for name in entries if "patch" in server.verdict("/validate/" + name)], ["provided"])

    def test_boolean_flags(self):
        for value in ("true", "false", "1", "no"):  # upstream takes the first two
            with Server({}, environment={"KUBEWARDEN_ENABLE_METRICS": value}):
                pass

    def test_policy_validation(self):
        member = group("a()", {"a/b": HAPPY})
        for policies, text in (({"a/b": HAPPY}, "policy name 'a/b' contains a '/' character"),
                               ({"g": member}, "g.policies.a/b: expected a name of a member without '/' "
                                                "(policy group 'g' contains policies with invalid names)")):
            with Server(policies, is_awaited=False) as server:
                self.assertEqual(server.process.wait(60), 1)
                self.assertIn(text, server.errors())


if __name__ == "__main__":
    unittest.main()
