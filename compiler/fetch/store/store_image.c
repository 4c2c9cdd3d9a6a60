/* SPDX-License-Identifier: Apache-2.0 */
/* store_image.c - which image a policy of the store came from. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/fetch/store/store.h"
#include "runtime/base/buffer.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

#define RECORD_MAX ((size_t)400)
#define ALGORITHM "sha256:"

static char *record_path(const char *root, const char *path)
{
    char *record = NULL;
    return asprintf(&record, "%s/" CHIMERA_STORE_IMAGES "%s", root, path + strlen(root) + 1) < 0
               ? NULL
               : record;
}

int chimera_store_image_keep(const char *root, const char *path, const char *image,
                             const char *layer, struct chimera_error *err)
{
    CHIMERA_FREE char *record = record_path(root, path);
    struct chimera_store_file file = {.fd = -1};
    if (!record)
        return chimera_fail_memory(err);
    int code = chimera_store_create(root, record, &file, err);
    if (code < 0)
        return code;
    if (dprintf(file.fd, "%s %s\n", image, layer) > 0)
        return chimera_store_commit(&file, err);
    code = chimera_fail_errno(err, record);
    chimera_store_drop(&file);
    return code;
}

static bool is_of_file(const char *path, const char *layer)
{
    struct chimera_digest digest;
    char hex[CHIMERA_DIGEST_HEX];
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || chimera_digest_of_fd(fd, &digest, NULL) < 0)
        return false;
    chimera_digest_hex(&digest, hex);
    return strncmp(layer, ALGORITHM, strlen(ALGORITHM)) == 0 &&
           strcmp(layer + strlen(ALGORITHM), hex) == 0;
}

bool chimera_store_image_find(const char *root, const char *path, char *ret_image)
{
    size_t size = strlen(root);
    struct chimera_buffer text;
    bool is_known = false;
    if (strncmp(path, root, size) != 0 || path[size] != '/')
        return false; /* it is in no store */
    CHIMERA_FREE char *record = record_path(root, path);
    chimera_buffer_init(&text, RECORD_MAX);
    if (record && chimera_file_read(record, &text, NULL) == CHIMERA_OK && text.size > 0 &&
        text.data[text.size - 1] == '\n') {
        text.data[text.size - 1] = '\0';
        char *blank = strchr(text.data, ' ');
        if (blank && (size_t)(blank - text.data) < CHIMERA_STORE_IMAGE_MAX &&
            is_of_file(path, blank + 1)) {
            *blank = '\0';
            memcpy(ret_image, text.data, (size_t)(blank - text.data) + 1);
            is_known = true;
        }
    }
    chimera_buffer_free(&text);
    return is_known;
}

void chimera_store_image_forget(const char *root, const char *path)
{
    CHIMERA_FREE char *record = record_path(root, path);
    size_t size = strlen(root);
    if (!record || unlink(record) < 0)
        return;
    for (char *slash; (slash = strrchr(record, '/')) && (size_t)(slash - record) > size;) {
        *slash = '\0';
        if (rmdir(record) < 0) /* not empty */
            break;
    }
}
