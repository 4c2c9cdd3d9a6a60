#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Wasmtime 44.0.0: what a function has used of its fuel is not taken when it traps at a division or at an address.
#
# A function keeps its fuel in a register. It is written to the store, where get_fuel() finds it, before a call,
# `return`, `throw` and `unreachable`, at the function's end, and before an access whose offset alone is beyond the
# greatest size of the memory, so that the compiler knows that it traps. The other instructions that trap write
# nothing: what was used since the last of those places is dropped, however much it was; here a loop of a thousand
# turns. So a function that divides by zero at its end looks as if it had cost nothing, and one that ends with
# `unreachable` is counted whole.
# Known there as issue 13802 of bytecodealliance/wasmtime.
#
# Seen: a loop, 6 / 1: 6006 used
#       a loop, 6 / 0: 0 used (INTEGER_DIVISION_BY_ZERO)
#       a loop, a call, a loop, 6 / 1: 12010 used
#       a loop, a call, a loop, 6 / 0: 6005 used (INTEGER_DIVISION_BY_ZERO)
#       a loop, a load from 65532: 6005 used
#       a loop, a load from 65536: 0 used (MEMORY_OUT_OF_BOUNDS)
#       a loop, a load at offset 70000: 6005 used (MEMORY_OUT_OF_BOUNDS)
#       a loop, unreachable: 6003 used (UNREACHABLE)
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv || exit 77
venv/bin/pip install --quiet --disable-pip-version-check wasmtime==44.0.0 || exit 77

cat > fuel.py <<'PY'
import importlib.metadata, sys, wasmtime

LOOP = """(local.set $left (i32.const 1000))
  (loop $turn (local.set $left (i32.sub (local.get $left) (i32.const 1))) (br_if $turn (local.get $left)))"""
DIVISION = "(i32.div_u (i32.const 6) (local.get $given))"
# What is done, by which argument; how it ends (None: well), and what it has used then. A function's entry costs 1,
# the loop 2 and 6 for each turn.
STATED = [
    ("a loop, 6 / 1", LOOP + DIVISION, 1, None, 6006),
    ("a loop, 6 / 0", LOOP + DIVISION, 0, "INTEGER_DIVISION_BY_ZERO", 0),
    ("a loop, a call, a loop, 6 / 1", LOOP + "(call $nothing)" + LOOP + DIVISION, 1, None, 12010),
    ("a loop, a call, a loop, 6 / 0", LOOP + "(call $nothing)" + LOOP + DIVISION, 0, "INTEGER_DIVISION_BY_ZERO", 6005),
    ("a loop, a load from 65532", LOOP + "(i32.load (local.get $given))", 65532, None, 6005),
    ("a loop, a load from 65536", LOOP + "(i32.load (local.get $given))", 65536, "MEMORY_OUT_OF_BOUNDS", 0),
    ("a loop, a load at offset 70000", LOOP + "(i32.load offset=70000 (local.get $given))", 0,
        "MEMORY_OUT_OF_BOUNDS", 6005),
    ("a loop, unreachable", LOOP + "unreachable", 0, "UNREACHABLE", 6003),
]

config = wasmtime.Config()
config.consume_fuel = True
engine = wasmtime.Engine(config)
print("wasmtime", importlib.metadata.version("wasmtime"))
is_same = True
for name, body, argument, stated_end, stated_use in STATED:
    store = wasmtime.Store(engine)
    store.set_fuel(1000000)
    module = wasmtime.Module(engine, f"""(module
        (memory 1 1)
        (func $nothing)
        (func (export "run") (param $given i32) (result i32) (local $left i32) {body}))""")
    run = wasmtime.Instance(store, module, []).exports(store)["run"]
    try:
        run(store, argument)
        end = None
    except wasmtime.Trap as trap:
        end = trap.trap_code.name
    use = 1000000 - store.get_fuel()
    print(f"{name}: {use} used" + (f" ({end})" if end else ""))
    is_same = is_same and (end, use) == (stated_end, stated_use)
print("as stated" if is_same else "changed")
sys.exit(not is_same)
PY
venv/bin/python fuel.py
