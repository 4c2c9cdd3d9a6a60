/* SPDX-License-Identifier: Apache-2.0 */
/* provider_answer.h - how a provider fills its answer: a value as serde_json writes it, or an error
 * as the reference's callback prints it (guest-abis.md §5.1).
 */
#ifndef CHIMERA_CAPABILITY_PROVIDER_ANSWER_H
#define CHIMERA_CAPABILITY_PROVIDER_ANSWER_H

#include "runtime/capability/provider.h"

/* The error and what caused it, and so on, as a list that ends with NULL. */
#define CHIMERA_CAUSES(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The error in anyhow's Debug form: the message, and behind an empty line its causes, which have
 * numbers where there are several. */
void chimera_provider_answer_fail(struct chimera_provider_answer *answer,
                                  const char *const *causes);

/* The value, compact, members in the order that the tree has; clients may keep it for `keep_ms`.
 * One that is larger than an answer may be is an error. */
void chimera_provider_answer_give(struct chimera_provider_answer *answer, struct json_object *value,
                                  uint32_t keep_ms);

#endif
