#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# OPA 1.22.4 (github.com/open-policy-agent/opa, with gqlparser 2.5): a GraphQL query that is valid as a text is not
# valid as the tree that OPA's own parser makes of it, once it has a fragment. Reading a tree back, each selection is
# taken for a field first, so the spread of a fragment becomes a field without a name. A policy that parses once, with
# graphql.parse_query, and then asks graphql.is_valid about the tree, refuses every such query.
#
# Seen: as a text true, as its tree false; without a fragment true and true
set -eu
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
cd "$work"

GOTOOLCHAIN=go1.26.8 GOPATH=$work/go GOBIN=$work GOFLAGS=-modcacherw
export GOTOOLCHAIN GOPATH GOBIN GOFLAGS
go install github.com/open-policy-agent/opa@v1.22.4 2> log || { cat log >&2; exit 1; }
cat > p.rego <<'REGO'
package p

schema := "type Query { name: String }"

queries := {"with": "query { ...f } fragment f on Query { name }", "without": "query { name }"}

seen[key] := [graphql.is_valid(query, schema), graphql.is_valid(graphql.parse_query(query), schema)] if some key, query in queries
REGO
got=$(./opa eval -f values -d p.rego 'json.marshal(data.p.seen)' | tr -d '[:space:]\\')
echo "$got"
[ "$got" = '["{"with":[true,false],"without":[true,true]}"]' ] || { echo "OPA behaves differently now" >&2; exit 1; }
echo "Seen: as a text true, as its tree false; without a fragment true and true"
