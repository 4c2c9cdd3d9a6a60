#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# WABT 1.0.32: wasm2c refuses to run when a feature is switched off that the module does not use.
#
# Its help lists a switch for each proposal. --disable-simd and four more are errors whatever the module, so one
# cannot ask it to refuse vectors. --enable-extended-const, which WABT's own wasm-validate honours, is one, too: a
# module with a sum as the initial value of a global is valid and cannot be translated.
#
# Seen: wasm2c --disable-simd: wasm2c currently only supports a limited set of features.
#       (and so on; --disable-multi-value and --disable-saturating-float-to-int are taken)
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

apt-get -qq -o APT::Sandbox::User=root download wabt=1.0.32-1 || exit 77
dpkg-deb -x ./*.deb root
PATH=$work/root/usr/bin:$PATH
echo "wasm2c $(wasm2c --version)"

echo '(module (func (export "one") (result i32) i32.const 1))' > plain.wat
echo '(module (global (export "three") i32 (i32.add (i32.const 1) (i32.const 2))))' > sum.wat
wat2wasm plain.wat -o plain.wasm
wat2wasm --enable-extended-const sum.wat -o sum.wasm

taken()
{
    module=$1
    shift
    if said=$(wasm2c "$@" "$module" -o out.c 2>&1); then said='taken'; fi
    echo "wasm2c${1:+ }$* $module: $said"
    [ "$said" = taken ]
}

changed=0
taken plain.wasm || changed=1
taken plain.wasm --disable-multi-value || changed=1
taken plain.wasm --disable-saturating-float-to-int || changed=1
for feature in simd mutable-globals sign-extension bulk-memory reference-types; do
    taken plain.wasm "--disable-$feature" && changed=1
done
wasm-validate --enable-extended-const sum.wasm && echo 'wasm-validate --enable-extended-const sum.wasm: valid'
taken sum.wasm --enable-extended-const && changed=1
[ $changed = 0 ] || { echo 'changed'; exit 1; }
echo 'as stated'
