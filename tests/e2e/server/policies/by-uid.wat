;; SPDX-License-Identifier: Apache-2.0
;; Allows reviews whose uid begins with an odd digit or letter, and says nothing of it.
(module
  (import "wapc" "__guest_request" (func $guest_request (param i32 i32)))
  (import "wapc" "__guest_response" (func $guest_response (param i32 i32)))
  (memory (export "memory") 16)
  (data (i32.const 0) "{\22accepted\22:false}")
  (data (i32.const 100) "{\22accepted\22:true}")
  (data (i32.const 200) "{\22valid\22:true}")
  (func (export "__guest_call") (param $operation i32) (param $size i32) (result i32)
    (call $guest_request (i32.const 300) (i32.const 1024))
    (if (i32.eq (local.get $operation) (i32.const 17)) ;; validate_settings
      (then (call $guest_response (i32.const 200) (i32.const 14)))
      (else (if (i32.and (i32.load8_u (i32.const 1043)) (i32.const 1)) ;; behind {"request":{"uid":"
        (then (call $guest_response (i32.const 100) (i32.const 17)))
        (else (call $guest_response (i32.const 0) (i32.const 18))))))
    (i32.const 1)))
