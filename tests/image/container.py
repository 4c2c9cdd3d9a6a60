#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A container of an unpacked image, as a cluster starts it: container.py STATE [ARGUMENT…]

User, entry point and variables are the image's; the root is read-only and /tmp a tmpfs, there is no capability and no new privilege,
and seccomp's filter is the usual one of container runtimes where Debian's golang-github-containers-common is installed. STATE is a file
of JSON that Image.state() wrote. The process becomes crun, which passes signals on and ends with the container's exit code.
"""
import json, os, subprocess, sys, tempfile

PROFILE = "/usr/share/containers/seccomp.json"
CRUN = ["crun", "--cgroup-manager=disabled"]
HERE = os.path.dirname(os.path.abspath(__file__))


def seccomp():
    """containers-common's profile for a container without capabilities on this processor, in OCI's words; None: it is not installed."""
    if not os.path.exists(PROFILE):
        return None
    with open(PROFILE) as text:
        profile = json.load(text)
    rules = []
    for rule in profile["syscalls"]:
        wanted = rule.get("includes") or {}
        if wanted.get("caps") or "amd64" not in wanted.get("arches", ["amd64"]):
            continue
        new = {"names": rule["names"], "action": rule["action"], "args": rule["args"] or []}
        if rule["action"] == "SCMP_ACT_ERRNO":
            new["errnoRet"] = rule["errnoRet"]
        rules.append(new)
    return {"defaultAction": profile["defaultAction"], "defaultErrnoRet": profile["defaultErrnoRet"],
            "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], "syscalls": rules}


class Image:
    """An image's layout, unpacked by umoci into a folder."""

    def __init__(self, layout, folder):
        with open(os.path.join(layout, "index.json")) as text:
            name = json.load(text)["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"]
        subprocess.run(["umoci", "unpack", "--image", layout + ":" + name, folder], check=True, capture_output=True)
        self.folder, self.rootfs = folder, os.path.join(folder, "rootfs")
        with open(os.path.join(folder, "config.json")) as text:
            self.config = json.load(text)

    def state(self, name, mounts=(), environment=None, program=None, is_writable_here=False):
        """The path of a STATE. Mounts are {place: folder of the host}; `program` in place of the entry point."""
        path = os.path.join(self.folder, name + ".state")
        with open(path, "w") as out:
            json.dump({"image": self.folder, "mounts": dict(mounts), "environment": environment or {}, "program": program,
                       "is_writable_here": is_writable_here}, out)
        return path

    def program(self, state):
        """A file that runs it, for who wants to call a server or a command."""
        path = state.removesuffix(".state")
        with open(path, "w") as out:
            out.write(f"#!/bin/sh\nexec {sys.executable} {HERE}/container.py {state} \"$@\"\n")
        os.chmod(path, 0o755)
        return path


def arguments_inside(words, mounts):
    """The folder of policies.yml is mounted, and modules are fetched to the one place that is written to."""
    words = list(words)
    for at, word in enumerate(words[:-1]):
        if word == "--policies":
            mounts["/config"] = os.path.dirname(words[at + 1])
            os.chmod(mounts["/config"], 0o755)  # for who is not root there
            words[at + 1] = "/config/" + os.path.basename(words[at + 1])
        if word == "--policies-download-dir":
            words[at + 1] = "/tmp"
    return words


def mount(place, source, *options):
    return {"destination": place, "type": "bind", "source": source, "options": ["rbind", "nosuid", "nodev", *options]}


def configure(config, state, words):
    process, mounts = config["process"], dict(state["mounts"])
    process["args"] = (state["program"] or process["args"]) + arguments_inside(words, mounts)
    process["env"] += [f"{name}={value}" for name, value in state["environment"].items()]
    process.update(terminal=False, noNewPrivileges=True, capabilities={kind: [] for kind in process["capabilities"]})
    config["root"] = {"path": os.path.join(state["image"], "rootfs"), "readonly": True}
    config["mounts"] = [entry for entry in config["mounts"] if entry["type"] not in ("cgroup", "sysfs", "mqueue")]
    config["mounts"].append({"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "mode=1777"]})
    with open(os.path.join(state["image"], "hosts"), "w") as out:  # a container runtime brings it
        out.write("127.0.0.1 localhost\n")
    config["mounts"].append(mount("/etc/hosts", out.name, "ro"))
    config["mounts"] += [mount(place, source, "ro") for place, source in mounts.items()]
    if state["is_writable_here"]:
        process["cwd"] = os.getcwd()
        subprocess.run(["chown", "-R", "{uid}:{gid}".format(**process["user"]), process["cwd"]], check=True)
        config["mounts"].append(mount(process["cwd"], process["cwd"]))
        process["env"].append("HOME=" + os.environ["HOME"])
    config["linux"]["namespaces"] = [entry for entry in config["linux"]["namespaces"] if entry["type"] != "network"]
    if seccomp():
        config["linux"]["seccomp"] = seccomp()
    return config


def main():
    with open(sys.argv[1]) as text:
        state = json.load(text)
    with open(os.path.join(state["image"], "config.json")) as text:
        config = configure(json.load(text), state, sys.argv[2:])
    folder = tempfile.mkdtemp(prefix="run-", dir=state["image"])
    with open(os.path.join(folder, "config.json"), "w") as out:
        json.dump(config, out)
    os.execvp(CRUN[0], [*CRUN, "run", "--bundle", folder, f"{os.path.basename(folder)}-{os.getpid()}"])


if __name__ == "__main__":
    main()
