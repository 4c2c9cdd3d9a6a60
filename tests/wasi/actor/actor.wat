;; SPDX-License-Identifier: Apache-2.0
;; An actor as the hosts of waSCC ran them, in wasmCloud's first dialect: it answers `echo` with what it was given, asks a
;; key-value store for `ask`, whose error becomes its own, and does not know anything else.
(module
  (import "wasmbus" "__guest_request" (func $request (param i32 i32)))
  (import "wasmbus" "__guest_response" (func $response (param i32 i32)))
  (import "wasmbus" "__guest_error" (func $error (param i32 i32)))
  (import "wasmbus" "__host_call" (func $host_call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasmbus" "__host_error_len" (func $host_error_len (result i32)))
  (import "wasmbus" "__host_error" (func $host_error (param i32)))
  (import "wasmbus" "__console_log" (func $log (param i32 i32)))
  (memory (export "memory") 64)
  (data (i32.const 16) "default")
  (data (i32.const 32) "wascc:keyvalue")
  (data (i32.const 64) "Get")
  (data (i32.const 80) "asked")
  (func (export "__guest_call") (param $name_size i32) (param $size i32) (result i32)
    (call $request (i32.const 1024) (i32.const 65536))
    (if (i32.eq (local.get $name_size) (i32.const 4)) (then
      (if (i32.eq (i32.load (i32.const 1024)) (i32.const 0x6f686365)) (then ;; "echo"
        (call $response (i32.const 65536) (local.get $size))
        (return (i32.const 1))))))
    (if (i32.eq (local.get $name_size) (i32.const 3)) (then ;; "ask"
      (call $log (i32.const 80) (i32.const 5))
      (drop (call $host_call (i32.const 16) (i32.const 7) (i32.const 32) (i32.const 14) (i32.const 64) (i32.const 3)
                             (i32.const 65536) (local.get $size)))
      (call $host_error (i32.const 2048))
      (call $error (i32.const 2048) (call $host_error_len))
      (return (i32.const 0))))
    (call $error (i32.const 1024) (local.get $name_size))
    (i32.const 0))
)
