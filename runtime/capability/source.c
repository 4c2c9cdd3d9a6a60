/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/capability/source.h"

#include <stdatomic.h>

struct chimera_shared_bytes *chimera_shared_bytes_use(struct chimera_shared_bytes *shared)
{
    atomic_fetch_add_explicit(&shared->users, 1, memory_order_relaxed);
    return shared;
}

void chimera_shared_bytes_drop(struct chimera_shared_bytes *shared)
{
    if (shared && atomic_fetch_sub_explicit(&shared->users, 1, memory_order_acq_rel) == 1)
        shared->free(shared);
}

void chimera_host_answer_end(struct chimera_host_answer *answer)
{
    chimera_shared_bytes_drop(answer->shared);
    answer->shared = NULL;
    answer->version = 0;
}

struct chimera_slice chimera_host_answer_bytes(const struct chimera_host_answer *answer)
{
    return answer->shared ? answer->shared->bytes : chimera_buffer_slice(answer->text);
}
