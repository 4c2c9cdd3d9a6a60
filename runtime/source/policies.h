/* SPDX-License-Identifier: Apache-2.0 */
/* policies.h - policies.yml: which policies to serve, and how (policy-server.md §3.1). */
#ifndef CHIMERA_SOURCE_POLICIES_H
#define CHIMERA_SOURCE_POLICIES_H

#include "runtime/base/error.h"
#include "runtime/source/policy_spec.h"
#include "runtime/yaml/yaml.h"

/* Reads and checks the file; capability patterns are checked, too. The error tells all that is
 * wrong, as runtime/text/problems.h has it: file, line, id, key, what was expected. */
int policies_read(const char *path, enum policies_limits limits, struct policies *ret_policies,
                  struct chimera_error *err);
/* The same of a text; `path` is for messages, and modules are relative to its folder. */
int policies_parse(struct chimera_slice text, const char *path, enum policies_limits limits,
                   struct policies *ret_policies, struct chimera_error *err);

/* How the file is read as YAML. */
extern const struct chimera_yaml_options policies_yaml;

#endif
