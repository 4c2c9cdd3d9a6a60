/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/tar.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/base/cleanup.h"

#define BLOCK ((size_t)512)
#define NAME_SIZE 100
#define PREFIX_SIZE 155
#define NUMBER_MAX (UINT64_C(1) << 33) /* eleven octal digits */

struct header { /* POSIX.1-1988's */
    char name[NAME_SIZE], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8];
    char type, link[NAME_SIZE], magic[6], version[2], user[32], group[32], major[8], minor[8];
    char prefix[PREFIX_SIZE], padding[12];
};
_Static_assert(sizeof(struct header) == 512, "a header is a block");

int tar_put_padding(const struct tar_sink *sink, uint64_t size, struct chimera_error *err)
{
    static const char zeros[BLOCK];
    size_t rest = (size_t)(size % BLOCK);
    return rest ? sink->put(sink->context, zeros, BLOCK - rest, err) : CHIMERA_OK;
}

/* Its parts are zero already. The checksum is over the header with blanks in its place. */
static void finish_header(struct header *header, char type, mode_t mode, uint64_t size,
                          uint64_t mtime)
{
    unsigned sum = 0;
    snprintf(header->mode, sizeof(header->mode), "%07o", (unsigned)mode & 07777);
    memcpy(header->uid, "0000000", 8);
    memcpy(header->gid, "0000000", 8);
    snprintf(header->size, sizeof(header->size), "%011llo", (unsigned long long)size);
    snprintf(header->mtime, sizeof(header->mtime), "%011llo", (unsigned long long)mtime);
    header->type = type;
    memcpy(header->magic, "ustar", 6);
    memcpy(header->version, "00", 2);
    memset(header->checksum, ' ', sizeof(header->checksum));
    for (size_t i = 0; i < sizeof(*header); i++)
        sum += ((const unsigned char *)header)[i];
    snprintf(header->checksum, sizeof(header->checksum), "%06o", sum); /* NUL, and one blank */
}

/* Where a name is cut in two; its length when it need not be, 0 when it cannot be. */
static size_t cut_name(const char *name, size_t size)
{
    if (size <= NAME_SIZE)
        return size;
    for (size_t at = size - NAME_SIZE - 1; at <= PREFIX_SIZE && at < size - 1; at++)
        if (name[at] == '/' && at > 0)
            return at;
    return 0;
}

/* "LENGTH path=NAME\n", where LENGTH counts itself. */
static int put_long(const struct tar_sink *sink, const char *key, const char *text,
                    struct chimera_error *err)
{
    struct header header = {.name = "././@PaxHeader"};
    size_t rest = strlen(" =\n") + strlen(key) + strlen(text), size = rest;
    CHIMERA_FREE char *record = NULL;
    do {
        size++;
    } while (size - rest != (size_t)snprintf(NULL, 0, "%zu", size));
    if (asprintf(&record, "%zu %s=%s\n", size, key, text) < 0)
        return chimera_fail_memory(err);
    finish_header(&header, 'x', 0644, size, 0);
    int code = sink->put(sink->context, &header, sizeof(header), err);
    if (code == CHIMERA_OK)
        code = sink->put(sink->context, record, size, err);
    return code < 0 ? code : tar_put_padding(sink, size, err);
}

static int put_name(const struct tar_sink *sink, const char *name, struct header *header,
                    struct chimera_error *err)
{
    size_t size = strlen(name), cut = cut_name(name, size);
    int code = cut == 0 && size > 0 ? put_long(sink, "path", name, err) : CHIMERA_OK;
    if (cut > 0 && cut < size) {
        memcpy(header->prefix, name, cut);
        memcpy(header->name, name + cut + 1, size - cut - 1);
    } else {
        memcpy(header->name, name, size < NAME_SIZE ? size : NAME_SIZE);
    }
    return code;
}

static int put_link(const struct tar_sink *sink, const char *link, struct header *header,
                    struct chimera_error *err)
{
    size_t size = strlen(link);
    int code = size > NAME_SIZE ? put_long(sink, "linkpath", link, err) : CHIMERA_OK;
    memcpy(header->link, link, size < NAME_SIZE ? size : NAME_SIZE);
    return code;
}

int tar_put_header(const struct tar_sink *sink, const struct tar_entry *entry,
                   struct chimera_error *err)
{
    struct header header = {0};
    CHIMERA_FREE char *folder = NULL;
    const bool is_folder = S_ISDIR(entry->mode);
    if (entry->size >= NUMBER_MAX || entry->mtime < 0 || (uint64_t)entry->mtime >= NUMBER_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT,
                            "%s: its size or its time is too large for an archive", entry->name);
    if (is_folder && asprintf(&folder, "%s/", entry->name) < 0)
        return chimera_fail_memory(err);
    int code = put_name(sink, is_folder ? folder : entry->name, &header, err);
    if (code == CHIMERA_OK && entry->link)
        code = put_link(sink, entry->link, &header, err);
    finish_header(&header,
                  is_folder     ? '5'
                  : entry->link ? '2'
                                : '0',
                  entry->mode, entry->size, (uint64_t)entry->mtime);
    return code < 0 ? code : sink->put(sink->context, &header, sizeof(header), err);
}

int tar_put_end(const struct tar_sink *sink, struct chimera_error *err)
{
    static const char end[2 * BLOCK];
    return sink->put(sink->context, end, sizeof(end), err);
}
