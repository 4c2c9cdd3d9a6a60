/* SPDX-License-Identifier: Apache-2.0 */
/* verify_flags.h - which signatures are asked for, by a command line (cli-and-distribution.md
 * §1.2): by keys, certificates and annotations, by a file that is named, or by the default one. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_VERIFY_FLAGS_H
#define CHIMERA_TOOLCHAIN_COMMAND_VERIFY_FLAGS_H

#include "runtime/cli/cli.h"
#include "runtime/source/verification.h"

/* *ret_is_asked is false when nobody asks for any: then *ret_verification asks for nothing, either.
 * The caller ends it in any case but that of an error. Logs it when the default file is used. */
int verify_flags_read(const struct chimera_cli_options *options,
                      struct chimera_verification *ret_verification, bool *ret_is_asked,
                      struct chimera_error *err);

/* The keys of the files that the option `name` was given, as all_of. */
int verify_flags_read_keys(const struct chimera_cli_options *options, const char *name,
                           struct chimera_verification *ret_verification,
                           struct chimera_error *err);

#endif
