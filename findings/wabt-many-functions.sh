#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# WABT 1.0.32: wasm2c takes time that grows with the square of the number of functions.
#
# Each function here is one constant, so four times as many should take four times as long. Modules of
# 20 MB and more take it minutes. 1.0.33 does not do so any more, but Debian 12 has 1.0.32.
#
# Seen: wasm2c, user CPU seconds for 3000 and 12000 functions: 0.07 and 2.16, 31 times as long
#       (the figures differ from machine to machine, the growth hardly)
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

apt-get -qq -o APT::Sandbox::User=root download wabt=1.0.32-1 || exit 77
dpkg-deb -x ./*.deb root
PATH=$work/root/usr/bin:$PATH
echo "wasm2c $(wasm2c --version)"

for count in 3000 12000; do
    { echo '(module'; yes '(func (result i32) (i32.const 7))' | head -n "$count"; echo ')'; } > "$count.wat"
    wat2wasm "$count.wat" -o "$count.wasm"
done

# The least of three runs of each.
python3 - <<'PY'
import os, subprocess, sys

def seconds(*command):
    before = os.times().children_user
    subprocess.run(command, check=True)
    return os.times().children_user - before

def least(*command):
    return max(min(seconds(*command) for _ in range(3)), 0.01)

small, large = least("wasm2c", "3000.wasm", "-o", "out.c"), least("wasm2c", "12000.wasm", "-o", "out.c")
print(f"wasm2c, user CPU seconds for 3000 and 12000 functions: {small:.2f} and {large:.2f},",
      f"{large / small:.0f} times as long")
sys.exit(0 if large / small > 9 else 1)
PY
echo 'as stated: four times the functions, far more than four times the time'
