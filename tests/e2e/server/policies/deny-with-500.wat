;; SPDX-License-Identifier: Apache-2.0
;; its own verdict, with the code that failures have
(module
  (import "wapc" "__guest_request" (func $guest_request (param i32 i32)))
  (import "wapc" "__guest_response" (func $guest_response (param i32 i32)))
  (memory (export "memory") 16)
  (data (i32.const 65536) "{\22accepted\22:false,\22message\22:\22not mine\22,\22code\22:500}")
  (data (i32.const 200000) "{\22valid\22:true}")
  (func (export "__guest_call") (param $op_len i32) (param $len i32) (result i32)
    (call $guest_request (i32.const 0) (i32.const 262144))
    ;; "validate" is 8 bytes, "validate_settings" 17
    (if (i32.eq (local.get $op_len) (i32.const 17))
      (then (call $guest_response (i32.const 200000) (i32.const 14)) (return (i32.const 1))))
    (call $guest_response (i32.const 65536) (i32.const 50))
    (i32.const 1))
)
