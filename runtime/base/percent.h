/* SPDX-License-Identifier: Apache-2.0 */
/* percent.h - percent-encoding, done and undone.
 *
 * Those whose ways we keep differ in what they make of an escape that is none ("%zz", a "%" at the
 * end) and of "%00": so each caller says which rules are its own.
 */
#ifndef CHIMERA_BASE_PERCENT_H
#define CHIMERA_BASE_PERCENT_H

#include <stdbool.h>
#include <stddef.h>

#include "runtime/base/buffer.h"
#include "runtime/base/slice.h"

enum chimera_percent_rules {                              /* to be combined */
                             CHIMERA_PERCENT_LENIENT = 0, /* what is no escape stays as it is */
                             CHIMERA_PERCENT_STRICT = 1,  /* what is no escape ends it */
                             CHIMERA_PERCENT_NO_NUL =
                                 2, /* "%00" is no escape: the path of a file cannot hold it */
};

/* The next byte of `text`, which is not empty, and goes on behind it; -1 where the rules end it. */
int chimera_percent_take(struct chimera_slice *text, unsigned rules);

/* All of it; `to` has room for text.size bytes, and may be where the text is. */
bool chimera_percent_decode(struct chimera_slice text, unsigned rules, char *to, size_t *ret_size);

/* What the path of a URL cannot hold as it is: besides these marks blanks, control characters, and
 * what is not ASCII. An escape stays one. */
#define CHIMERA_PERCENT_PATH "\"#<>?`{}"
/* The same for names of files, which have no escapes. */
#define CHIMERA_PERCENT_FILE CHIMERA_PERCENT_PATH "%\\"

void chimera_percent_encode(struct chimera_slice text, const char *marks,
                            struct chimera_buffer *out);

#endif
