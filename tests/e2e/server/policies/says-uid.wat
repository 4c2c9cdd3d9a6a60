;; SPDX-License-Identifier: Apache-2.0
;; Refuses reviews with their uid, of 36 characters, for a message.
(module
  (import "wapc" "__guest_request" (func $guest_request (param i32 i32)))
  (import "wapc" "__guest_response" (func $guest_response (param i32 i32)))
  (memory (export "memory") 16)
  (data (i32.const 0) "{\22accepted\22:false,\22message\22:\22                                    \22}")
  (data (i32.const 200) "{\22valid\22:true}")
  (func (export "__guest_call") (param $operation i32) (param $size i32) (result i32)
    (call $guest_request (i32.const 300) (i32.const 1024))
    (if (i32.eq (local.get $operation) (i32.const 17)) ;; validate_settings
      (then (call $guest_response (i32.const 200) (i32.const 14)))
      (else
        (memory.copy (i32.const 29) (i32.const 1043) (i32.const 36)) ;; behind {"request":{"uid":"
        (call $guest_response (i32.const 0) (i32.const 67))))
    (i32.const 1)))
