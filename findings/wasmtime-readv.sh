#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Wasmtime 44.0.0: WASI's fd_read fills the first buffer of its list and leaves the others empty.
#
# The call takes a list of buffers, as readv does. readv of a file with enough in it fills them all; here a file
# of eight bytes is read into two buffers of four, and four bytes come, every time. WASI allows to read less, so a
# program must ask again; one that was only ever tried natively may take the short answer for the file's end.
#
# Seen: readv of the machine: 8, 0
#       fd_read of Wasmtime: 4, 4, 0
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check wasmtime==44.0.0 || exit 77

printf 12345678 > input
cat > read.py <<'PY'
import importlib.metadata, os, sys, wasmtime

MODULE = r"""(module
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\40\00\00\00" "\04\00\00\00" "\50\00\00\00" "\04\00\00\00") ;; two of four bytes
  (func (export "read") (result i32)
    (if (call $fd_read (i32.const 0) (i32.const 0) (i32.const 2) (i32.const 32)) (then unreachable))
    (i32.load (i32.const 32))))"""

print("wasmtime", importlib.metadata.version("wasmtime"))
engine = wasmtime.Engine()
store = wasmtime.Store(engine)
wasi = wasmtime.WasiConfig()
wasi.stdin_file = "input"
store.set_wasi(wasi)
linker = wasmtime.Linker(engine)
linker.define_wasi()
read = linker.instantiate(store, wasmtime.Module(engine, MODULE)).exports(store)["read"]

descriptor = os.open("input", os.O_RDONLY)
native = [os.readv(descriptor, [bytearray(4), bytearray(4)]) for _ in range(2)]
guest = [read(store) for _ in range(3)]
print("readv of the machine:", *native)
print("fd_read of Wasmtime:", *guest)
is_same = native == [8, 0] and guest == [4, 4, 0]
print("as stated" if is_same else "changed")
sys.exit(not is_same)
PY
venv/bin/python read.py
