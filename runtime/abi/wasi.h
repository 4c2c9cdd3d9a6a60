/* SPDX-License-Identifier: Apache-2.0 */
/* wasi.h - the host's side of WASI preview 1 and its predecessor (guest-abis.md §2.6, §3).
 *
 * No files, no network, no environment but what is given: three descriptors only. A policy that is
 * a WASI program reads its request from descriptor 0 and writes its verdict to 1; a waPC guest has
 * nothing to read, and what it prints goes to the log, line by line. One per guest.
 */
#ifndef CHIMERA_WASI_H
#define CHIMERA_WASI_H

#include "runtime/abi/state.h"
#include "runtime/base/buffer.h"
#include "runtime/base/error.h"
#include "runtime/base/pieces.h"
#include "runtime/capability/source.h"
#include "runtime/instance/start.h"

enum chimera_wasi_stdio { CHIMERA_WASI_PIPES, CHIMERA_WASI_LOGGED };

struct chimera_wasi_strings { /* borrowed; each string ends in NUL */
    struct chimera_slice text;
    uint32_t count;
};

enum chimera_wasi_file {
    CHIMERA_WASI_CLOSED,
    CHIMERA_WASI_STDIN,
    CHIMERA_WASI_STDOUT,
    CHIMERA_WASI_STDERR,
};

#define CHIMERA_WASI_FILES 3

struct chimera_wasi_files;  /* of a command (runtime/wasi/files.h). Not looked into here */
struct chimera_wasi_system; /* wasi_system.h */

struct chimera_wasi {
    enum chimera_wasi_stdio stdio;
    uint8_t file[CHIMERA_WASI_FILES];      /* enum chimera_wasi_file of each descriptor */
    uint8_t kept_file[CHIMERA_WASI_FILES]; /* where each request begins */
    /* Of a command alone; both borrowed. A policy has neither, and so no files. */
    const struct chimera_wasi_system *system;
    struct chimera_wasi_files *files;
    uint64_t created_ns; /* where the guest's monotonic clock begins; never moves */
    struct chimera_wasi_strings arguments, environment;

    /* Standard input: the document, then the answers of host calls. Its end is not final. */
    const struct chimera_pieces *input; /* borrowed for a run; may be NULL */
    size_t input_done;
    struct chimera_buffer answers;
    size_t answers_done;

    struct chimera_buffer output,
        errors; /* pipes: all of it; logged: a line that is not complete */
    struct chimera_buffer call_text;
    struct chimera_host_answer call_answer; /* of the host call being made; its text is above */
    struct chimera_buffer variables;        /* settings as the programs of 2020 get them */

    /* The start, up to the first read of standard input; wasi_start.c. */
    bool is_starting;  /* what is asked of the outside is recorded or played back */
    bool awaits_input; /* and the first read suspends */
    bool has_drawn;    /* the start asked for random numbers */
    struct chimera_start_cursor cursor;
    const char *obstacle; /* why requests run from the start; static, NULL when they do not */
    struct chimera_buffer early_output, early_errors; /* written before the first read */
};

/* The guest's; NULL when its ABI has none. */
static inline struct chimera_wasi *chimera_wasi_of(const struct chimera_guest *guest)
{
    const struct chimera_abi_state *state = guest->abi;
    return state ? state->wasi : NULL;
}

struct chimera_wasi_run { /* one run of a program; all borrowed until it ends */
    struct chimera_wasi_strings arguments, environment;
    const struct chimera_pieces *input;
    const char *operation; /* for logs */
};

/* Makes the guest's WASI. */
int chimera_wasi_attach(struct chimera_guest *guest, enum chimera_wasi_stdio stdio,
                        struct chimera_error *err);
void chimera_wasi_detach(struct chimera_guest *guest);

/* Parts of the host's side: see struct chimera_host_side. */
void chimera_wasi_keep(struct chimera_guest *guest);
void chimera_wasi_reset(struct chimera_guest *guest);

/* Logs what stands in incomplete lines. Nothing to do with pipes. */
void chimera_wasi_flush(struct chimera_guest *guest);

struct chimera_arena;
struct chimera_plugin;

/* Does it export what a WASI program must? */
int chimera_wasi_check(const struct chimera_plugin *plugin, struct chimera_error *err);

/* Brings a new slot to its first read of input and takes the snapshot there; where that cannot be,
 * wasi->obstacle says why, and the snapshot is of before `_start`. `run` without its input. */
int chimera_wasi_prepare(struct chimera_guest *guest, const struct chimera_wasi_run *run,
                         struct chimera_error *err);

/* Around the code of any other guest that runs before its snapshot. */
void chimera_wasi_start_begin(struct chimera_guest *guest);
void chimera_wasi_start_end(struct chimera_guest *guest);

/* Runs `_start`, or what is left of it after the preparation, to its end. 0: *ret_text is its
 * standard output; else CHIMERA_EGUEST or CHIMERA_EDEADLINE, and it is the message that a verdict
 * gets (guest-abis.md §3.2). In the arena.
 */
int chimera_wasi_run(struct chimera_guest *guest, const struct chimera_wasi_run *run,
                     struct chimera_arena *arena, struct chimera_slice *ret_text);

#endif
