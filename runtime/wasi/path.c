/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/wasi/path.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "runtime/text/utf8.h"
#include "runtime/wasi/beneath.h"

uint32_t chimera_exec_path_open(const struct chimera_wasi_path *path, int flags, unsigned mode,
                                int *ret_fd)
{
    int fd = chimera_wasi_open_beneath(path->folder->fd, path->text, flags, mode);
    if (fd < 0)
        return errno == EXDEV ? WASI_PERM : chimera_wasi_error(errno);
    *ret_fd = fd;
    return WASI_SUCCESS;
}

uint32_t chimera_exec_path_text(struct chimera_guest *guest, uint32_t at, uint32_t size,
                                char ret_text[PATH_MAX])
{
    const char *text = (const char *)chimera_guest_bytes(guest, at, size);
    if (size >= PATH_MAX)
        return WASI_NAMETOOLONG;
    if (size == 0)
        return WASI_NOENT;
    if (chimera_utf8_prefix((struct chimera_slice){text, size}) < size || memchr(text, '\0', size))
        return WASI_ILSEQ;
    if (*text == '/')
        return WASI_PERM;
    memcpy(ret_text, text, size);
    ret_text[size] = '\0';
    return WASI_SUCCESS;
}

uint32_t chimera_exec_path_get(struct chimera_guest *guest, struct chimera_wasi_at at,
                               uint64_t rights, struct chimera_wasi_path *ret_path)
{
    uint32_t code = chimera_wasi_entry_get(guest, at.fd, 0, &ret_path->folder);
    if (code == WASI_SUCCESS && ret_path->folder->type != WASI_FILETYPE_DIRECTORY)
        code = WASI_NOTDIR;
    if (code == WASI_SUCCESS)
        code = chimera_wasi_entry_get(guest, at.fd, rights, &ret_path->folder);
    return code != WASI_SUCCESS ? code
                                : chimera_exec_path_text(guest, at.text, at.size, ret_path->text);
}

/* Where the last part begins: "c//" of "a/b/c//". Of one that ends in `.` or `..` there is none,
 * and it is the end. */
static size_t last_part(const char *text)
{
    size_t end = strlen(text);
    while (end > 0 && text[end - 1] == '/')
        end--;
    size_t start = end;
    while (start > 0 && text[start - 1] != '/')
        start--;
    bool is_dots = (end - start == 1 && text[start] == '.') ||
                   (end - start == 2 && text[start] == '.' && text[start + 1] == '.');
    return is_dots ? strlen(text) : start;
}

uint32_t chimera_exec_path_place(struct chimera_wasi_path *path,
                                 struct chimera_wasi_place *ret_place)
{
    struct chimera_wasi_place place = {.folder = path->folder->fd};
    size_t start = last_part(path->text);
    bool has_name = path->text[start] != '\0';
    place.name = has_name ? path->text + start : ".";
    if (start > 0) {
        char first = path->text[start];
        path->text[start] = '\0';
        uint32_t code = chimera_exec_path_open(path, O_PATH | O_DIRECTORY, 0, &place.folder);
        path->text[start] = first;
        if (code != WASI_SUCCESS)
            return code;
        place.is_owned = true;
    }
    *ret_place = place;
    return WASI_SUCCESS;
}

void chimera_wasi_place_end(const struct chimera_wasi_place *place)
{
    if (place->is_owned)
        close(place->folder);
}
