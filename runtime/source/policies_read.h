/* SPDX-License-Identifier: Apache-2.0 */
/* policies_read.h - from the tree of policies.yml to policies; for policies.c. */
#ifndef CHIMERA_SOURCE_POLICIES_READ_H
#define CHIMERA_SOURCE_POLICIES_READ_H

#include "runtime/source/policy_spec.h"
#include "runtime/yaml/document.h"

/* Fills *policies, which the caller ends in any case. What is wrong is noted in the document, what
 * is ignored added to `warnings`. Fails only for want of memory. */
int policies_take(struct chimera_document *document, enum policies_limits limits,
                  struct policies *policies, struct chimera_problems *warnings);

#endif
