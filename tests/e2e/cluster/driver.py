# SPDX-License-Identifier: Apache-2.0
"""The provider behind drive.c, as a test speaks to it."""
import itertools, json, os, queue, subprocess, tempfile, threading

DRIVE, PROVIDER = os.environ.get("DRIVE"), os.environ.get("PROVIDER")
FIELDS = {
    "KubernetesListResourceNamespace": ["api_version", "kind", "namespace", "label_selector", "field_selector", "field_masks"],
    "KubernetesListResourceAll": ["api_version", "kind", "label_selector", "field_selector", "field_masks"],
    "KubernetesGetResource": ["api_version", "kind", "name", "namespace", "disable_cache", "field_masks"],
    "KubernetesGetResourcePluralName": ["api_version", "kind"],
    "KubernetesCanI": ["request", "disable_cache"],
}


class Failed(Exception):
    """What the provider answers as an error."""


class Driver:
    def __init__(self, kubernetes, limits=None, **more):
        file = tempfile.NamedTemporaryFile("w", suffix=".json", delete=False)
        json.dump({"sources": None, "kubernetes": kubernetes, "limits": limits or {}, **more}, file)
        file.close()
        self.ids, self.waiting, self.lock = itertools.count(1), {}, threading.Lock()
        self.process = subprocess.Popen([DRIVE, PROVIDER, file.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.refused = None
        threading.Thread(target=self.read, args=(file.name,), daemon=True).start()

    def read(self, settings):
        for line in self.process.stdout:
            said = json.loads(line)
            if "refused" in said:
                self.refused = said["refused"]
                continue
            with self.lock:
                self.waiting.pop(said["id"]).put(said)
        os.unlink(settings)

    def begin(self, **line):
        """Asks without waiting; .get() of what it returns waits."""
        answer, number = queue.Queue(), next(self.ids)
        with self.lock:
            self.waiting[number] = answer
            self.process.stdin.write(json.dumps({"id": number, **line}) + "\n")
            self.process.stdin.flush()
        return answer

    def begin_ask(self, which, /, ms=10000, into=None, **fields):
        whole = {name: fields.get(name) for name in FIELDS[which]}
        return self.begin(ask=which, fields=whole, ms=ms, **({"into": into} if into else {}))

    def ask(self, which, /, **fields):
        said = self.begin_ask(which, **fields).get(timeout=600)
        if "error" in said:
            raise Failed(said["error"])
        return said

    def list(self, kind, api_version="v1", **fields):
        """(answer, items)."""
        which = "KubernetesListResourceNamespace" if "namespace" in fields else "KubernetesListResourceAll"
        said = self.ask(which, api_version=api_version, kind=kind, **fields)
        return said, json.loads(said["text"])["items"] if "text" in said else None

    def names(self, kind, **fields):
        return [item["metadata"]["name"] for item in self.list(kind, **fields)[1]]

    def get(self, kind, name, api_version="v1", disable_cache=True, **fields):
        return self.ask("KubernetesGetResource", api_version=api_version, kind=kind, name=name, disable_cache=disable_cache, **fields)

    def version(self, place):
        return self.begin(version=place).get(timeout=600)["version"]

    def count(self):
        """Metrics: {name: sum}, and the process's memory."""
        said = self.begin(count=True).get(timeout=600)
        sums = {}
        for line in said["text"].splitlines():
            if not line.startswith("#"):
                name, value = line.rsplit(" ", 1)
                sums[name.split("{")[0]] = sums.get(name.split("{")[0], 0) + int(value)
        return sums, said["rss"]

    def close(self):
        """Its exit code."""
        self.process.stdin.close()
        return self.process.wait(timeout=600)
