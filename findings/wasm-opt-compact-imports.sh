#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Binaryen 132: `wasm-opt --all-features` makes a module that every engine takes one that WABT 1.0.32 cannot read.
#
# The option sounds like "accept everything". It also lets the writer use what is newest: two imports from one
# module are written in the form of the proposal for compact import sections, with the name of the module once.
# Nothing in the input needs it; it saves some bytes. Readers from before that proposal refuse the file.
#
# Seen: without --all-features: readable
#       with --all-features: error: malformed import kind: 126
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

apt-get -qq -o APT::Sandbox::User=root download wabt=1.0.32-1 || exit 77
dpkg-deb -x ./*.deb root
npm install --silent --no-save --no-audit --no-fund --prefix . binaryen@132.0.0 || exit 77
PATH=$work/root/usr/bin:$work/node_modules/.bin:$PATH
wasm-opt --version

cat > plain.wat <<'WAT'
(module
  (import "env" "first" (func $first (param i32) (result i32)))
  (import "env" "second" (func $second (param i32) (result i32)))
  (func (export "both") (param i32) (result i32)
    (i32.add (call $first (local.get 0)) (call $second (local.get 0)))))
WAT
wat2wasm plain.wat -o plain.wasm

read_back()
{
    wasm-opt "$@" -Oz plain.wasm -o small.wasm
    if said=$(wasm-validate --enable-all small.wasm 2>&1); then said='readable'; fi
    echo "$said" | sed 's/^[0-9a-f]*: //'
}

without=$(read_back) with=$(read_back --all-features)
echo "without --all-features: $without"
echo "with --all-features: $with"
[ "$without, $with" = 'readable, error: malformed import kind: 126' ] || { echo 'changed'; exit 1; }
echo 'as stated'
