/* SPDX-License-Identifier: Apache-2.0 */
/* policy_module.h - the policy that a command was pointed at: resolved, read, its metadata parsed.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_POLICY_MODULE_H
#define CHIMERA_TOOLCHAIN_COMMAND_POLICY_MODULE_H

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"
#include "runtime/policy/metadata.h"
#include "toolchain/command/policy_argument.h"

struct policy_module {
    char *uri;  /* as it is listed; of a file file:///…, percent-encoded; owned */
    char *path; /* absolute; owned */
    struct chimera_buffer bytes;
    char
        *signed_digest; /* as of struct chimera_module_place, for who reads the file again; owned */
    struct chimera_metadata metadata;
    bool is_opa_bundle; /* the bytes are what was made of it (compiler/opa/bundle.h) */
    /* A built plugin, a file that ends with .so: its bytes, and the metadata that its manifest has.
     * Who wants a module must refuse it, by policy_module_must_be(). */
    bool is_plugin;
    enum chimera_mode mode;            /* of a plugin: what it was built for */
    const struct chimera_digest *lock; /* of a plugin: its manifest's; borrowed. NULL: any */
};

/* Does the argument name a built plugin? */
bool policy_is_plugin(const char *argument);

/* Finds what the argument names, by any of the ways (policy_argument.h), and reads the file;
 * `fetch` as there. The code is CHIMERA_EGUEST when the metadata of a module is wrong. The caller
 * ends *ret_file with policy_module_done(). */
int policy_module_open(const char *argument, const struct chimera_fetch_options *fetch,
                       struct policy_module *ret_file, struct chimera_error *err);

/* The same of one that was found. Takes over the place, in any case. */
int policy_module_read(struct chimera_module_place *place, struct policy_module *ret_file,
                       struct chimera_error *err);
void policy_module_done(struct policy_module *file);

/* CHIMERA_EINVAL for a plugin, where only its module will do: "to push it". */
int policy_module_must_be(const struct policy_module *file, const char *purpose,
                          struct chimera_error *err);

#endif
