;; SPDX-License-Identifier: Apache-2.0
;; Its verdict is what its settings have as "answer", which is all that they hold.
(module
  (import "wapc" "__guest_request" (func $guest_request (param i32 i32)))
  (import "wapc" "__guest_response" (func $guest_response (param i32 i32)))
  (memory (export "memory") 16)
  (data (i32.const 0) "{\22answer{\22valid\22:true}")
  (func (export "__guest_call") (param $operation i32) (param $size i32) (result i32) (local $at i32)
    (call $guest_request (i32.const 100) (i32.const 1024))
    (if (i32.eq (local.get $operation) (i32.const 17)) ;; validate_settings
      (then
        (call $guest_response (i32.const 8) (i32.const 14))
        (return (i32.const 1))))
    (local.set $at (i32.add (i32.const 1024) (local.get $size)))
    (loop $before
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (br_if $before (i64.ne (i64.load (local.get $at)) (i64.load (i32.const 0)))))
    ;; behind {"answer": and without the braces of settings and payload
    (call $guest_response
      (i32.add (local.get $at) (i32.const 10))
      (i32.sub (i32.add (i32.const 1012) (local.get $size)) (local.get $at)))
    (i32.const 1)))
