;; Written by `generate`.
(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 17 17)
  (data (i32.const 1024) "\7b\22\61\63\63\65\70\74\65\64\22\3a\74\72\75\65\2c\22\6d\65\73\73\61\67\65\22\3a\22\72\65\74\75\72\6e\65\64\20\30\30\30\22\7d")
  (data (i32.const 1152) "\7b\22\76\61\6c\69\64\22\3a\74\72\75\65\7d")
  (data (i32.const 2048) "\00\10\00\00\10\00\00\00\08\10\00\00\10\00\00\00\10\08\00\00\10\00\00\00\10\08\00\00\08\00\00\00\ff\ff\10\00\01\00\00\00\00\00\11\00\00\00\00\00\01\00\11\00\00\00\00\00\ff\ff\ff\ff\00\00\00\00\ff\ff\ff\ff\01\00\00\00\00\00\11\00\01\00\00\00\ff\ff\10\00\02\00\00\00\00\10\00\00\ff\ff\ff\ff\f0\ff\ff\ff\20\00\00\00\f0\ff\ff\ff\10\00\00\00\00\10\00\00\08\00\00\00\f0\ff\ff\ff\10\00\00\00\00\10\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\11\00\08\00\00\00\00\10\00\00\10\00\00\00\00\10\00\00\f0\ff\ff\ff\00\10\00\00\10\00\00\00\00\10\00\00\10\00\00\00")
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
    ;; standard output without end
    (if (i32.eq (local.get $pick) (i32.const 0)) (then (return (loop $forever (drop (call $fd_write (i32.const 0x1) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x8))) (br $forever)) (i32.const 0))))
    ;; standard error without end
    (if (i32.eq (local.get $pick) (i32.const 1)) (then (return (loop $forever (drop (call $fd_write (i32.const 0x2) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x8))) (br $forever)) (i32.const 0))))
    ;; one write of the same megabyte, again and again
    (if (i32.eq (local.get $pick) (i32.const 2)) (then (return (loop $forever (i32.store (i32.const 0x10000) (i32.const 0x0)) (i32.store (i32.const 0x10004) (i32.const 0x110000)) (i32.store (i32.const 0x10008) (i32.const 0x0)) (i32.store (i32.const 0x1000c) (i32.const 0x110000)) (i32.store (i32.const 0x10010) (i32.const 0x0)) (i32.store (i32.const 0x10014) (i32.const 0x110000)) (i32.store (i32.const 0x10018) (i32.const 0x0)) (i32.store (i32.const 0x1001c) (i32.const 0x110000)) (i32.store (i32.const 0x10020) (i32.const 0x0)) (i32.store (i32.const 0x10024) (i32.const 0x110000)) (i32.store (i32.const 0x10028) (i32.const 0x0)) (i32.store (i32.const 0x1002c) (i32.const 0x110000)) (i32.store (i32.const 0x10030) (i32.const 0x0)) (i32.store (i32.const 0x10034) (i32.const 0x110000)) (i32.store (i32.const 0x10038) (i32.const 0x0)) (i32.store (i32.const 0x1003c) (i32.const 0x110000)) (drop (call $fd_write (i32.const 0x1) (i32.const 0x10000) (i32.const 0x8) (i32.const 0x8))) (br $forever)) (i32.const 0))))
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
