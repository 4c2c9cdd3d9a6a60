# SPDX-License-Identifier: Apache-2.0
"""What must not be noticed: certificates rotated, policies reloaded, servers restarted one after the other, all under load."""
import os, shutil, signal, threading, time

from cluster import check, make_certificate, wait_for
from service import Service
from world import config_map, hook

CLIENTS = 16


class Load:
    """Clients that create ConfigMaps and look at what came back, until the block ends; then there must be no failure."""

    def __init__(self, world, space, clients=CLIENTS):
        self.world, self.space, self.made, self.failures, self.values, self.is_over = world, space, 0, [], {}, False
        self.lock, self.threads = threading.Lock(), [threading.Thread(target=self.work) for _ in range(clients)]

    def __enter__(self):
        self.began = time.monotonic()
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.is_over = True
        for thread in self.threads:
            thread.join()
        self.seconds = time.monotonic() - self.began

    def work(self):
        body = {**config_map("x", text="y" * 500), "metadata": {"generateName": "load-"}}
        while not self.is_over:
            try:
                answer = self.world.create("configmaps", self.space, body)
                value = answer.object.get("metadata", {}).get("labels", {}).get("example.com/team")
                failure = None if answer.status == 201 and value else str(answer)
            except Exception as why:
                value, failure = None, repr(why)
            with self.lock:
                self.made += not failure
                if failure:
                    self.failures.append(f"after {time.monotonic() - self.began:.1f} s: {failure}")
                else:
                    self.values[value] = self.values.get(value, 0) + 1

    def check(self, seen):
        check(not self.failures, f"{len(self.failures)} failed of {self.made + len(self.failures)}: {self.failures[:3]}; {seen}")
        return f"{self.made} requests by {len(self.threads)} clients in {self.seconds:.0f} s, 0 failed; {seen}"


def configure(world, space, port):
    """Every ConfigMap of the namespace is mutated and validated by the service at this port."""
    world.ports[space] = port
    world.add_service(space)
    world.add_namespace(space)
    world.configure("ValidatingWebhookConfiguration", space, [
        hook("accept", "configmaps", service=space), hook("host-network", "configmaps", service=space)])
    world.configure("MutatingWebhookConfiguration", space, [hook("labels", "configmaps", service=space)])
    world.await_configurations("marker-" + space)


class Mount:
    """A Secret as the kubelet mounts it: names that lead through one link, which is swapped."""

    def __init__(self, world):
        self.folder, self.source, self.number = os.path.join(world.folder, "mount"), os.path.join(world.folder, "mount-source"), 0
        for folder in (self.folder, self.source):
            os.mkdir(folder)
        for name in ("ca.crt", "ca.key"):  # the API server trusts this authority
            shutil.copy(os.path.join(world.pki, name), self.source)
        self.renew()
        for name in ("tls.crt", "tls.key"):
            os.symlink(os.path.join("..data", name), os.path.join(self.folder, name))

    def renew(self):
        self.number += 1
        version = f"..version-{self.number}"
        make_certificate(self.source, "rotation.chimera.svc")
        os.mkdir(os.path.join(self.folder, version))
        for name in ("tls.crt", "tls.key"):
            os.rename(os.path.join(self.source, name), os.path.join(self.folder, version, name))
        os.symlink(version, os.path.join(self.folder, "..new"))
        os.rename(os.path.join(self.folder, "..new"), os.path.join(self.folder, "..data"))


def rotation(world, space):
    """certificate rotation: the Secret's link is swapped ten times under load; new connections are shown the new certificate"""
    mount = Mount(world)
    server = world.serve("rotation", certificate=mount.folder).wait_ready()
    configure(world, space, server.port)
    shown, worst = {server.certificate()}, 0
    with Load(world, space) as load:
        time.sleep(2)
        for _ in range(10):
            mount.renew()
            began = time.monotonic()
            shown.add(wait_for(lambda: ({server.certificate()} - shown or {None}).pop(), "the new certificate", 20))
            worst = max(worst, time.monotonic() - began)
            time.sleep(0.5)
        time.sleep(2)
    server.stop()
    return load.check(f"{len(shown)} certificates shown, the slowest {worst:.1f} s after the swap")


def reload(world, space):
    """policy reload: settings changed and SIGHUP, five times under load, once with a file that is none"""
    teams, name = ["payments", "shipping", "returns", "tax", "audit", "fraud"], "live.yml"
    policies = world.write_policies(name)
    server = world.serve("reload", policies=policies).wait_ready()
    configure(world, space, server.port)
    worst = 0
    with Load(world, space) as load:
        time.sleep(2)
        for team in teams[1:]:
            world.write_policies(name, **{"example.com/team: payments": "example.com/team: " + team})
            began = time.monotonic()
            server.process.send_signal(signal.SIGHUP)
            wait_for(lambda: load.values.get(team) or server.check_running(), f"the new settings ({team})", 60)
            worst = max(worst, time.monotonic() - began)
        with open(policies, "w") as out:
            out.write("no: [policies")
        server.process.send_signal(signal.SIGHUP)
        time.sleep(3)
    check(server.is_ready(), "not ready after a file that is none")
    server.stop()
    check(list(load.values) == teams, f"settings were seen in this order: {load.values}")
    return load.check(f"objects by settings {load.values}, the slowest in force after {worst:.1f} s")


def rolling(world, space):
    """rolling restart: two servers behind one Service, each ended by SIGTERM and started anew, twice under load"""
    servers = [world.serve(name).wait_ready() for name in ("first", "second")]
    service = world.add(Service(servers))
    configure(world, space, service.port)
    ends = []
    with Load(world, space) as load:
        time.sleep(2)
        for round_number in range(2):
            for number, server in enumerate(servers):
                began = time.monotonic()
                code = server.stop()
                ends.append((code, round(time.monotonic() - began, 1)))
                servers[number] = world.serve(f"restarted-{round_number}-{number}").wait_ready()
                service.replace(server, servers[number])
                time.sleep(1)
        time.sleep(2)
    for part in (service, *servers):
        part.stop()
    check(all(code == 0 for code, _ in ends), f"exit codes and seconds {ends}")
    return load.check(f"{service.dialed} connections, {service.refused} refused, exit codes and seconds to the end: {ends}")


def churn(world, space, seconds):
    """100 clients for long: the server goes on answering, and what it takes is told"""
    configure(world, space, world.main.port)
    sizes = []
    with Load(world, space, 100) as load:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(min(10, seconds))
            sizes.append(world.main.resources())
    return load.check(f"(KiB resident, descriptors) after 10 s {sizes[0]}, at the end {sizes[-1]}, most {max(sizes)}")
