/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/plugin/names.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"

struct head {
    uint32_t count, name_bytes;
    uint8_t object[32];
};

struct record {
    uint32_t start, size, function, wasm_offset, name_at;
};

static bool read_at(int fd, void *to, size_t size, uint64_t at)
{
    return pread(fd, to, size, (off_t)at) == (ssize_t)size;
}

static uint32_t u32_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

static bool read_head(int fd, struct head *ret_head)
{
    uint8_t bytes[CHIMERA_NAMES_HEAD];
    if (!read_at(fd, bytes, sizeof(bytes), 0) || memcmp(bytes, CHIMERA_NAMES_MAGIC, 8) != 0)
        return false;
    ret_head->count = u32_at(bytes + 8);
    ret_head->name_bytes = u32_at(bytes + 12);
    memcpy(ret_head->object, bytes + 16, sizeof(ret_head->object));
    return ret_head->count <= CHIMERA_NAMES_COUNT_MAX &&
           ret_head->name_bytes <= CHIMERA_NAMES_BYTES_MAX;
}

int chimera_names_open(const char *path, const struct chimera_digest *object)
{
    struct stat status;
    struct head head;
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || !read_head(fd, &head) ||
        memcmp(head.object, object->bytes, sizeof(head.object)) != 0)
        return -1;
    int kept = fd;
    fd = -1; /* handed over */
    return kept;
}

static bool read_record(int fd, uint32_t number, struct record *ret_record)
{
    uint8_t bytes[CHIMERA_NAMES_RECORD];
    if (!read_at(fd, bytes, sizeof(bytes), CHIMERA_NAMES_HEAD + (uint64_t)number * sizeof(bytes)))
        return false;
    *ret_record = (struct record){u32_at(bytes), u32_at(bytes + 4), u32_at(bytes + 8),
                                  u32_at(bytes + 12), u32_at(bytes + 16)};
    return true;
}

/* The last record that starts at or before `address`. A file whose order is broken leads astray,
 * and no further. */
static bool find_record(int fd, uint32_t count, uint64_t address, struct record *ret_record)
{
    uint32_t from = 0, to = count;
    bool is_found = false;
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;
        struct record record;
        if (!read_record(fd, middle, &record))
            return false;
        if (record.start <= address) {
            *ret_record = record;
            is_found = true;
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return is_found && address >= ret_record->start &&
           address - ret_record->start < ret_record->size;
}

/* Where the names begin. */
static uint64_t names_place(const struct head *head)
{
    return CHIMERA_NAMES_HEAD + (uint64_t)head->count * CHIMERA_NAMES_RECORD;
}

/* Its length; 0: it has none, or the file is broken there. */
static size_t read_name(int fd, const struct head *head, uint32_t name_at,
                        char ret_name[CHIMERA_NAMES_NAME_MAX])
{
    uint64_t at = names_place(head) + name_at;
    uint8_t size;
    return name_at < head->name_bytes && read_at(fd, &size, 1, at) &&
                   size <= head->name_bytes - name_at - 1 && read_at(fd, ret_name, size, at + 1)
               ? size
               : 0;
}

bool chimera_names_find(int fd, uint64_t address, struct chimera_place *ret_place)
{
    struct head head;
    struct record record = {0};
    if (fd < 0 || !read_head(fd, &head) || !find_record(fd, head.count, address, &record))
        return false;
    ret_place->function = record.function;
    ret_place->wasm_offset = record.wasm_offset;
    ret_place->code_offset = (uint32_t)(address - record.start);
    ret_place->name_size = read_name(fd, &head, record.name_at, ret_place->name);
    return true;
}

bool chimera_names_each(int fd,
                        void (*visit)(uint32_t function, struct chimera_slice name, void *context),
                        void *context)
{
    struct head head;
    struct record record;
    char name[CHIMERA_NAMES_NAME_MAX];
    if (fd < 0 || !read_head(fd, &head))
        return false;
    for (uint32_t i = 0; i < head.count; i++) {
        if (!read_record(fd, i, &record))
            return false;
        size_t size =
            record.function == CHIMERA_NO_FUNCTION ? 0 : read_name(fd, &head, record.name_at, name);
        if (size > 0)
            visit(record.function, (struct chimera_slice){name, size}, context);
    }
    return true;
}
