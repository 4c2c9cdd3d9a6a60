# SPDX-License-Identifier: Apache-2.0
"""Providers of host calls, asked one thing after another by provider-ask; and the reference, asked the same by a policy."""
import json, os, subprocess, sys, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "..", "..", ".."))
POLICY = os.path.join(ROOT, "tests", "policies", "host-call", "host-call.wasm")
sys.path[:0] = [os.path.join(ROOT, "tests", "e2e"), os.path.join(ROOT, "tests", "e2e", "registry")]
PROGRAM = os.environ["CHIMERA_PROVIDER_ASK"]


class Answer:
    def __init__(self, said):
        self.good, self.text, self.keep_ms, self.ms = said["good"], said["text"], said["keep_ms"], said["ms"]

    def __repr__(self):
        return ("answer: " if self.good else "failure: ") + self.text

    @property
    def value(self):
        assert self.good, self
        return json.loads(self.text)


class Provider:
    """A context manager; `settings` as provider.h has them."""

    def __init__(self, name, environment=None, **settings):
        path = os.path.join(os.path.dirname(PROGRAM), f"chimera-provider-{name}.so")
        settings = {"sources": None, "docker_config": os.path.join(HERE, "nowhere"), "sigstore_trust_config": None, **settings}
        self.process = subprocess.Popen([PROGRAM, path, json.dumps(settings)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, env={**os.environ, **(environment or {})})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.errors = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        self.process.wait(60)

    def send(self, question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("the provider ended: " + self.process.stderr.read())
        return json.loads(line)

    def ask(self, what, seconds=300, **fields):
        return Answer(self.send({"ask": what, "fields": fields, "seconds": seconds}))

    def count(self):
        return self.send({"count": True})["text"]


def fields_of_verification(image, annotations=None, **more):
    return {"image": image, **more, "annotations": annotations}
