/* SPDX-License-Identifier: Apache-2.0 */
/* imports.h - all that a WebAssembly module may import, and all that its plugin may.
 *
 * CHIMERA_GUEST_IMPORTS(X) lists X(module, name, type, symbol): the import's two names, its type in
 * the letters of plugin.h, and the C function that serves it (the first argument of that function
 * is the `struct chimera_guest *`; then the parameters in order: i uint32_t, I uint64_t, f float, F
 * double). Anything else is refused before it is compiled. Sources: guest-abis.md §2.2, §3.3, §3.5,
 * §4.1; WASI preview 1 and its predecessor `wasi_unstable`, which differs where the symbol says
 * wasi0.
 *
 * Each family has a list of its own, because a policy may import only what its execution mode has
 * (guest-abis.md §1.1): what one mode keeps for a guest is not cleared by the rules of another.
 *
 * CHIMERA_RUNTIME_IMPORTS(X) lists X(symbol): what the generated code itself calls.
 */
#ifndef CHIMERA_IMPORTS_H
#define CHIMERA_IMPORTS_H

#define CHIMERA_WAPC_IMPORTS(X)                                               \
    X("wapc", "__guest_request", "ii:", chimera_wapc_guest_request)           \
    X("wapc", "__guest_response", "ii:", chimera_wapc_guest_response)         \
    X("wapc", "__guest_error", "ii:", chimera_wapc_guest_error)               \
    X("wapc", "__host_call", "iiiiiiii:i", chimera_wapc_host_call)            \
    X("wapc", "__host_response_len", ":i", chimera_wapc_host_response_len)    \
    X("wapc", "__host_response", "i:", chimera_wapc_host_response)            \
    X("wapc", "__host_error_len", ":i", chimera_wapc_host_error_len)          \
    X("wapc", "__host_error", "i:", chimera_wapc_host_error)                  \
    X("wapc", "__console_log", "ii:", chimera_wapc_console_log)               \
    X("wasmbus", "__guest_request", "ii:", chimera_wapc_guest_request)        \
    X("wasmbus", "__guest_response", "ii:", chimera_wapc_guest_response)      \
    X("wasmbus", "__guest_error", "ii:", chimera_wapc_guest_error)            \
    X("wasmbus", "__host_call", "iiiiiiii:i", chimera_wapc_host_call)         \
    X("wasmbus", "__host_response_len", ":i", chimera_wapc_host_response_len) \
    X("wasmbus", "__host_response", "i:", chimera_wapc_host_response)         \
    X("wasmbus", "__host_error_len", ":i", chimera_wapc_host_error_len)       \
    X("wasmbus", "__host_error", "i:", chimera_wapc_host_error)               \
    X("wasmbus", "__console_log", "ii:", chimera_wapc_console_log)

#define CHIMERA_WASI_IMPORTS(X)                                                                    \
    X("wasi_snapshot_preview1", "args_get", "ii:i", chimera_wasi_args_get)                         \
    X("wasi_snapshot_preview1", "args_sizes_get", "ii:i", chimera_wasi_args_sizes_get)             \
    X("wasi_snapshot_preview1", "environ_get", "ii:i", chimera_wasi_environ_get)                   \
    X("wasi_snapshot_preview1", "environ_sizes_get", "ii:i", chimera_wasi_environ_sizes_get)       \
    X("wasi_snapshot_preview1", "clock_res_get", "ii:i", chimera_wasi_clock_res_get)               \
    X("wasi_snapshot_preview1", "clock_time_get", "iIi:i", chimera_wasi_clock_time_get)            \
    X("wasi_snapshot_preview1", "fd_advise", "iIIi:i", chimera_wasi_fd_advise)                     \
    X("wasi_snapshot_preview1", "fd_allocate", "iII:i", chimera_wasi_fd_allocate)                  \
    X("wasi_snapshot_preview1", "fd_close", "i:i", chimera_wasi_fd_close)                          \
    X("wasi_snapshot_preview1", "fd_datasync", "i:i", chimera_wasi_fd_datasync)                    \
    X("wasi_snapshot_preview1", "fd_fdstat_get", "ii:i", chimera_wasi_fd_fdstat_get)               \
    X("wasi_snapshot_preview1", "fd_fdstat_set_flags", "ii:i", chimera_wasi_fd_fdstat_set_flags)   \
    X("wasi_snapshot_preview1", "fd_fdstat_set_rights", "iII:i",                                   \
      chimera_wasi_fd_fdstat_set_rights)                                                           \
    X("wasi_snapshot_preview1", "fd_filestat_get", "ii:i", chimera_wasi_fd_filestat_get)           \
    X("wasi_snapshot_preview1", "fd_filestat_set_size", "iI:i", chimera_wasi_fd_filestat_set_size) \
    X("wasi_snapshot_preview1", "fd_filestat_set_times", "iIIi:i",                                 \
      chimera_wasi_fd_filestat_set_times)                                                          \
    X("wasi_snapshot_preview1", "fd_pread", "iiiIi:i", chimera_wasi_fd_pread)                      \
    X("wasi_snapshot_preview1", "fd_prestat_get", "ii:i", chimera_wasi_fd_prestat_get)             \
    X("wasi_snapshot_preview1", "fd_prestat_dir_name", "iii:i", chimera_wasi_fd_prestat_dir_name)  \
    X("wasi_snapshot_preview1", "fd_pwrite", "iiiIi:i", chimera_wasi_fd_pwrite)                    \
    X("wasi_snapshot_preview1", "fd_read", "iiii:i", chimera_wasi_fd_read)                         \
    X("wasi_snapshot_preview1", "fd_readdir", "iiiIi:i", chimera_wasi_fd_readdir)                  \
    X("wasi_snapshot_preview1", "fd_renumber", "ii:i", chimera_wasi_fd_renumber)                   \
    X("wasi_snapshot_preview1", "fd_seek", "iIii:i", chimera_wasi_fd_seek)                         \
    X("wasi_snapshot_preview1", "fd_sync", "i:i", chimera_wasi_fd_sync)                            \
    X("wasi_snapshot_preview1", "fd_tell", "ii:i", chimera_wasi_fd_tell)                           \
    X("wasi_snapshot_preview1", "fd_write", "iiii:i", chimera_wasi_fd_write)                       \
    X("wasi_snapshot_preview1", "path_create_directory", "iii:i",                                  \
      chimera_wasi_path_create_directory)                                                          \
    X("wasi_snapshot_preview1", "path_filestat_get", "iiiii:i", chimera_wasi_path_filestat_get)    \
    X("wasi_snapshot_preview1", "path_filestat_set_times", "iiiiIIi:i",                            \
      chimera_wasi_path_filestat_set_times)                                                        \
    X("wasi_snapshot_preview1", "path_link", "iiiiiii:i", chimera_wasi_path_link)                  \
    X("wasi_snapshot_preview1", "path_open", "iiiiiIIii:i", chimera_wasi_path_open)                \
    X("wasi_snapshot_preview1", "path_readlink", "iiiiii:i", chimera_wasi_path_readlink)           \
    X("wasi_snapshot_preview1", "path_remove_directory", "iii:i",                                  \
      chimera_wasi_path_remove_directory)                                                          \
    X("wasi_snapshot_preview1", "path_rename", "iiiiii:i", chimera_wasi_path_rename)               \
    X("wasi_snapshot_preview1", "path_symlink", "iiiii:i", chimera_wasi_path_symlink)              \
    X("wasi_snapshot_preview1", "path_unlink_file", "iii:i", chimera_wasi_path_unlink_file)        \
    X("wasi_snapshot_preview1", "poll_oneoff", "iiii:i", chimera_wasi_poll_oneoff)                 \
    X("wasi_snapshot_preview1", "proc_exit", "i:", chimera_wasi_proc_exit)                         \
    X("wasi_snapshot_preview1", "proc_raise", "i:i", chimera_wasi_proc_raise)                      \
    X("wasi_snapshot_preview1", "sched_yield", ":i", chimera_wasi_sched_yield)                     \
    X("wasi_snapshot_preview1", "random_get", "ii:i", chimera_wasi_random_get)                     \
    X("wasi_snapshot_preview1", "sock_accept", "iii:i", chimera_wasi_sock_accept)                  \
    X("wasi_snapshot_preview1", "sock_recv", "iiiiii:i", chimera_wasi_sock_recv)                   \
    X("wasi_snapshot_preview1", "sock_send", "iiiii:i", chimera_wasi_sock_send)                    \
    X("wasi_snapshot_preview1", "sock_shutdown", "ii:i", chimera_wasi_sock_shutdown)               \
    X("wasi_unstable", "args_get", "ii:i", chimera_wasi_args_get)                                  \
    X("wasi_unstable", "args_sizes_get", "ii:i", chimera_wasi_args_sizes_get)                      \
    X("wasi_unstable", "environ_get", "ii:i", chimera_wasi_environ_get)                            \
    X("wasi_unstable", "environ_sizes_get", "ii:i", chimera_wasi_environ_sizes_get)                \
    X("wasi_unstable", "clock_res_get", "ii:i", chimera_wasi_clock_res_get)                        \
    X("wasi_unstable", "clock_time_get", "iIi:i", chimera_wasi_clock_time_get)                     \
    X("wasi_unstable", "fd_advise", "iIIi:i", chimera_wasi_fd_advise)                              \
    X("wasi_unstable", "fd_allocate", "iII:i", chimera_wasi_fd_allocate)                           \
    X("wasi_unstable", "fd_close", "i:i", chimera_wasi_fd_close)                                   \
    X("wasi_unstable", "fd_datasync", "i:i", chimera_wasi_fd_datasync)                             \
    X("wasi_unstable", "fd_fdstat_get", "ii:i", chimera_wasi_fd_fdstat_get)                        \
    X("wasi_unstable", "fd_fdstat_set_flags", "ii:i", chimera_wasi_fd_fdstat_set_flags)            \
    X("wasi_unstable", "fd_fdstat_set_rights", "iII:i", chimera_wasi_fd_fdstat_set_rights)         \
    X("wasi_unstable", "fd_filestat_get", "ii:i", chimera_wasi0_fd_filestat_get)                   \
    X("wasi_unstable", "fd_filestat_set_size", "iI:i", chimera_wasi_fd_filestat_set_size)          \
    X("wasi_unstable", "fd_filestat_set_times", "iIIi:i", chimera_wasi_fd_filestat_set_times)      \
    X("wasi_unstable", "fd_pread", "iiiIi:i", chimera_wasi_fd_pread)                               \
    X("wasi_unstable", "fd_prestat_get", "ii:i", chimera_wasi_fd_prestat_get)                      \
    X("wasi_unstable", "fd_prestat_dir_name", "iii:i", chimera_wasi_fd_prestat_dir_name)           \
    X("wasi_unstable", "fd_pwrite", "iiiIi:i", chimera_wasi_fd_pwrite)                             \
    X("wasi_unstable", "fd_read", "iiii:i", chimera_wasi_fd_read)                                  \
    X("wasi_unstable", "fd_readdir", "iiiIi:i", chimera_wasi_fd_readdir)                           \
    X("wasi_unstable", "fd_renumber", "ii:i", chimera_wasi_fd_renumber)                            \
    X("wasi_unstable", "fd_seek", "iIii:i", chimera_wasi0_fd_seek)                                 \
    X("wasi_unstable", "fd_sync", "i:i", chimera_wasi_fd_sync)                                     \
    X("wasi_unstable", "fd_tell", "ii:i", chimera_wasi_fd_tell)                                    \
    X("wasi_unstable", "fd_write", "iiii:i", chimera_wasi_fd_write)                                \
    X("wasi_unstable", "path_create_directory", "iii:i", chimera_wasi_path_create_directory)       \
    X("wasi_unstable", "path_filestat_get", "iiiii:i", chimera_wasi0_path_filestat_get)            \
    X("wasi_unstable", "path_filestat_set_times", "iiiiIIi:i",                                     \
      chimera_wasi_path_filestat_set_times)                                                        \
    X("wasi_unstable", "path_link", "iiiiiii:i", chimera_wasi_path_link)                           \
    X("wasi_unstable", "path_open", "iiiiiIIii:i", chimera_wasi_path_open)                         \
    X("wasi_unstable", "path_readlink", "iiiiii:i", chimera_wasi_path_readlink)                    \
    X("wasi_unstable", "path_remove_directory", "iii:i", chimera_wasi_path_remove_directory)       \
    X("wasi_unstable", "path_rename", "iiiiii:i", chimera_wasi_path_rename)                        \
    X("wasi_unstable", "path_symlink", "iiiii:i", chimera_wasi_path_symlink)                       \
    X("wasi_unstable", "path_unlink_file", "iii:i", chimera_wasi_path_unlink_file)                 \
    X("wasi_unstable", "poll_oneoff", "iiii:i", chimera_wasi0_poll_oneoff)                         \
    X("wasi_unstable", "proc_exit", "i:", chimera_wasi_proc_exit)                                  \
    X("wasi_unstable", "proc_raise", "i:i", chimera_wasi_proc_raise)                               \
    X("wasi_unstable", "sched_yield", ":i", chimera_wasi_sched_yield)                              \
    X("wasi_unstable", "random_get", "ii:i", chimera_wasi_random_get)                              \
    X("wasi_unstable", "sock_recv", "iiiiii:i", chimera_wasi_sock_recv)                            \
    X("wasi_unstable", "sock_send", "iiiii:i", chimera_wasi_sock_send)                             \
    X("wasi_unstable", "sock_shutdown", "ii:i", chimera_wasi_sock_shutdown)

#define CHIMERA_CALL_IMPORTS(X)                             \
    X("host", "call", "iiiiiiii:i", chimera_wasi_host_call) \
    X("kubewarden:javy/host", "call", "iiiiiiii:i", chimera_wasi_host_call)

#define CHIMERA_REGO_IMPORTS(X)                               \
    X("env", "opa_abort", "i:", chimera_opa_abort)            \
    X("env", "opa_println", "i:", chimera_opa_println)        \
    X("env", "opa_builtin0", "ii:i", chimera_opa_builtin0)    \
    X("env", "opa_builtin1", "iii:i", chimera_opa_builtin1)   \
    X("env", "opa_builtin2", "iiii:i", chimera_opa_builtin2)  \
    X("env", "opa_builtin3", "iiiii:i", chimera_opa_builtin3) \
    X("env", "opa_builtin4", "iiiiii:i", chimera_opa_builtin4)

/* All of them. */
#define CHIMERA_GUEST_IMPORTS(X) \
    CHIMERA_WAPC_IMPORTS(X) CHIMERA_WASI_IMPORTS(X) CHIMERA_CALL_IMPORTS(X) CHIMERA_REGO_IMPORTS(X)

#define CHIMERA_RUNTIME_IMPORTS(X) \
    X(chimera_trap)                \
    X(chimera_memory_grow)         \
    X(chimera_table_grow)

#endif
