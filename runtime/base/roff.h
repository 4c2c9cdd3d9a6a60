/* SPDX-License-Identifier: Apache-2.0 */
/* roff.h - text for man pages. */
#ifndef CHIMERA_BASE_ROFF_H
#define CHIMERA_BASE_ROFF_H

#include "runtime/base/buffer.h"

/* Appends `text` so that it reads the same in a man page: a dash that can be copied, no line that
 * reads as a request. */
void chimera_roff_append(struct chimera_buffer *out, struct chimera_slice text);

#endif
