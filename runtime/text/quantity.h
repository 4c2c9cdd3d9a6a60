/* SPDX-License-Identifier: Apache-2.0 */
/* quantity.h - sizes as Kubernetes writes them: 268435456, 256Mi, 1Gi, 500M. */
#ifndef CHIMERA_TEXT_QUANTITY_H
#define CHIMERA_TEXT_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/slice.h"

/* A whole number of bytes, without a sign, with one of the suffixes Ki, Mi, Gi, Ti (of 1024), k, M,
 * G, T (of 1000) or none. False when it is no such text, or more than 64 bits hold. */
bool chimera_quantity_parse(struct chimera_slice text, uint64_t *ret_bytes);

#endif
