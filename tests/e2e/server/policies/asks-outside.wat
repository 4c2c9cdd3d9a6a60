;; SPDX-License-Identifier: Apache-2.0
;; Allows everything, and does before what the object's name begins with: c, asks for the time; r, for random numbers; p, waits
;; for no time at all; else nothing.
(module
  (import "wapc" "__guest_request" (func $guest_request (param i32 i32)))
  (import "wapc" "__guest_response" (func $guest_response (param i32 i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 16)
  (data (i32.const 100) "{\22accepted\22:true}")
  (data (i32.const 200) "{\22valid\22:true}")
  (data (i32.const 400) "\22name\22: ")
  (func $name (param $size i32) (result i32) (local $at i32)
    (local.set $at (i32.const 1024))
    (loop $next
      (if (i64.eq (i64.load (local.get $at)) (i64.load (i32.const 400)))
        (then (return (i32.load8_u (i32.add (local.get $at) (i32.const 9))))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $at) (i32.add (local.get $size) (i32.const 1024)))))
    (i32.const 0))
  (func (export "__guest_call") (param $operation i32) (param $size i32) (result i32) (local $what i32)
    (call $guest_request (i32.const 300) (i32.const 1024))
    (if (i32.eq (local.get $operation) (i32.const 17)) ;; validate_settings
      (then (call $guest_response (i32.const 200) (i32.const 14)) (return (i32.const 1))))
    (local.set $what (call $name (local.get $size)))
    (if (i32.eq (local.get $what) (i32.const 99)) ;; c
      (then (drop (call $clock (i32.const 1) (i64.const 1) (i32.const 0)))))
    (if (i32.eq (local.get $what) (i32.const 114)) ;; r
      (then (drop (call $random (i32.const 0) (i32.const 8)))))
    (if (i32.eq (local.get $what) (i32.const 112)) ;; p
      (then (drop (call $poll (i32.const 500) (i32.const 600) (i32.const 0) (i32.const 700)))))
    (call $guest_response (i32.const 100) (i32.const 17))
    (i32.const 1)))
