# SPDX-License-Identifier: Apache-2.0
"""What the pages show, at a real API server: the manifests of docs/user/examples/kubernetes, and what `chimera webhooks` prints."""
import glob, json, os, subprocess

from cases import PRIVILEGED, creates, refuses
from cluster import EXAMPLES, SAMPLES, check, example, read_base64, wait_for
from world import path_of, pod

WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/%swebhookconfigurations"
KINDS = ("mutating", "validating")
SPACE = "documented"
MANIFESTS = {"service.yaml": "/api/v1/namespaces/chimera/services", "policies.yaml": "/api/v1/namespaces/chimera/configmaps",
             "deployment.yaml": "/apis/apps/v1/namespaces/chimera/deployments",
             "disruption-budget.yaml": "/apis/policy/v1/namespaces/chimera/poddisruptionbudgets",
             "admin-service.yaml": "/api/v1/namespaces/chimera/services",
             "cluster-role.yaml": "/apis/rbac.authorization.k8s.io/v1/clusterroles",
             "network-policy.yaml": "/apis/networking.k8s.io/v1/namespaces/chimera/networkpolicies"}
OF_OTHERS = {"service-monitor.yaml", "alert-rules.yaml"}  # kinds that the Prometheus operator brings
NOT_OBJECTS = {"admission.yaml", "namespace.yaml", "validating.yaml", "mutating.yaml"}  # for the API server's own start; applied elsewhere


def manifests(world):
    """docs/user/kubernetes.md: every manifest is accepted as it stands"""
    for name, path in MANIFESTS.items():
        text = example(name)
        if name == "service.yaml":  # its name is taken by the Service that leads to the loopback
            text = text.replace("  name: chimera\n", "  name: documented\n", 1)
        world.api.apply(path, text, "&dryRun=All")
    others = {name for name in os.listdir(EXAMPLES) if name.endswith(".yaml")} - set(MANIFESTS)
    check(others == OF_OTHERS | NOT_OBJECTS, others)
    return ", ".join(MANIFESTS)


def admin_port(world):
    """its patch for the admin port is accepted, and adds argument and port"""
    path = MANIFESTS["deployment.yaml"]
    world.api.apply(path, example("deployment.yaml"))
    answer = world.api.call("PATCH", path + "/chimera", example("admin-port.json"), "application/json-patch+json")
    check(answer.status == 200, str(answer))
    container = answer.object["spec"]["template"]["spec"]["containers"][0]
    check(container["args"][-1] == "--admin-port=0.0.0.0:9090" and container["ports"][-1]["name"] == "admin", container)
    world.api.must("DELETE", path + "/chimera")
    return f"{container['args'][-1]}, {container['ports'][-1]}"


def privileged_pod(world):
    return world.create("pods", SPACE, pod("x", container=PRIVILEGED), "?dryRun=All")


class Applied:
    """The configurations, while the block runs; each {kind: text}."""

    def __init__(self, world, name, texts):
        self.world, self.name, self.texts = world, name, texts

    def __enter__(self):
        if self.world.api.call("GET", "/api/v1/namespaces/" + SPACE).status == 404:
            self.world.add_namespace(SPACE)
        for kind, text in self.texts.items():
            self.world.api.apply(WEBHOOKS % kind, text)

    def __exit__(self, *_):
        for kind in self.texts:
            self.world.api.must("DELETE", WEBHOOKS % kind + "/" + self.name)
        wait_for(lambda: privileged_pod(self.world).status == 201, "the configurations to be gone")


def webhooks(world):
    """its webhook configurations do what the page says"""
    bundle = {"CA_BUNDLE": read_base64(world.pki + "/ca.crt"), "port: 443": f"port: {world.main.port}"}
    with Applied(world, "chimera", {kind: example(kind + ".yaml", **bundle) for kind in KINDS}):
        seen = labelled_and_refused(world, "chimera.example.com")
        metadata = world.read("pods", SPACE, "plain").object["metadata"]
        check(metadata["annotations"] == {"example.com/owner": "nobody"}, metadata)
        refuses(world.create("pods", SPACE, pod("movable", container={"image": "a:latest"})), 400,
                'admission webhook "fixed-images.chimera.example.com" denied the request: Images must be given by a version or a digest')
        return seen


def labelled_and_refused(world, names):
    """By the policies `labels` and `privileged`, the webhooks of which are POLICY.NAMES."""
    want = f'admission webhook "privileged.{names}" denied the request: privileged containers are not allowed: app'
    wait_for(lambda: privileged_pod(world).message == want, "the validating webhook")
    wait_for(lambda: world.create("pods", SPACE, pod("y"), "?dryRun=All").object["metadata"]["labels"], "the mutating webhook")
    world.api.call("DELETE", path_of("pods", SPACE, "plain") + "?gracePeriodSeconds=0")
    creates(world.create("pods", SPACE, pod("plain")))
    labels = world.read("pods", SPACE, "plain").object["metadata"]["labels"]
    check(labels == {"example.com/team": "payments"}, labels)
    creates(world.create("pods", "kube-system", pod("root", container=PRIVILEGED), "?dryRun=All"))  # left out by the selector
    creates(world.create("pods", "chimera", pod("root", container=PRIVILEGED), "?dryRun=All"))
    return want


def printed(world, policies, *words):
    """What `chimera webhooks` prints of {id: entry}, as {kind: text}."""
    path = os.path.join(world.folder, "generated.yml")
    with open(path, "w") as out:
        json.dump(policies, out)
    run = subprocess.run([world.command, "webhooks", path, "--service", f"chimera/chimera:{world.main.port}", "--ca-file", world.pki + "/ca.crt",
                          *words], capture_output=True, text=True)
    check(run.returncode == 0, run.stderr)
    validating, mutating = run.stdout.split("---\n")
    return {"validating": validating, "mutating": mutating}


def of_sample(name, **more):
    return {"module": f"file://{SAMPLES}/{name}/{name}.wasm", **more}


def generated_webhooks(world):
    """what `chimera webhooks` prints is accepted, and does the same"""
    texts = printed(world, {"privileged": of_sample("rust-privileged"), "labels": of_sample("rust-labels", allowedToMutate=True)}, "--name", "generated")
    with Applied(world, "generated", texts):
        return labelled_and_refused(world, "generated.admission")


def samples(world):
    """what it prints of all samples is accepted by a dry run"""
    names = sorted(os.path.basename(path).removesuffix(".wasm") for path in glob.glob(SAMPLES + "/*/*.wasm"))
    policies = {name: of_sample(name, allowedToMutate=number % 2 == 0) for number, name in enumerate(names)
                if os.path.exists(f"{SAMPLES}/{name}/{name}.wasm") and name != "legacy-chimera"}  # that has no metadata
    policies["group"] = {"expression": "a() && b()", "message": "no", "policies": {"a": of_sample("rust-privileged"), "b": of_sample("as-replicas")}}
    count = 0
    for kind, text in printed(world, policies).items():
        count += len(world.api.apply(WEBHOOKS % kind, text, "&dryRun=All")["webhooks"])
    return f"{count} webhooks of {len(policies)} policies"
