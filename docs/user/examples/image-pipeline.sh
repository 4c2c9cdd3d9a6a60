#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# From policies in a registry to a verified image that runs read-only and answers a review; docs/user/image.md tells what is in the image.
# Ends with the image's digest: the same policies give the same one, today and tomorrow, here and elsewhere.
#
#   POLICIES     the policies.yml, with references to the registry
#   ASK, REQUEST a policy's id in it, and a review to ask it
#   IMAGE        where the image goes: registry.example/team/policies:v1
#   BUILDER_KEY, BUILDER_PUB    who signs the bundle
#   SOURCES      a sources.yml, if the registry needs one; DOCKER_CONFIG, the folder of config.json with the login
#   BUDGET       a budget.yml: nothing is pushed when a policy costs more than that
#   SKOPEO_FLAGS, BENCH_FLAGS, WORK, PORT, PROBE_PORT   if those below do not do
set -eu
: "${POLICIES:?}" "${ASK:?}" "${REQUEST:?}" "${IMAGE:?}" "${BUILDER_KEY:?}" "${BUILDER_PUB:?}"
: "${PORT:=3000}" "${PROBE_PORT:=8081}" "${WORK:=$(mktemp -d)}" "${SKOPEO_FLAGS:=}" "${BENCH_FLAGS:=}"
if [ -n "${SOURCES:-}" ]; then set -- --sources-path "$SOURCES"; else set --; fi

say() { printf '\n== %s\n' "$*"; }

say fetch, check, compile, and write the image
chimera bundle --quiet "$@" "$POLICIES" -o "oci:$WORK/image:new" --sign-key "$BUILDER_KEY" > "$WORK/digest"
digest=$(cat "$WORK/digest")
echo "$digest"

say verify all of it: blobs, bundle, signature
chimera bundle verify "oci:$WORK/image:new" --verification-key "$BUILDER_PUB"

say what they cost
# shellcheck disable=SC2086 # the flags are words
chimera bench "$@" $BENCH_FLAGS ${BUDGET:+--budget "$BUDGET"} -r "$REQUEST" --report "$WORK/cost.html" "$POLICIES"

say push
# shellcheck disable=SC2086 # the flags are words
skopeo copy --quiet $SKOPEO_FLAGS "oci:$WORK/image:new" "docker://$IMAGE"

say pull it by its digest, where it shall run
# shellcheck disable=SC2086
skopeo copy --quiet $(echo "$SKOPEO_FLAGS" | sed s/--dest-/--src-/g) "docker://${IMAGE%:*}@$digest" "oci:$WORK/pulled:new"
chimera bundle verify "oci:$WORK/pulled:new"
umoci unpack --image "$WORK/pulled:new" "$WORK/container"

say run it: a read-only root, uid 65533, no capability
jq --arg port "$PORT" --arg probe "$PROBE_PORT" '.root.readonly = true | .process.terminal = false | .process.capabilities = {}
    | .process.args += ["--addr", "127.0.0.1", "--port", $port, "--readiness-probe-port", $probe, "--ignore-kubernetes-connection-failure"]
    | .linux.namespaces |= map(select(.type != "network")) | del(.linux.resources)' "$WORK/container/config.json" > "$WORK/config.json"
mv "$WORK/config.json" "$WORK/container/config.json"
crun run --bundle "$WORK/container" "policies-$$" > "$WORK/server.log" 2>&1 &
container=$!
trap 'kill $container; wait $container || true' EXIT
curl -sS --fail --retry 100 --retry-connrefused --retry-delay 1 "http://127.0.0.1:$PROBE_PORT/readiness"

say ask
curl -sS --fail -H 'Content-Type: application/json' --data-binary "@$REQUEST" "http://127.0.0.1:$PORT/validate/$ASK"
printf '\n%s\n' "$digest"
