#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A policy's way from the compiler's output to a server that answers, as a pipeline takes it; docs/user/pipeline.md tells it step by step.
#
#   REGISTRY     where it goes: registry.example/team
#   POLICY       the module; METADATA, its metadata.yml; CASES, what it is tested by; REQUEST, a review to ask it
#   NAME, TAG    what it is called there
#   COSIGN_KEY, COSIGN_PUB      who signs policies: a pair of cosign's, or PEM. COSIGN_PASSWORD, the password
#   BUILDER_KEY, BUILDER_PUB    who signs what was built of them
#   SOURCES      a sources.yml, if the registry needs one; DOCKER_CONFIG, the folder of config.json with the login
#   COSIGN_FLAGS, WORK, PORT, PROBE_PORT   if those below do not do
set -eu
: "${REGISTRY:?}" "${POLICY:?}" "${METADATA:?}" "${CASES:?}" "${REQUEST:?}" "${NAME:?}" "${TAG:?}"
: "${COSIGN_KEY:?}" "${COSIGN_PUB:?}" "${BUILDER_KEY:?}" "${BUILDER_PUB:?}"
: "${PORT:=3000}" "${PROBE_PORT:=8081}" "${WORK:=$(mktemp -d)}"
# No public log is told of a policy of our own; without these two it is.
: "${COSIGN_FLAGS:=--tlog-upload=false --use-signing-config=false}"
if [ -n "${SOURCES:-}" ]; then set -- --sources-path "$SOURCES"; else set --; fi

say() { printf '\n== %s\n' "$*"; }

say annotate
chimera annotate -m "$METADATA" -o "$WORK/annotated.wasm" "$POLICY"

say test, before anybody sees it
chimera test --policy "$WORK/annotated.wasm" "$CASES"

say push
chimera push --quiet "$@" -o json "$WORK/annotated.wasm" "registry://$REGISTRY/$NAME:$TAG" > "$WORK/pushed.json"
# From here on it is called by its digest: a tag may be moved by whoever may push.
image=$(sed -n 's/.*"immutable_ref": *"\([^"]*\)".*/\1/p' "$WORK/pushed.json")
echo "$image"

say sign
# shellcheck disable=SC2086 # the flags are words
cosign sign --yes $COSIGN_FLAGS --key "$COSIGN_KEY" "$image"

say verify, as whoever deploys it does
chimera verify "$@" -k "$COSIGN_PUB" "registry://$image"

say pull, and run what was pulled
chimera pull --quiet "$@" -k "$COSIGN_PUB" -o "$WORK/pulled.wasm" "registry://$image"
cmp "$WORK/annotated.wasm" "$WORK/pulled.wasm"
chimera run -r "$REQUEST" "$WORK/pulled.wasm"

say push the native artifact
chimera push --quiet "$@" --native --sign-key "$BUILDER_KEY" "$WORK/annotated.wasm" "registry://$REGISTRY/$NAME:$TAG"

say serve, where there is no compiler
cat > "$WORK/policies.yml" <<END
$NAME:
  module: registry://$image
END
{
    printf 'apiVersion: v1\nallOf:\n- kind: pubKey\n  key: |\n'
    sed 's/^/    /' "$COSIGN_PUB"
} > "$WORK/verification.yml"
server=$(command -v chimera-server)
mkdir "$WORK/served"
PATH=/nonexistent CHIMERA_CACHE_DIR=$WORK/served/cache "$server" "$@" \
    --policies "$WORK/policies.yml" --policies-download-dir "$WORK/served" \
    --verification-path "$WORK/verification.yml" --trusted-builder-key "$BUILDER_PUB" \
    --addr 127.0.0.1 --port "$PORT" --readiness-probe-port "$PROBE_PORT" --ignore-kubernetes-connection-failure \
    --daemon --daemon-pid-file "$WORK/server.pid" --daemon-stdout-file "$WORK/server.log"
trap 'kill "$(cat "$WORK/server.pid")"' EXIT
grep 'policy download ' "$WORK/server.log"

say ask
curl -sS --fail -H 'Content-Type: application/json' --data-binary "@$REQUEST" "http://127.0.0.1:$PORT/validate/$NAME"
echo
