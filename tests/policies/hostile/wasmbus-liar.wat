;; Written by `generate`.
(module
  (import "wasmbus" "__guest_request" (func $__guest_request (param i32 i32)))
  (import "wasmbus" "__guest_response" (func $__guest_response (param i32 i32)))
  (import "wasmbus" "__guest_error" (func $__guest_error (param i32 i32)))
  (import "wasmbus" "__host_call" (func $__host_call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasmbus" "__host_response_len" (func $__host_response_len  (result i32)))
  (import "wasmbus" "__host_response" (func $__host_response (param i32)))
  (import "wasmbus" "__host_error_len" (func $__host_error_len  (result i32)))
  (import "wasmbus" "__host_error" (func $__host_error (param i32)))
  (import "wasmbus" "__console_log" (func $__console_log (param i32 i32)))
  (memory (export "memory") 17 17)
  (data (i32.const 1024) "\7b\22\61\63\63\65\70\74\65\64\22\3a\74\72\75\65\2c\22\6d\65\73\73\61\67\65\22\3a\22\72\65\74\75\72\6e\65\64\20\30\30\30\22\7d")
  (data (i32.const 1152) "\7b\22\76\61\6c\69\64\22\3a\74\72\75\65\7d")
  (data (i32.const 1216) "\22\76\31\22")
  (data (i32.const 3072) "kubewarden")
  (data (i32.const 3088) "tracing")
  (data (i32.const 3104) "log")
  (data (i32.const 3120) "\ff\fe")
  (data (i32.const 3136) "{}")
  (type $unary (func (param i32) (result i32)))
  (table $table 4 funcref)
  (elem (i32.const 0) func $down $other)
  (elem $later func $down)
  (data $later "later")
  (func $other (param f64))
  (func $down (param $n i32) (result i32)
    (i32.add (call $down (i32.add (local.get $n) (i32.const 1))) (i32.const 1)))
  (func $down_indirect (param $n i32) (result i32)
    (i32.add (call_indirect (type $unary) (i32.add (local.get $n) (i32.const 1)) (i32.const 2)) (i32.const 1)))
  (elem (i32.const 2) func $down_indirect)
  (func $ping (param $n i32) (result i32) (i32.add (call $pong (local.get $n)) (i32.const 1)))
  (func $pong (param $n i32) (result i32) (i32.sub (call $ping (local.get $n)) (i32.const 1)))
  (func $wide (param $n i32) (result i32) (local i64 i64 i64 i64 i64 i64 i64 i64)
    (local.set 1 (i64.extend_i32_u (local.get $n)))
    (local.set 2 (i64.mul (local.get 1) (local.get 1)))
    (local.set 3 (i64.mul (local.get 2) (local.get 1)))
    (local.set 4 (i64.mul (local.get 3) (local.get 1)))
    (drop (call $wide (i32.add (local.get $n) (i32.const 1))))
    (i32.wrap_i64 (i64.add (i64.add (local.get 1) (local.get 2)) (i64.add (local.get 3) (local.get 4)))))
  (func $nothing)
  (data (i32.const 4096) "\38\20\62\79\74\65\73\2e")
  (func $pick (param $at i32) (param $size i32) (result i32) (local $end i32) (local $digit i32) (local $found i32)
    (local.set $end (i32.add (local.get $at) (local.get $size)))
    (loop $look
      (if (i32.ge_u (local.get $at) (local.get $end)) (then (return (i32.const -1))))
      (if (i64.ne (i64.and (i64.load (local.get $at)) (i64.const 0xffffffffffffff)) (i64.const 0x3a226b63697022))
        (then (local.set $at (i32.add (local.get $at) (i32.const 1))) (br $look))))
    (local.set $at (i32.add (local.get $at) (i32.const 7)))
    (loop $read
      (local.set $digit (i32.sub (i32.load8_u (local.get $at)) (i32.const 48)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $read (i32.eq (local.get $digit) (i32.const -16)))
      (if (i32.lt_u (local.get $digit) (i32.const 10))
        (then
          (local.set $found (i32.add (i32.mul (local.get $found) (i32.const 10)) (local.get $digit)))
          (br $read))))
    (local.get $found))

  (func $write_answer (param $got i32)
    (i32.store8 (i32.const 1061) (i32.add (i32.const 48) (i32.rem_u (i32.div_u (local.get $got) (i32.const 100)) (i32.const 10))))
    (i32.store8 (i32.const 1062) (i32.add (i32.const 48) (i32.rem_u (i32.div_u (local.get $got) (i32.const 10)) (i32.const 10))))
    (i32.store8 (i32.const 1063) (i32.add (i32.const 48) (i32.rem_u (i32.div_u (local.get $got) (i32.const 1)) (i32.const 10)))))

  (func $misbehave (param $pick i32) (result i32)
    ;; __host_call: honest
    (if (i32.eq (local.get $pick) (i32.const 0)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: binding fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 1)) (then (return (call $__host_call (i32.const 0x0) (i32.const 0x1) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: binding fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 2)) (then (return (call $__host_call (i32.const 0x10ffff) (i32.const 0x1) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: binding fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 3)) (then (return (call $__host_call (i32.const 0x110000) (i32.const 0x0) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: binding nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 4)) (then (return (call $__host_call (i32.const 0x110001) (i32.const 0x0) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: binding nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 5)) (then (return (call $__host_call (i32.const 0xffffffff) (i32.const 0x0) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: binding past the end
    (if (i32.eq (local.get $pick) (i32.const 6)) (then (return (call $__host_call (i32.const 0x110001) (i32.const 0x1) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: binding at the last address
    (if (i32.eq (local.get $pick) (i32.const 7)) (then (return (call $__host_call (i32.const 0xffffffff) (i32.const 0x1) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: binding at the end
    (if (i32.eq (local.get $pick) (i32.const 8)) (then (return (call $__host_call (i32.const 0x110000) (i32.const 0x1) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: binding across the end
    (if (i32.eq (local.get $pick) (i32.const 9)) (then (return (call $__host_call (i32.const 0x10ffff) (i32.const 0x2) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: binding up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 10)) (then (return (call $__host_call (i32.const 0xfffffff0) (i32.const 0x10) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: binding over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 11)) (then (return (call $__host_call (i32.const 0xfffffff0) (i32.const 0x20) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: binding of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 12)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xffffffff) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: binding of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 13)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0x80000000) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: binding at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 14)) (then (return (call $__host_call (i32.const 0xffffffff) (i32.const 0xffffffff) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: binding not UTF-8
    (if (i32.eq (local.get $pick) (i32.const 15)) (then (return (call $__host_call (i32.const 0xc30) (i32.const 0x2) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: namespace fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 16)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0x0) (i32.const 0x1) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: namespace fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 17)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0x10ffff) (i32.const 0x1) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: namespace fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 18)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0x110000) (i32.const 0x0) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: namespace nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 19)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0x110001) (i32.const 0x0) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: namespace nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 20)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xffffffff) (i32.const 0x0) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: namespace past the end
    (if (i32.eq (local.get $pick) (i32.const 21)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0x110001) (i32.const 0x1) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: namespace at the last address
    (if (i32.eq (local.get $pick) (i32.const 22)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xffffffff) (i32.const 0x1) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: namespace at the end
    (if (i32.eq (local.get $pick) (i32.const 23)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0x110000) (i32.const 0x1) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: namespace across the end
    (if (i32.eq (local.get $pick) (i32.const 24)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0x10ffff) (i32.const 0x2) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: namespace up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 25)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xfffffff0) (i32.const 0x10) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: namespace over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 26)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xfffffff0) (i32.const 0x20) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: namespace of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 27)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc00) (i32.const 0xffffffff) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: namespace of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 28)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc00) (i32.const 0x80000000) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: namespace at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 29)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xffffffff) (i32.const 0xffffffff) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: namespace not UTF-8
    (if (i32.eq (local.get $pick) (i32.const 30)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc30) (i32.const 0x2) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: operation fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 31)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0x0) (i32.const 0x1) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: operation fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 32)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0x10ffff) (i32.const 0x1) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: operation fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 33)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0x110000) (i32.const 0x0) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: operation nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 34)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0x110001) (i32.const 0x0) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: operation nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 35)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xffffffff) (i32.const 0x0) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: operation past the end
    (if (i32.eq (local.get $pick) (i32.const 36)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0x110001) (i32.const 0x1) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: operation at the last address
    (if (i32.eq (local.get $pick) (i32.const 37)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xffffffff) (i32.const 0x1) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: operation at the end
    (if (i32.eq (local.get $pick) (i32.const 38)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0x110000) (i32.const 0x1) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: operation across the end
    (if (i32.eq (local.get $pick) (i32.const 39)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0x10ffff) (i32.const 0x2) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: operation up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 40)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xfffffff0) (i32.const 0x10) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: operation over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 41)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xfffffff0) (i32.const 0x20) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: operation of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 42)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc00) (i32.const 0xffffffff) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: operation of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 43)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc00) (i32.const 0x80000000) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: operation at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 44)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xffffffff) (i32.const 0xffffffff) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: operation not UTF-8
    (if (i32.eq (local.get $pick) (i32.const 45)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc30) (i32.const 0x2) (i32.const 0xc40) (i32.const 0x2)))))
    ;; __host_call: payload fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 46)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0x0) (i32.const 0x1)))))
    ;; __host_call: payload fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 47)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0x10ffff) (i32.const 0x1)))))
    ;; __host_call: payload fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 48)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0x110000) (i32.const 0x0)))))
    ;; __host_call: payload nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 49)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0x110001) (i32.const 0x0)))))
    ;; __host_call: payload nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 50)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x0)))))
    ;; __host_call: payload past the end
    (if (i32.eq (local.get $pick) (i32.const 51)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0x110001) (i32.const 0x1)))))
    ;; __host_call: payload at the last address
    (if (i32.eq (local.get $pick) (i32.const 52)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x1)))))
    ;; __host_call: payload at the end
    (if (i32.eq (local.get $pick) (i32.const 53)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0x110000) (i32.const 0x1)))))
    ;; __host_call: payload across the end
    (if (i32.eq (local.get $pick) (i32.const 54)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0x10ffff) (i32.const 0x2)))))
    ;; __host_call: payload up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 55)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xfffffff0) (i32.const 0x10)))))
    ;; __host_call: payload over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 56)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xfffffff0) (i32.const 0x20)))))
    ;; __host_call: payload of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 57)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc00) (i32.const 0xffffffff)))))
    ;; __host_call: payload of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 58)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc00) (i32.const 0x80000000)))))
    ;; __host_call: payload at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 59)) (then (return (call $__host_call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0xffffffff)))))
    ;; __guest_response: fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 60)) (then (return (call $__guest_response (i32.const 0x0) (i32.const 0x1)) (i32.const 0))))
    ;; __guest_response: fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 61)) (then (return (call $__guest_response (i32.const 0x10ffff) (i32.const 0x1)) (i32.const 0))))
    ;; __guest_response: fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 62)) (then (return (call $__guest_response (i32.const 0x110000) (i32.const 0x0)) (i32.const 0))))
    ;; __guest_response: nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 63)) (then (return (call $__guest_response (i32.const 0x110001) (i32.const 0x0)) (i32.const 0))))
    ;; __guest_response: nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 64)) (then (return (call $__guest_response (i32.const 0xffffffff) (i32.const 0x0)) (i32.const 0))))
    ;; __guest_response: past the end
    (if (i32.eq (local.get $pick) (i32.const 65)) (then (return (call $__guest_response (i32.const 0x110001) (i32.const 0x1)) (i32.const 0))))
    ;; __guest_response: at the last address
    (if (i32.eq (local.get $pick) (i32.const 66)) (then (return (call $__guest_response (i32.const 0xffffffff) (i32.const 0x1)) (i32.const 0))))
    ;; __guest_response: at the end
    (if (i32.eq (local.get $pick) (i32.const 67)) (then (return (call $__guest_response (i32.const 0x110000) (i32.const 0x1)) (i32.const 0))))
    ;; __guest_response: across the end
    (if (i32.eq (local.get $pick) (i32.const 68)) (then (return (call $__guest_response (i32.const 0x10ffff) (i32.const 0x2)) (i32.const 0))))
    ;; __guest_response: up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 69)) (then (return (call $__guest_response (i32.const 0xfffffff0) (i32.const 0x10)) (i32.const 0))))
    ;; __guest_response: over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 70)) (then (return (call $__guest_response (i32.const 0xfffffff0) (i32.const 0x20)) (i32.const 0))))
    ;; __guest_response: of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 71)) (then (return (call $__guest_response (i32.const 0x1000) (i32.const 0xffffffff)) (i32.const 0))))
    ;; __guest_response: of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 72)) (then (return (call $__guest_response (i32.const 0x1000) (i32.const 0x80000000)) (i32.const 0))))
    ;; __guest_response: at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 73)) (then (return (call $__guest_response (i32.const 0xffffffff) (i32.const 0xffffffff)) (i32.const 0))))
    ;; __guest_error: fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 74)) (then (return (call $__guest_error (i32.const 0x0) (i32.const 0x1)) (i32.const 0))))
    ;; __guest_error: fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 75)) (then (return (call $__guest_error (i32.const 0x10ffff) (i32.const 0x1)) (i32.const 0))))
    ;; __guest_error: fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 76)) (then (return (call $__guest_error (i32.const 0x110000) (i32.const 0x0)) (i32.const 0))))
    ;; __guest_error: nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 77)) (then (return (call $__guest_error (i32.const 0x110001) (i32.const 0x0)) (i32.const 0))))
    ;; __guest_error: nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 78)) (then (return (call $__guest_error (i32.const 0xffffffff) (i32.const 0x0)) (i32.const 0))))
    ;; __guest_error: past the end
    (if (i32.eq (local.get $pick) (i32.const 79)) (then (return (call $__guest_error (i32.const 0x110001) (i32.const 0x1)) (i32.const 0))))
    ;; __guest_error: at the last address
    (if (i32.eq (local.get $pick) (i32.const 80)) (then (return (call $__guest_error (i32.const 0xffffffff) (i32.const 0x1)) (i32.const 0))))
    ;; __guest_error: at the end
    (if (i32.eq (local.get $pick) (i32.const 81)) (then (return (call $__guest_error (i32.const 0x110000) (i32.const 0x1)) (i32.const 0))))
    ;; __guest_error: across the end
    (if (i32.eq (local.get $pick) (i32.const 82)) (then (return (call $__guest_error (i32.const 0x10ffff) (i32.const 0x2)) (i32.const 0))))
    ;; __guest_error: up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 83)) (then (return (call $__guest_error (i32.const 0xfffffff0) (i32.const 0x10)) (i32.const 0))))
    ;; __guest_error: over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 84)) (then (return (call $__guest_error (i32.const 0xfffffff0) (i32.const 0x20)) (i32.const 0))))
    ;; __guest_error: of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 85)) (then (return (call $__guest_error (i32.const 0x1000) (i32.const 0xffffffff)) (i32.const 0))))
    ;; __guest_error: of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 86)) (then (return (call $__guest_error (i32.const 0x1000) (i32.const 0x80000000)) (i32.const 0))))
    ;; __guest_error: at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 87)) (then (return (call $__guest_error (i32.const 0xffffffff) (i32.const 0xffffffff)) (i32.const 0))))
    ;; __guest_error: not UTF-8
    (if (i32.eq (local.get $pick) (i32.const 88)) (then (return (call $__guest_error (i32.const 0xc30) (i32.const 0x2)) (i32.const 0))))
    ;; __console_log: fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 89)) (then (return (call $__console_log (i32.const 0x0) (i32.const 0x1)) (i32.const 0))))
    ;; __console_log: fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 90)) (then (return (call $__console_log (i32.const 0x10ffff) (i32.const 0x1)) (i32.const 0))))
    ;; __console_log: fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 91)) (then (return (call $__console_log (i32.const 0x110000) (i32.const 0x0)) (i32.const 0))))
    ;; __console_log: nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 92)) (then (return (call $__console_log (i32.const 0x110001) (i32.const 0x0)) (i32.const 0))))
    ;; __console_log: nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 93)) (then (return (call $__console_log (i32.const 0xffffffff) (i32.const 0x0)) (i32.const 0))))
    ;; __console_log: past the end
    (if (i32.eq (local.get $pick) (i32.const 94)) (then (return (call $__console_log (i32.const 0x110001) (i32.const 0x1)) (i32.const 0))))
    ;; __console_log: at the last address
    (if (i32.eq (local.get $pick) (i32.const 95)) (then (return (call $__console_log (i32.const 0xffffffff) (i32.const 0x1)) (i32.const 0))))
    ;; __console_log: at the end
    (if (i32.eq (local.get $pick) (i32.const 96)) (then (return (call $__console_log (i32.const 0x110000) (i32.const 0x1)) (i32.const 0))))
    ;; __console_log: across the end
    (if (i32.eq (local.get $pick) (i32.const 97)) (then (return (call $__console_log (i32.const 0x10ffff) (i32.const 0x2)) (i32.const 0))))
    ;; __console_log: up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 98)) (then (return (call $__console_log (i32.const 0xfffffff0) (i32.const 0x10)) (i32.const 0))))
    ;; __console_log: over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 99)) (then (return (call $__console_log (i32.const 0xfffffff0) (i32.const 0x20)) (i32.const 0))))
    ;; __console_log: of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 100)) (then (return (call $__console_log (i32.const 0x1000) (i32.const 0xffffffff)) (i32.const 0))))
    ;; __console_log: of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 101)) (then (return (call $__console_log (i32.const 0x1000) (i32.const 0x80000000)) (i32.const 0))))
    ;; __console_log: at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 102)) (then (return (call $__console_log (i32.const 0xffffffff) (i32.const 0xffffffff)) (i32.const 0))))
    ;; __console_log: not UTF-8
    (if (i32.eq (local.get $pick) (i32.const 103)) (then (return (call $__console_log (i32.const 0xc30) (i32.const 0x2)) (i32.const 0))))
    ;; __guest_request: operation fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 104)) (then (return (call $__guest_request (i32.const 0x0) (i32.const 0x10000)) (i32.const 0))))
    ;; __guest_request: operation fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 105)) (then (return (call $__guest_request (i32.const 0x10fff8) (i32.const 0x10000)) (i32.const 0))))
    ;; __guest_request: operation at the end
    (if (i32.eq (local.get $pick) (i32.const 106)) (then (return (call $__guest_request (i32.const 0x110000) (i32.const 0x10000)) (i32.const 0))))
    ;; __guest_request: operation past the end
    (if (i32.eq (local.get $pick) (i32.const 107)) (then (return (call $__guest_request (i32.const 0x110001) (i32.const 0x10000)) (i32.const 0))))
    ;; __guest_request: operation at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 108)) (then (return (call $__guest_request (i32.const 0xffffffff) (i32.const 0x10000)) (i32.const 0))))
    ;; __guest_request: operation across the end
    (if (i32.eq (local.get $pick) (i32.const 109)) (then (return (call $__guest_request (i32.const 0x10ffff) (i32.const 0x10000)) (i32.const 0))))
    ;; __guest_request: both in one place
    (if (i32.eq (local.get $pick) (i32.const 110)) (then (return (call $__guest_request (i32.const 0x10000) (i32.const 0x10000)) (i32.const 0))))
    ;; __guest_request: payload fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 111)) (then (return (call $__guest_request (i32.const 0x0) (i32.const 0x0)) (i32.const 0))))
    ;; __host_error: fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 112)) (then (return (drop (call $__host_call (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2))) (call $__host_error (i32.const 0x0)) (i32.const 0))))
    ;; __host_error: no error, fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 113)) (then (return (call $__host_error (i32.const 0x0)) (i32.const 0))))
    ;; __host_response: no response, fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 114)) (then (return (call $__host_response (i32.const 0x0)) (i32.const 0))))
    ;; __guest_request: payload too near the end
    (if (i32.eq (local.get $pick) (i32.const 115)) (then (return (call $__guest_request (i32.const 0x0) (i32.const 0x10fff8)) (i32.const 0))))
    ;; __host_error: too near the end
    (if (i32.eq (local.get $pick) (i32.const 116)) (then (return (drop (call $__host_call (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2))) (call $__host_error (i32.const 0x10fff8)) (i32.const 0))))
    ;; __host_error: no error, too near the end
    (if (i32.eq (local.get $pick) (i32.const 117)) (then (return (call $__host_error (i32.const 0x10fff8)) (i32.const 0))))
    ;; __host_response: no response, too near the end
    (if (i32.eq (local.get $pick) (i32.const 118)) (then (return (call $__host_response (i32.const 0x10fff8)) (i32.const 0))))
    ;; __guest_request: payload at the end
    (if (i32.eq (local.get $pick) (i32.const 119)) (then (return (call $__guest_request (i32.const 0x0) (i32.const 0x110000)) (i32.const 0))))
    ;; __host_error: at the end
    (if (i32.eq (local.get $pick) (i32.const 120)) (then (return (drop (call $__host_call (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2))) (call $__host_error (i32.const 0x110000)) (i32.const 0))))
    ;; __host_error: no error, at the end
    (if (i32.eq (local.get $pick) (i32.const 121)) (then (return (call $__host_error (i32.const 0x110000)) (i32.const 0))))
    ;; __host_response: no response, at the end
    (if (i32.eq (local.get $pick) (i32.const 122)) (then (return (call $__host_response (i32.const 0x110000)) (i32.const 0))))
    ;; __guest_request: payload past the end
    (if (i32.eq (local.get $pick) (i32.const 123)) (then (return (call $__guest_request (i32.const 0x0) (i32.const 0x110001)) (i32.const 0))))
    ;; __host_error: past the end
    (if (i32.eq (local.get $pick) (i32.const 124)) (then (return (drop (call $__host_call (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2))) (call $__host_error (i32.const 0x110001)) (i32.const 0))))
    ;; __host_error: no error, past the end
    (if (i32.eq (local.get $pick) (i32.const 125)) (then (return (call $__host_error (i32.const 0x110001)) (i32.const 0))))
    ;; __host_response: no response, past the end
    (if (i32.eq (local.get $pick) (i32.const 126)) (then (return (call $__host_response (i32.const 0x110001)) (i32.const 0))))
    ;; __guest_request: payload at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 127)) (then (return (call $__guest_request (i32.const 0x0) (i32.const 0xffffffff)) (i32.const 0))))
    ;; __host_error: at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 128)) (then (return (drop (call $__host_call (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2))) (call $__host_error (i32.const 0xffffffff)) (i32.const 0))))
    ;; __host_error: no error, at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 129)) (then (return (call $__host_error (i32.const 0xffffffff)) (i32.const 0))))
    ;; __host_response: no response, at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 130)) (then (return (call $__host_response (i32.const 0xffffffff)) (i32.const 0))))
    ;; __guest_request: payload across the end
    (if (i32.eq (local.get $pick) (i32.const 131)) (then (return (call $__guest_request (i32.const 0x0) (i32.const 0x10ffff)) (i32.const 0))))
    ;; __host_error: across the end
    (if (i32.eq (local.get $pick) (i32.const 132)) (then (return (drop (call $__host_call (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2))) (call $__host_error (i32.const 0x10ffff)) (i32.const 0))))
    ;; __host_error: no error, across the end
    (if (i32.eq (local.get $pick) (i32.const 133)) (then (return (call $__host_error (i32.const 0x10ffff)) (i32.const 0))))
    ;; __host_response: no response, across the end
    (if (i32.eq (local.get $pick) (i32.const 134)) (then (return (call $__host_response (i32.const 0x10ffff)) (i32.const 0))))
    ;; __host_response_len: no response
    (if (i32.eq (local.get $pick) (i32.const 135)) (then (return (call $__host_response_len ))))
    ;; __host_error_len: no error
    (if (i32.eq (local.get $pick) (i32.const 136)) (then (return (call $__host_error_len ))))
    (i32.const 0))
  (func (export "__guest_call") (param $operation_size i32) (param $size i32) (result i32)
    (call $__guest_request (i32.const 0) (i32.const 65536))
    (if (i32.eq (local.get $operation_size) (i32.const 17))
      (then (call $__guest_response (i32.const 1152) (i32.const 14)) (return (i32.const 1))))
    (if (i32.eq (local.get $operation_size) (i32.const 16))
      (then (call $__guest_response (i32.const 1216) (i32.const 4)) (return (i32.const 1))))
    (call $write_answer (call $misbehave (call $pick (i32.const 65536) (local.get $size))))
    (call $__guest_response (i32.const 1024) (i32.const 42))
    (i32.const 1)))
