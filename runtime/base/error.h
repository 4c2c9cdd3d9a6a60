/* SPDX-License-Identifier: Apache-2.0 */
/* error.h - one error vocabulary for every folder.
 *
 * A function that can fail returns 0 or a negative CHIMERA_E* code. Functions off the request path
 * also take a `struct chimera_error *`, which may be NULL, and fill it on failure only.
 */
#ifndef CHIMERA_BASE_ERROR_H
#define CHIMERA_BASE_ERROR_H

#define CHIMERA_ERROR_MAP(X)                                              \
    X(EINVAL, 1, "invalid argument or configuration")                     \
    X(ENOMEM, 2, "out of memory")                                         \
    X(EIO, 3, "input or output failed")                                   \
    X(EABI, 4, "the plugin was built for another ABI")                    \
    X(ETRAP, 5, "the policy trapped")                                     \
    X(EDEADLINE, 6, "the policy ran past its time limit")                 \
    X(EMODULE, 7, "the WebAssembly module is malformed")                  \
    X(EFEATURE, 8, "the WebAssembly module needs an unsupported feature") \
    X(ETOOL, 9, "a tool of the compiler chain failed")                    \
    X(EREFUSED, 10, "refused for safety")                                 \
    X(ELIMIT, 11, "a limit was reached")                                  \
    X(EGUEST, 12, "the policy reported an error")                         \
    X(EUNSIGNED, 13, "the policy is not signed as it must be")

enum chimera_code {
    CHIMERA_OK = 0,
#define X(name, number, text) CHIMERA_##name = -(number),
    CHIMERA_ERROR_MAP(X)
#undef X
};

struct chimera_buffer;

struct chimera_error {
    int code;        /* an enum chimera_code; 0 while nothing failed */
    char text[1000]; /* for a person; ends in NUL, without a newline at its end */
    /* Borrowed: where a check that finds several things wrong puts each on a line of its own,
     * besides the first in `text` (problems.h). NULL: nobody asks. */
    struct chimera_buffer *details;
};

/* Fills `err` unless it is NULL, and returns `code`, so that a failing line reads
 * `return chimera_fail(err, CHIMERA_EIO, "%s: %s", path, why);`. A text that does not fit is cut.
 */
int chimera_fail(struct chimera_error *err, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4), cold));

/* The same for memory that there is none of. */
int chimera_fail_memory(struct chimera_error *err) __attribute__((cold));

/* The same for a call that has just failed: "WHAT: " and what errno means, as CHIMERA_EIO. */
int chimera_fail_errno(struct chimera_error *err, const char *what) __attribute__((cold));

/* The same for an errno, in the words in which Rust, and so the reference, prints it. */
int chimera_fail_os(struct chimera_error *err, int number) __attribute__((cold));

/* A static string; never NULL. */
const char *chimera_code_text(int code);

#endif
