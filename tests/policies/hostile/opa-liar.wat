;; Written by `generate`.
(module
  (import "env" "opa_abort" (func $opa_abort (param i32)))
  (import "env" "opa_println" (func $opa_println (param i32)))
  (import "env" "opa_builtin0" (func $opa_builtin0 (param i32 i32) (result i32)))
  (import "env" "opa_builtin1" (func $opa_builtin1 (param i32 i32 i32) (result i32)))
  (import "env" "opa_builtin2" (func $opa_builtin2 (param i32 i32 i32 i32) (result i32)))
  (import "env" "opa_builtin3" (func $opa_builtin3 (param i32 i32 i32 i32 i32) (result i32)))
  (import "env" "opa_builtin4" (func $opa_builtin4 (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "env" "memory" (memory 2))
  (data (i32.const 1024) "\5b\7b\22\72\65\73\75\6c\74\22\3a\7b\22\72\65\73\70\6f\6e\73\65\22\3a\7b\22\75\69\64\22\3a\22\22\2c\22\61\6c\6c\6f\77\65\64\22\3a\74\72\75\65\7d\7d\7d\5d")
  (data (i32.const 1152) "\7b\22\73\70\72\69\6e\74\66\22\3a\31\7d")
  (data (i32.const 1216) "\7b\22\70\6f\6c\69\63\79\2f\6d\61\69\6e\22\3a\30\7d")
  (data (i32.const 2048) "\22\61\20\25\76\22")
  (data (i32.const 3072) "\5b\31\5d")
  (data (i32.const 3088) "\6e\6f\74\20\4a\53\4f\4e")
  (export "memory" (memory 0))
  (global (export "opa_wasm_abi_version") i32 (i32.const 1))
  (global (export "opa_wasm_abi_minor_version") i32 (i32.const 3))
  (global $heap (mut i32) (i32.const 65536))
  (global $data (mut i32) (i32.const 0))
  (global $result (mut i32) (i32.const 1024))
  (global $malloc_lie (mut i32) (i32.const 0))
  (global $parse_lie (mut i32) (i32.const 0))
  (global $dump_lie (mut i32) (i32.const 0))
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

  (func $misbehave (param $pick i32) (result i32)
    ;; opa_abort: at 0
    (if (i32.eq (local.get $pick) (i32.const 0)) (then (return (call $opa_abort (i32.const 0x0)) (i32.const 0))))
    ;; opa_abort: the last byte
    (if (i32.eq (local.get $pick) (i32.const 1)) (then (return (call $opa_abort (i32.const 0x4ffff)) (i32.const 0))))
    ;; opa_abort: past the end
    (if (i32.eq (local.get $pick) (i32.const 2)) (then (return (call $opa_abort (i32.const 0x50001)) (i32.const 0))))
    ;; opa_abort: at the end
    (if (i32.eq (local.get $pick) (i32.const 3)) (then (return (call $opa_abort (i32.const 0x50000)) (i32.const 0))))
    ;; opa_abort: at the last address
    (if (i32.eq (local.get $pick) (i32.const 4)) (then (return (call $opa_abort (i32.const 0xffffffff)) (i32.const 0))))
    ;; opa_abort: text without an end
    (if (i32.eq (local.get $pick) (i32.const 5)) (then (return (i32.store8 (i32.const 0x4ffff) (i32.const 0x41)) (call $opa_abort (i32.const 0x4ffff)) (i32.const 0))))
    ;; opa_println: at 0
    (if (i32.eq (local.get $pick) (i32.const 6)) (then (return (call $opa_println (i32.const 0x0)) (i32.const 0))))
    ;; opa_println: the last byte
    (if (i32.eq (local.get $pick) (i32.const 7)) (then (return (call $opa_println (i32.const 0x4ffff)) (i32.const 0))))
    ;; opa_println: past the end
    (if (i32.eq (local.get $pick) (i32.const 8)) (then (return (call $opa_println (i32.const 0x50001)) (i32.const 0))))
    ;; opa_println: at the end
    (if (i32.eq (local.get $pick) (i32.const 9)) (then (return (call $opa_println (i32.const 0x50000)) (i32.const 0))))
    ;; opa_println: at the last address
    (if (i32.eq (local.get $pick) (i32.const 10)) (then (return (call $opa_println (i32.const 0xffffffff)) (i32.const 0))))
    ;; opa_println: text without an end
    (if (i32.eq (local.get $pick) (i32.const 11)) (then (return (i32.store8 (i32.const 0x4ffff) (i32.const 0x41)) (call $opa_println (i32.const 0x4ffff)) (i32.const 0))))
    ;; opa_abort, then unreachable
    (if (i32.eq (local.get $pick) (i32.const 12)) (then (return (call $opa_abort (i32.const 0xc10)) (unreachable) (i32.const 0))))
    ;; opa_builtin2: honest
    (if (i32.eq (local.get $pick) (i32.const 13)) (then (return (call $opa_builtin2 (i32.const 0x1) (i32.const 0x0) (i32.const 0x800) (i32.const 0xc00)))))
    ;; opa_builtin1: of an unknown number
    (if (i32.eq (local.get $pick) (i32.const 14)) (then (return (call $opa_builtin1 (i32.const 0x63) (i32.const 0x0) (i32.const 0xc00)))))
    ;; opa_builtin4: of number 0xffffffff
    (if (i32.eq (local.get $pick) (i32.const 15)) (then (return (call $opa_builtin4 (i32.const 0xffffffff) (i32.const 0x0) (i32.const 0xc00) (i32.const 0xc00) (i32.const 0xc00) (i32.const 0xc00)))))
    ;; opa_builtin0: too few values
    (if (i32.eq (local.get $pick) (i32.const 16)) (then (return (call $opa_builtin0 (i32.const 0x1) (i32.const 0x0)))))
    ;; opa_builtin3: too many values
    (if (i32.eq (local.get $pick) (i32.const 17)) (then (return (call $opa_builtin3 (i32.const 0x1) (i32.const 0x0) (i32.const 0x800) (i32.const 0xc00) (i32.const 0xc00)))))
    ;; opa_builtin2: value at 0
    (if (i32.eq (local.get $pick) (i32.const 18)) (then (return (call $opa_builtin2 (i32.const 0x1) (i32.const 0x0) (i32.const 0x0) (i32.const 0xc00)))))
    ;; opa_builtin2: value of nothing, the last byte
    (if (i32.eq (local.get $pick) (i32.const 19)) (then (return (call $opa_builtin2 (i32.const 0x1) (i32.const 0x0) (i32.const 0x4ffff) (i32.const 0xc00)))))
    ;; opa_builtin2: values past the end
    (if (i32.eq (local.get $pick) (i32.const 20)) (then (return (call $opa_builtin2 (i32.const 0x1) (i32.const 0x0) (i32.const 0x50001) (i32.const 0x50001)))))
    ;; opa_builtin2: values at the end
    (if (i32.eq (local.get $pick) (i32.const 21)) (then (return (call $opa_builtin2 (i32.const 0x1) (i32.const 0x0) (i32.const 0x50000) (i32.const 0x50000)))))
    ;; opa_builtin2: values at the last address
    (if (i32.eq (local.get $pick) (i32.const 22)) (then (return (call $opa_builtin2 (i32.const 0x1) (i32.const 0x0) (i32.const 0xffffffff) (i32.const 0xc00)))))
    ;; opa_builtin2: value without an end
    (if (i32.eq (local.get $pick) (i32.const 23)) (then (return (i32.store8 (i32.const 0x4ffff) (i32.const 0x41)) (call $opa_builtin2 (i32.const 0x1) (i32.const 0x0) (i32.const 0x4ffff) (i32.const 0xc00)))))
    ;; opa_builtin2: value that is not JSON
    (if (i32.eq (local.get $pick) (i32.const 24)) (then (return (call $opa_builtin2 (i32.const 0x1) (i32.const 0x0) (i32.const 0x800) (i32.const 0xc10)))))
    ;; opa_malloc gives the last byte
    (if (i32.eq (local.get $pick) (i32.const 25)) (then (return (global.set $malloc_lie (i32.const 0x4ffff)) (call $opa_builtin2 (i32.const 0x1) (i32.const 0x0) (i32.const 0x800) (i32.const 0xc00)))))
    ;; opa_malloc gives the last address
    (if (i32.eq (local.get $pick) (i32.const 26)) (then (return (global.set $malloc_lie (i32.const 0xffffffff)) (call $opa_builtin2 (i32.const 0x1) (i32.const 0x0) (i32.const 0x800) (i32.const 0xc00)))))
    ;; opa_malloc gives the end
    (if (i32.eq (local.get $pick) (i32.const 27)) (then (return (global.set $malloc_lie (i32.const 0x50000)) (call $opa_builtin2 (i32.const 0x1) (i32.const 0x0) (i32.const 0x800) (i32.const 0xc00)))))
    ;; opa_malloc gives the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 28)) (then (return (global.set $malloc_lie (i32.const 0xfffffffe)) (call $opa_builtin2 (i32.const 0x1) (i32.const 0x0) (i32.const 0x800) (i32.const 0xc00)))))
    ;; opa_json_parse gives nothing
    (if (i32.eq (local.get $pick) (i32.const 29)) (then (return (global.set $parse_lie (i32.const 0x1)) (call $opa_builtin2 (i32.const 0x1) (i32.const 0x0) (i32.const 0x800) (i32.const 0xc00)))))
    ;; opa_json_dump never ends
    (if (i32.eq (local.get $pick) (i32.const 30)) (then (return (global.set $dump_lie (i32.const 0x1)) (call $opa_builtin2 (i32.const 0x1) (i32.const 0x0) (i32.const 0x800) (i32.const 0xc00)))))
    ;; opa_json_dump calls the builtin again
    (if (i32.eq (local.get $pick) (i32.const 31)) (then (return (global.set $dump_lie (i32.const 0x2)) (call $opa_builtin2 (i32.const 0x1) (i32.const 0x0) (i32.const 0x800) (i32.const 0xc00)))))
    ;; result at 0
    (if (i32.eq (local.get $pick) (i32.const 32)) (then (return (global.set $result (i32.const 0x0)) (i32.const 0))))
    ;; result of nothing, the last byte
    (if (i32.eq (local.get $pick) (i32.const 33)) (then (return (global.set $result (i32.const 0x4ffff)) (i32.const 0))))
    ;; result past the end
    (if (i32.eq (local.get $pick) (i32.const 34)) (then (return (global.set $result (i32.const 0x50001)) (i32.const 0))))
    ;; result at the end
    (if (i32.eq (local.get $pick) (i32.const 35)) (then (return (global.set $result (i32.const 0x50000)) (i32.const 0))))
    ;; result at the last address
    (if (i32.eq (local.get $pick) (i32.const 36)) (then (return (global.set $result (i32.const 0xffffffff)) (i32.const 0))))
    ;; result without an end
    (if (i32.eq (local.get $pick) (i32.const 37)) (then (return (i32.store8 (i32.const 0x4ffff) (i32.const 0x41)) (global.set $result (i32.const 0x4ffff)) (i32.const 0))))
    ;; result that is not JSON
    (if (i32.eq (local.get $pick) (i32.const 38)) (then (return (global.set $result (i32.const 0xc10)) (i32.const 0))))
    ;; result of a hundred thousand brackets
    (if (i32.eq (local.get $pick) (i32.const 39)) (then (return (memory.fill (i32.const 0x20000) (i32.const 0x5b) (i32.const 0x186a0)) (i32.store8 (i32.const 0x386a0) (i32.const 0x0)) (global.set $result (i32.const 0x20000)) (i32.const 0))))
    (i32.const 0))
  (func (export "opa_malloc") (param $size i32) (result i32) (local $at i32)
    (if (global.get $malloc_lie) (then (return (global.get $malloc_lie))))
    (local.set $at (global.get $heap))
    (global.set $heap (i32.add (i32.add (local.get $at) (local.get $size)) (i32.const 1)))
    (local.get $at))
  (func $parse (export "opa_json_parse") (export "opa_value_parse") (param $at i32) (param $size i32) (result i32)
    (if (global.get $parse_lie) (then (return (i32.const 0))))
    (i32.store8 (i32.add (local.get $at) (local.get $size)) (i32.const 0))
    (local.get $at))
  (func (export "opa_json_dump") (export "opa_value_dump") (param $value i32) (result i32)
    (if (i32.eq (global.get $dump_lie) (i32.const 1)) (then (loop $forever (br $forever))))
    (if (i32.eq (global.get $dump_lie) (i32.const 2))
      (then (drop (call $opa_builtin2 (i32.const 0x1) (i32.const 0x0) (i32.const 0x800) (i32.const 0xc00)))))
    (local.get $value))
  (func (export "opa_free") (param i32))
  (func (export "opa_heap_ptr_get") (result i32) (global.get $heap))
  (func (export "opa_heap_ptr_set") (param i32) (global.set $heap (local.get 0)))
  (func (export "builtins") (result i32) (i32.const 1152))
  (func (export "entrypoints") (result i32) (i32.const 1216))
  (func (export "opa_eval_ctx_new") (result i32) (i32.const 64))
  (func (export "opa_eval_ctx_set_input") (param i32 i32))
  (func (export "opa_eval_ctx_set_data") (param i32 i32) (global.set $data (local.get 1)))
  (func (export "opa_eval_ctx_set_entrypoint") (param i32 i32))
  (func (export "opa_eval_ctx_get_result") (param i32) (result i32) (global.get $result))
  (func (export "eval") (param i32) (result i32)
    (call $misbehave (call $pick (global.get $data) (i32.sub (global.get $heap) (global.get $data))))))
