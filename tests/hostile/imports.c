/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hostile/imports.h"

#define HALF HOSTILE_HALF
#define ALL HOSTILE_MEMORY
#define END (HOSTILE_MEMORY - 4)  /* the last place for a number */
#define OVER (HOSTILE_MEMORY - 2) /* a number from here ends outside */
#define MANY (HALF / 8)           /* vectors */
#define MAX32 UINT32_MAX
#define MAX64 UINT64_MAX

/* clang-format off */
static const struct hostile_import imports[] = {
    {"__guest_request", HOSTILE_TEXT, {0, HALF}},
    {"__guest_request", HOSTILE_TEXT, {OVER, OVER}},
    {"__guest_response", HOSTILE_TEXT, {0, ALL}},
    {"__guest_response", HOSTILE_TEXT, {1, ALL}},
    {"__guest_error", HOSTILE_TEXT, {0, ALL}},
    {"__guest_error", HOSTILE_TEXT, {0, (1 << 20)}},
    {"__guest_error", HOSTILE_TEXT, {MAX32, MAX32}},
    {"__host_call", HOSTILE_TEXT, {0, ALL, 0, ALL, 0, ALL, 0, ALL}},
    {"__host_call", HOSTILE_ZEROS, {0, 4, 0, 4, 0, 4, HALF, HALF}},
    {"__host_response_len", HOSTILE_TEXT, {0}},
    {"__host_response", HOSTILE_TEXT, {OVER}},
    {"__host_error_len", HOSTILE_TEXT, {0}},
    {"__host_error", HOSTILE_TEXT, {OVER}},
    {"__console_log", HOSTILE_TEXT, {0, ALL}},
    {"__console_log", HOSTILE_LINES, {0, ALL}},

    {"args_get", HOSTILE_TEXT, {END, END}},
    {"args_sizes_get", HOSTILE_TEXT, {END, OVER}},
    {"environ_get", HOSTILE_TEXT, {END, END}},
    {"environ_sizes_get", HOSTILE_TEXT, {OVER, END}},
    {"clock_res_get", HOSTILE_TEXT, {3, OVER}},
    {"clock_time_get", HOSTILE_TEXT, {3, MAX64, 8}},
    {"fd_advise", HOSTILE_TEXT, {1, MAX64, MAX64, 5}},
    {"fd_allocate", HOSTILE_TEXT, {1, MAX64, MAX64}},
    {"fd_close", HOSTILE_TEXT, {1}},
    {"fd_datasync", HOSTILE_TEXT, {1}},
    {"fd_fdstat_get", HOSTILE_TEXT, {1, ALL - 24}},
    {"fd_fdstat_set_flags", HOSTILE_TEXT, {1, MAX32}},
    {"fd_fdstat_set_rights", HOSTILE_TEXT, {1, MAX64, MAX64}},
    {"fd_filestat_get", HOSTILE_TEXT, {1, ALL - 64}},
    {"fd_filestat_set_size", HOSTILE_TEXT, {1, MAX64}},
    {"fd_filestat_set_times", HOSTILE_TEXT, {1, MAX64, MAX64, 15}},
    {"fd_pread", HOSTILE_VECTORS, {0, HALF, MANY, MAX64, 8}},
    {"fd_prestat_get", HOSTILE_TEXT, {3, OVER}},
    {"fd_prestat_dir_name", HOSTILE_TEXT, {3, 0, ALL}},
    {"fd_pwrite", HOSTILE_VECTORS, {1, HALF, MANY, MAX64, 8}},
    {"fd_read", HOSTILE_VECTORS, {0, HALF, MANY, 8}},
    {"fd_read", HOSTILE_EMPTY, {0, HALF, MANY, 8}},
    {"fd_readdir", HOSTILE_TEXT, {3, 0, ALL, MAX64, 8}},
    {"fd_renumber", HOSTILE_TEXT, {1, 2}},
    {"fd_seek", HOSTILE_TEXT, {1, MAX64, 2, 8}},
    {"fd_sync", HOSTILE_TEXT, {1}},
    {"fd_tell", HOSTILE_TEXT, {1, 8}},
    {"fd_write", HOSTILE_VECTORS, {1, HALF, MANY, 8}},
    {"fd_write", HOSTILE_VECTORS, {2, HALF, MANY, 8}},
    {"fd_write", HOSTILE_EMPTY, {1, HALF, MANY, 8}},
    {"fd_write", HOSTILE_LINES, {1, HALF, MANY, 8}},
    {"fd_write", HOSTILE_VECTORS, {1, HALF, MAX32, 8}},
    {"path_create_directory", HOSTILE_TEXT, {3, 0, ALL}},
    {"path_filestat_get", HOSTILE_TEXT, {3, 1, 0, ALL, 8}},
    {"path_filestat_set_times", HOSTILE_TEXT, {3, 1, 0, ALL, MAX64, MAX64, 15}},
    {"path_link", HOSTILE_TEXT, {3, 1, 0, ALL, 3, 0, ALL}},
    {"path_open", HOSTILE_TEXT, {3, 1, 0, ALL, 15, MAX64, MAX64, 31, 8}},
    {"path_readlink", HOSTILE_TEXT, {3, 0, ALL, 0, ALL, 8}},
    {"path_remove_directory", HOSTILE_TEXT, {3, 0, ALL}},
    {"path_rename", HOSTILE_TEXT, {3, 0, ALL, 3, 0, ALL}},
    {"path_symlink", HOSTILE_TEXT, {0, ALL, 3, 0, ALL}},
    {"path_unlink_file", HOSTILE_TEXT, {3, 0, ALL}},
    {"poll_oneoff", HOSTILE_ZEROS, {HALF, HALF, HALF / 56, 8}},
    {"poll_oneoff", HOSTILE_TEXT, {HALF, HALF, HALF / 56, 8}},
    {"poll_oneoff", HOSTILE_ZEROS, {HALF, HALF, MAX32, 8}},
    {"proc_exit", HOSTILE_TEXT, {MAX32}},
    {"proc_raise", HOSTILE_TEXT, {9}},
    {"sched_yield", HOSTILE_TEXT, {0}},
    {"random_get", HOSTILE_TEXT, {0, ALL}},
    {"sock_accept", HOSTILE_TEXT, {3, 0, 8}},
    {"sock_recv", HOSTILE_VECTORS, {3, HALF, MANY, 0, 8, 16}},
    {"sock_send", HOSTILE_VECTORS, {3, HALF, MANY, 0, 8}},
    {"sock_shutdown", HOSTILE_TEXT, {3, 3}},

    {"call", HOSTILE_TEXT, {0, ALL, 0, ALL, 0, ALL, 0, ALL}},
    {"call", HOSTILE_ZEROS, {0, 4, 0, 4, 0, 4, HALF, HALF}},

    {"opa_abort", HOSTILE_TEXT, {0}},
    {"opa_abort", HOSTILE_TEXT, {OVER}},
    {"opa_println", HOSTILE_TEXT, {0}},
    {"opa_println", HOSTILE_TEXT, {OVER}},
    {"opa_builtin0", HOSTILE_TEXT, {MAX32, 0}},
    {"opa_builtin1", HOSTILE_TEXT, {MAX32, 0, 0}},
    {"opa_builtin2", HOSTILE_TEXT, {MAX32, 0, 0, OVER}},
    {"opa_builtin3", HOSTILE_TEXT, {MAX32, 0, 0, OVER, OVER}},
    {"opa_builtin4", HOSTILE_TEXT, {MAX32, 0, 0, OVER, OVER, OVER}},

    /* What generated code calls, with a table of the host's choosing in place of a parameter. */
    {"chimera_trap", HOSTILE_TEXT, {1}},
    {"chimera_memory_grow", HOSTILE_TEXT, {0}},
    {"chimera_memory_grow", HOSTILE_TEXT, {1}},
    {"chimera_memory_grow", HOSTILE_TEXT, {65535}},
    {"chimera_memory_grow", HOSTILE_TEXT, {MAX32}},
    {"chimera_table_grow", HOSTILE_TEXT, {0}},
    {"chimera_table_grow", HOSTILE_TEXT, {1}},
    {"chimera_table_grow", HOSTILE_TEXT, {9000000}},
    {"chimera_table_grow", HOSTILE_TEXT, {MAX32}},
};
/* clang-format on */

const struct hostile_import *hostile_imports(size_t *ret_count)
{
    *ret_count = sizeof(imports) / sizeof(imports[0]);
    return imports;
}
