/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/store/store_sink.h"

#include <errno.h>
#include <unistd.h>

static int write_bytes(void *context, struct chimera_slice bytes)
{
    const struct chimera_store_file *file = context;
    while (bytes.size > 0) {
        ssize_t count = write(file->fd, bytes.data, bytes.size);
        if (count < 0 && errno != EINTR)
            return CHIMERA_EIO;
        if (count > 0) {
            bytes.data += count;
            bytes.size -= (size_t)count;
        }
    }
    return CHIMERA_OK;
}

static int empty_file(void *context)
{
    const struct chimera_store_file *file = context;
    return ftruncate(file->fd, 0) < 0 || lseek(file->fd, 0, SEEK_SET) < 0 ? CHIMERA_EIO
                                                                          : CHIMERA_OK;
}

struct chimera_transfer_sink chimera_store_sink(struct chimera_store_file *file)
{
    return (struct chimera_transfer_sink){empty_file, write_bytes, file};
}
