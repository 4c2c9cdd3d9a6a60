/* SPDX-License-Identifier: Apache-2.0 */
/* set.h - which policies are measured, and on which requests.
 *
 * What is wrong with one of them is kept with it, so that the others are measured all the same. One
 * thread.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BENCH_SET_H
#define CHIMERA_TOOLCHAIN_COMMAND_BENCH_SET_H

#include "toolchain/command/definition/definition.h"
#include "toolchain/command/request/requests.h"

struct bench_subject { /* a policy or group; or an argument that is none, then without definition */
    const struct definition *definition; /* borrowed */
    char *name;     /* owned: its id, or the file's name where it has none of its own */
    char *failure;  /* owned; NULL: none */
    bool is_of_set; /* of a file or a bundle: --raw, --execution-mode and settings do not apply */
};

struct bench_request_file {              /* of those that --request-path names */
    struct request_file file;            /* borrowed of `read` */
    struct requests reviews, raw;        /* owned: what it is to most policies, and to raw ones */
    char *reviews_failure, *raw_failure; /* owned; NULL: none */
};

struct bench_set {
    const struct chimera_cli_options *options; /* borrowed */
    struct definitions *definitions;           /* owned, like all that follows; one an argument */
    struct bench_subject *subjects;
    size_t subject_count;
    struct request_files read;
    struct bench_request_file *files;
    size_t file_count;
    bool has_told;
    size_t unread; /* so many of --request-path could not be read, which was told */
};

/* In any case the caller ends *ret_set with bench_set_done(). */
int bench_set_open(const struct chimera_cli_options *options, struct bench_set *ret_set,
                   struct chimera_error *err);
void bench_set_done(struct bench_set *set);

/* What had to be guessed to make reviews of objects, on standard error; once. */
void bench_set_tell(struct bench_set *set);

/* As they are to a raw policy, or to another; NULL where the file is nothing to it, with the
 * reason. */
const struct requests *bench_set_requests(const struct bench_request_file *file, bool is_raw,
                                          const char **ret_failure);

#endif
