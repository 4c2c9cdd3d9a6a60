# SPDX-License-Identifier: Apache-2.0
"""The parts that run together, the cases, and what both the cases and the load tests build on."""
import json, os, tempfile, time

from cluster import (CORPUS, SAMPLES, SLEEPER, ApiServer, Chimera, Etcd, check, example, make_certificate, openssl, read_base64,
                     wait_for)
from recorder import Recorder

GROUPS = {"pods": ("", "v1"), "configmaps": ("", "v1"), "namespaces": ("", "v1"), "deployments": ("apps", "v1"),
          "widgets": ("example.com", "v1"), "tokenreviews": ("authentication.k8s.io", "v1")}
CASES = []


def module(path):
    return {"module": "file://" + path}


def corpus(name, **more):
    return {**module(os.path.join(CORPUS, name + ".wasm")), **more}


# Beside the documented ones. What each answers is told by tests/policies and tests/reference.
POLICIES = {
    "accept": corpus("accept"), "teapot": corpus("reject-message-code"), "deny": corpus("reject-message"),
    "warnings": corpus("warnings"), "reject-warnings": corpus("reject-warnings"), "annotations": corpus("audit-annotations"),
    "loop": corpus("loop"), "trap": corpus("trap"), "monitored": corpus("reject-message", policyMode="monitor"),
    "unmutable": corpus("mutate"), "sleep": {**module(SLEEPER), "timeoutEvalSeconds": 60},
    "sleep-shortly": {**module(SLEEPER), "timeoutEvalSeconds": 1},
    "host-network": module(os.path.join(SAMPLES, "c-hostnetwork", "c-hostnetwork.wasm")),
    "replicas": {**module(os.path.join(SAMPLES, "as-replicas", "as-replicas.wasm")), "settings": {"max_replicas": 20}},
    "required-labels": {**module(os.path.join(SAMPLES, "rego-gatekeeper", "rego-gatekeeper.wasm")),
                        "settings": {"labels": [{"key": "app.kubernetes.io/name", "allowedRegex": "^[a-z]+$"}]}},
    "group": {"expression": "accepts() && refuses()", "message": "the group says no", "policies": {
        "accepts": corpus("accept"), "refuses": corpus("reject-message-code")}},
}


def hook(policy, resources="pods", operations="CREATE", service="chimera", failure="Fail", timeout=10, **more):
    """A webhook of a case; its resources are of one API group."""
    return {"policy": policy, "resources": resources.split(), "operations": operations.split(), "service": service,
            "failurePolicy": failure, "timeoutSeconds": timeout, **more}


def case(*hooks, mutating=()):
    """A test that has a namespace to itself: `hooks` and `mutating` are the webhooks called for it. The function takes the world and
    the namespace's name, returns what it saw, and raises Failed; its comment is its title."""
    def add(function):
        CASES.append((function.__name__.replace("_", "-"), function, hooks, mutating))
        return function
    return add


def pod(name, **more):
    container = {"name": "app", "image": "registry.example.com/app:1.0", **more.pop("container", {})}
    metadata = {"name": name, "labels": {}, **more.pop("metadata", {})}
    if name is None:
        del metadata["name"]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container], **more}}


def deployment(name, replicas=1, **spec):
    labels = {"app": name}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": {
        "replicas": replicas, "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {**pod("x")["spec"], **spec}}}}


def config_map(name, **data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def path_of(resource, namespace, name=None):
    group, version = GROUPS[resource]
    base = f"/apis/{group}/{version}" if group else f"/api/{version}"
    return f"{base}/namespaces/{namespace}/{resource}" + (f"/{name}" if name else "")


class World:
    """Starts everything; a context manager that ends it all."""

    def __init__(self, api_binary, build, cache, folder):
        self.server_binary, self.command = os.path.join(build, "chimera-server"), os.path.join(build, "chimera")
        self.cache, self.folder, self.parts = cache, folder, []
        self.api_binary = api_binary
        self.pki = os.path.join(folder, "pki")
        make_certificate(self.pki, "chimera.chimera.svc", "*.chimera.svc")
        self.make_client_certificate()

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for part in reversed(self.parts):
            part.close() if isinstance(part, Recorder) else part.stop()

    def add(self, part):
        self.parts.append(part)
        return part

    def start(self):
        began = time.monotonic()
        etcd = self.add(Etcd(self.folder))
        self.policies = self.write_policies("policies.yml")
        self.main = self.serve("chimera", "--max-body-bytes=7340032").wait_ready()  # it builds the policies, the others find them
        self.small = self.serve("small")
        self.guarded = self.serve("guarded", f"--client-ca-file={self.pki}/client-ca.crt")
        self.recorder = self.add(Recorder(self.pki))
        for server in (self.small, self.guarded):
            server.wait_ready()
        self.servers_ready = time.monotonic() - began
        self.ports = {"chimera": self.main.port, "leaving": self.main.port, "small": self.small.port, "guarded": self.guarded.port, "anonymous": self.guarded.port,
                      "recorder": self.recorder.port}
        began = time.monotonic()
        self.api = self.add(ApiServer(self.api_binary, etcd, self.folder, self.write_admission()))
        self.api_ready = time.monotonic() - began
        version = self.api.must("GET", "/version")
        self.version = (int(version["major"]), int(version["minor"]))
        self.api.apply("/api/v1/namespaces", example("namespace.yaml"))
        wait_for(lambda: self.api.call("GET", "/api/v1/namespaces/kube-system").status == 200, "the API server's own namespaces")
        for name in self.ports:
            self.add_service(name)

    def add_service(self, name):
        """The API server dials a Service of this type by the name that it holds: so ours are reached as Services, on the loopback."""
        self.api.must("POST", "/api/v1/namespaces/chimera/services", {
            "apiVersion": "v1", "kind": "Service", "metadata": {"name": name},
            "spec": {"type": "ExternalName", "externalName": "127.0.0.1"}})

    def serve(self, name, *flags, policies=None, certificate=None, ports=None):
        return self.add(Chimera(self.server_binary, name, self.folder, policies or self.policies, certificate or self.pki,
                                self.cache, flags, ports))

    def write_policies(self, name, **replaced):
        """The documented ones, and those of the cases."""
        config_map = example("policies.yaml", **replaced)
        text = config_map.split("policies.yml: |\n", 1)[1].replace("\n    ", "\n").removeprefix("    ")
        for sample in os.listdir(SAMPLES):
            text = text.replace(f"file:///policies/{sample}.wasm", f"file://{SAMPLES}/{sample}/{sample}.wasm")
        check("/policies/" in text and "file:///policies/" not in text, text)
        text += "".join(f"{json.dumps(key)}: {json.dumps(value)}\n" for key, value in POLICIES.items())
        path = os.path.join(self.folder, name)
        with tempfile.NamedTemporaryFile("w", dir=self.folder, delete=False) as out:
            out.write(text)
        os.replace(out.name, path)
        return path

    def make_client_certificate(self):
        """What the API server shows to the server that asks for it."""
        key = ("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out")
        openssl(self.pki, *key, "client-ca.key")
        openssl(self.pki, "req", "-x509", "-new", "-key", "client-ca.key", "-subj", "/CN=client authority", "-days", "2", "-out", "client-ca.crt",
                "-addext", "keyUsage=critical,keyCertSign")
        openssl(self.pki, *key, "client.key")
        openssl(self.pki, "req", "-new", "-key", "client.key", "-subj", "/CN=kube-apiserver", "-out", "client.csr")
        openssl(self.pki, "x509", "-req", "-in", "client.csr", "-CA", "client-ca.crt", "-CAkey", "client-ca.key", "-CAcreateserial",
                "-days", "2", "-out", "client.crt")

    def write_admission(self):
        """The documented files, for the Service `guarded` at its port."""
        kubeconfig = os.path.join(self.folder, "webhooks.kubeconfig")
        with open(kubeconfig, "w") as out:
            out.write(example("webhooks.kubeconfig", **{
                "chimera.chimera.svc": f"guarded.chimera.svc:{self.guarded.port}", "/etc/kubernetes/webhook-": self.pki + "/"}))
        path = os.path.join(self.folder, "admission.yaml")
        with open(path, "w") as out:
            out.write(example("admission.yaml", **{"/etc/kubernetes/webhooks.kubeconfig": kubeconfig}))
        return path

    def add_namespace(self, name):
        self.api.must("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})

    def configure(self, kind, name, hooks):
        """A webhook configuration that is for one namespace."""
        if hooks:
            self.api.must("POST", "/apis/admissionregistration.k8s.io/v1/" + kind.lower() + "s", {
                "apiVersion": "admissionregistration.k8s.io/v1", "kind": kind, "metadata": {"name": name},
                "webhooks": [self.webhook(name, number, dict(spec)) for number, spec in enumerate(hooks)]})

    def webhook(self, name, number, spec):
        policy, service, resources, operations = (spec.pop(key) for key in ("policy", "service", "resources", "operations"))
        group, version = GROUPS[resources[0].split("/")[0]]
        path = policy if service == "recorder" else "validate/" + policy
        return {"name": f"{policy.replace('/', '-')}.{name}.n{number}", "sideEffects": "None", "admissionReviewVersions": ["v1"],
                "clientConfig": {"caBundle": read_base64(self.pki + "/ca.crt"), "service": {
                    "name": service, "namespace": "chimera", "port": self.ports[service], "path": "/" + path}},
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}},
                "rules": [{"apiGroups": [group], "apiVersions": [version], "resources": resources, "operations": operations}], **spec}

    def await_configurations(self, name):
        """Those that were made before are in force when one of each kind, made last, is seen to work."""
        self.add_namespace(name)
        marker = config_map("marker")
        self.configure("ValidatingWebhookConfiguration", name, [hook("deny", "configmaps")])
        path = path_of("configmaps", name) + "?dryRun=All"
        wait_for(lambda: self.api.call("POST", path, marker).status == 400, "the validating configurations")
        self.configure("MutatingWebhookConfiguration", name, [hook("labels", "configmaps")])
        self.api.must("DELETE", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/" + name)

        def is_labelled():
            answer = self.api.call("POST", path, marker)
            return answer.status == 201 and "example.com/team" in answer.object["metadata"].get("labels", {})
        wait_for(is_labelled, "the mutating configurations")

    def create(self, resource, namespace, body, query="", **headers):
        return self.api.call("POST", path_of(resource, namespace) + query, body, headers=headers)

    def read(self, resource, namespace, name):
        return self.api.call("GET", path_of(resource, namespace, name))

    def recorded(self, namespace):
        return [call for call in self.recorder.calls if call.request.get("namespace") == namespace]
