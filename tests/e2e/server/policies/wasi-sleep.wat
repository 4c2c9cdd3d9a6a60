(module
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 4)
  (data (i32.const 1024) "\7b\22\76\61\6c\69\64\22\3a\74\72\75\65\2c\22\61\63\63\65\70\74\65\64\22\3a\74\72\75\65\7d")
  (data (i32.const 32768) "")
  (func (export "_start") (local $size i32)
    (loop $more
      (i32.store (i32.const 0) (i32.const 65536))
      (i32.store (i32.const 4) (i32.const 65536))
      (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (local.set $size (i32.add (local.get $size) (i32.load (i32.const 8))))
      (br_if $more (i32.load (i32.const 8))))
    ;; settings are short, and judged at once
    (if (i32.gt_u (local.get $size) (i32.const 100)) (then
    ;; a clock (tag 0) that is monotonic (1), in a minute
    (i32.store (i32.const 2016) (i32.const 1))
    (i64.store (i32.const 2024) (i64.const 60000000000))
    (drop (call $poll (i32.const 2000) (i32.const 2104) (i32.const 1) (i32.const 2200)))))
    (i32.store (i32.const 0) (i32.const 32768))
    (i32.store (i32.const 4) (i32.const 0))
    (drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 8)))
    (i32.store (i32.const 0) (i32.const 1024))
    (i32.store (i32.const 4) (i32.const 30))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    )
)
