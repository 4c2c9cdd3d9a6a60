/* SPDX-License-Identifier: Apache-2.0 */
/* command.h - the `chimera` program, which fetches and builds for the server. */
#ifndef CHIMERA_SERVER_SUPERVISOR_COMMAND_H
#define CHIMERA_SERVER_SUPERVISOR_COMMAND_H

#include "runtime/base/error.h"
#include "runtime/base/slice.h"

/* Its path: $CHIMERA_COMMAND, or beside the server's own file, else somewhere in PATH. Owned by the
 * caller; NULL: out of memory. */
char *command_find(void);

/* Why it ended before it had said all: what it said on standard error, without its "error: ", or
 * else how it ended (as of waitpid()). CHIMERA_ETOOL. */
int command_explain(const char *verb, struct chimera_slice errors, int status,
                    struct chimera_error *err);

/* Adds an option with its value, which is borrowed, unless that is NULL; returns the new count. */
size_t command_put_option(char **argv, size_t count, const char *option, const char *value);

/* A member of a line that it has printed, if that is a text. Owned by the caller. */
struct json_object;
char *command_copy_member(struct json_object *line, const char *key);

#endif
