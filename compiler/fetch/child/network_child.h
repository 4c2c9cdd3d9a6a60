/* SPDX-License-Identifier: Apache-2.0 */
/* network_child.h - a confined process for what speaks to registries and reads what they send.
 *
 * A fork that uses one folder, reads certificates and what names are resolved by, connects,
 * and starts no programs; what it found out comes back through a pipe. What the kernel lacks of
 * Landlock and seccomp is left out, what is there and then fails ends it. One thread.
 */
#ifndef CHIMERA_COMPILER_FETCH_CHILD_NETWORK_CHILD_H
#define CHIMERA_COMPILER_FETCH_CHILD_NETWORK_CHILD_H

#include <sys/types.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

#define CHIMERA_NETWORK_SECONDS_MAX 3600 /* but of what sends files of ours */
#define CHIMERA_NETWORK_ANSWER_MAX ((size_t)16 << 20)

/* The folder that the process may use besides, which is there; without a path: none. */
struct chimera_network_folder {
    const char *path;
    bool is_writable;
    bool keeps_files;  /* it uses what is open: files that are sent, or standard output */
    bool must_confine; /* where the kernel cannot, nothing is done; else it is done unconfined */
};
#define CHIMERA_NO_FOLDER ((struct chimera_network_folder){0})

/* In the child. What it appends to `out` is what the parent gets, or else the error. */
typedef int chimera_network_task(void *context, struct chimera_buffer *out,
                                 struct chimera_error *err);

struct chimera_network_child {
    pid_t pid;
    int fd;
    int64_t until_ms; /* of chimera_clock_ms(): it is ended then; 0: never */
};

int chimera_network_start(struct chimera_network_folder folder, chimera_network_task *task,
                          void *context, struct chimera_network_child *ret_child,
                          struct chimera_error *err);

/* Waits for its end, and appends what it said; or fails as it did. Ends the child in any case. */
int chimera_network_finish(struct chimera_network_child *child, struct chimera_buffer *out,
                           struct chimera_error *err);

/* Both, one after the other. */
int chimera_network_run(struct chimera_network_folder folder, chimera_network_task *task,
                        void *context, struct chimera_buffer *out, struct chimera_error *err);

/* What it said, text by text: each ends in NUL. NULL: there is none. */
const char *chimera_network_take_text(struct chimera_slice *said);
/* NULL is told as the empty text. */
void chimera_network_put_text(struct chimera_buffer *out, const char *text);

#endif
