/* SPDX-License-Identifier: Apache-2.0 */
/* policy_module.h - the policy that a command was pointed at: resolved, read, its metadata parsed.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_POLICY_MODULE_H
#define CHIMERA_TOOLCHAIN_COMMAND_POLICY_MODULE_H

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"
#include "runtime/policy/metadata.h"

struct policy_module {
    char *uri;  /* file:///…, percent-encoded; owned */
    char *path; /* absolute; owned */
    struct chimera_buffer bytes;
    struct chimera_metadata metadata;
};

/* What may be fetched when it is not there. */
enum policy_source { POLICY_LOCAL, POLICY_FETCH };

/* Resolves `argument` to an absolute path, which is owned by the caller. */
int policy_module_resolve(const char *argument, enum policy_source source, char **ret_path,
                          struct chimera_error *err);

/* Resolves `argument` (cli-and-distribution.md §1.3: a URI, or a file's path) and reads the file.
 * The code is CHIMERA_EGUEST when the metadata of a module is wrong. The caller ends *ret_file with
 * policy_module_done(). */
int policy_module_open(const char *argument, enum policy_source source,
                       struct policy_module *ret_file, struct chimera_error *err);
void policy_module_done(struct policy_module *file);

#endif
