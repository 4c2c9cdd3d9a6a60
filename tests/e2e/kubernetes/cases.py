# SPDX-License-Identifier: Apache-2.0
"""What a user of the API sees: one case, one namespace, one or more webhooks of ours."""
import time

from cluster import check, wait_for
from world import case, config_map, deployment, hook, path_of, pod

DENIED = 'admission webhook "%s.%s.n0" denied the request: %s'


def refuses(answer, status, message):
    check(answer.status == status and answer.message == message, f"{answer}, wanted {status} {message}")
    return f"{answer.status} {answer.message}"


def denies(answer, policy, namespace, message, status=400):
    return refuses(answer, status, DENIED % (policy, namespace, message))


def creates(answer):
    check(answer.status == 201, str(answer))
    return answer.object


PRIVILEGED = {"securityContext": {"privileged": True}}


@case(hook("privileged"))
def validating(world, space):
    """a privileged Pod is refused with the policy's message, a plain one is stored"""
    creates(world.create("pods", space, pod("plain")))
    check(world.read("pods", space, "plain").status == 200, "not stored")
    seen = denies(world.create("pods", space, pod("root", container=PRIVILEGED)), "privileged", space,
                  "privileged containers are not allowed: app")
    check(world.read("pods", space, "root").status == 404, "stored all the same")
    return seen


@case(hook("teapot"))
def code(world, space):
    """the policy's code is the HTTP status"""
    return denies(world.create("pods", space, pod("x")), "teapot", space, "not today", 418)


@case(hook("deny"))
def message(world, space):
    """quotes and characters beyond ASCII arrive unharmed"""
    return denies(world.create("pods", space, pod("x")), "deny", space, 'not today: "quoted" é ☃')


@case(mutating=[hook("labels", "pods", "CREATE UPDATE")])
def mutating(world, space):
    """the API server applies the patch, and what is stored has it"""
    creates(world.create("pods", space, pod("x", metadata={"labels": {"app": "a-b-c"}})))
    labels = world.read("pods", space, "x").object["metadata"]["labels"]
    check(labels == {"app": "a-b-c", "example.com/team": "payments"}, labels)
    bare = pod("bare")
    del bare["metadata"]["labels"]  # the patch has to make the object of labels, too
    creates(world.create("pods", space, bare))
    stored = world.read("pods", space, "bare").object["metadata"]["labels"]
    check(stored == {"example.com/team": "payments"}, stored)
    return str(labels)


@case(mutating=[hook("owner")])
def mutating_wasi(world, space):
    """a Go policy over WASI mutates"""
    creates(world.create("pods", space, pod("x")))
    annotations = world.read("pods", space, "x").object["metadata"]["annotations"]
    check(annotations == {"example.com/owner": "nobody"}, annotations)
    return str(annotations)


@case(hook("unmutable"))
def unmutable(world, space):
    """a policy that may not mutate, and does, refuses"""
    return denies(world.create("pods", space, pod("x")), "unmutable", space,
                  "Request rejected by policy unmutable. The policy attempted to mutate the request, but it is currently configured "
                  "to not allow mutations.")


@case(hook("fixed-images", "pods", "CREATE UPDATE"), hook("allow", "pods", "CREATE UPDATE", "recorder"))
def update(world, space):
    """PUT and PATCH are refused by a Rego policy with the operator's message; the old object stays"""
    creates(world.create("pods", space, pod("x")))
    want = "Images must be given by a version or a digest"
    changed = world.read("pods", space, "x").object
    changed["spec"]["containers"][0]["image"] = "registry.example.com/app:latest"
    path = path_of("pods", space, "x")
    seen = denies(world.api.call("PUT", path, changed), "fixed-images", space, want)
    patch = {"spec": {"containers": [{"name": "app", "image": "registry.example.com/app"}]}}
    denies(world.api.call("PATCH", path, patch, "application/strategic-merge-patch+json"), "fixed-images", space, want)
    changed["spec"]["containers"][0]["image"] = "registry.example.com/app:1.1"
    world.api.must("PUT", path, changed)
    check(world.read("pods", space, "x").object["spec"] == changed["spec"], "another object is stored")
    last = world.recorded(space)[-1].request
    check(last["operation"] == "UPDATE" and last["oldObject"]["spec"]["containers"][0]["image"].endswith(":1.0"), last)
    return seen


@case(hook("fixed-images"))
def causes(world, space):
    """behind a custom message, the policy's own is the cause"""
    answer = world.create("pods", space, pod("x", container={"image": "a:latest"}))
    found = [cause["message"] for cause in answer.object["details"]["causes"]]
    check(found == ["container app: image a:latest can change under its name"], found)
    return str(found)


@case(hook("deny", "pods", "DELETE"), hook("allow", "pods", "DELETE", "recorder"))
def delete(world, space):
    """DELETE comes without an object and with the old one; refused, the Pod stays"""
    creates(world.create("pods", space, pod("x")))
    seen = denies(world.api.call("DELETE", path_of("pods", space, "x") + "?gracePeriodSeconds=0"), "deny", space,
                  'not today: "quoted" é ☃')
    check(world.read("pods", space, "x").status == 200, "it is gone")
    wait_for(lambda: world.recorded(space), "the recorder's call", 10)  # validating webhooks are called in parallel
    request = world.recorded(space)[0].request
    check(request["object"] is None and request["oldObject"]["metadata"]["name"] == "x", request)
    return seen


@case(hook("privileged", "pods", "DELETE"), hook("required-labels", "pods", "DELETE"), hook("host-network", "pods", "DELETE"))
def delete_allowed(world, space):
    """policies in Rust, Rego and C let a deletion pass that has no object to look at"""
    creates(world.create("pods", space, pod("x")))
    answer = world.api.call("DELETE", path_of("pods", space, "x") + "?gracePeriodSeconds=0")
    check(answer.status == 200 and world.read("pods", space, "x").status == 404, str(answer))
    return str(answer.status)


@case(hook("allow", "pods", "CREATE", "recorder"), mutating=[hook("labels")])
def dry_run(world, space):
    """a dry run is mutated and not stored"""
    labels = creates(world.create("pods", space, pod("x"), "?dryRun=All"))["metadata"]["labels"]
    check(labels == {"example.com/team": "payments"} and world.read("pods", space, "x").status == 404, labels)
    request = world.recorded(space)[0].request
    check(request["dryRun"] is True and request["options"]["dryRun"] == ["All"], request)
    return str(labels)


@case(hook("replicas", "deployments deployments/scale", "CREATE UPDATE"), hook("allow", "deployments/scale", "UPDATE", "recorder"))
def scale(world, space):
    """a subresource: the Scale of a Deployment is refused by a policy in AssemblyScript"""
    creates(world.create("deployments", space, deployment("web", 3)))
    path = path_of("deployments", space, "web") + "/scale"
    size = world.api.must("GET", path)
    size["spec"]["replicas"] = 21
    seen = denies(world.api.call("PUT", path, size), "replicas", space, "21 replicas are more than 20", 422)
    size["spec"]["replicas"] = 20
    world.api.must("PUT", path, size)
    check(world.read("deployments", space, "web").object["spec"]["replicas"] == 20, "not stored")
    request = world.recorded(space)[-1].request
    check((request["subResource"], request["kind"]["kind"]) == ("scale", "Scale"), request)
    return seen


@case(hook("privileged", "pods/ephemeralcontainers", "UPDATE"), hook("fixed-images", "pods/status", "UPDATE"))
def subresources(world, space):
    """status and ephemeral containers: a debug container that is privileged is refused"""
    creates(world.create("pods", space, pod("x")))
    status = {"status": {"phase": "Running"}}
    world.api.must("PATCH", path_of("pods", space, "x") + "/status", status, "application/merge-patch+json")
    debug = {"spec": {"ephemeralContainers": [{"name": "debug", "image": "a:1", **PRIVILEGED}]}}
    return denies(world.api.call("PATCH", path_of("pods", space, "x") + "/ephemeralcontainers", debug, "application/strategic-merge-patch+json"),
                  "privileged", space, "privileged containers are not allowed: debug")


@case(hook("host-network", "deployments", "CREATE UPDATE"))
def workload(world, space):
    """a Deployment whose Pods want the host's network is refused by a policy in C"""
    creates(world.create("deployments", space, deployment("plain")))
    return denies(world.create("deployments", space, deployment("near", hostNetwork=True)), "host-network", space,
                  "the host network is not for Pods", 403)


WIDGETS = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": "widgets.example.com"},
           "spec": {"group": "example.com", "scope": "Namespaced", "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
                    "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {
                        "type": "object", "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}}}}]}}


@case(hook("required-labels", "widgets", "CREATE UPDATE"), mutating=[hook("labels", "widgets", "CREATE UPDATE")])
def custom_resource(world, space):
    """an object of a custom kind is mutated by one policy and refused by another"""
    world.api.must("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", WIDGETS)
    path = path_of("widgets", space)
    widget = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w", "labels": {"app.kubernetes.io/name": "widget"}},
              "spec": {"big": 9007199254740993, "deep": [{"a": [1.5, -0.25, None]}]}}
    # A new kind is served a moment after it was made.
    wait_for(lambda: world.api.call("POST", path + "?dryRun=All", widget).status == 201, "the new kind to be served")
    creates(world.create("widgets", space, widget))
    stored = world.read("widgets", space, "w").object
    check(stored["metadata"]["labels"] == {"app.kubernetes.io/name": "widget", "example.com/team": "payments"}, stored)
    check(stored["spec"] == widget["spec"], stored["spec"])
    widget["metadata"] = {"name": "nameless"}
    return denies(world.create("widgets", space, widget), "required-labels", space, "you must provide labels: app.kubernetes.io/name")


@case(hook("host-network", "configmaps", "CREATE UPDATE"), hook("allow", "configmaps", "CREATE UPDATE", "recorder"),
      mutating=[hook("labels", "configmaps", "CREATE UPDATE")])
def large(world, space):
    """a ConfigMap of 1 MB is created, mutated and updated where --max-body-bytes is 7 MiB"""
    creates(world.create("configmaps", space, config_map("big", data="x" * 1_040_000)))
    changed = world.read("configmaps", space, "big").object
    check(changed["metadata"]["labels"] == {"example.com/team": "payments"}, changed["metadata"])
    changed["data"]["data"] = "y" * 1_040_000
    world.api.must("PUT", path_of("configmaps", space, "big"), changed)
    check(world.read("configmaps", space, "big").object["data"] == changed["data"], "another object is stored")
    return "reviews of " + ", ".join(f"{call.size:,}" for call in world.recorded(space)) + " bytes"


@case(hook("host-network", "configmaps", "CREATE UPDATE"), hook("allow", "configmaps", "CREATE UPDATE", "recorder"))
def large_escaped(world, space):
    """1 MB of '<' is sent escaped, six bytes each: the update's review is beyond 7 MiB"""
    creates(world.create("configmaps", space, config_map("big", data="<" * 1_040_000)))
    changed = world.read("configmaps", space, "big").object
    changed["data"]["data"] = "<" * 1_040_001
    answer = world.api.call("PUT", path_of("configmaps", space, "big"), changed)
    sizes = ", ".join(f"{call.size:,}" for call in world.recorded(space))
    # Beyond the limit: a plain refusal and no broken connection.
    check(answer.status == 500 and "413" in answer.message, str(answer))
    return f"reviews of {sizes} bytes; the update: {answer}"


@case(hook("host-network", "configmaps", "CREATE UPDATE", "small"))
def large_refused(world, space):
    """the same update at the usual limit of 2 MiB: a 413 that says so, and smaller reviews go on passing"""
    creates(world.create("configmaps", space, config_map("big", data="x" * 1_048_400)))
    changed = world.read("configmaps", space, "big").object
    changed["data"]["data"] = "y" * 1_048_400
    answer = world.api.call("PUT", path_of("configmaps", space, "big"), changed)
    check(answer.status == 500 and "failed calling webhook" in answer.message and "413" in answer.message, str(answer))
    creates(world.create("configmaps", space, config_map("small", data="x")))
    return str(answer)


@case(hook("warnings"))
def warnings(world, space):
    """warnings are headers of the API server's answer"""
    answer = world.create("pods", space, pod("x"))
    creates(answer)
    texts = [text for text in answer.warnings if text.startswith("299")]
    check(len(texts) == 2 and '"first"' in texts[0] and '"second é"' in texts[1], answer.warnings)
    return ", ".join(texts)


@case(hook("reject-warnings"))
def warnings_refused(world, space):
    """a refusal has its warnings, too"""
    answer = world.create("pods", space, pod("x"))
    denies(answer, "reject-warnings", space, "no")
    check([text for text in answer.warnings if '"careful"' in text], answer.warnings)
    return ", ".join(answer.warnings)


@case(hook("annotations"))
def audit_annotations(world, space):
    """audit annotations are in the API server's audit log, under the webhook's name"""
    creates(world.create("pods", space, pod("x")))

    def logged():
        return [event["annotations"] for event in world.api.audit_events() if event["objectRef"].get("namespace") == space]
    annotations = wait_for(logged, "the audit event", 20)[0]
    prefix = f"annotations.{space}.n0/"
    found = {key.removeprefix(prefix): value for key, value in annotations.items() if key.startswith(prefix)}
    check(found == {"zeta": "1", "alpha": "2"}, annotations)
    return str(found)


@case(hook("group"))
def group(world, space):
    """a group's message, and its member's as a cause with its field"""
    answer = world.create("pods", space, pod("x"))
    denies(answer, "group", space, "the group says no")
    found = [(cause.get("field"), cause["message"]) for cause in answer.object["details"]["causes"]]
    check(found == [("spec.policies.refuses", "not today")], found)
    return f"{answer.message}: {found}"


@case(hook("monitored"))
def monitor(world, space):
    """a policy in monitor mode refuses nothing"""
    creates(world.create("pods", space, pod("x")))
    return "201"


@case(hook("not-there"))
def unknown(world, space):
    """a policy that is not there, with failurePolicy Fail"""
    answer = world.create("pods", space, pod("x"))
    check(answer.status >= 400 and "failed calling webhook" in answer.message, str(answer))
    return str(answer)


@case(hook("not-there", failure="Ignore"))
def unknown_ignored(world, space):
    """the same with Ignore"""
    creates(world.create("pods", space, pod("x")))
    return "201"


@case(hook("trap", failure="Ignore"))
def trap(world, space):
    """a policy that crashes refuses; failurePolicy Ignore does not open the door"""
    answer = world.create("pods", space, pod("x"))
    check(answer.status == 500 and "denied the request: internal server error" in answer.message, str(answer))
    return str(answer)


LATE = "Policy execution interrupted because it exceeded the allowed execution time"


@case(hook("sleep", timeout=1))
def deadline(world, space):
    """timeoutSeconds 1, and a policy that sleeps for a minute: our answer is there before the API server stops waiting"""
    began = time.monotonic()
    seen = denies(world.create("pods", space, pod("x")), "sleep", space, LATE, 500)
    return f"{seen} ({time.monotonic() - began:.2f} s)"


@case(hook("loop", timeout=10))
def deadline_of_server(world, space):
    """timeoutSeconds 10, and a policy that loops: the server's limit of 2 s"""
    began = time.monotonic()
    seen = denies(world.create("pods", space, pod("x")), "loop", space, LATE, 500)
    return f"{seen} ({time.monotonic() - began:.2f} s)"


@case(hook("sleep-shortly", timeout=30), hook("loop", timeout=1), hook("privileged"))
def deadline_of_policy(world, space):
    """timeoutEvalSeconds 1 and timeoutSeconds 30; other webhooks of the same request run beside it"""
    began = time.monotonic()
    answer = world.create("pods", space, pod("x"))
    check(answer.status == 500 and LATE in answer.message, str(answer))
    return f"{answer} ({time.monotonic() - began:.2f} s)"


@case(mutating=[hook("labels", reinvocationPolicy="IfNeeded"), hook("owner")])
def reinvocation(world, space):
    """IfNeeded: called again, once, after a later webhook changed the object; both changes are stored"""
    creates(world.create("pods", space, pod("x")))
    metadata = world.read("pods", space, "x").object["metadata"]
    check(metadata["labels"] == {"example.com/team": "payments"} and metadata["annotations"] == {"example.com/owner": "nobody"}, metadata)
    counts = [int(world.api.metrics().sum("apiserver_admission_webhook_admission_duration_seconds_count", name=f"{name}.{space}.n{number}"))
              for number, name in enumerate(("labels", "owner"))]
    check(counts == [2, 1], counts)
    return f"calls: {counts}"


@case(hook("teapot", service="guarded"))
def client_certificate(world, space):
    """--client-ca-file: the API server shows the certificate of its admission kubeconfig, and the policy is asked"""
    return denies(world.create("pods", space, pod("x")), "teapot", space, "not today", 418)


@case(hook("accept", service="anonymous"))
def client_certificate_missing(world, space):
    """the same server under a name that the kubeconfig does not have: refused in the handshake"""
    answer = world.create("pods", space, pod("x"))
    # In TLS 1.3 the client writes before it hears that it is refused: it may see the closed connection first.
    refusals = ("certificate required", "broken pipe", "connection reset", "use of closed network connection")
    check(answer.status == 500 and any(text in answer.message for text in refusals), str(answer))
    return str(answer)
