;; Written by `generate`.
(module
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_res_get" (func $clock_res_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_advise" (func $fd_advise (param i32 i64 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_allocate" (func $fd_allocate (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_datasync" (func $fd_datasync (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $fd_fdstat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_flags" (func $fd_fdstat_set_flags (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_rights" (func $fd_fdstat_set_rights (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_get" (func $fd_filestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_size" (func $fd_filestat_set_size (param i32 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_times" (func $fd_filestat_set_times (param i32 i64 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pread" (func $fd_pread (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $fd_prestat_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_dir_name" (func $fd_prestat_dir_name (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_pwrite" (func $fd_pwrite (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir" (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_renumber" (func $fd_renumber (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_seek" (func $fd_seek (param i32 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_sync" (func $fd_sync (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_tell" (func $fd_tell (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_create_directory" (func $path_create_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get" (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_set_times" (func $path_filestat_set_times (param i32 i32 i32 i32 i64 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_link" (func $path_link (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_readlink" (func $path_readlink (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_remove_directory" (func $path_remove_directory (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_rename" (func $path_rename (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_symlink" (func $path_symlink (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_unlink_file" (func $path_unlink_file (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "wasi_snapshot_preview1" "proc_raise" (func $proc_raise (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func $sched_yield  (result i32)))
  (import "wasi_snapshot_preview1" "sock_accept" (func $sock_accept (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_recv" (func $sock_recv (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_send" (func $sock_send (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_shutdown" (func $sock_shutdown (param i32 i32) (result i32)))
  (memory (export "memory") 17 17)
  (data (i32.const 1024) "\7b\22\61\63\63\65\70\74\65\64\22\3a\74\72\75\65\2c\22\6d\65\73\73\61\67\65\22\3a\22\72\65\74\75\72\6e\65\64\20\30\30\30\22\7d")
  (data (i32.const 1152) "\7b\22\76\61\6c\69\64\22\3a\74\72\75\65\7d")
  (data (i32.const 2048) "\00\10\00\00\10\00\00\00\08\10\00\00\10\00\00\00\10\08\00\00\10\00\00\00\10\08\00\00\08\00\00\00\ff\ff\10\00\01\00\00\00\00\00\11\00\00\00\00\00\01\00\11\00\00\00\00\00\ff\ff\ff\ff\00\00\00\00\ff\ff\ff\ff\01\00\00\00\00\00\11\00\01\00\00\00\ff\ff\10\00\02\00\00\00\00\10\00\00\ff\ff\ff\ff\f0\ff\ff\ff\20\00\00\00\f0\ff\ff\ff\10\00\00\00\00\10\00\00\08\00\00\00\f0\ff\ff\ff\10\00\00\00\00\10\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\11\00\08\00\00\00\00\10\00\00\10\00\00\00\00\10\00\00\f0\ff\ff\ff\00\10\00\00\10\00\00\00\00\10\00\00\10\00\00\00")
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
    ;; args_get: honest
    (if (i32.eq (local.get $pick) (i32.const 0)) (then (return (call $args_get (i32.const 0x1000) (i32.const 0x1000)))))
    ;; args_get: parameter 1 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 1)) (then (return (call $args_get (i32.const 0x0) (i32.const 0x1000)))))
    ;; args_get: parameter 1 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 2)) (then (return (call $args_get (i32.const 0x10fff8) (i32.const 0x1000)))))
    ;; args_get: parameter 1 at the end
    (if (i32.eq (local.get $pick) (i32.const 3)) (then (return (call $args_get (i32.const 0x110000) (i32.const 0x1000)))))
    ;; args_get: parameter 1 past the end
    (if (i32.eq (local.get $pick) (i32.const 4)) (then (return (call $args_get (i32.const 0x110001) (i32.const 0x1000)))))
    ;; args_get: parameter 1 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 5)) (then (return (call $args_get (i32.const 0xfffffffc) (i32.const 0x1000)))))
    ;; args_get: parameter 1 across the end
    (if (i32.eq (local.get $pick) (i32.const 6)) (then (return (call $args_get (i32.const 0x10fffc) (i32.const 0x1000)))))
    ;; args_get: parameter 1 misaligned
    (if (i32.eq (local.get $pick) (i32.const 7)) (then (return (call $args_get (i32.const 0x1001) (i32.const 0x1000)))))
    ;; args_get: parameter 1 at the last address
    (if (i32.eq (local.get $pick) (i32.const 8)) (then (return (call $args_get (i32.const 0xffffffff) (i32.const 0x1000)))))
    ;; args_get: parameter 2 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 9)) (then (return (call $args_get (i32.const 0x1000) (i32.const 0x0)))))
    ;; args_get: parameter 2 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 10)) (then (return (call $args_get (i32.const 0x1000) (i32.const 0x10ffeb)))))
    ;; args_get: parameter 2 at the end
    (if (i32.eq (local.get $pick) (i32.const 11)) (then (return (call $args_get (i32.const 0x1000) (i32.const 0x110000)))))
    ;; args_get: parameter 2 past the end
    (if (i32.eq (local.get $pick) (i32.const 12)) (then (return (call $args_get (i32.const 0x1000) (i32.const 0x110001)))))
    ;; args_get: parameter 2 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 13)) (then (return (call $args_get (i32.const 0x1000) (i32.const 0xffffffff)))))
    ;; args_get: parameter 2 across the end
    (if (i32.eq (local.get $pick) (i32.const 14)) (then (return (call $args_get (i32.const 0x1000) (i32.const 0x10ffff)))))
    ;; args_sizes_get: honest
    (if (i32.eq (local.get $pick) (i32.const 15)) (then (return (call $args_sizes_get (i32.const 0x1000) (i32.const 0x1000)))))
    ;; args_sizes_get: parameter 1 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 16)) (then (return (call $args_sizes_get (i32.const 0x0) (i32.const 0x1000)))))
    ;; args_sizes_get: parameter 1 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 17)) (then (return (call $args_sizes_get (i32.const 0x10fffc) (i32.const 0x1000)))))
    ;; args_sizes_get: parameter 1 at the end
    (if (i32.eq (local.get $pick) (i32.const 18)) (then (return (call $args_sizes_get (i32.const 0x110000) (i32.const 0x1000)))))
    ;; args_sizes_get: parameter 1 past the end
    (if (i32.eq (local.get $pick) (i32.const 19)) (then (return (call $args_sizes_get (i32.const 0x110001) (i32.const 0x1000)))))
    ;; args_sizes_get: parameter 1 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 20)) (then (return (call $args_sizes_get (i32.const 0xfffffffc) (i32.const 0x1000)))))
    ;; args_sizes_get: parameter 1 misaligned
    (if (i32.eq (local.get $pick) (i32.const 21)) (then (return (call $args_sizes_get (i32.const 0x1001) (i32.const 0x1000)))))
    ;; args_sizes_get: parameter 1 at the last address
    (if (i32.eq (local.get $pick) (i32.const 22)) (then (return (call $args_sizes_get (i32.const 0xffffffff) (i32.const 0x1000)))))
    ;; args_sizes_get: parameter 2 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 23)) (then (return (call $args_sizes_get (i32.const 0x1000) (i32.const 0x0)))))
    ;; args_sizes_get: parameter 2 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 24)) (then (return (call $args_sizes_get (i32.const 0x1000) (i32.const 0x10fffc)))))
    ;; args_sizes_get: parameter 2 at the end
    (if (i32.eq (local.get $pick) (i32.const 25)) (then (return (call $args_sizes_get (i32.const 0x1000) (i32.const 0x110000)))))
    ;; args_sizes_get: parameter 2 past the end
    (if (i32.eq (local.get $pick) (i32.const 26)) (then (return (call $args_sizes_get (i32.const 0x1000) (i32.const 0x110001)))))
    ;; args_sizes_get: parameter 2 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 27)) (then (return (call $args_sizes_get (i32.const 0x1000) (i32.const 0xfffffffc)))))
    ;; args_sizes_get: parameter 2 misaligned
    (if (i32.eq (local.get $pick) (i32.const 28)) (then (return (call $args_sizes_get (i32.const 0x1000) (i32.const 0x1001)))))
    ;; args_sizes_get: parameter 2 at the last address
    (if (i32.eq (local.get $pick) (i32.const 29)) (then (return (call $args_sizes_get (i32.const 0x1000) (i32.const 0xffffffff)))))
    ;; environ_get: honest
    (if (i32.eq (local.get $pick) (i32.const 30)) (then (return (call $environ_get (i32.const 0x1000) (i32.const 0x1000)))))
    ;; environ_get: parameter 1 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 31)) (then (return (call $environ_get (i32.const 0x0) (i32.const 0x1000)))))
    ;; environ_get: parameter 1 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 32)) (then (return (call $environ_get (i32.const 0x110000) (i32.const 0x1000)))))
    ;; environ_get: parameter 1 at the end
    (if (i32.eq (local.get $pick) (i32.const 33)) (then (return (call $environ_get (i32.const 0x110000) (i32.const 0x1000)))))
    ;; environ_get: parameter 1 past the end
    (if (i32.eq (local.get $pick) (i32.const 34)) (then (return (call $environ_get (i32.const 0x110001) (i32.const 0x1000)))))
    ;; environ_get: parameter 1 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 35)) (then (return (call $environ_get (i32.const 0xfffffffc) (i32.const 0x1000)))))
    ;; environ_get: parameter 1 misaligned
    (if (i32.eq (local.get $pick) (i32.const 36)) (then (return (call $environ_get (i32.const 0x1001) (i32.const 0x1000)))))
    ;; environ_get: parameter 1 at the last address
    (if (i32.eq (local.get $pick) (i32.const 37)) (then (return (call $environ_get (i32.const 0xffffffff) (i32.const 0x1000)))))
    ;; environ_get: parameter 2 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 38)) (then (return (call $environ_get (i32.const 0x1000) (i32.const 0x0)))))
    ;; environ_get: parameter 2 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 39)) (then (return (call $environ_get (i32.const 0x1000) (i32.const 0x110000)))))
    ;; environ_get: parameter 2 at the end
    (if (i32.eq (local.get $pick) (i32.const 40)) (then (return (call $environ_get (i32.const 0x1000) (i32.const 0x110000)))))
    ;; environ_get: parameter 2 past the end
    (if (i32.eq (local.get $pick) (i32.const 41)) (then (return (call $environ_get (i32.const 0x1000) (i32.const 0x110001)))))
    ;; environ_get: parameter 2 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 42)) (then (return (call $environ_get (i32.const 0x1000) (i32.const 0xffffffff)))))
    ;; environ_sizes_get: honest
    (if (i32.eq (local.get $pick) (i32.const 43)) (then (return (call $environ_sizes_get (i32.const 0x1000) (i32.const 0x1000)))))
    ;; environ_sizes_get: parameter 1 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 44)) (then (return (call $environ_sizes_get (i32.const 0x0) (i32.const 0x1000)))))
    ;; environ_sizes_get: parameter 1 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 45)) (then (return (call $environ_sizes_get (i32.const 0x10fffc) (i32.const 0x1000)))))
    ;; environ_sizes_get: parameter 1 at the end
    (if (i32.eq (local.get $pick) (i32.const 46)) (then (return (call $environ_sizes_get (i32.const 0x110000) (i32.const 0x1000)))))
    ;; environ_sizes_get: parameter 1 past the end
    (if (i32.eq (local.get $pick) (i32.const 47)) (then (return (call $environ_sizes_get (i32.const 0x110001) (i32.const 0x1000)))))
    ;; environ_sizes_get: parameter 1 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 48)) (then (return (call $environ_sizes_get (i32.const 0xfffffffc) (i32.const 0x1000)))))
    ;; environ_sizes_get: parameter 1 misaligned
    (if (i32.eq (local.get $pick) (i32.const 49)) (then (return (call $environ_sizes_get (i32.const 0x1001) (i32.const 0x1000)))))
    ;; environ_sizes_get: parameter 1 at the last address
    (if (i32.eq (local.get $pick) (i32.const 50)) (then (return (call $environ_sizes_get (i32.const 0xffffffff) (i32.const 0x1000)))))
    ;; environ_sizes_get: parameter 2 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 51)) (then (return (call $environ_sizes_get (i32.const 0x1000) (i32.const 0x0)))))
    ;; environ_sizes_get: parameter 2 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 52)) (then (return (call $environ_sizes_get (i32.const 0x1000) (i32.const 0x10fffc)))))
    ;; environ_sizes_get: parameter 2 at the end
    (if (i32.eq (local.get $pick) (i32.const 53)) (then (return (call $environ_sizes_get (i32.const 0x1000) (i32.const 0x110000)))))
    ;; environ_sizes_get: parameter 2 past the end
    (if (i32.eq (local.get $pick) (i32.const 54)) (then (return (call $environ_sizes_get (i32.const 0x1000) (i32.const 0x110001)))))
    ;; environ_sizes_get: parameter 2 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 55)) (then (return (call $environ_sizes_get (i32.const 0x1000) (i32.const 0xfffffffc)))))
    ;; environ_sizes_get: parameter 2 misaligned
    (if (i32.eq (local.get $pick) (i32.const 56)) (then (return (call $environ_sizes_get (i32.const 0x1000) (i32.const 0x1001)))))
    ;; environ_sizes_get: parameter 2 at the last address
    (if (i32.eq (local.get $pick) (i32.const 57)) (then (return (call $environ_sizes_get (i32.const 0x1000) (i32.const 0xffffffff)))))
    ;; clock_res_get: honest
    (if (i32.eq (local.get $pick) (i32.const 58)) (then (return (call $clock_res_get (i32.const 0x0) (i32.const 0x1000)))))
    ;; clock_res_get: parameter 2 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 59)) (then (return (call $clock_res_get (i32.const 0x0) (i32.const 0x0)))))
    ;; clock_res_get: parameter 2 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 60)) (then (return (call $clock_res_get (i32.const 0x0) (i32.const 0x10fff8)))))
    ;; clock_res_get: parameter 2 at the end
    (if (i32.eq (local.get $pick) (i32.const 61)) (then (return (call $clock_res_get (i32.const 0x0) (i32.const 0x110000)))))
    ;; clock_res_get: parameter 2 past the end
    (if (i32.eq (local.get $pick) (i32.const 62)) (then (return (call $clock_res_get (i32.const 0x0) (i32.const 0x110001)))))
    ;; clock_res_get: parameter 2 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 63)) (then (return (call $clock_res_get (i32.const 0x0) (i32.const 0xfffffff8)))))
    ;; clock_res_get: parameter 2 misaligned
    (if (i32.eq (local.get $pick) (i32.const 64)) (then (return (call $clock_res_get (i32.const 0x0) (i32.const 0x1001)))))
    ;; clock_res_get: parameter 2 at the last address
    (if (i32.eq (local.get $pick) (i32.const 65)) (then (return (call $clock_res_get (i32.const 0x0) (i32.const 0xffffffff)))))
    ;; clock_time_get: honest
    (if (i32.eq (local.get $pick) (i32.const 66)) (then (return (call $clock_time_get (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; clock_time_get: parameter 3 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 67)) (then (return (call $clock_time_get (i32.const 0x1) (i64.const 0) (i32.const 0x0)))))
    ;; clock_time_get: parameter 3 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 68)) (then (return (call $clock_time_get (i32.const 0x1) (i64.const 0) (i32.const 0x10fff8)))))
    ;; clock_time_get: parameter 3 at the end
    (if (i32.eq (local.get $pick) (i32.const 69)) (then (return (call $clock_time_get (i32.const 0x1) (i64.const 0) (i32.const 0x110000)))))
    ;; clock_time_get: parameter 3 past the end
    (if (i32.eq (local.get $pick) (i32.const 70)) (then (return (call $clock_time_get (i32.const 0x1) (i64.const 0) (i32.const 0x110001)))))
    ;; clock_time_get: parameter 3 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 71)) (then (return (call $clock_time_get (i32.const 0x1) (i64.const 0) (i32.const 0xfffffff8)))))
    ;; clock_time_get: parameter 3 misaligned
    (if (i32.eq (local.get $pick) (i32.const 72)) (then (return (call $clock_time_get (i32.const 0x1) (i64.const 0) (i32.const 0x1001)))))
    ;; clock_time_get: parameter 3 at the last address
    (if (i32.eq (local.get $pick) (i32.const 73)) (then (return (call $clock_time_get (i32.const 0x1) (i64.const 0) (i32.const 0xffffffff)))))
    ;; fd_advise: honest
    (if (i32.eq (local.get $pick) (i32.const 74)) (then (return (call $fd_advise (i32.const 0x3) (i64.const 0) (i64.const 0) (i32.const 0x0)))))
    ;; fd_allocate: honest
    (if (i32.eq (local.get $pick) (i32.const 75)) (then (return (call $fd_allocate (i32.const 0x3) (i64.const 0) (i64.const 0)))))
    ;; fd_close: honest
    (if (i32.eq (local.get $pick) (i32.const 76)) (then (return (call $fd_close (i32.const 0xffffffff)))))
    ;; fd_datasync: honest
    (if (i32.eq (local.get $pick) (i32.const 77)) (then (return (call $fd_datasync (i32.const 0xffffffff)))))
    ;; fd_fdstat_get: honest
    (if (i32.eq (local.get $pick) (i32.const 78)) (then (return (call $fd_fdstat_get (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_fdstat_get: parameter 2 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 79)) (then (return (call $fd_fdstat_get (i32.const 0x1) (i32.const 0x0)))))
    ;; fd_fdstat_get: parameter 2 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 80)) (then (return (call $fd_fdstat_get (i32.const 0x1) (i32.const 0x10ffe8)))))
    ;; fd_fdstat_get: parameter 2 at the end
    (if (i32.eq (local.get $pick) (i32.const 81)) (then (return (call $fd_fdstat_get (i32.const 0x1) (i32.const 0x110000)))))
    ;; fd_fdstat_get: parameter 2 past the end
    (if (i32.eq (local.get $pick) (i32.const 82)) (then (return (call $fd_fdstat_get (i32.const 0x1) (i32.const 0x110001)))))
    ;; fd_fdstat_get: parameter 2 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 83)) (then (return (call $fd_fdstat_get (i32.const 0x1) (i32.const 0xfffffff8)))))
    ;; fd_fdstat_get: parameter 2 across the end
    (if (i32.eq (local.get $pick) (i32.const 84)) (then (return (call $fd_fdstat_get (i32.const 0x1) (i32.const 0x10fff8)))))
    ;; fd_fdstat_get: parameter 2 misaligned
    (if (i32.eq (local.get $pick) (i32.const 85)) (then (return (call $fd_fdstat_get (i32.const 0x1) (i32.const 0x1001)))))
    ;; fd_fdstat_get: parameter 2 at the last address
    (if (i32.eq (local.get $pick) (i32.const 86)) (then (return (call $fd_fdstat_get (i32.const 0x1) (i32.const 0xffffffff)))))
    ;; fd_fdstat_set_flags: honest
    (if (i32.eq (local.get $pick) (i32.const 87)) (then (return (call $fd_fdstat_set_flags (i32.const 0xffffffff) (i32.const 0x0)))))
    ;; fd_fdstat_set_rights: honest
    (if (i32.eq (local.get $pick) (i32.const 88)) (then (return (call $fd_fdstat_set_rights (i32.const 0xffffffff) (i64.const 0) (i64.const 0)))))
    ;; fd_filestat_get: honest
    (if (i32.eq (local.get $pick) (i32.const 89)) (then (return (call $fd_filestat_get (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_filestat_get: parameter 2 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 90)) (then (return (call $fd_filestat_get (i32.const 0x1) (i32.const 0x0)))))
    ;; fd_filestat_get: parameter 2 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 91)) (then (return (call $fd_filestat_get (i32.const 0x1) (i32.const 0x10ffc0)))))
    ;; fd_filestat_get: parameter 2 at the end
    (if (i32.eq (local.get $pick) (i32.const 92)) (then (return (call $fd_filestat_get (i32.const 0x1) (i32.const 0x110000)))))
    ;; fd_filestat_get: parameter 2 past the end
    (if (i32.eq (local.get $pick) (i32.const 93)) (then (return (call $fd_filestat_get (i32.const 0x1) (i32.const 0x110001)))))
    ;; fd_filestat_get: parameter 2 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 94)) (then (return (call $fd_filestat_get (i32.const 0x1) (i32.const 0xfffffff8)))))
    ;; fd_filestat_get: parameter 2 across the end
    (if (i32.eq (local.get $pick) (i32.const 95)) (then (return (call $fd_filestat_get (i32.const 0x1) (i32.const 0x10fff8)))))
    ;; fd_filestat_get: parameter 2 misaligned
    (if (i32.eq (local.get $pick) (i32.const 96)) (then (return (call $fd_filestat_get (i32.const 0x1) (i32.const 0x1001)))))
    ;; fd_filestat_get: parameter 2 at the last address
    (if (i32.eq (local.get $pick) (i32.const 97)) (then (return (call $fd_filestat_get (i32.const 0x1) (i32.const 0xffffffff)))))
    ;; fd_filestat_set_size: honest
    (if (i32.eq (local.get $pick) (i32.const 98)) (then (return (call $fd_filestat_set_size (i32.const 0xffffffff) (i64.const 0)))))
    ;; fd_filestat_set_times: honest
    (if (i32.eq (local.get $pick) (i32.const 99)) (then (return (call $fd_filestat_set_times (i32.const 0xffffffff) (i64.const 0) (i64.const 0) (i32.const 0x0)))))
    ;; fd_pread: honest
    (if (i32.eq (local.get $pick) (i32.const 100)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x8b0) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 fits: count none
    (if (i32.eq (local.get $pick) (i32.const 101)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x8b0) (i32.const 0x0) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 fits: count none, array at 0
    (if (i32.eq (local.get $pick) (i32.const 102)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x0) (i32.const 0x0) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 fits: count none, array at the end
    (if (i32.eq (local.get $pick) (i32.const 103)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x110000) (i32.const 0x0) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 fits: count none, array past the end
    (if (i32.eq (local.get $pick) (i32.const 104)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x110004) (i32.const 0x0) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 fits: count none, array at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 105)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0xfffffffc) (i32.const 0x0) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 fits: count none, array misaligned
    (if (i32.eq (local.get $pick) (i32.const 106)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x1001) (i32.const 0x0) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 array at the last address
    (if (i32.eq (local.get $pick) (i32.const 107)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0xffffffff) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 array at the end
    (if (i32.eq (local.get $pick) (i32.const 108)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x110000) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 array across the end
    (if (i32.eq (local.get $pick) (i32.const 109)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x10fffc) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 array at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 110)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0xfffffff8) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 array over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 111)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0xfffffff8) (i32.const 0x2) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 array misaligned
    (if (i32.eq (local.get $pick) (i32.const 112)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x1001) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 count 0xffffffff
    (if (i32.eq (local.get $pick) (i32.const 113)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x8b0) (i32.const 0xffffffff) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 count whose size wraps to nothing
    (if (i32.eq (local.get $pick) (i32.const 114)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x8b0) (i32.const 0x20000000) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 count whose size wraps to one
    (if (i32.eq (local.get $pick) (i32.const 115)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x8b0) (i32.const 0x20000001) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 fits: buffers that overlap
    (if (i32.eq (local.get $pick) (i32.const 116)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x800) (i32.const 0x2) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 fits: buffers that are the array
    (if (i32.eq (local.get $pick) (i32.const 117)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x810) (i32.const 0x2) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 118)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x820) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 119)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x828) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 120)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x830) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 121)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x838) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 one at the last address
    (if (i32.eq (local.get $pick) (i32.const 122)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x840) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 one at the end
    (if (i32.eq (local.get $pick) (i32.const 123)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x848) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 one across the end
    (if (i32.eq (local.get $pick) (i32.const 124)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x850) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 one of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 125)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x858) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 one over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 126)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x860) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 one up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 127)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x868) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 the second bad
    (if (i32.eq (local.get $pick) (i32.const 128)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x870) (i32.const 0x2) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 empty ones, then a bad one
    (if (i32.eq (local.get $pick) (i32.const 129)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x880) (i32.const 0x3) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 2 sizes that add up to 4 GiB and 16
    (if (i32.eq (local.get $pick) (i32.const 130)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x898) (i32.const 0x3) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pread: parameter 4 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 131)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x8b0) (i32.const 0x1) (i64.const 0) (i32.const 0x0)))))
    ;; fd_pread: parameter 4 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 132)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x8b0) (i32.const 0x1) (i64.const 0) (i32.const 0x10fffc)))))
    ;; fd_pread: parameter 4 at the end
    (if (i32.eq (local.get $pick) (i32.const 133)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x8b0) (i32.const 0x1) (i64.const 0) (i32.const 0x110000)))))
    ;; fd_pread: parameter 4 past the end
    (if (i32.eq (local.get $pick) (i32.const 134)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x8b0) (i32.const 0x1) (i64.const 0) (i32.const 0x110001)))))
    ;; fd_pread: parameter 4 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 135)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x8b0) (i32.const 0x1) (i64.const 0) (i32.const 0xfffffffc)))))
    ;; fd_pread: parameter 4 misaligned
    (if (i32.eq (local.get $pick) (i32.const 136)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x8b0) (i32.const 0x1) (i64.const 0) (i32.const 0x1001)))))
    ;; fd_pread: parameter 4 at the last address
    (if (i32.eq (local.get $pick) (i32.const 137)) (then (return (call $fd_pread (i32.const 0x0) (i32.const 0x8b0) (i32.const 0x1) (i64.const 0) (i32.const 0xffffffff)))))
    ;; fd_prestat_get: honest
    (if (i32.eq (local.get $pick) (i32.const 138)) (then (return (call $fd_prestat_get (i32.const 0x3) (i32.const 0x1000)))))
    ;; fd_prestat_get: parameter 2 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 139)) (then (return (call $fd_prestat_get (i32.const 0x3) (i32.const 0x0)))))
    ;; fd_prestat_get: parameter 2 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 140)) (then (return (call $fd_prestat_get (i32.const 0x3) (i32.const 0x10fff8)))))
    ;; fd_prestat_get: parameter 2 at the end
    (if (i32.eq (local.get $pick) (i32.const 141)) (then (return (call $fd_prestat_get (i32.const 0x3) (i32.const 0x110000)))))
    ;; fd_prestat_get: parameter 2 past the end
    (if (i32.eq (local.get $pick) (i32.const 142)) (then (return (call $fd_prestat_get (i32.const 0x3) (i32.const 0x110001)))))
    ;; fd_prestat_get: parameter 2 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 143)) (then (return (call $fd_prestat_get (i32.const 0x3) (i32.const 0xfffffffc)))))
    ;; fd_prestat_get: parameter 2 across the end
    (if (i32.eq (local.get $pick) (i32.const 144)) (then (return (call $fd_prestat_get (i32.const 0x3) (i32.const 0x10fffc)))))
    ;; fd_prestat_get: parameter 2 misaligned
    (if (i32.eq (local.get $pick) (i32.const 145)) (then (return (call $fd_prestat_get (i32.const 0x3) (i32.const 0x1001)))))
    ;; fd_prestat_get: parameter 2 at the last address
    (if (i32.eq (local.get $pick) (i32.const 146)) (then (return (call $fd_prestat_get (i32.const 0x3) (i32.const 0xffffffff)))))
    ;; fd_prestat_dir_name: honest
    (if (i32.eq (local.get $pick) (i32.const 147)) (then (return (call $fd_prestat_dir_name (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8)))))
    ;; fd_prestat_dir_name: parameter 2 fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 148)) (then (return (call $fd_prestat_dir_name (i32.const 0x0) (i32.const 0x0) (i32.const 0x1)))))
    ;; fd_prestat_dir_name: parameter 2 fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 149)) (then (return (call $fd_prestat_dir_name (i32.const 0x0) (i32.const 0x10ffff) (i32.const 0x1)))))
    ;; fd_prestat_dir_name: parameter 2 fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 150)) (then (return (call $fd_prestat_dir_name (i32.const 0x0) (i32.const 0x110000) (i32.const 0x0)))))
    ;; fd_prestat_dir_name: parameter 2 nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 151)) (then (return (call $fd_prestat_dir_name (i32.const 0x0) (i32.const 0x110001) (i32.const 0x0)))))
    ;; fd_prestat_dir_name: parameter 2 nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 152)) (then (return (call $fd_prestat_dir_name (i32.const 0x0) (i32.const 0xffffffff) (i32.const 0x0)))))
    ;; fd_prestat_dir_name: parameter 2 past the end
    (if (i32.eq (local.get $pick) (i32.const 153)) (then (return (call $fd_prestat_dir_name (i32.const 0x0) (i32.const 0x110001) (i32.const 0x1)))))
    ;; fd_prestat_dir_name: parameter 2 at the last address
    (if (i32.eq (local.get $pick) (i32.const 154)) (then (return (call $fd_prestat_dir_name (i32.const 0x0) (i32.const 0xffffffff) (i32.const 0x1)))))
    ;; fd_prestat_dir_name: parameter 2 at the end
    (if (i32.eq (local.get $pick) (i32.const 155)) (then (return (call $fd_prestat_dir_name (i32.const 0x0) (i32.const 0x110000) (i32.const 0x1)))))
    ;; fd_prestat_dir_name: parameter 2 across the end
    (if (i32.eq (local.get $pick) (i32.const 156)) (then (return (call $fd_prestat_dir_name (i32.const 0x0) (i32.const 0x10ffff) (i32.const 0x2)))))
    ;; fd_prestat_dir_name: parameter 2 up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 157)) (then (return (call $fd_prestat_dir_name (i32.const 0x0) (i32.const 0xfffffff0) (i32.const 0x10)))))
    ;; fd_prestat_dir_name: parameter 2 over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 158)) (then (return (call $fd_prestat_dir_name (i32.const 0x0) (i32.const 0xfffffff0) (i32.const 0x20)))))
    ;; fd_prestat_dir_name: parameter 2 of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 159)) (then (return (call $fd_prestat_dir_name (i32.const 0x0) (i32.const 0x1000) (i32.const 0xffffffff)))))
    ;; fd_prestat_dir_name: parameter 2 of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 160)) (then (return (call $fd_prestat_dir_name (i32.const 0x0) (i32.const 0x1000) (i32.const 0x80000000)))))
    ;; fd_prestat_dir_name: parameter 2 at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 161)) (then (return (call $fd_prestat_dir_name (i32.const 0x0) (i32.const 0xffffffff) (i32.const 0xffffffff)))))
    ;; fd_pwrite: honest
    (if (i32.eq (local.get $pick) (i32.const 162)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x8b0) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 fits: count none
    (if (i32.eq (local.get $pick) (i32.const 163)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x8b0) (i32.const 0x0) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 fits: count none, array at 0
    (if (i32.eq (local.get $pick) (i32.const 164)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x0) (i32.const 0x0) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 fits: count none, array at the end
    (if (i32.eq (local.get $pick) (i32.const 165)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x110000) (i32.const 0x0) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 fits: count none, array past the end
    (if (i32.eq (local.get $pick) (i32.const 166)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x110004) (i32.const 0x0) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 fits: count none, array at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 167)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0xfffffffc) (i32.const 0x0) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 fits: count none, array misaligned
    (if (i32.eq (local.get $pick) (i32.const 168)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x1001) (i32.const 0x0) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 array at the last address
    (if (i32.eq (local.get $pick) (i32.const 169)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0xffffffff) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 array at the end
    (if (i32.eq (local.get $pick) (i32.const 170)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x110000) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 array across the end
    (if (i32.eq (local.get $pick) (i32.const 171)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x10fffc) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 array at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 172)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0xfffffff8) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 array over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 173)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0xfffffff8) (i32.const 0x2) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 array misaligned
    (if (i32.eq (local.get $pick) (i32.const 174)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x1001) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 count 0xffffffff
    (if (i32.eq (local.get $pick) (i32.const 175)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x8b0) (i32.const 0xffffffff) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 count whose size wraps to nothing
    (if (i32.eq (local.get $pick) (i32.const 176)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x8b0) (i32.const 0x20000000) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 count whose size wraps to one
    (if (i32.eq (local.get $pick) (i32.const 177)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x8b0) (i32.const 0x20000001) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 fits: buffers that overlap
    (if (i32.eq (local.get $pick) (i32.const 178)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x800) (i32.const 0x2) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 fits: buffers that are the array
    (if (i32.eq (local.get $pick) (i32.const 179)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x810) (i32.const 0x2) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 180)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x820) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 181)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x828) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 182)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x830) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 183)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x838) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 one at the last address
    (if (i32.eq (local.get $pick) (i32.const 184)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x840) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 one at the end
    (if (i32.eq (local.get $pick) (i32.const 185)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x848) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 one across the end
    (if (i32.eq (local.get $pick) (i32.const 186)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x850) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 one of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 187)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x858) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 one over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 188)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x860) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 one up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 189)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x868) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 the second bad
    (if (i32.eq (local.get $pick) (i32.const 190)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x870) (i32.const 0x2) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 empty ones, then a bad one
    (if (i32.eq (local.get $pick) (i32.const 191)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x880) (i32.const 0x3) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 2 sizes that add up to 4 GiB and 16
    (if (i32.eq (local.get $pick) (i32.const 192)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x898) (i32.const 0x3) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_pwrite: parameter 4 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 193)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x8b0) (i32.const 0x1) (i64.const 0) (i32.const 0x0)))))
    ;; fd_pwrite: parameter 4 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 194)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x8b0) (i32.const 0x1) (i64.const 0) (i32.const 0x10fffc)))))
    ;; fd_pwrite: parameter 4 at the end
    (if (i32.eq (local.get $pick) (i32.const 195)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x8b0) (i32.const 0x1) (i64.const 0) (i32.const 0x110000)))))
    ;; fd_pwrite: parameter 4 past the end
    (if (i32.eq (local.get $pick) (i32.const 196)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x8b0) (i32.const 0x1) (i64.const 0) (i32.const 0x110001)))))
    ;; fd_pwrite: parameter 4 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 197)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x8b0) (i32.const 0x1) (i64.const 0) (i32.const 0xfffffffc)))))
    ;; fd_pwrite: parameter 4 misaligned
    (if (i32.eq (local.get $pick) (i32.const 198)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x8b0) (i32.const 0x1) (i64.const 0) (i32.const 0x1001)))))
    ;; fd_pwrite: parameter 4 at the last address
    (if (i32.eq (local.get $pick) (i32.const 199)) (then (return (call $fd_pwrite (i32.const 0x2) (i32.const 0x8b0) (i32.const 0x1) (i64.const 0) (i32.const 0xffffffff)))))
    ;; fd_read: honest
    (if (i32.eq (local.get $pick) (i32.const 200)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 fits: count none
    (if (i32.eq (local.get $pick) (i32.const 201)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x8b0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 fits: count none, array at 0
    (if (i32.eq (local.get $pick) (i32.const 202)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 fits: count none, array at the end
    (if (i32.eq (local.get $pick) (i32.const 203)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x110000) (i32.const 0x0) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 fits: count none, array past the end
    (if (i32.eq (local.get $pick) (i32.const 204)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x110004) (i32.const 0x0) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 fits: count none, array at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 205)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0xfffffffc) (i32.const 0x0) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 fits: count none, array misaligned
    (if (i32.eq (local.get $pick) (i32.const 206)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x1001) (i32.const 0x0) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 array at the last address
    (if (i32.eq (local.get $pick) (i32.const 207)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0xffffffff) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 array at the end
    (if (i32.eq (local.get $pick) (i32.const 208)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x110000) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 array across the end
    (if (i32.eq (local.get $pick) (i32.const 209)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x10fffc) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 array at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 210)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0xfffffff8) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 array over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 211)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0xfffffff8) (i32.const 0x2) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 array misaligned
    (if (i32.eq (local.get $pick) (i32.const 212)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x1001) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 count 0xffffffff
    (if (i32.eq (local.get $pick) (i32.const 213)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x8b0) (i32.const 0xffffffff) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 count whose size wraps to nothing
    (if (i32.eq (local.get $pick) (i32.const 214)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x8b0) (i32.const 0x20000000) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 count whose size wraps to one
    (if (i32.eq (local.get $pick) (i32.const 215)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x8b0) (i32.const 0x20000001) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 fits: buffers that overlap
    (if (i32.eq (local.get $pick) (i32.const 216)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x800) (i32.const 0x2) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 fits: buffers that are the array
    (if (i32.eq (local.get $pick) (i32.const 217)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x810) (i32.const 0x2) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 218)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x820) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 219)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x828) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 220)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x830) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 221)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x838) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 one at the last address
    (if (i32.eq (local.get $pick) (i32.const 222)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x840) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 one at the end
    (if (i32.eq (local.get $pick) (i32.const 223)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x848) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 one across the end
    (if (i32.eq (local.get $pick) (i32.const 224)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x850) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 one of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 225)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x858) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 one over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 226)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x860) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 one up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 227)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x868) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 the second bad
    (if (i32.eq (local.get $pick) (i32.const 228)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x870) (i32.const 0x2) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 empty ones, then a bad one
    (if (i32.eq (local.get $pick) (i32.const 229)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x880) (i32.const 0x3) (i32.const 0x1000)))))
    ;; fd_read: parameter 2 sizes that add up to 4 GiB and 16
    (if (i32.eq (local.get $pick) (i32.const 230)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x898) (i32.const 0x3) (i32.const 0x1000)))))
    ;; fd_read: parameter 3 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 231)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0)))))
    ;; fd_read: parameter 3 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 232)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x10fffc)))))
    ;; fd_read: parameter 3 at the end
    (if (i32.eq (local.get $pick) (i32.const 233)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x110000)))))
    ;; fd_read: parameter 3 past the end
    (if (i32.eq (local.get $pick) (i32.const 234)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x110001)))))
    ;; fd_read: parameter 3 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 235)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0xfffffffc)))))
    ;; fd_read: parameter 3 misaligned
    (if (i32.eq (local.get $pick) (i32.const 236)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x1001)))))
    ;; fd_read: parameter 3 at the last address
    (if (i32.eq (local.get $pick) (i32.const 237)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0xffffffff)))))
    ;; fd_read: fits: count into the array
    (if (i32.eq (local.get $pick) (i32.const 238)) (then (return (call $fd_read (i32.const 0x0) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x8b0)))))
    ;; fd_readdir: honest
    (if (i32.eq (local.get $pick) (i32.const 239)) (then (return (call $fd_readdir (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_readdir: parameter 2 fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 240)) (then (return (call $fd_readdir (i32.const 0x3) (i32.const 0x0) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_readdir: parameter 2 fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 241)) (then (return (call $fd_readdir (i32.const 0x3) (i32.const 0x10ffff) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_readdir: parameter 2 fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 242)) (then (return (call $fd_readdir (i32.const 0x3) (i32.const 0x110000) (i32.const 0x0) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_readdir: parameter 2 nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 243)) (then (return (call $fd_readdir (i32.const 0x3) (i32.const 0x110001) (i32.const 0x0) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_readdir: parameter 2 nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 244)) (then (return (call $fd_readdir (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x0) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_readdir: parameter 2 past the end
    (if (i32.eq (local.get $pick) (i32.const 245)) (then (return (call $fd_readdir (i32.const 0x3) (i32.const 0x110001) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_readdir: parameter 2 at the last address
    (if (i32.eq (local.get $pick) (i32.const 246)) (then (return (call $fd_readdir (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_readdir: parameter 2 at the end
    (if (i32.eq (local.get $pick) (i32.const 247)) (then (return (call $fd_readdir (i32.const 0x3) (i32.const 0x110000) (i32.const 0x1) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_readdir: parameter 2 across the end
    (if (i32.eq (local.get $pick) (i32.const 248)) (then (return (call $fd_readdir (i32.const 0x3) (i32.const 0x10ffff) (i32.const 0x2) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_readdir: parameter 2 up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 249)) (then (return (call $fd_readdir (i32.const 0x3) (i32.const 0xfffffff0) (i32.const 0x10) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_readdir: parameter 2 over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 250)) (then (return (call $fd_readdir (i32.const 0x3) (i32.const 0xfffffff0) (i32.const 0x20) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_readdir: parameter 2 of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 251)) (then (return (call $fd_readdir (i32.const 0x3) (i32.const 0x1000) (i32.const 0xffffffff) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_readdir: parameter 2 of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 252)) (then (return (call $fd_readdir (i32.const 0x3) (i32.const 0x1000) (i32.const 0x80000000) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_readdir: parameter 2 at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 253)) (then (return (call $fd_readdir (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0xffffffff) (i64.const 0) (i32.const 0x1000)))))
    ;; fd_readdir: parameter 4 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 254)) (then (return (call $fd_readdir (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i64.const 0) (i32.const 0x0)))))
    ;; fd_readdir: parameter 4 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 255)) (then (return (call $fd_readdir (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i64.const 0) (i32.const 0x10fffc)))))
    ;; fd_readdir: parameter 4 at the end
    (if (i32.eq (local.get $pick) (i32.const 256)) (then (return (call $fd_readdir (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i64.const 0) (i32.const 0x110000)))))
    ;; fd_readdir: parameter 4 past the end
    (if (i32.eq (local.get $pick) (i32.const 257)) (then (return (call $fd_readdir (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i64.const 0) (i32.const 0x110001)))))
    ;; fd_readdir: parameter 4 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 258)) (then (return (call $fd_readdir (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i64.const 0) (i32.const 0xfffffffc)))))
    ;; fd_readdir: parameter 4 misaligned
    (if (i32.eq (local.get $pick) (i32.const 259)) (then (return (call $fd_readdir (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i64.const 0) (i32.const 0x1001)))))
    ;; fd_readdir: parameter 4 at the last address
    (if (i32.eq (local.get $pick) (i32.const 260)) (then (return (call $fd_readdir (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i64.const 0) (i32.const 0xffffffff)))))
    ;; fd_renumber: honest
    (if (i32.eq (local.get $pick) (i32.const 261)) (then (return (call $fd_renumber (i32.const 0xffffffff) (i32.const 0xfffffffe)))))
    ;; fd_seek: honest
    (if (i32.eq (local.get $pick) (i32.const 262)) (then (return (call $fd_seek (i32.const 0xffffffff) (i64.const 0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; fd_seek: parameter 4 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 263)) (then (return (call $fd_seek (i32.const 0xffffffff) (i64.const 0) (i32.const 0x0) (i32.const 0x0)))))
    ;; fd_seek: parameter 4 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 264)) (then (return (call $fd_seek (i32.const 0xffffffff) (i64.const 0) (i32.const 0x0) (i32.const 0x10fff8)))))
    ;; fd_seek: parameter 4 at the end
    (if (i32.eq (local.get $pick) (i32.const 265)) (then (return (call $fd_seek (i32.const 0xffffffff) (i64.const 0) (i32.const 0x0) (i32.const 0x110000)))))
    ;; fd_seek: parameter 4 past the end
    (if (i32.eq (local.get $pick) (i32.const 266)) (then (return (call $fd_seek (i32.const 0xffffffff) (i64.const 0) (i32.const 0x0) (i32.const 0x110001)))))
    ;; fd_seek: parameter 4 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 267)) (then (return (call $fd_seek (i32.const 0xffffffff) (i64.const 0) (i32.const 0x0) (i32.const 0xfffffff8)))))
    ;; fd_seek: parameter 4 misaligned
    (if (i32.eq (local.get $pick) (i32.const 268)) (then (return (call $fd_seek (i32.const 0xffffffff) (i64.const 0) (i32.const 0x0) (i32.const 0x1001)))))
    ;; fd_seek: parameter 4 at the last address
    (if (i32.eq (local.get $pick) (i32.const 269)) (then (return (call $fd_seek (i32.const 0xffffffff) (i64.const 0) (i32.const 0x0) (i32.const 0xffffffff)))))
    ;; fd_sync: honest
    (if (i32.eq (local.get $pick) (i32.const 270)) (then (return (call $fd_sync (i32.const 0xffffffff)))))
    ;; fd_tell: honest
    (if (i32.eq (local.get $pick) (i32.const 271)) (then (return (call $fd_tell (i32.const 0xffffffff) (i32.const 0x1000)))))
    ;; fd_tell: parameter 2 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 272)) (then (return (call $fd_tell (i32.const 0xffffffff) (i32.const 0x0)))))
    ;; fd_tell: parameter 2 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 273)) (then (return (call $fd_tell (i32.const 0xffffffff) (i32.const 0x10fff8)))))
    ;; fd_tell: parameter 2 at the end
    (if (i32.eq (local.get $pick) (i32.const 274)) (then (return (call $fd_tell (i32.const 0xffffffff) (i32.const 0x110000)))))
    ;; fd_tell: parameter 2 past the end
    (if (i32.eq (local.get $pick) (i32.const 275)) (then (return (call $fd_tell (i32.const 0xffffffff) (i32.const 0x110001)))))
    ;; fd_tell: parameter 2 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 276)) (then (return (call $fd_tell (i32.const 0xffffffff) (i32.const 0xfffffff8)))))
    ;; fd_tell: parameter 2 misaligned
    (if (i32.eq (local.get $pick) (i32.const 277)) (then (return (call $fd_tell (i32.const 0xffffffff) (i32.const 0x1001)))))
    ;; fd_tell: parameter 2 at the last address
    (if (i32.eq (local.get $pick) (i32.const 278)) (then (return (call $fd_tell (i32.const 0xffffffff) (i32.const 0xffffffff)))))
    ;; fd_write: honest
    (if (i32.eq (local.get $pick) (i32.const 279)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 fits: count none
    (if (i32.eq (local.get $pick) (i32.const 280)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x8b0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 fits: count none, array at 0
    (if (i32.eq (local.get $pick) (i32.const 281)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 fits: count none, array at the end
    (if (i32.eq (local.get $pick) (i32.const 282)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x110000) (i32.const 0x0) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 fits: count none, array past the end
    (if (i32.eq (local.get $pick) (i32.const 283)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x110004) (i32.const 0x0) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 fits: count none, array at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 284)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0xfffffffc) (i32.const 0x0) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 fits: count none, array misaligned
    (if (i32.eq (local.get $pick) (i32.const 285)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x1001) (i32.const 0x0) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 array at the last address
    (if (i32.eq (local.get $pick) (i32.const 286)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0xffffffff) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 array at the end
    (if (i32.eq (local.get $pick) (i32.const 287)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x110000) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 array across the end
    (if (i32.eq (local.get $pick) (i32.const 288)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x10fffc) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 array at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 289)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0xfffffff8) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 array over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 290)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0xfffffff8) (i32.const 0x2) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 array misaligned
    (if (i32.eq (local.get $pick) (i32.const 291)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x1001) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 count 0xffffffff
    (if (i32.eq (local.get $pick) (i32.const 292)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x8b0) (i32.const 0xffffffff) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 count whose size wraps to nothing
    (if (i32.eq (local.get $pick) (i32.const 293)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x8b0) (i32.const 0x20000000) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 count whose size wraps to one
    (if (i32.eq (local.get $pick) (i32.const 294)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x8b0) (i32.const 0x20000001) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 fits: buffers that overlap
    (if (i32.eq (local.get $pick) (i32.const 295)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x800) (i32.const 0x2) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 fits: buffers that are the array
    (if (i32.eq (local.get $pick) (i32.const 296)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x810) (i32.const 0x2) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 297)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x820) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 298)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x828) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 299)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x830) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 300)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x838) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 one at the last address
    (if (i32.eq (local.get $pick) (i32.const 301)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x840) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 one at the end
    (if (i32.eq (local.get $pick) (i32.const 302)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x848) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 one across the end
    (if (i32.eq (local.get $pick) (i32.const 303)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x850) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 one of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 304)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x858) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 one over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 305)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x860) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 one up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 306)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x868) (i32.const 0x1) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 the second bad
    (if (i32.eq (local.get $pick) (i32.const 307)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x870) (i32.const 0x2) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 empty ones, then a bad one
    (if (i32.eq (local.get $pick) (i32.const 308)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x880) (i32.const 0x3) (i32.const 0x1000)))))
    ;; fd_write: parameter 2 sizes that add up to 4 GiB and 16
    (if (i32.eq (local.get $pick) (i32.const 309)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x898) (i32.const 0x3) (i32.const 0x1000)))))
    ;; fd_write: parameter 3 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 310)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0)))))
    ;; fd_write: parameter 3 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 311)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x10fffc)))))
    ;; fd_write: parameter 3 at the end
    (if (i32.eq (local.get $pick) (i32.const 312)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x110000)))))
    ;; fd_write: parameter 3 past the end
    (if (i32.eq (local.get $pick) (i32.const 313)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x110001)))))
    ;; fd_write: parameter 3 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 314)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0xfffffffc)))))
    ;; fd_write: parameter 3 misaligned
    (if (i32.eq (local.get $pick) (i32.const 315)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x1001)))))
    ;; fd_write: parameter 3 at the last address
    (if (i32.eq (local.get $pick) (i32.const 316)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0xffffffff)))))
    ;; fd_write: fits: count into the array
    (if (i32.eq (local.get $pick) (i32.const 317)) (then (return (call $fd_write (i32.const 0x2) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x8b0)))))
    ;; path_create_directory: honest
    (if (i32.eq (local.get $pick) (i32.const 318)) (then (return (call $path_create_directory (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_create_directory: parameter 2 fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 319)) (then (return (call $path_create_directory (i32.const 0x3) (i32.const 0x0) (i32.const 0x1)))))
    ;; path_create_directory: parameter 2 fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 320)) (then (return (call $path_create_directory (i32.const 0x3) (i32.const 0x10ffff) (i32.const 0x1)))))
    ;; path_create_directory: parameter 2 fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 321)) (then (return (call $path_create_directory (i32.const 0x3) (i32.const 0x110000) (i32.const 0x0)))))
    ;; path_create_directory: parameter 2 nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 322)) (then (return (call $path_create_directory (i32.const 0x3) (i32.const 0x110001) (i32.const 0x0)))))
    ;; path_create_directory: parameter 2 nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 323)) (then (return (call $path_create_directory (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x0)))))
    ;; path_create_directory: parameter 2 past the end
    (if (i32.eq (local.get $pick) (i32.const 324)) (then (return (call $path_create_directory (i32.const 0x3) (i32.const 0x110001) (i32.const 0x1)))))
    ;; path_create_directory: parameter 2 at the last address
    (if (i32.eq (local.get $pick) (i32.const 325)) (then (return (call $path_create_directory (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x1)))))
    ;; path_create_directory: parameter 2 at the end
    (if (i32.eq (local.get $pick) (i32.const 326)) (then (return (call $path_create_directory (i32.const 0x3) (i32.const 0x110000) (i32.const 0x1)))))
    ;; path_create_directory: parameter 2 across the end
    (if (i32.eq (local.get $pick) (i32.const 327)) (then (return (call $path_create_directory (i32.const 0x3) (i32.const 0x10ffff) (i32.const 0x2)))))
    ;; path_create_directory: parameter 2 up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 328)) (then (return (call $path_create_directory (i32.const 0x3) (i32.const 0xfffffff0) (i32.const 0x10)))))
    ;; path_create_directory: parameter 2 over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 329)) (then (return (call $path_create_directory (i32.const 0x3) (i32.const 0xfffffff0) (i32.const 0x20)))))
    ;; path_create_directory: parameter 2 of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 330)) (then (return (call $path_create_directory (i32.const 0x3) (i32.const 0x1000) (i32.const 0xffffffff)))))
    ;; path_create_directory: parameter 2 of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 331)) (then (return (call $path_create_directory (i32.const 0x3) (i32.const 0x1000) (i32.const 0x80000000)))))
    ;; path_create_directory: parameter 2 at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 332)) (then (return (call $path_create_directory (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0xffffffff)))))
    ;; path_filestat_get: honest
    (if (i32.eq (local.get $pick) (i32.const 333)) (then (return (call $path_filestat_get (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000)))))
    ;; path_filestat_get: parameter 3 fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 334)) (then (return (call $path_filestat_get (i32.const 0x3) (i32.const 0x0) (i32.const 0x0) (i32.const 0x1) (i32.const 0x1000)))))
    ;; path_filestat_get: parameter 3 fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 335)) (then (return (call $path_filestat_get (i32.const 0x3) (i32.const 0x0) (i32.const 0x10ffff) (i32.const 0x1) (i32.const 0x1000)))))
    ;; path_filestat_get: parameter 3 fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 336)) (then (return (call $path_filestat_get (i32.const 0x3) (i32.const 0x0) (i32.const 0x110000) (i32.const 0x0) (i32.const 0x1000)))))
    ;; path_filestat_get: parameter 3 nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 337)) (then (return (call $path_filestat_get (i32.const 0x3) (i32.const 0x0) (i32.const 0x110001) (i32.const 0x0) (i32.const 0x1000)))))
    ;; path_filestat_get: parameter 3 nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 338)) (then (return (call $path_filestat_get (i32.const 0x3) (i32.const 0x0) (i32.const 0xffffffff) (i32.const 0x0) (i32.const 0x1000)))))
    ;; path_filestat_get: parameter 3 past the end
    (if (i32.eq (local.get $pick) (i32.const 339)) (then (return (call $path_filestat_get (i32.const 0x3) (i32.const 0x0) (i32.const 0x110001) (i32.const 0x1) (i32.const 0x1000)))))
    ;; path_filestat_get: parameter 3 at the last address
    (if (i32.eq (local.get $pick) (i32.const 340)) (then (return (call $path_filestat_get (i32.const 0x3) (i32.const 0x0) (i32.const 0xffffffff) (i32.const 0x1) (i32.const 0x1000)))))
    ;; path_filestat_get: parameter 3 at the end
    (if (i32.eq (local.get $pick) (i32.const 341)) (then (return (call $path_filestat_get (i32.const 0x3) (i32.const 0x0) (i32.const 0x110000) (i32.const 0x1) (i32.const 0x1000)))))
    ;; path_filestat_get: parameter 3 across the end
    (if (i32.eq (local.get $pick) (i32.const 342)) (then (return (call $path_filestat_get (i32.const 0x3) (i32.const 0x0) (i32.const 0x10ffff) (i32.const 0x2) (i32.const 0x1000)))))
    ;; path_filestat_get: parameter 3 up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 343)) (then (return (call $path_filestat_get (i32.const 0x3) (i32.const 0x0) (i32.const 0xfffffff0) (i32.const 0x10) (i32.const 0x1000)))))
    ;; path_filestat_get: parameter 3 over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 344)) (then (return (call $path_filestat_get (i32.const 0x3) (i32.const 0x0) (i32.const 0xfffffff0) (i32.const 0x20) (i32.const 0x1000)))))
    ;; path_filestat_get: parameter 3 of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 345)) (then (return (call $path_filestat_get (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0xffffffff) (i32.const 0x1000)))))
    ;; path_filestat_get: parameter 3 of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 346)) (then (return (call $path_filestat_get (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x80000000) (i32.const 0x1000)))))
    ;; path_filestat_get: parameter 3 at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 347)) (then (return (call $path_filestat_get (i32.const 0x3) (i32.const 0x0) (i32.const 0xffffffff) (i32.const 0xffffffff) (i32.const 0x1000)))))
    ;; path_filestat_get: parameter 4 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 348)) (then (return (call $path_filestat_get (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x0)))))
    ;; path_filestat_get: parameter 4 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 349)) (then (return (call $path_filestat_get (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x10ffc0)))))
    ;; path_filestat_get: parameter 4 at the end
    (if (i32.eq (local.get $pick) (i32.const 350)) (then (return (call $path_filestat_get (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x110000)))))
    ;; path_filestat_get: parameter 4 past the end
    (if (i32.eq (local.get $pick) (i32.const 351)) (then (return (call $path_filestat_get (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x110001)))))
    ;; path_filestat_get: parameter 4 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 352)) (then (return (call $path_filestat_get (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0xfffffff8)))))
    ;; path_filestat_get: parameter 4 across the end
    (if (i32.eq (local.get $pick) (i32.const 353)) (then (return (call $path_filestat_get (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x10fff8)))))
    ;; path_filestat_get: parameter 4 misaligned
    (if (i32.eq (local.get $pick) (i32.const 354)) (then (return (call $path_filestat_get (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1001)))))
    ;; path_filestat_get: parameter 4 at the last address
    (if (i32.eq (local.get $pick) (i32.const 355)) (then (return (call $path_filestat_get (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0xffffffff)))))
    ;; path_filestat_set_times: honest
    (if (i32.eq (local.get $pick) (i32.const 356)) (then (return (call $path_filestat_set_times (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i64.const 0) (i64.const 0) (i32.const 0x0)))))
    ;; path_filestat_set_times: parameter 3 fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 357)) (then (return (call $path_filestat_set_times (i32.const 0x3) (i32.const 0x0) (i32.const 0x0) (i32.const 0x1) (i64.const 0) (i64.const 0) (i32.const 0x0)))))
    ;; path_filestat_set_times: parameter 3 fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 358)) (then (return (call $path_filestat_set_times (i32.const 0x3) (i32.const 0x0) (i32.const 0x10ffff) (i32.const 0x1) (i64.const 0) (i64.const 0) (i32.const 0x0)))))
    ;; path_filestat_set_times: parameter 3 fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 359)) (then (return (call $path_filestat_set_times (i32.const 0x3) (i32.const 0x0) (i32.const 0x110000) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0)))))
    ;; path_filestat_set_times: parameter 3 nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 360)) (then (return (call $path_filestat_set_times (i32.const 0x3) (i32.const 0x0) (i32.const 0x110001) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0)))))
    ;; path_filestat_set_times: parameter 3 nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 361)) (then (return (call $path_filestat_set_times (i32.const 0x3) (i32.const 0x0) (i32.const 0xffffffff) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0)))))
    ;; path_filestat_set_times: parameter 3 past the end
    (if (i32.eq (local.get $pick) (i32.const 362)) (then (return (call $path_filestat_set_times (i32.const 0x3) (i32.const 0x0) (i32.const 0x110001) (i32.const 0x1) (i64.const 0) (i64.const 0) (i32.const 0x0)))))
    ;; path_filestat_set_times: parameter 3 at the last address
    (if (i32.eq (local.get $pick) (i32.const 363)) (then (return (call $path_filestat_set_times (i32.const 0x3) (i32.const 0x0) (i32.const 0xffffffff) (i32.const 0x1) (i64.const 0) (i64.const 0) (i32.const 0x0)))))
    ;; path_filestat_set_times: parameter 3 at the end
    (if (i32.eq (local.get $pick) (i32.const 364)) (then (return (call $path_filestat_set_times (i32.const 0x3) (i32.const 0x0) (i32.const 0x110000) (i32.const 0x1) (i64.const 0) (i64.const 0) (i32.const 0x0)))))
    ;; path_filestat_set_times: parameter 3 across the end
    (if (i32.eq (local.get $pick) (i32.const 365)) (then (return (call $path_filestat_set_times (i32.const 0x3) (i32.const 0x0) (i32.const 0x10ffff) (i32.const 0x2) (i64.const 0) (i64.const 0) (i32.const 0x0)))))
    ;; path_filestat_set_times: parameter 3 up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 366)) (then (return (call $path_filestat_set_times (i32.const 0x3) (i32.const 0x0) (i32.const 0xfffffff0) (i32.const 0x10) (i64.const 0) (i64.const 0) (i32.const 0x0)))))
    ;; path_filestat_set_times: parameter 3 over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 367)) (then (return (call $path_filestat_set_times (i32.const 0x3) (i32.const 0x0) (i32.const 0xfffffff0) (i32.const 0x20) (i64.const 0) (i64.const 0) (i32.const 0x0)))))
    ;; path_filestat_set_times: parameter 3 of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 368)) (then (return (call $path_filestat_set_times (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0xffffffff) (i64.const 0) (i64.const 0) (i32.const 0x0)))))
    ;; path_filestat_set_times: parameter 3 of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 369)) (then (return (call $path_filestat_set_times (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x80000000) (i64.const 0) (i64.const 0) (i32.const 0x0)))))
    ;; path_filestat_set_times: parameter 3 at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 370)) (then (return (call $path_filestat_set_times (i32.const 0x3) (i32.const 0x0) (i32.const 0xffffffff) (i32.const 0xffffffff) (i64.const 0) (i64.const 0) (i32.const 0x0)))))
    ;; path_link: honest
    (if (i32.eq (local.get $pick) (i32.const 371)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_link: parameter 3 fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 372)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0x0) (i32.const 0x1) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_link: parameter 3 fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 373)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0x10ffff) (i32.const 0x1) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_link: parameter 3 fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 374)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0x110000) (i32.const 0x0) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_link: parameter 3 nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 375)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0x110001) (i32.const 0x0) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_link: parameter 3 nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 376)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0xffffffff) (i32.const 0x0) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_link: parameter 3 past the end
    (if (i32.eq (local.get $pick) (i32.const 377)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0x110001) (i32.const 0x1) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_link: parameter 3 at the last address
    (if (i32.eq (local.get $pick) (i32.const 378)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0xffffffff) (i32.const 0x1) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_link: parameter 3 at the end
    (if (i32.eq (local.get $pick) (i32.const 379)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0x110000) (i32.const 0x1) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_link: parameter 3 across the end
    (if (i32.eq (local.get $pick) (i32.const 380)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0x10ffff) (i32.const 0x2) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_link: parameter 3 up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 381)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0xfffffff0) (i32.const 0x10) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_link: parameter 3 over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 382)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0xfffffff0) (i32.const 0x20) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_link: parameter 3 of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 383)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0xffffffff) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_link: parameter 3 of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 384)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x80000000) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_link: parameter 3 at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 385)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0xffffffff) (i32.const 0xffffffff) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_link: parameter 5 fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 386)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x0) (i32.const 0x1)))))
    ;; path_link: parameter 5 fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 387)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x10ffff) (i32.const 0x1)))))
    ;; path_link: parameter 5 fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 388)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x110000) (i32.const 0x0)))))
    ;; path_link: parameter 5 nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 389)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x110001) (i32.const 0x0)))))
    ;; path_link: parameter 5 nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 390)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x0)))))
    ;; path_link: parameter 5 past the end
    (if (i32.eq (local.get $pick) (i32.const 391)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x110001) (i32.const 0x1)))))
    ;; path_link: parameter 5 at the last address
    (if (i32.eq (local.get $pick) (i32.const 392)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x1)))))
    ;; path_link: parameter 5 at the end
    (if (i32.eq (local.get $pick) (i32.const 393)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x110000) (i32.const 0x1)))))
    ;; path_link: parameter 5 across the end
    (if (i32.eq (local.get $pick) (i32.const 394)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x10ffff) (i32.const 0x2)))))
    ;; path_link: parameter 5 up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 395)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0xfffffff0) (i32.const 0x10)))))
    ;; path_link: parameter 5 over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 396)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0xfffffff0) (i32.const 0x20)))))
    ;; path_link: parameter 5 of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 397)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x1000) (i32.const 0xffffffff)))))
    ;; path_link: parameter 5 of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 398)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x80000000)))))
    ;; path_link: parameter 5 at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 399)) (then (return (call $path_link (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0xffffffff)))))
    ;; path_open: honest
    (if (i32.eq (local.get $pick) (i32.const 400)) (then (return (call $path_open (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; path_open: parameter 3 fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 401)) (then (return (call $path_open (i32.const 0x3) (i32.const 0x0) (i32.const 0x0) (i32.const 0x1) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; path_open: parameter 3 fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 402)) (then (return (call $path_open (i32.const 0x3) (i32.const 0x0) (i32.const 0x10ffff) (i32.const 0x1) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; path_open: parameter 3 fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 403)) (then (return (call $path_open (i32.const 0x3) (i32.const 0x0) (i32.const 0x110000) (i32.const 0x0) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; path_open: parameter 3 nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 404)) (then (return (call $path_open (i32.const 0x3) (i32.const 0x0) (i32.const 0x110001) (i32.const 0x0) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; path_open: parameter 3 nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 405)) (then (return (call $path_open (i32.const 0x3) (i32.const 0x0) (i32.const 0xffffffff) (i32.const 0x0) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; path_open: parameter 3 past the end
    (if (i32.eq (local.get $pick) (i32.const 406)) (then (return (call $path_open (i32.const 0x3) (i32.const 0x0) (i32.const 0x110001) (i32.const 0x1) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; path_open: parameter 3 at the last address
    (if (i32.eq (local.get $pick) (i32.const 407)) (then (return (call $path_open (i32.const 0x3) (i32.const 0x0) (i32.const 0xffffffff) (i32.const 0x1) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; path_open: parameter 3 at the end
    (if (i32.eq (local.get $pick) (i32.const 408)) (then (return (call $path_open (i32.const 0x3) (i32.const 0x0) (i32.const 0x110000) (i32.const 0x1) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; path_open: parameter 3 across the end
    (if (i32.eq (local.get $pick) (i32.const 409)) (then (return (call $path_open (i32.const 0x3) (i32.const 0x0) (i32.const 0x10ffff) (i32.const 0x2) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; path_open: parameter 3 up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 410)) (then (return (call $path_open (i32.const 0x3) (i32.const 0x0) (i32.const 0xfffffff0) (i32.const 0x10) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; path_open: parameter 3 over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 411)) (then (return (call $path_open (i32.const 0x3) (i32.const 0x0) (i32.const 0xfffffff0) (i32.const 0x20) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; path_open: parameter 3 of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 412)) (then (return (call $path_open (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0xffffffff) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; path_open: parameter 3 of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 413)) (then (return (call $path_open (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x80000000) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; path_open: parameter 3 at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 414)) (then (return (call $path_open (i32.const 0x3) (i32.const 0x0) (i32.const 0xffffffff) (i32.const 0xffffffff) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; path_open: parameter 8 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 415)) (then (return (call $path_open (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0) (i32.const 0x0)))))
    ;; path_open: parameter 8 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 416)) (then (return (call $path_open (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0) (i32.const 0x10fffc)))))
    ;; path_open: parameter 8 at the end
    (if (i32.eq (local.get $pick) (i32.const 417)) (then (return (call $path_open (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0) (i32.const 0x110000)))))
    ;; path_open: parameter 8 past the end
    (if (i32.eq (local.get $pick) (i32.const 418)) (then (return (call $path_open (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0) (i32.const 0x110001)))))
    ;; path_open: parameter 8 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 419)) (then (return (call $path_open (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0) (i32.const 0xfffffffc)))))
    ;; path_open: parameter 8 misaligned
    (if (i32.eq (local.get $pick) (i32.const 420)) (then (return (call $path_open (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0) (i32.const 0x1001)))))
    ;; path_open: parameter 8 at the last address
    (if (i32.eq (local.get $pick) (i32.const 421)) (then (return (call $path_open (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x0) (i64.const 0) (i64.const 0) (i32.const 0x0) (i32.const 0xffffffff)))))
    ;; path_readlink: honest
    (if (i32.eq (local.get $pick) (i32.const 422)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000)))))
    ;; path_readlink: parameter 2 fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 423)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x0) (i32.const 0x1) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000)))))
    ;; path_readlink: parameter 2 fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 424)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x10ffff) (i32.const 0x1) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000)))))
    ;; path_readlink: parameter 2 fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 425)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x110000) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000)))))
    ;; path_readlink: parameter 2 nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 426)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x110001) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000)))))
    ;; path_readlink: parameter 2 nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 427)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000)))))
    ;; path_readlink: parameter 2 past the end
    (if (i32.eq (local.get $pick) (i32.const 428)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x110001) (i32.const 0x1) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000)))))
    ;; path_readlink: parameter 2 at the last address
    (if (i32.eq (local.get $pick) (i32.const 429)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x1) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000)))))
    ;; path_readlink: parameter 2 at the end
    (if (i32.eq (local.get $pick) (i32.const 430)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x110000) (i32.const 0x1) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000)))))
    ;; path_readlink: parameter 2 across the end
    (if (i32.eq (local.get $pick) (i32.const 431)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x10ffff) (i32.const 0x2) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000)))))
    ;; path_readlink: parameter 2 up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 432)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0xfffffff0) (i32.const 0x10) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000)))))
    ;; path_readlink: parameter 2 over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 433)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0xfffffff0) (i32.const 0x20) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000)))))
    ;; path_readlink: parameter 2 of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 434)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x1000) (i32.const 0xffffffff) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000)))))
    ;; path_readlink: parameter 2 of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 435)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x1000) (i32.const 0x80000000) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000)))))
    ;; path_readlink: parameter 2 at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 436)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0xffffffff) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000)))))
    ;; path_readlink: parameter 3 fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 437)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x0) (i32.const 0x1) (i32.const 0x1000)))))
    ;; path_readlink: parameter 3 fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 438)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x10ffff) (i32.const 0x1) (i32.const 0x1000)))))
    ;; path_readlink: parameter 3 fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 439)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x110000) (i32.const 0x0) (i32.const 0x1000)))))
    ;; path_readlink: parameter 3 nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 440)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x110001) (i32.const 0x0) (i32.const 0x1000)))))
    ;; path_readlink: parameter 3 nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 441)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0xffffffff) (i32.const 0x0) (i32.const 0x1000)))))
    ;; path_readlink: parameter 3 past the end
    (if (i32.eq (local.get $pick) (i32.const 442)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x110001) (i32.const 0x1) (i32.const 0x1000)))))
    ;; path_readlink: parameter 3 at the last address
    (if (i32.eq (local.get $pick) (i32.const 443)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0xffffffff) (i32.const 0x1) (i32.const 0x1000)))))
    ;; path_readlink: parameter 3 at the end
    (if (i32.eq (local.get $pick) (i32.const 444)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x110000) (i32.const 0x1) (i32.const 0x1000)))))
    ;; path_readlink: parameter 3 across the end
    (if (i32.eq (local.get $pick) (i32.const 445)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x10ffff) (i32.const 0x2) (i32.const 0x1000)))))
    ;; path_readlink: parameter 3 up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 446)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0xfffffff0) (i32.const 0x10) (i32.const 0x1000)))))
    ;; path_readlink: parameter 3 over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 447)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0xfffffff0) (i32.const 0x20) (i32.const 0x1000)))))
    ;; path_readlink: parameter 3 of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 448)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000) (i32.const 0xffffffff) (i32.const 0x1000)))))
    ;; path_readlink: parameter 3 of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 449)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000) (i32.const 0x80000000) (i32.const 0x1000)))))
    ;; path_readlink: parameter 3 at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 450)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0xffffffff) (i32.const 0xffffffff) (i32.const 0x1000)))))
    ;; path_readlink: parameter 4 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 451)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x0)))))
    ;; path_readlink: parameter 4 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 452)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x10fffc)))))
    ;; path_readlink: parameter 4 at the end
    (if (i32.eq (local.get $pick) (i32.const 453)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x110000)))))
    ;; path_readlink: parameter 4 past the end
    (if (i32.eq (local.get $pick) (i32.const 454)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x110001)))))
    ;; path_readlink: parameter 4 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 455)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000) (i32.const 0x8) (i32.const 0xfffffffc)))))
    ;; path_readlink: parameter 4 misaligned
    (if (i32.eq (local.get $pick) (i32.const 456)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1001)))))
    ;; path_readlink: parameter 4 at the last address
    (if (i32.eq (local.get $pick) (i32.const 457)) (then (return (call $path_readlink (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x1000) (i32.const 0x8) (i32.const 0xffffffff)))))
    ;; path_remove_directory: honest
    (if (i32.eq (local.get $pick) (i32.const 458)) (then (return (call $path_remove_directory (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_remove_directory: parameter 2 fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 459)) (then (return (call $path_remove_directory (i32.const 0x3) (i32.const 0x0) (i32.const 0x1)))))
    ;; path_remove_directory: parameter 2 fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 460)) (then (return (call $path_remove_directory (i32.const 0x3) (i32.const 0x10ffff) (i32.const 0x1)))))
    ;; path_remove_directory: parameter 2 fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 461)) (then (return (call $path_remove_directory (i32.const 0x3) (i32.const 0x110000) (i32.const 0x0)))))
    ;; path_remove_directory: parameter 2 nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 462)) (then (return (call $path_remove_directory (i32.const 0x3) (i32.const 0x110001) (i32.const 0x0)))))
    ;; path_remove_directory: parameter 2 nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 463)) (then (return (call $path_remove_directory (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x0)))))
    ;; path_remove_directory: parameter 2 past the end
    (if (i32.eq (local.get $pick) (i32.const 464)) (then (return (call $path_remove_directory (i32.const 0x3) (i32.const 0x110001) (i32.const 0x1)))))
    ;; path_remove_directory: parameter 2 at the last address
    (if (i32.eq (local.get $pick) (i32.const 465)) (then (return (call $path_remove_directory (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x1)))))
    ;; path_remove_directory: parameter 2 at the end
    (if (i32.eq (local.get $pick) (i32.const 466)) (then (return (call $path_remove_directory (i32.const 0x3) (i32.const 0x110000) (i32.const 0x1)))))
    ;; path_remove_directory: parameter 2 across the end
    (if (i32.eq (local.get $pick) (i32.const 467)) (then (return (call $path_remove_directory (i32.const 0x3) (i32.const 0x10ffff) (i32.const 0x2)))))
    ;; path_remove_directory: parameter 2 up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 468)) (then (return (call $path_remove_directory (i32.const 0x3) (i32.const 0xfffffff0) (i32.const 0x10)))))
    ;; path_remove_directory: parameter 2 over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 469)) (then (return (call $path_remove_directory (i32.const 0x3) (i32.const 0xfffffff0) (i32.const 0x20)))))
    ;; path_remove_directory: parameter 2 of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 470)) (then (return (call $path_remove_directory (i32.const 0x3) (i32.const 0x1000) (i32.const 0xffffffff)))))
    ;; path_remove_directory: parameter 2 of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 471)) (then (return (call $path_remove_directory (i32.const 0x3) (i32.const 0x1000) (i32.const 0x80000000)))))
    ;; path_remove_directory: parameter 2 at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 472)) (then (return (call $path_remove_directory (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0xffffffff)))))
    ;; path_rename: honest
    (if (i32.eq (local.get $pick) (i32.const 473)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_rename: parameter 2 fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 474)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0x0) (i32.const 0x1) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_rename: parameter 2 fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 475)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0x10ffff) (i32.const 0x1) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_rename: parameter 2 fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 476)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0x110000) (i32.const 0x0) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_rename: parameter 2 nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 477)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0x110001) (i32.const 0x0) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_rename: parameter 2 nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 478)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x0) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_rename: parameter 2 past the end
    (if (i32.eq (local.get $pick) (i32.const 479)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0x110001) (i32.const 0x1) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_rename: parameter 2 at the last address
    (if (i32.eq (local.get $pick) (i32.const 480)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x1) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_rename: parameter 2 at the end
    (if (i32.eq (local.get $pick) (i32.const 481)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0x110000) (i32.const 0x1) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_rename: parameter 2 across the end
    (if (i32.eq (local.get $pick) (i32.const 482)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0x10ffff) (i32.const 0x2) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_rename: parameter 2 up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 483)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0xfffffff0) (i32.const 0x10) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_rename: parameter 2 over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 484)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0xfffffff0) (i32.const 0x20) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_rename: parameter 2 of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 485)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0x1000) (i32.const 0xffffffff) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_rename: parameter 2 of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 486)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0x1000) (i32.const 0x80000000) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_rename: parameter 2 at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 487)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0xffffffff) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_rename: parameter 4 fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 488)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x0) (i32.const 0x1)))))
    ;; path_rename: parameter 4 fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 489)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x10ffff) (i32.const 0x1)))))
    ;; path_rename: parameter 4 fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 490)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x110000) (i32.const 0x0)))))
    ;; path_rename: parameter 4 nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 491)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x110001) (i32.const 0x0)))))
    ;; path_rename: parameter 4 nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 492)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x0)))))
    ;; path_rename: parameter 4 past the end
    (if (i32.eq (local.get $pick) (i32.const 493)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x110001) (i32.const 0x1)))))
    ;; path_rename: parameter 4 at the last address
    (if (i32.eq (local.get $pick) (i32.const 494)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x1)))))
    ;; path_rename: parameter 4 at the end
    (if (i32.eq (local.get $pick) (i32.const 495)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x110000) (i32.const 0x1)))))
    ;; path_rename: parameter 4 across the end
    (if (i32.eq (local.get $pick) (i32.const 496)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x10ffff) (i32.const 0x2)))))
    ;; path_rename: parameter 4 up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 497)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0xfffffff0) (i32.const 0x10)))))
    ;; path_rename: parameter 4 over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 498)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0xfffffff0) (i32.const 0x20)))))
    ;; path_rename: parameter 4 of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 499)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x1000) (i32.const 0xffffffff)))))
    ;; path_rename: parameter 4 of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 500)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x80000000)))))
    ;; path_rename: parameter 4 at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 501)) (then (return (call $path_rename (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0xffffffff)))))
    ;; path_symlink: honest
    (if (i32.eq (local.get $pick) (i32.const 502)) (then (return (call $path_symlink (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_symlink: parameter 1 fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 503)) (then (return (call $path_symlink (i32.const 0x0) (i32.const 0x1) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_symlink: parameter 1 fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 504)) (then (return (call $path_symlink (i32.const 0x10ffff) (i32.const 0x1) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_symlink: parameter 1 fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 505)) (then (return (call $path_symlink (i32.const 0x110000) (i32.const 0x0) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_symlink: parameter 1 nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 506)) (then (return (call $path_symlink (i32.const 0x110001) (i32.const 0x0) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_symlink: parameter 1 nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 507)) (then (return (call $path_symlink (i32.const 0xffffffff) (i32.const 0x0) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_symlink: parameter 1 past the end
    (if (i32.eq (local.get $pick) (i32.const 508)) (then (return (call $path_symlink (i32.const 0x110001) (i32.const 0x1) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_symlink: parameter 1 at the last address
    (if (i32.eq (local.get $pick) (i32.const 509)) (then (return (call $path_symlink (i32.const 0xffffffff) (i32.const 0x1) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_symlink: parameter 1 at the end
    (if (i32.eq (local.get $pick) (i32.const 510)) (then (return (call $path_symlink (i32.const 0x110000) (i32.const 0x1) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_symlink: parameter 1 across the end
    (if (i32.eq (local.get $pick) (i32.const 511)) (then (return (call $path_symlink (i32.const 0x10ffff) (i32.const 0x2) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_symlink: parameter 1 up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 512)) (then (return (call $path_symlink (i32.const 0xfffffff0) (i32.const 0x10) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_symlink: parameter 1 over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 513)) (then (return (call $path_symlink (i32.const 0xfffffff0) (i32.const 0x20) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_symlink: parameter 1 of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 514)) (then (return (call $path_symlink (i32.const 0x1000) (i32.const 0xffffffff) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_symlink: parameter 1 of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 515)) (then (return (call $path_symlink (i32.const 0x1000) (i32.const 0x80000000) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_symlink: parameter 1 at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 516)) (then (return (call $path_symlink (i32.const 0xffffffff) (i32.const 0xffffffff) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_symlink: parameter 3 fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 517)) (then (return (call $path_symlink (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x0) (i32.const 0x1)))))
    ;; path_symlink: parameter 3 fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 518)) (then (return (call $path_symlink (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x10ffff) (i32.const 0x1)))))
    ;; path_symlink: parameter 3 fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 519)) (then (return (call $path_symlink (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x110000) (i32.const 0x0)))))
    ;; path_symlink: parameter 3 nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 520)) (then (return (call $path_symlink (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x110001) (i32.const 0x0)))))
    ;; path_symlink: parameter 3 nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 521)) (then (return (call $path_symlink (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x0)))))
    ;; path_symlink: parameter 3 past the end
    (if (i32.eq (local.get $pick) (i32.const 522)) (then (return (call $path_symlink (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x110001) (i32.const 0x1)))))
    ;; path_symlink: parameter 3 at the last address
    (if (i32.eq (local.get $pick) (i32.const 523)) (then (return (call $path_symlink (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x1)))))
    ;; path_symlink: parameter 3 at the end
    (if (i32.eq (local.get $pick) (i32.const 524)) (then (return (call $path_symlink (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x110000) (i32.const 0x1)))))
    ;; path_symlink: parameter 3 across the end
    (if (i32.eq (local.get $pick) (i32.const 525)) (then (return (call $path_symlink (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x10ffff) (i32.const 0x2)))))
    ;; path_symlink: parameter 3 up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 526)) (then (return (call $path_symlink (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0xfffffff0) (i32.const 0x10)))))
    ;; path_symlink: parameter 3 over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 527)) (then (return (call $path_symlink (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0xfffffff0) (i32.const 0x20)))))
    ;; path_symlink: parameter 3 of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 528)) (then (return (call $path_symlink (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x1000) (i32.const 0xffffffff)))))
    ;; path_symlink: parameter 3 of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 529)) (then (return (call $path_symlink (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0x1000) (i32.const 0x80000000)))))
    ;; path_symlink: parameter 3 at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 530)) (then (return (call $path_symlink (i32.const 0x1000) (i32.const 0x8) (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0xffffffff)))))
    ;; path_unlink_file: honest
    (if (i32.eq (local.get $pick) (i32.const 531)) (then (return (call $path_unlink_file (i32.const 0x3) (i32.const 0x1000) (i32.const 0x8)))))
    ;; path_unlink_file: parameter 2 fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 532)) (then (return (call $path_unlink_file (i32.const 0x3) (i32.const 0x0) (i32.const 0x1)))))
    ;; path_unlink_file: parameter 2 fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 533)) (then (return (call $path_unlink_file (i32.const 0x3) (i32.const 0x10ffff) (i32.const 0x1)))))
    ;; path_unlink_file: parameter 2 fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 534)) (then (return (call $path_unlink_file (i32.const 0x3) (i32.const 0x110000) (i32.const 0x0)))))
    ;; path_unlink_file: parameter 2 nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 535)) (then (return (call $path_unlink_file (i32.const 0x3) (i32.const 0x110001) (i32.const 0x0)))))
    ;; path_unlink_file: parameter 2 nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 536)) (then (return (call $path_unlink_file (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x0)))))
    ;; path_unlink_file: parameter 2 past the end
    (if (i32.eq (local.get $pick) (i32.const 537)) (then (return (call $path_unlink_file (i32.const 0x3) (i32.const 0x110001) (i32.const 0x1)))))
    ;; path_unlink_file: parameter 2 at the last address
    (if (i32.eq (local.get $pick) (i32.const 538)) (then (return (call $path_unlink_file (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x1)))))
    ;; path_unlink_file: parameter 2 at the end
    (if (i32.eq (local.get $pick) (i32.const 539)) (then (return (call $path_unlink_file (i32.const 0x3) (i32.const 0x110000) (i32.const 0x1)))))
    ;; path_unlink_file: parameter 2 across the end
    (if (i32.eq (local.get $pick) (i32.const 540)) (then (return (call $path_unlink_file (i32.const 0x3) (i32.const 0x10ffff) (i32.const 0x2)))))
    ;; path_unlink_file: parameter 2 up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 541)) (then (return (call $path_unlink_file (i32.const 0x3) (i32.const 0xfffffff0) (i32.const 0x10)))))
    ;; path_unlink_file: parameter 2 over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 542)) (then (return (call $path_unlink_file (i32.const 0x3) (i32.const 0xfffffff0) (i32.const 0x20)))))
    ;; path_unlink_file: parameter 2 of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 543)) (then (return (call $path_unlink_file (i32.const 0x3) (i32.const 0x1000) (i32.const 0xffffffff)))))
    ;; path_unlink_file: parameter 2 of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 544)) (then (return (call $path_unlink_file (i32.const 0x3) (i32.const 0x1000) (i32.const 0x80000000)))))
    ;; path_unlink_file: parameter 2 at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 545)) (then (return (call $path_unlink_file (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0xffffffff)))))
    ;; poll_oneoff: honest
    (if (i32.eq (local.get $pick) (i32.const 546)) (then (return (call $poll_oneoff (i32.const 0x1000) (i32.const 0x1000) (i32.const 0x1) (i32.const 0x1000)))))
    ;; poll_oneoff: parameter 1 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 547)) (then (return (call $poll_oneoff (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1) (i32.const 0x1000)))))
    ;; poll_oneoff: parameter 1 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 548)) (then (return (call $poll_oneoff (i32.const 0x10ffd0) (i32.const 0x1000) (i32.const 0x1) (i32.const 0x1000)))))
    ;; poll_oneoff: parameter 1 at the end
    (if (i32.eq (local.get $pick) (i32.const 549)) (then (return (call $poll_oneoff (i32.const 0x110000) (i32.const 0x1000) (i32.const 0x1) (i32.const 0x1000)))))
    ;; poll_oneoff: parameter 1 past the end
    (if (i32.eq (local.get $pick) (i32.const 550)) (then (return (call $poll_oneoff (i32.const 0x110001) (i32.const 0x1000) (i32.const 0x1) (i32.const 0x1000)))))
    ;; poll_oneoff: parameter 1 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 551)) (then (return (call $poll_oneoff (i32.const 0xfffffff8) (i32.const 0x1000) (i32.const 0x1) (i32.const 0x1000)))))
    ;; poll_oneoff: parameter 1 across the end
    (if (i32.eq (local.get $pick) (i32.const 552)) (then (return (call $poll_oneoff (i32.const 0x10fff8) (i32.const 0x1000) (i32.const 0x1) (i32.const 0x1000)))))
    ;; poll_oneoff: parameter 1 misaligned
    (if (i32.eq (local.get $pick) (i32.const 553)) (then (return (call $poll_oneoff (i32.const 0x1001) (i32.const 0x1000) (i32.const 0x1) (i32.const 0x1000)))))
    ;; poll_oneoff: parameter 1 at the last address
    (if (i32.eq (local.get $pick) (i32.const 554)) (then (return (call $poll_oneoff (i32.const 0xffffffff) (i32.const 0x1000) (i32.const 0x1) (i32.const 0x1000)))))
    ;; poll_oneoff: parameter 2 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 555)) (then (return (call $poll_oneoff (i32.const 0x1000) (i32.const 0x0) (i32.const 0x1) (i32.const 0x1000)))))
    ;; poll_oneoff: parameter 2 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 556)) (then (return (call $poll_oneoff (i32.const 0x1000) (i32.const 0x10ffe0) (i32.const 0x1) (i32.const 0x1000)))))
    ;; poll_oneoff: parameter 2 at the end
    (if (i32.eq (local.get $pick) (i32.const 557)) (then (return (call $poll_oneoff (i32.const 0x1000) (i32.const 0x110000) (i32.const 0x1) (i32.const 0x1000)))))
    ;; poll_oneoff: parameter 2 past the end
    (if (i32.eq (local.get $pick) (i32.const 558)) (then (return (call $poll_oneoff (i32.const 0x1000) (i32.const 0x110001) (i32.const 0x1) (i32.const 0x1000)))))
    ;; poll_oneoff: parameter 2 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 559)) (then (return (call $poll_oneoff (i32.const 0x1000) (i32.const 0xfffffff8) (i32.const 0x1) (i32.const 0x1000)))))
    ;; poll_oneoff: parameter 2 across the end
    (if (i32.eq (local.get $pick) (i32.const 560)) (then (return (call $poll_oneoff (i32.const 0x1000) (i32.const 0x10fff8) (i32.const 0x1) (i32.const 0x1000)))))
    ;; poll_oneoff: parameter 2 misaligned
    (if (i32.eq (local.get $pick) (i32.const 561)) (then (return (call $poll_oneoff (i32.const 0x1000) (i32.const 0x1001) (i32.const 0x1) (i32.const 0x1000)))))
    ;; poll_oneoff: parameter 2 at the last address
    (if (i32.eq (local.get $pick) (i32.const 562)) (then (return (call $poll_oneoff (i32.const 0x1000) (i32.const 0xffffffff) (i32.const 0x1) (i32.const 0x1000)))))
    ;; poll_oneoff: parameter 4 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 563)) (then (return (call $poll_oneoff (i32.const 0x1000) (i32.const 0x1000) (i32.const 0x1) (i32.const 0x0)))))
    ;; poll_oneoff: parameter 4 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 564)) (then (return (call $poll_oneoff (i32.const 0x1000) (i32.const 0x1000) (i32.const 0x1) (i32.const 0x10fffc)))))
    ;; poll_oneoff: parameter 4 at the end
    (if (i32.eq (local.get $pick) (i32.const 565)) (then (return (call $poll_oneoff (i32.const 0x1000) (i32.const 0x1000) (i32.const 0x1) (i32.const 0x110000)))))
    ;; poll_oneoff: parameter 4 past the end
    (if (i32.eq (local.get $pick) (i32.const 566)) (then (return (call $poll_oneoff (i32.const 0x1000) (i32.const 0x1000) (i32.const 0x1) (i32.const 0x110001)))))
    ;; poll_oneoff: parameter 4 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 567)) (then (return (call $poll_oneoff (i32.const 0x1000) (i32.const 0x1000) (i32.const 0x1) (i32.const 0xfffffffc)))))
    ;; poll_oneoff: parameter 4 misaligned
    (if (i32.eq (local.get $pick) (i32.const 568)) (then (return (call $poll_oneoff (i32.const 0x1000) (i32.const 0x1000) (i32.const 0x1) (i32.const 0x1001)))))
    ;; poll_oneoff: parameter 4 at the last address
    (if (i32.eq (local.get $pick) (i32.const 569)) (then (return (call $poll_oneoff (i32.const 0x1000) (i32.const 0x1000) (i32.const 0x1) (i32.const 0xffffffff)))))
    ;; poll_oneoff: count none
    (if (i32.eq (local.get $pick) (i32.const 570)) (then (return (call $poll_oneoff (i32.const 0x1000) (i32.const 0x1000) (i32.const 0x0) (i32.const 0x1000)))))
    ;; poll_oneoff: count 0xffffffff
    (if (i32.eq (local.get $pick) (i32.const 571)) (then (return (call $poll_oneoff (i32.const 0x1000) (i32.const 0x1000) (i32.const 0xffffffff) (i32.const 0x1000)))))
    ;; poll_oneoff: count whose size wraps
    (if (i32.eq (local.get $pick) (i32.const 572)) (then (return (call $poll_oneoff (i32.const 0x1000) (i32.const 0x1000) (i32.const 0x5555556) (i32.const 0x1000)))))
    ;; proc_exit: honest
    (if (i32.eq (local.get $pick) (i32.const 573)) (then (return (call $proc_exit (i32.const 0x0)) (i32.const 0))))
    ;; proc_exit: code 0x1
    (if (i32.eq (local.get $pick) (i32.const 574)) (then (return (call $proc_exit (i32.const 0x1)) (i32.const 0))))
    ;; proc_exit: code 0x7d
    (if (i32.eq (local.get $pick) (i32.const 575)) (then (return (call $proc_exit (i32.const 0x7d)) (i32.const 0))))
    ;; proc_exit: code 0x7e
    (if (i32.eq (local.get $pick) (i32.const 576)) (then (return (call $proc_exit (i32.const 0x7e)) (i32.const 0))))
    ;; proc_exit: code 0xffffffff
    (if (i32.eq (local.get $pick) (i32.const 577)) (then (return (call $proc_exit (i32.const 0xffffffff)) (i32.const 0))))
    ;; proc_raise: honest
    (if (i32.eq (local.get $pick) (i32.const 578)) (then (return (call $proc_raise (i32.const 0x0)))))
    ;; random_get: honest
    (if (i32.eq (local.get $pick) (i32.const 579)) (then (return (call $random_get (i32.const 0x1000) (i32.const 0x8)))))
    ;; random_get: parameter 1 fits: one byte at 0
    (if (i32.eq (local.get $pick) (i32.const 580)) (then (return (call $random_get (i32.const 0x0) (i32.const 0x1)))))
    ;; random_get: parameter 1 fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 581)) (then (return (call $random_get (i32.const 0x10ffff) (i32.const 0x1)))))
    ;; random_get: parameter 1 fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 582)) (then (return (call $random_get (i32.const 0x110000) (i32.const 0x0)))))
    ;; random_get: parameter 1 nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 583)) (then (return (call $random_get (i32.const 0x110001) (i32.const 0x0)))))
    ;; random_get: parameter 1 nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 584)) (then (return (call $random_get (i32.const 0xffffffff) (i32.const 0x0)))))
    ;; random_get: parameter 1 past the end
    (if (i32.eq (local.get $pick) (i32.const 585)) (then (return (call $random_get (i32.const 0x110001) (i32.const 0x1)))))
    ;; random_get: parameter 1 at the last address
    (if (i32.eq (local.get $pick) (i32.const 586)) (then (return (call $random_get (i32.const 0xffffffff) (i32.const 0x1)))))
    ;; random_get: parameter 1 at the end
    (if (i32.eq (local.get $pick) (i32.const 587)) (then (return (call $random_get (i32.const 0x110000) (i32.const 0x1)))))
    ;; random_get: parameter 1 across the end
    (if (i32.eq (local.get $pick) (i32.const 588)) (then (return (call $random_get (i32.const 0x10ffff) (i32.const 0x2)))))
    ;; random_get: parameter 1 up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 589)) (then (return (call $random_get (i32.const 0xfffffff0) (i32.const 0x10)))))
    ;; random_get: parameter 1 over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 590)) (then (return (call $random_get (i32.const 0xfffffff0) (i32.const 0x20)))))
    ;; random_get: parameter 1 of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 591)) (then (return (call $random_get (i32.const 0x1000) (i32.const 0xffffffff)))))
    ;; random_get: parameter 1 of 2 GiB
    (if (i32.eq (local.get $pick) (i32.const 592)) (then (return (call $random_get (i32.const 0x1000) (i32.const 0x80000000)))))
    ;; random_get: parameter 1 at the last address, of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 593)) (then (return (call $random_get (i32.const 0xffffffff) (i32.const 0xffffffff)))))
    ;; sched_yield: honest
    (if (i32.eq (local.get $pick) (i32.const 594)) (then (return (call $sched_yield ))))
    ;; sock_accept: honest
    (if (i32.eq (local.get $pick) (i32.const 595)) (then (return (call $sock_accept (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_accept: parameter 3 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 596)) (then (return (call $sock_accept (i32.const 0x3) (i32.const 0x0) (i32.const 0x0)))))
    ;; sock_accept: parameter 3 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 597)) (then (return (call $sock_accept (i32.const 0x3) (i32.const 0x0) (i32.const 0x10fffc)))))
    ;; sock_accept: parameter 3 at the end
    (if (i32.eq (local.get $pick) (i32.const 598)) (then (return (call $sock_accept (i32.const 0x3) (i32.const 0x0) (i32.const 0x110000)))))
    ;; sock_accept: parameter 3 past the end
    (if (i32.eq (local.get $pick) (i32.const 599)) (then (return (call $sock_accept (i32.const 0x3) (i32.const 0x0) (i32.const 0x110001)))))
    ;; sock_accept: parameter 3 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 600)) (then (return (call $sock_accept (i32.const 0x3) (i32.const 0x0) (i32.const 0xfffffffc)))))
    ;; sock_accept: parameter 3 misaligned
    (if (i32.eq (local.get $pick) (i32.const 601)) (then (return (call $sock_accept (i32.const 0x3) (i32.const 0x0) (i32.const 0x1001)))))
    ;; sock_accept: parameter 3 at the last address
    (if (i32.eq (local.get $pick) (i32.const 602)) (then (return (call $sock_accept (i32.const 0x3) (i32.const 0x0) (i32.const 0xffffffff)))))
    ;; sock_recv: honest
    (if (i32.eq (local.get $pick) (i32.const 603)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 fits: count none
    (if (i32.eq (local.get $pick) (i32.const 604)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x0) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 fits: count none, array at 0
    (if (i32.eq (local.get $pick) (i32.const 605)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x0) (i32.const 0x0) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 fits: count none, array at the end
    (if (i32.eq (local.get $pick) (i32.const 606)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x110000) (i32.const 0x0) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 fits: count none, array past the end
    (if (i32.eq (local.get $pick) (i32.const 607)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x110004) (i32.const 0x0) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 fits: count none, array at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 608)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0xfffffffc) (i32.const 0x0) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 fits: count none, array misaligned
    (if (i32.eq (local.get $pick) (i32.const 609)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x1001) (i32.const 0x0) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 array at the last address
    (if (i32.eq (local.get $pick) (i32.const 610)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 array at the end
    (if (i32.eq (local.get $pick) (i32.const 611)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x110000) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 array across the end
    (if (i32.eq (local.get $pick) (i32.const 612)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x10fffc) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 array at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 613)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0xfffffff8) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 array over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 614)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0xfffffff8) (i32.const 0x2) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 array misaligned
    (if (i32.eq (local.get $pick) (i32.const 615)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x1001) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 count 0xffffffff
    (if (i32.eq (local.get $pick) (i32.const 616)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x8b0) (i32.const 0xffffffff) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 count whose size wraps to nothing
    (if (i32.eq (local.get $pick) (i32.const 617)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x20000000) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 count whose size wraps to one
    (if (i32.eq (local.get $pick) (i32.const 618)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x20000001) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 fits: buffers that overlap
    (if (i32.eq (local.get $pick) (i32.const 619)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x800) (i32.const 0x2) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 fits: buffers that are the array
    (if (i32.eq (local.get $pick) (i32.const 620)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x810) (i32.const 0x2) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 621)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x820) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 622)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x828) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 623)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x830) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 624)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x838) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 one at the last address
    (if (i32.eq (local.get $pick) (i32.const 625)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x840) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 one at the end
    (if (i32.eq (local.get $pick) (i32.const 626)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x848) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 one across the end
    (if (i32.eq (local.get $pick) (i32.const 627)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x850) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 one of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 628)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x858) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 one over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 629)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x860) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 one up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 630)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x868) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 the second bad
    (if (i32.eq (local.get $pick) (i32.const 631)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x870) (i32.const 0x2) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 empty ones, then a bad one
    (if (i32.eq (local.get $pick) (i32.const 632)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x880) (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 2 sizes that add up to 4 GiB and 16
    (if (i32.eq (local.get $pick) (i32.const 633)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x898) (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 4 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 634)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_recv: parameter 4 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 635)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0) (i32.const 0x10fffc) (i32.const 0x1000)))))
    ;; sock_recv: parameter 4 at the end
    (if (i32.eq (local.get $pick) (i32.const 636)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0) (i32.const 0x110000) (i32.const 0x1000)))))
    ;; sock_recv: parameter 4 past the end
    (if (i32.eq (local.get $pick) (i32.const 637)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0) (i32.const 0x110001) (i32.const 0x1000)))))
    ;; sock_recv: parameter 4 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 638)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0) (i32.const 0xfffffffc) (i32.const 0x1000)))))
    ;; sock_recv: parameter 4 misaligned
    (if (i32.eq (local.get $pick) (i32.const 639)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1001) (i32.const 0x1000)))))
    ;; sock_recv: parameter 4 at the last address
    (if (i32.eq (local.get $pick) (i32.const 640)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0) (i32.const 0xffffffff) (i32.const 0x1000)))))
    ;; sock_recv: parameter 5 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 641)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x0)))))
    ;; sock_recv: parameter 5 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 642)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x10fffe)))))
    ;; sock_recv: parameter 5 at the end
    (if (i32.eq (local.get $pick) (i32.const 643)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x110000)))))
    ;; sock_recv: parameter 5 past the end
    (if (i32.eq (local.get $pick) (i32.const 644)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x110001)))))
    ;; sock_recv: parameter 5 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 645)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000) (i32.const 0xfffffffe)))))
    ;; sock_recv: parameter 5 misaligned
    (if (i32.eq (local.get $pick) (i32.const 646)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000) (i32.const 0x1001)))))
    ;; sock_recv: parameter 5 at the last address
    (if (i32.eq (local.get $pick) (i32.const 647)) (then (return (call $sock_recv (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000) (i32.const 0xffffffff)))))
    ;; sock_send: honest
    (if (i32.eq (local.get $pick) (i32.const 648)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 fits: count none
    (if (i32.eq (local.get $pick) (i32.const 649)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 fits: count none, array at 0
    (if (i32.eq (local.get $pick) (i32.const 650)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x0) (i32.const 0x0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 fits: count none, array at the end
    (if (i32.eq (local.get $pick) (i32.const 651)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x110000) (i32.const 0x0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 fits: count none, array past the end
    (if (i32.eq (local.get $pick) (i32.const 652)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x110004) (i32.const 0x0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 fits: count none, array at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 653)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0xfffffffc) (i32.const 0x0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 fits: count none, array misaligned
    (if (i32.eq (local.get $pick) (i32.const 654)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x1001) (i32.const 0x0) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 array at the last address
    (if (i32.eq (local.get $pick) (i32.const 655)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0xffffffff) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 array at the end
    (if (i32.eq (local.get $pick) (i32.const 656)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x110000) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 array across the end
    (if (i32.eq (local.get $pick) (i32.const 657)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x10fffc) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 array at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 658)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0xfffffff8) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 array over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 659)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0xfffffff8) (i32.const 0x2) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 array misaligned
    (if (i32.eq (local.get $pick) (i32.const 660)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x1001) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 count 0xffffffff
    (if (i32.eq (local.get $pick) (i32.const 661)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x8b0) (i32.const 0xffffffff) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 count whose size wraps to nothing
    (if (i32.eq (local.get $pick) (i32.const 662)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x20000000) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 count whose size wraps to one
    (if (i32.eq (local.get $pick) (i32.const 663)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x20000001) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 fits: buffers that overlap
    (if (i32.eq (local.get $pick) (i32.const 664)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x800) (i32.const 0x2) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 fits: buffers that are the array
    (if (i32.eq (local.get $pick) (i32.const 665)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x810) (i32.const 0x2) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 fits: the last byte
    (if (i32.eq (local.get $pick) (i32.const 666)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x820) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 fits: nothing, at the end
    (if (i32.eq (local.get $pick) (i32.const 667)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x828) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 nothing, past the end
    (if (i32.eq (local.get $pick) (i32.const 668)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x830) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 nothing, at the last address
    (if (i32.eq (local.get $pick) (i32.const 669)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x838) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 one at the last address
    (if (i32.eq (local.get $pick) (i32.const 670)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x840) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 one at the end
    (if (i32.eq (local.get $pick) (i32.const 671)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x848) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 one across the end
    (if (i32.eq (local.get $pick) (i32.const 672)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x850) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 one of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 673)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x858) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 one over 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 674)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x860) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 one up to 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 675)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x868) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 the second bad
    (if (i32.eq (local.get $pick) (i32.const 676)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x870) (i32.const 0x2) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 empty ones, then a bad one
    (if (i32.eq (local.get $pick) (i32.const 677)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x880) (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 2 sizes that add up to 4 GiB and 16
    (if (i32.eq (local.get $pick) (i32.const 678)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x898) (i32.const 0x3) (i32.const 0x0) (i32.const 0x1000)))))
    ;; sock_send: parameter 4 fits: at 0
    (if (i32.eq (local.get $pick) (i32.const 679)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0) (i32.const 0x0)))))
    ;; sock_send: parameter 4 fits: just inside
    (if (i32.eq (local.get $pick) (i32.const 680)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0) (i32.const 0x10fffc)))))
    ;; sock_send: parameter 4 at the end
    (if (i32.eq (local.get $pick) (i32.const 681)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0) (i32.const 0x110000)))))
    ;; sock_send: parameter 4 past the end
    (if (i32.eq (local.get $pick) (i32.const 682)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0) (i32.const 0x110001)))))
    ;; sock_send: parameter 4 at the top of 4 GiB
    (if (i32.eq (local.get $pick) (i32.const 683)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0) (i32.const 0xfffffffc)))))
    ;; sock_send: parameter 4 misaligned
    (if (i32.eq (local.get $pick) (i32.const 684)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0) (i32.const 0x1001)))))
    ;; sock_send: parameter 4 at the last address
    (if (i32.eq (local.get $pick) (i32.const 685)) (then (return (call $sock_send (i32.const 0x3) (i32.const 0x8b0) (i32.const 0x1) (i32.const 0x0) (i32.const 0xffffffff)))))
    ;; sock_shutdown: honest
    (if (i32.eq (local.get $pick) (i32.const 686)) (then (return (call $sock_shutdown (i32.const 0x3) (i32.const 0x3)))))
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
