/* SPDX-License-Identifier: Apache-2.0 */
/* module_path.h - where a policy's module is on this machine, or that it must be fetched; and how
 * the reference tells that it cannot be had. */
#ifndef CHIMERA_SERVER_CONFIG_MODULE_PATH_H
#define CHIMERA_SERVER_CONFIG_MODULE_PATH_H

#include "runtime/base/error.h"
#include "runtime/source/policies.h"
#include "server/config/options.h"

/* *ret_path, owned by the caller, is NULL when the module must be fetched: it is not there, may
 * have moved, or must be verified. `has_fetched`: it was, for what is served. What is of a bundle
 * is there; whether that is signed as it must be is another question. */
int module_find(const struct options *options, const struct policy_spec *policy, bool has_fetched,
                char **ret_path, struct chimera_error *err);

/* What the reference prints: who cannot be downloaded from where, or cannot be verified. Owned by
 * the caller; NULL: out of memory. */
char *module_explain(const struct policies *policies, const struct policy_spec *policy,
                     bool is_unsigned, const char *cause);

#endif
