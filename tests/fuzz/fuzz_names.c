/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a plugin's names, asked for any address. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/plugin/names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_up(uint32_t function, struct chimera_slice name, void *context)
{
    uint64_t *sum = context;
    *sum += function;
    for (size_t i = 0; i < name.size; i++)
        *sum += (unsigned char)name.data[i];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t address = 0;
    struct chimera_place place;
    int fd = memfd_create("names", MFD_CLOEXEC);
    if (size < sizeof(address) || fd < 0 || write(fd, data, size) != (ssize_t)size) {
        close(fd);
        return 0;
    }
    memcpy(&address, data + size - sizeof(address), sizeof(address)); /* its own last bytes */
    const uint64_t addresses[] = {address, address & 0xffff, 0, 0x1000, UINT32_MAX, UINT64_MAX};
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        if (!chimera_names_find(fd, addresses[i], &place))
            continue;
        volatile char sum = 0; /* every byte that is said to be there is */
        for (size_t k = 0; k < place.name_size; k++)
            sum = (char)(sum + place.name[k]);
        if (place.name_size > sizeof(place.name))
            __builtin_trap();
    }
    uint64_t sum = 0;
    chimera_names_each(fd, add_up, &sum);
    close(fd);
    return 0;
}
