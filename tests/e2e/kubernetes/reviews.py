# SPDX-License-Identifier: Apache-2.0
"""What a webhook is sent, and what it is not: what authors and operators of policies are surprised by."""
import http.client, time

from cases import PRIVILEGED, creates, denies
from cluster import check, wait_for
from world import case, config_map, hook, path_of, pod


def recorded(world, space, path):
    """The requests that came for this path."""
    return [call.request for call in world.recorded(space) if call.line.split()[1].startswith(f"/{path}?")]


@case(hook("privileged"), hook("validates", "pods", "CREATE", "recorder"), mutating=[hook("labels"), hook("mutates", "pods", "CREATE", "recorder")])
def generate_name(world, space):
    """generateName: validating webhooks see the name that was made; mutating ones none, and no uid and no time either"""
    made = creates(world.create("pods", space, pod(None, metadata={"generateName": "web-"})))["metadata"]
    check(made["name"].startswith("web-") and made["labels"], made)
    denies(world.create("pods", space, pod(None, metadata={"generateName": "web-"}, container=PRIVILEGED)), "privileged", space,
           "privileged containers are not allowed: app")
    after = recorded(world, space, "validates")[0]
    check(after["name"] == made["name"], after)
    check({key: after["object"]["metadata"][key] for key in ("name", "uid", "creationTimestamp")} ==
          {key: made[key] for key in ("name", "uid", "creationTimestamp")}, after["object"]["metadata"])
    before = recorded(world, space, "mutates")[0]
    have = before["object"]["metadata"]
    check("name" not in before and have["generateName"] == "web-" and not {"name", "uid"} & set(have) and not have.get("creationTimestamp"), before)
    creates(world.create("pods", space, pod("named")))
    named = recorded(world, space, "mutates")[-1]
    check(named["name"] == named["object"]["metadata"]["name"] == "named" and "uid" not in named["object"]["metadata"], named)
    return f"stored as {made['name']}; a mutating webhook saw {sorted(have)}"


@case(mutating=[hook("rename/other", "configmaps", "CREATE", "recorder")])
def rename(world, space):
    """a mutating webhook may change the name: what was asked for is not what is stored"""
    made = creates(world.create("configmaps", space, config_map("asked")))
    check(made["metadata"]["name"] == "other", made)
    check(world.read("configmaps", space, "asked").status == 404 and world.read("configmaps", space, "other").status == 200, "not so stored")
    return f"asked for asked, stored as {made['metadata']['name']}"


@case(hook("allow", "pods", "DELETE", "recorder"))
def delete_of_a_pod(world, space):
    """DELETE of a Pod that runs on a node is reviewed again when the kubelet has ended it, and again where a finalizer kept it"""
    creates(world.create("pods", space, pod("x", nodeName="node", metadata={"finalizers": ["example.com/kept"]})))
    path, seen = path_of("pods", space, "x"), []
    for query in ("", "?gracePeriodSeconds=0", "?gracePeriodSeconds=0"):
        check(world.api.call("DELETE", path + query).status == 200, "not taken")
        seen.append(len(world.recorded(space)))
    requests = [call.request for call in world.recorded(space)]
    check(seen == [1, 2, 3] and all(one["object"] is None and one["oldObject"]["metadata"]["name"] == "x" for one in requests), requests)
    check(len({one["uid"] for one in requests}) == 3, requests)
    terminated = ["deletionTimestamp" in one["oldObject"]["metadata"] for one in requests]
    check(terminated == [False, True, True], terminated)
    return f"{len(requests)} reviews; had it a deletionTimestamp already: {terminated}"


@case(hook("allow", "configmaps", "DELETE", "recorder"))
def delete_collection(world, space):
    """a deleted collection: a review for each object, without request.name; the name is in oldObject"""
    for name in ("one", "two"):
        creates(world.create("configmaps", space, {**config_map(name), "metadata": {"name": name, "labels": {"of": "us"}}}))
    world.api.must("DELETE", path_of("configmaps", space) + "?labelSelector=of%3Dus")
    requests = [call.request for call in world.recorded(space)]
    check(sorted(one["oldObject"]["metadata"]["name"] for one in requests) == ["one", "two"], requests)
    check(not any(one.get("name") for one in requests), requests)
    return f"{len(requests)} reviews, names: {[one.get('name') for one in requests]}"


@case(hook("labels", "configmaps"), hook("labels", "pods", failure="Ignore"))
def mutating_behind_validating(world, space):
    """a policy that mutates behind a ValidatingWebhookConfiguration: each call fails; under Ignore all pass and nothing is changed"""
    answer = world.create("configmaps", space, config_map("x"))
    check(answer.status == 500 and "failed calling webhook" in answer.message, str(answer))
    check(world.read("configmaps", space, "x").status == 404, "stored all the same")
    creates(world.create("pods", space, pod("x")))
    labels = world.read("pods", space, "x").object["metadata"].get("labels")
    check(not labels, labels)
    return str(answer)


@case(hook("sleep", "configmaps", timeout=10), hook("allow", "configmaps", service="recorder"))
def timeout_of_the_caller(world, space):
    """?timeout=1500ms of the caller reaches webhooks as 2s: the API server gives up before ours answers, with a bare 504"""
    def create(query):
        while True:
            try:
                return world.create("configmaps", space, config_map("x"), query)
            except http.client.RemoteDisconnected:  # so it ends some requests that are late
                pass
    answer = create("?timeout=1500ms")
    told = world.recorded(space)[0].line
    check("?timeout=2s " in told, told)
    check(answer.status == 504 and "allowed execution time" not in answer.message, str(answer))
    # Of whole seconds ours leaves a tenth, which a busy machine may need for itself.
    whole = wait_for(lambda: (one := create("?timeout=2s")).status == 500 and one, "an answer of ours")
    check("allowed execution time" in whole.message, str(whole))
    return f"{told.split()[1]}: {answer}; of 2 s: {whole}"


@case(hook("accept", "configmaps", service="leaving"))
def service_deleted(world, space):
    """the Service of a webhook is deleted: 1.31 goes on with its connections, from 1.37 on the next call fails"""
    create = lambda: world.create("configmaps", space, {**config_map("x"), "metadata": {"generateName": "x-"}})
    creates(create())
    world.api.must("DELETE", "/api/v1/namespaces/chimera/services/leaving")
    if world.version >= (1, 37):
        answer = wait_for(lambda: (answer := create()).status != 201 and answer, "a call that fails")
        check("failed calling webhook" in answer.message, str(answer))
        return str(answer)
    until = time.monotonic() + 2
    while time.monotonic() < until:
        creates(create())
    return "calls went on for 2 s"


@case(hook("token-review", "tokenreviews", service="recorder"))
def token_reviews(world, space):
    """token reviews: 1.31 asks webhooks about them, from 1.37 on they are not sent"""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": "x"}}
    check(world.api.call("POST", "/apis/authentication.k8s.io/v1/tokenreviews", review).status == 201, "not taken")
    sent = [call.request for call in world.recorder.calls if call.line.split()[1].startswith("/token-review?")]
    check(bool(sent) == (world.version < (1, 37)), sent)
    return f"{len(sent)} reviews"


@case(hook("allow", "configmaps", service="recorder"))
def traceparent(world, space):
    """a caller's traceparent reaches the webhook, though the API server traces nothing"""
    trace = "0af7651916cd43dd8448eb211c80319c"
    creates(world.create("configmaps", space, config_map("x"), traceparent=f"00-{trace}-b7ad6b7169203331-01"))
    headers = {name.lower(): value for name, value in world.recorded(space)[0].headers.items()}
    check(trace in headers.get("traceparent", ""), headers)
    return headers["traceparent"]
