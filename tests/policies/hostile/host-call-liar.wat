;; Written by `generate`.
(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "host" "call" (func $call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "kubewarden:javy/host" "call" (func $javy (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 17 17)
  (data (i32.const 1024) "\7b\22\61\63\63\65\70\74\65\64\22\3a\74\72\75\65\2c\22\6d\65\73\73\61\67\65\22\3a\22\72\65\74\75\72\6e\65\64\20\30\30\30\22\7d")
  (data (i32.const 1152) "\7b\22\76\61\6c\69\64\22\3a\74\72\75\65\7d")
  (data (i32.const 3072) "kubewarden")
  (data (i32.const 3088) "tracing")
  (data (i32.const 3104) "log")
  (data (i32.const 3120) "\ff\fe")
  (data (i32.const 3136) "{}")
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
    ;; host.call: honest
    (if (i32.eq (local.get $pick) (i32.const 0)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: binding fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 1)) (then (return (call $call (i32.const 0x0) (i32.const 0x1) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: binding fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 2)) (then (return (call $call (i32.const 0x10ffff) (i32.const 0x1) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: binding fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 3)) (then (return (call $call (i32.const 0x110000) (i32.const 0x0) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: binding nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 4)) (then (return (call $call (i32.const 0x110001) (i32.const 0x0) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: binding nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 5)) (then (return (call $call (i32.const 0xffffffff) (i32.const 0x0) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: binding past the end
    (if (i32.eq (local.get $pick) (i32.const 6)) (then (return (call $call (i32.const 0x110001) (i32.const 0x1) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: binding at the last address
    (if (i32.eq (local.get $pick) (i32.const 7)) (then (return (call $call (i32.const 0xffffffff) (i32.const 0x1) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: binding at the end
    (if (i32.eq (local.get $pick) (i32.const 8)) (then (return (call $call (i32.const 0x110000) (i32.const 0x1) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: binding across the end
    (if (i32.eq (local.get $pick) (i32.const 9)) (then (return (call $call (i32.const 0x10ffff) (i32.const 0x2) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: binding up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 10)) (then (return (call $call (i32.const 0xfffffff0) (i32.const 0x10) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: binding over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 11)) (then (return (call $call (i32.const 0xfffffff0) (i32.const 0x20) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: binding of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 12)) (then (return (call $call (i32.const 0xc00) (i32.const 0xffffffff) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: binding of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 13)) (then (return (call $call (i32.const 0xc00) (i32.const 0x80000000) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: binding at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 14)) (then (return (call $call (i32.const 0xffffffff) (i32.const 0xffffffff) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: binding not UTF-8
    (if (i32.eq (local.get $pick) (i32.const 15)) (then (return (call $call (i32.const 0xc30) (i32.const 0x2) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: namespace fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 16)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0x0) (i32.const 0x1) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: namespace fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 17)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0x10ffff) (i32.const 0x1) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: namespace fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 18)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0x110000) (i32.const 0x0) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: namespace nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 19)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0x110001) (i32.const 0x0) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: namespace nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 20)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xffffffff) (i32.const 0x0) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: namespace past the end
    (if (i32.eq (local.get $pick) (i32.const 21)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0x110001) (i32.const 0x1) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: namespace at the last address
    (if (i32.eq (local.get $pick) (i32.const 22)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xffffffff) (i32.const 0x1) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: namespace at the end
    (if (i32.eq (local.get $pick) (i32.const 23)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0x110000) (i32.const 0x1) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: namespace across the end
    (if (i32.eq (local.get $pick) (i32.const 24)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0x10ffff) (i32.const 0x2) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: namespace up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 25)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xfffffff0) (i32.const 0x10) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: namespace over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 26)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xfffffff0) (i32.const 0x20) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: namespace of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 27)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc00) (i32.const 0xffffffff) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: namespace of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 28)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc00) (i32.const 0x80000000) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: namespace at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 29)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xffffffff) (i32.const 0xffffffff) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: namespace not UTF-8
    (if (i32.eq (local.get $pick) (i32.const 30)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc30) (i32.const 0x2) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: operation fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 31)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0x0) (i32.const 0x1) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: operation fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 32)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0x10ffff) (i32.const 0x1) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: operation fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 33)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0x110000) (i32.const 0x0) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: operation nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 34)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0x110001) (i32.const 0x0) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: operation nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 35)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xffffffff) (i32.const 0x0) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: operation past the end
    (if (i32.eq (local.get $pick) (i32.const 36)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0x110001) (i32.const 0x1) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: operation at the last address
    (if (i32.eq (local.get $pick) (i32.const 37)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xffffffff) (i32.const 0x1) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: operation at the end
    (if (i32.eq (local.get $pick) (i32.const 38)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0x110000) (i32.const 0x1) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: operation across the end
    (if (i32.eq (local.get $pick) (i32.const 39)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0x10ffff) (i32.const 0x2) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: operation up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 40)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xfffffff0) (i32.const 0x10) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: operation over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 41)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xfffffff0) (i32.const 0x20) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: operation of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 42)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc00) (i32.const 0xffffffff) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: operation of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 43)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc00) (i32.const 0x80000000) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: operation at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 44)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xffffffff) (i32.const 0xffffffff) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: operation not UTF-8
    (if (i32.eq (local.get $pick) (i32.const 45)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc30) (i32.const 0x2) (i32.const 0xc40) (i32.const 0x2)))))
    ;; host.call: payload fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 46)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0x0) (i32.const 0x1)))))
    ;; host.call: payload fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 47)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0x10ffff) (i32.const 0x1)))))
    ;; host.call: payload fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 48)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0x110000) (i32.const 0x0)))))
    ;; host.call: payload nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 49)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0x110001) (i32.const 0x0)))))
    ;; host.call: payload nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 50)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x0)))))
    ;; host.call: payload past the end
    (if (i32.eq (local.get $pick) (i32.const 51)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0x110001) (i32.const 0x1)))))
    ;; host.call: payload at the last address
    (if (i32.eq (local.get $pick) (i32.const 52)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x1)))))
    ;; host.call: payload at the end
    (if (i32.eq (local.get $pick) (i32.const 53)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0x110000) (i32.const 0x1)))))
    ;; host.call: payload across the end
    (if (i32.eq (local.get $pick) (i32.const 54)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0x10ffff) (i32.const 0x2)))))
    ;; host.call: payload up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 55)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xfffffff0) (i32.const 0x10)))))
    ;; host.call: payload over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 56)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xfffffff0) (i32.const 0x20)))))
    ;; host.call: payload of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 57)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc00) (i32.const 0xffffffff)))))
    ;; host.call: payload of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 58)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc00) (i32.const 0x80000000)))))
    ;; host.call: payload at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 59)) (then (return (call $call (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0xffffffff)))))
    ;; kubewarden:javy/host.call: honest
    (if (i32.eq (local.get $pick) (i32.const 60)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: binding fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 61)) (then (return (call $javy (i32.const 0x0) (i32.const 0x1) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: binding fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 62)) (then (return (call $javy (i32.const 0x10ffff) (i32.const 0x1) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: binding fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 63)) (then (return (call $javy (i32.const 0x110000) (i32.const 0x0) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: binding nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 64)) (then (return (call $javy (i32.const 0x110001) (i32.const 0x0) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: binding nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 65)) (then (return (call $javy (i32.const 0xffffffff) (i32.const 0x0) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: binding past the end
    (if (i32.eq (local.get $pick) (i32.const 66)) (then (return (call $javy (i32.const 0x110001) (i32.const 0x1) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: binding at the last address
    (if (i32.eq (local.get $pick) (i32.const 67)) (then (return (call $javy (i32.const 0xffffffff) (i32.const 0x1) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: binding at the end
    (if (i32.eq (local.get $pick) (i32.const 68)) (then (return (call $javy (i32.const 0x110000) (i32.const 0x1) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: binding across the end
    (if (i32.eq (local.get $pick) (i32.const 69)) (then (return (call $javy (i32.const 0x10ffff) (i32.const 0x2) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: binding up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 70)) (then (return (call $javy (i32.const 0xfffffff0) (i32.const 0x10) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: binding over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 71)) (then (return (call $javy (i32.const 0xfffffff0) (i32.const 0x20) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: binding of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 72)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xffffffff) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: binding of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 73)) (then (return (call $javy (i32.const 0xc00) (i32.const 0x80000000) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: binding at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 74)) (then (return (call $javy (i32.const 0xffffffff) (i32.const 0xffffffff) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: binding not UTF-8
    (if (i32.eq (local.get $pick) (i32.const 75)) (then (return (call $javy (i32.const 0xc30) (i32.const 0x2) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: namespace fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 76)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0x0) (i32.const 0x1) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: namespace fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 77)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0x10ffff) (i32.const 0x1) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: namespace fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 78)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0x110000) (i32.const 0x0) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: namespace nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 79)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0x110001) (i32.const 0x0) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: namespace nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 80)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xffffffff) (i32.const 0x0) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: namespace past the end
    (if (i32.eq (local.get $pick) (i32.const 81)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0x110001) (i32.const 0x1) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: namespace at the last address
    (if (i32.eq (local.get $pick) (i32.const 82)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xffffffff) (i32.const 0x1) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: namespace at the end
    (if (i32.eq (local.get $pick) (i32.const 83)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0x110000) (i32.const 0x1) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: namespace across the end
    (if (i32.eq (local.get $pick) (i32.const 84)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0x10ffff) (i32.const 0x2) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: namespace up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 85)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xfffffff0) (i32.const 0x10) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: namespace over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 86)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xfffffff0) (i32.const 0x20) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: namespace of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 87)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc00) (i32.const 0xffffffff) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: namespace of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 88)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc00) (i32.const 0x80000000) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: namespace at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 89)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xffffffff) (i32.const 0xffffffff) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: namespace not UTF-8
    (if (i32.eq (local.get $pick) (i32.const 90)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc30) (i32.const 0x2) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: operation fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 91)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0x0) (i32.const 0x1) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: operation fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 92)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0x10ffff) (i32.const 0x1) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: operation fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 93)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0x110000) (i32.const 0x0) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: operation nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 94)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0x110001) (i32.const 0x0) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: operation nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 95)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xffffffff) (i32.const 0x0) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: operation past the end
    (if (i32.eq (local.get $pick) (i32.const 96)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0x110001) (i32.const 0x1) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: operation at the last address
    (if (i32.eq (local.get $pick) (i32.const 97)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xffffffff) (i32.const 0x1) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: operation at the end
    (if (i32.eq (local.get $pick) (i32.const 98)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0x110000) (i32.const 0x1) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: operation across the end
    (if (i32.eq (local.get $pick) (i32.const 99)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0x10ffff) (i32.const 0x2) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: operation up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 100)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xfffffff0) (i32.const 0x10) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: operation over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 101)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xfffffff0) (i32.const 0x20) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: operation of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 102)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc00) (i32.const 0xffffffff) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: operation of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 103)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc00) (i32.const 0x80000000) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: operation at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 104)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xffffffff) (i32.const 0xffffffff) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: operation not UTF-8
    (if (i32.eq (local.get $pick) (i32.const 105)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc30) (i32.const 0x2) (i32.const 0xc40) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: payload fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 106)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0x0) (i32.const 0x1)))))
    ;; kubewarden:javy/host.call: payload fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 107)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0x10ffff) (i32.const 0x1)))))
    ;; kubewarden:javy/host.call: payload fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 108)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0x110000) (i32.const 0x0)))))
    ;; kubewarden:javy/host.call: payload nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 109)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0x110001) (i32.const 0x0)))))
    ;; kubewarden:javy/host.call: payload nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 110)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x0)))))
    ;; kubewarden:javy/host.call: payload past the end
    (if (i32.eq (local.get $pick) (i32.const 111)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0x110001) (i32.const 0x1)))))
    ;; kubewarden:javy/host.call: payload at the last address
    (if (i32.eq (local.get $pick) (i32.const 112)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x1)))))
    ;; kubewarden:javy/host.call: payload at the end
    (if (i32.eq (local.get $pick) (i32.const 113)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0x110000) (i32.const 0x1)))))
    ;; kubewarden:javy/host.call: payload across the end
    (if (i32.eq (local.get $pick) (i32.const 114)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0x10ffff) (i32.const 0x2)))))
    ;; kubewarden:javy/host.call: payload up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 115)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xfffffff0) (i32.const 0x10)))))
    ;; kubewarden:javy/host.call: payload over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 116)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xfffffff0) (i32.const 0x20)))))
    ;; kubewarden:javy/host.call: payload of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 117)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc00) (i32.const 0xffffffff)))))
    ;; kubewarden:javy/host.call: payload of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 118)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xc00) (i32.const 0x80000000)))))
    ;; kubewarden:javy/host.call: payload at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 119)) (then (return (call $javy (i32.const 0xc00) (i32.const 0xa) (i32.const 0xc10) (i32.const 0x7) (i32.const 0xc20) (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0xffffffff)))))
    (i32.const 0))
  (func $print (param $at i32) (param $size i32)
    (i32.store (i32.const 0) (local.get $at))
    (i32.store (i32.const 4) (local.get $size))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func $read (result i32) (local $size i32)
    (loop $more
      (i32.store (i32.const 0) (i32.add (i32.const 65536) (local.get $size)))
      (i32.store (i32.const 4) (i32.sub (i32.const 1048568) (local.get $size)))
      (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (local.set $size (i32.add (local.get $size) (i32.load (i32.const 8))))
      (br_if $more (i32.load (i32.const 8))))
    (local.get $size))
  (func (export "_start") (local $size i32)
    (drop (call $args_sizes_get (i32.const 8) (i32.const 12)))
    (local.set $size (call $read))
    (if (i32.eq (i32.load (i32.const 12)) (i32.const 30))
      (then (call $print (i32.const 1152) (i32.const 14)) (return)))
    (call $write_answer (call $misbehave (call $pick (i32.const 65536) (local.get $size))))
    (call $print (i32.const 1024) (i32.const 42))))
