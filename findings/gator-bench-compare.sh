#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# gator 3.23.0 (of Gatekeeper): `gator bench --compare` refuses what `gator bench -o json` has printed.
#
# Two forms of one list of results, with the same names: what `--save` writes has times as numbers of nanoseconds, what
# `-o json` and `-o yaml` print has them as texts, `"2.9ms"`. Only the first is read again, so a job's output that was
# kept is no baseline. The file is read when all has been measured; the refusal comes at the end of the run.
#
# Seen: --compare saved.json: exit code 0
#       --compare printed.json: exit code 1: cannot unmarshal string
#       --compare saved.yaml: exit code 0
#       --compare printed.yaml: exit code 1: cannot unmarshal string
set -eu
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"
command -v go > /dev/null || { echo 'no go' >&2; exit 77; }

GOTOOLCHAIN=go1.26.8 GOPATH=$work/go GOBIN=$work GOFLAGS='-modcacherw -trimpath'
export GOTOOLCHAIN GOPATH GOBIN GOFLAGS
go install github.com/open-policy-agent/gatekeeper/v3/cmd/gator@v3.23.0 2> log || { cat log >&2; exit 77; }
go version -m gator | awk '$1 == "mod" { print $2, $3 }'

cat > policy.yml <<'YML'
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata:
  name: nothingrefused
spec:
  crd:
    spec:
      names:
        kind: NothingRefused
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package nothingrefused

        violation[{"msg": "never"}] {
          input.review.object.metadata.name == "never"
        }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: NothingRefused
metadata:
  name: nothing-refused
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: an-object
YML

# With this threshold no slower run is a failure, so all that can fail is the reading of the file
bench() {
    ./gator bench -f policy.yml --engine rego -n 5 --warmup 0 --threshold 1000000 --min-threshold 1000h "$@"
}

is_same=yes
for form in json yaml; do
    bench --save "saved.$form" -o "$form" > "printed.$form" 2> log || { cat log >&2; exit 1; } # both of one run
    for kind in saved printed; do
        code=0
        bench --compare "$kind.$form" > out 2> log || code=$?
        why=$(grep -o 'cannot unmarshal string' log) || why=
        echo "--compare $kind.$form: exit code $code${why:+: $why}"
        case $kind$code$why in
            saved0 | 'printed1cannot unmarshal string') ;;
            *) is_same=; cat log >&2 ;;
        esac
    done
done
grep -h setupDuration saved.json printed.json
[ "$is_same" ] || { echo 'changed'; exit 1; }
echo 'as stated'
