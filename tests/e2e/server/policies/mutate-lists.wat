;; Accepts, and makes the same object of every one: of lists, for patches between lists (test_gaps.py).
(module
  (import "wapc" "__guest_response" (func $respond (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "{\"accepted\":true,\"mutated_object\":{\"b\":[],\"a\":[1,2,3],\"m~n/o\":1,\"c\":{\"d\":[{\"x\":1},{\"y\":2}]}}}")
  (data (i32.const 1024) "{\"valid\":true}")
  (func (export "__guest_call") (param $operation_size i32) (param $size i32) (result i32)
    ;; "validate_settings" has 17 bytes
    (if (i32.eq (local.get $operation_size) (i32.const 17))
      (then (call $respond (i32.const 1024) (i32.const 14)))
      (else (call $respond (i32.const 0) (i32.const 93))))
    (i32.const 1)))
