/* SPDX-License-Identifier: Apache-2.0 */
/* bomb.h - short descriptions of long texts. */
#ifndef CHIMERA_TEST_BOMB_H
#define CHIMERA_TEST_BOMB_H

#include "runtime/base/buffer.h"

/* `head`, `part` again and again, `tail`; a '#' in the part becomes a number that counts on. */
struct bomb {
    const char *name, *head, *part, *tail;
};

/* At least `size` bytes. Owned by the caller. */
static inline void bomb_make(const struct bomb *bomb, size_t size, struct chimera_buffer *ret_text)
{
    const char *hash = strchr(bomb->part, '#');
    chimera_buffer_init(ret_text, 2 * size + 10000);
    chimera_buffer_text(ret_text, bomb->head);
    for (unsigned i = 0; ret_text->size < size; i++) {
        if (hash)
            chimera_buffer_print(ret_text, "%.*s%x%s", (int)(hash - bomb->part), bomb->part, i,
                                 hash + 1);
        else
            chimera_buffer_text(ret_text, bomb->part);
    }
    chimera_buffer_text(ret_text, bomb->tail);
}

#endif
