# SPDX-License-Identifier: Apache-2.0
"""What the API server really does as a client: measured with the recorder, told beside what our server is built for."""
import collections, re, threading, time

from cluster import check
from world import case, config_map, hook, pod


@case(hook("allow", service="recorder", timeout=1), hook("allow", service="recorder", timeout=5), hook("allow", service="recorder", timeout=30))
def contract_request(world, space):
    """HTTP/1.1 although h2 is offered, TLS 1.3, the Service's name as SNI, ?timeout= in whole seconds"""
    check(world.create("pods", space, pod("x")).status == 201, "not created")
    calls = world.recorded(space)
    connection = world.recorder.connections[calls[0].connection]
    version, protocol, name, is_resumed = connection
    timeouts = sorted(re.search(r"\?timeout=(\S+) ", call.line).group(1) for call in calls)
    check(timeouts == ["1s", "30s", "5s"] and calls[0].line.endswith("HTTP/1.1"), [call.line for call in calls])
    check(version == "TLSv1.3" and protocol != "h2" and name == "recorder.chimera.svc", connection)
    headers = {key: value for key, value in calls[0].headers.items() if key != "Content-Length"}
    return f"{version}, ALPN {protocol}, SNI {name}, {' '.join(timeouts)}, {headers}"


def at_once(count, calls, work):
    """`count` threads, each `calls` times."""
    failures = []

    def run():
        for _ in range(calls):
            answer = work()
            if answer.status not in (200, 201):
                failures.append(str(answer))
    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check(not failures, f"{len(failures)} failures: {failures[:2]}")


def connections_of(world, space):
    return len({call.connection for call in world.recorded(space)})


def new_map():
    return {**config_map("x"), "metadata": {"generateName": "x-"}}


@case(hook("allow", "configmaps", service="recorder"))
def contract_connections(world, space):
    """connections are kept: 20 callers at once, 20 calls each"""
    at_once(20, 20, lambda: world.create("configmaps", space, new_map()))
    return f"{len(world.recorded(space))} calls on {connections_of(world, space)} connections"


@case(hook("slow", "configmaps", service="recorder"))
def contract_connections_many(world, space):
    """100 calls at once, four times, each half a second: at most 25 idle connections are kept, the others are new ones each time"""
    at_once(100, 4, lambda: world.create("configmaps", space, new_map()))
    numbers = {call.connection for call in world.recorded(space)}
    resumed = sum(world.recorder.connections[number][3] for number in numbers)
    uses = collections.Counter(call.connection for call in world.recorded(space))
    return (f"{len(world.recorded(space))} calls on {len(numbers)} connections, {resumed} of them resumed TLS sessions, "
            f"{sum(count == 1 for count in uses.values())} used once")


@case(hook("shed/429", service="recorder"), hook("shed/503", service="recorder"))
def contract_retry(world, space):
    """429 and 503 with Retry-After: 1 are asked again within the deadline"""
    began = time.monotonic()
    check(world.create("pods", space, pod("x")).status == 201, "not created")
    seconds = time.monotonic() - began
    check(len(world.recorded(space)) == 4, len(world.recorded(space)))
    return f"created after {seconds:.2f} s, {len(world.recorded(space))} calls"


@case(hook("fail/503", service="recorder"))
def contract_no_retry(world, space):
    """503 without Retry-After is a failure at once"""
    answer = world.create("pods", space, pod("x"))
    check(answer.status >= 500 and len(world.recorded(space)) == 1, f"{answer}, {len(world.recorded(space))} calls")
    return str(answer)


def mean_ms(world, webhook):
    metrics, name = world.api.metrics(), "apiserver_admission_webhook_admission_duration_seconds"
    return 1000 * metrics.sum(name + "_sum", name=webhook) / metrics.sum(name + "_count", name=webhook)


@case(hook("halves", "configmaps", service="recorder"))
def contract_nagle(world, space):
    """a webhook that writes head and body apart: Nagle's algorithm waits for the client's delayed acknowledgement"""
    at_once(1, 30, lambda: world.create("configmaps", space, new_map()))
    return f"mean {mean_ms(world, f'halves.{space}.n0'):.1f} ms apart"


@case(hook("allow", "configmaps", service="recorder"))
def contract_one_write(world, space):
    """the same, written at once"""
    at_once(1, 30, lambda: world.create("configmaps", space, new_map()))
    return f"mean {mean_ms(world, f'allow.{space}.n0'):.1f} ms"


@case(hook("accept", "configmaps"))
def contract_ours(world, space):
    """and ours: one caller, the whole round trip as the API server measures it"""
    at_once(1, 200, lambda: world.create("configmaps", space, new_map()))
    return f"mean {mean_ms(world, f'accept.{space}.n0'):.2f} ms"
