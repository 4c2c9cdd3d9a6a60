;; Allows what it is asked about if its memory can grow by 64 MiB.
(module
  (import "wapc" "__guest_response" (func $guest_response (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "{\22accepted\22:false,\22message\22:\22no memory\22}")
  (data (i32.const 100) "{\22accepted\22:true}")
  (data (i32.const 200) "{\22valid\22:true}")
  (func (export "__guest_call") (param $operation i32) (param $size i32) (result i32)
    (if (i32.eq (local.get $operation) (i32.const 17)) ;; validate_settings
      (then (call $guest_response (i32.const 200) (i32.const 14)))
      (else (if (i32.eq (memory.grow (i32.const 1024)) (i32.const -1))
        (then (call $guest_response (i32.const 0) (i32.const 40)))
        (else (call $guest_response (i32.const 100) (i32.const 17))))))
    (i32.const 1)))
