;; A WASI program that would notice anything that an earlier request left behind. It draws random
;; numbers and fills memory before it reads its input, so that there is a start worth keeping. The
;; input says what to do: seed, words to write, pages to grow, how to end. It prints "1" when its
;; globals, its memory, its table and its descriptors were as new, else "0", and then closes some.
(module
  (type $number (func (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_sync" (func $fd_sync (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_renumber" (func $fd_renumber (param i32 i32) (result i32)))
  (memory (export "memory") 24)
  (table $table 4 8 funcref)
  (elem (i32.const 0) $one)
  (global $calls (mut i32) (i32.const 0))
  (global $large (mut i64) (i64.const 0))
  (data (i32.const 131072) "an image that is not empty")

  (func $one (type $number) i32.const 1)
  (func $two (type $number) i32.const 2)
  (elem declare func $two)

  ;; 256..: iovec of the input, 300: its 16 bytes; 400: counter; 512: iovec of the output, 600: its byte
  (func $prepare (local $at i32)
    (drop (call $random_get (i32.const 1024) (i32.const 64)))
    (drop (call $clock (i32.const 1) (i64.const 1) (i32.const 1104)))
    (local.set $at (i32.const 65536))
    (loop $fill
      (i32.store (local.get $at) (local.get $at))
      (local.set $at (i32.add (local.get $at) (i32.const 1028)))
      (br_if $fill (i32.lt_u (local.get $at) (i32.const 400000))))
    (i32.store (i32.const 256) (i32.const 300))
    (i32.store (i32.const 260) (i32.const 16))
    (i32.store (i32.const 512) (i32.const 600))
    (i32.store (i32.const 516) (i32.const 1)))

  (func $scatter (param $seed i32) (param $count i32) (local $words i32)
    (local.set $words (i32.sub (i32.div_u (i32.shl (memory.size) (i32.const 16)) (i32.const 4)) (i32.const 16384)))
    (block $done (loop $again
      (br_if $done (i32.eqz (local.get $count)))
      (local.set $seed (i32.add (i32.mul (local.get $seed) (i32.const 1664525)) (i32.const 1013904223)))
      (i32.store
        (i32.add (i32.const 65536)
                 (i32.shl (i32.rem_u (i32.shr_u (local.get $seed) (i32.const 4)) (local.get $words)) (i32.const 2)))
        (local.get $seed))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br $again))))

  ;; Grows, and looks whether the new pages are empty: returns a word of each, or-ed.
  (func $grow (param $pages i32) (result i32) (local $at i32) (local $end i32) (local $sum i32)
    (local.set $at (i32.shl (memory.size) (i32.const 16)))
    (drop (memory.grow (local.get $pages)))
    (local.set $end (i32.shl (memory.size) (i32.const 16)))
    (block $done (loop $again
      (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
      (local.set $sum (i32.or (local.get $sum) (i32.load (local.get $at))))
      (local.set $sum (i32.or (local.get $sum) (i32.load offset=2044 (local.get $at))))
      (i32.store (local.get $at) (i32.const -1))
      (i32.store offset=2044 (local.get $at) (i32.const -1))
      (local.set $at (i32.add (local.get $at) (i32.const 4096)))
      (br $again)))
    (local.get $sum))

  (func $is_new (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (global.set $large (i64.add (global.get $large) (i64.const 4294967297)))
    (i32.store (i32.const 400) (i32.add (i32.load (i32.const 400)) (i32.const 1)))
    (i32.and (call $are_files_new) (i32.and
      (i32.and
        (i32.and (i32.eq (global.get $calls) (i32.const 1)) (i64.eq (global.get $large) (i64.const 4294967297)))
        (i32.and (i32.eq (i32.load (i32.const 400)) (i32.const 1)) (i32.eq (memory.size) (i32.const 24))))
      (i32.and
        (i32.and (i32.eq (call_indirect (type $number) (i32.const 0)) (i32.const 1)) (ref.is_null (table.get $table (i32.const 1))))
        (i32.eq (table.size $table) (i32.const 4))))))

  ;; 0 to 2 are open, and 2 can be written to.
  (func $are_files_new (result i32)
    (i32.eqz (i32.or
      (i32.or (call $fd_sync (i32.const 0)) (call $fd_sync (i32.const 1)))
      (call $fd_write (i32.const 2) (i32.const 512) (i32.const 1) (i32.const 700)))))

  (func $meddle (param $seed i32)
    (if (i32.and (local.get $seed) (i32.const 1))
      (then (drop (call $fd_close (i32.rem_u (local.get $seed) (i32.const 3))))))
    (if (i32.and (local.get $seed) (i32.const 2))
      (then (drop (call $fd_renumber (i32.and (local.get $seed) (i32.const 3)) (i32.const 2))))))

  (func $deep (param $n i32) (result i32)
    (i32.add (call $deep (i32.add (local.get $n) (i32.const 1))) (i32.const 1)))

  (func $end (param $how i32)
    (if (i32.eq (local.get $how) (i32.const 1)) (then unreachable))
    (if (i32.eq (local.get $how) (i32.const 2)) (then (i64.store (i32.const -8) (i64.const 1))))
    (if (i32.eq (local.get $how) (i32.const 3)) (then (drop (call $deep (i32.const 0)))))
    (if (i32.eq (local.get $how) (i32.const 4)) (then (loop $forever (br $forever))))
    (if (i32.eq (local.get $how) (i32.const 5))
      (then (loop $forever (memory.fill (i32.const 65536) (i32.const 7) (i32.const 500000)) (br $forever)))))

  (func (export "_start") (local $good i32)
    (call $prepare)
    (drop (call $fd_read (i32.const 0) (i32.const 256) (i32.const 1) (i32.const 700)))
    (local.set $good (call $is_new))
    (table.set $table (i32.const 0) (ref.func $two))
    (table.set $table (i32.const 1) (ref.func $two))
    (drop (table.grow $table (ref.func $two) (i32.const 2)))
    (call $scatter (i32.load (i32.const 300)) (i32.load (i32.const 304)))
    (if (call $grow (i32.load (i32.const 308))) (then (local.set $good (i32.const 0))))
    (i32.store8 (i32.const 600) (i32.add (i32.const 48) (local.get $good)))
    (drop (call $fd_write (i32.const 1) (i32.const 512) (i32.const 1) (i32.const 700)))
    (call $meddle (i32.load (i32.const 300)))
    (call $end (i32.load (i32.const 312)))))
