# SPDX-License-Identifier: Apache-2.0
"""The API servers that the tests run against: Kubernetes' own, each built from its Go module into the cache."""
import glob, os, re, shutil, subprocess, sys

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "apiserver")
USUAL_CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "chimera-kubernetes-test")


def number(version):
    return [int(part) for part in version.split(".")]


def known():
    """{version: its .mod file}, the oldest first. A file beside go.mod, with its .sum, is a version more."""
    found = {}
    for path in glob.glob(os.path.join(SOURCE, "*.mod")):
        with open(path) as text:
            found[re.search(r"k8s\.io/kubernetes v(\S+)", text.read()).group(1)] = os.path.basename(path)
    return dict(sorted(found.items(), key=lambda item: number(item[0])))


def path_of(cache, version):
    return os.path.join(cache, "kube-apiserver-" + version)


def build(cache, version):
    """The path of the built one."""
    binary = path_of(cache, version)
    if not os.path.exists(binary):
        if not shutil.which("go"):
            sys.exit("needs go to build the API server: install it, or put a kube-apiserver at " + binary)
        print(f"building kube-apiserver {version} into {cache}: some ten minutes", flush=True)
        os.makedirs(cache, exist_ok=True)
        flags = f"-s -w -X k8s.io/component-base/version.gitVersion=v{version}"
        subprocess.run(["go", "build", "-p", "2", "-trimpath", "-buildvcs=false", "-modfile=" + known()[version], "-ldflags", flags,
                        "-o", binary + ".new", "."], cwd=SOURCE, check=True)
        os.rename(binary + ".new", binary)
    return binary
