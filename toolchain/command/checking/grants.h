/* SPDX-License-Identifier: Apache-2.0 */
/* grants.h - what a policy asks for in its metadata, or seems to, and its entry in policies.yml
 * does not grant. */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_CHECKING_GRANTS_H
#define CHIMERA_TOOLCHAIN_COMMAND_CHECKING_GRANTS_H

#include "runtime/policy/metadata.h"
#include "runtime/source/policy_spec.h"
#include "toolchain/command/checking/findings.h"

/* `guessed` are capabilities that the module seems to use (host_calls_detect()), in the place of
 * metadata that say none; NULL: nobody looked. */
void grants_check(const struct policy_spec *policy, const struct chimera_metadata *metadata,
                  struct json_object *guessed, struct findings *findings);

#endif
