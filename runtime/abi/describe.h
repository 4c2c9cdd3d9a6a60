/* SPDX-License-Identifier: Apache-2.0 */
/* describe.h - all that the host knows of a guest, in bytes that can be compared. For tests: what a
 * reset leaves is what was there when the guest was prepared, and two slots of one policy are
 * alike. */
#ifndef CHIMERA_ABI_DESCRIBE_H
#define CHIMERA_ABI_DESCRIBE_H

#include "runtime/base/buffer.h"

struct chimera_host;

/* Between runs. Whole structs are taken, so that a member that is new is in it; left out is only
 * what differs between equal slots: addresses of their own, room that buffers keep, and when they
 * were made. */
void chimera_host_describe(const struct chimera_host *host, struct chimera_buffer *out);

#endif
