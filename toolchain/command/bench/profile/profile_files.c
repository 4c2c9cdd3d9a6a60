/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/profile/profile_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "toolchain/command/bench/profile/flame_graph.h"

#define PART_MAX 80 /* bytes of a policy's or a request's name in that of a file */
#define TEXT_MAX ((size_t)256 << 20)
#define FOLDER_MODE 0777 /* what the umask leaves of it */
#define FILE_MODE 0666

/* The stems that were written; one thread. They stay as long as the process. */
static char **written;
static size_t written_count;

static bool is_plain(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_';
}

/* The end of a long name says more than its beginning. */
static void write_part(const char *name, struct chimera_buffer *stem)
{
    size_t size = strlen(name);
    for (const char *at = size > PART_MAX ? name + size - PART_MAX : name; *at; at++)
        chimera_buffer_byte(stem, (uint8_t)(is_plain(*at) ? *at : '_'));
}

static bool is_written(const char *stem)
{
    for (size_t i = 0; i < written_count; i++)
        if (strcmp(written[i], stem) == 0)
            return true;
    return false;
}

/* A file's name is never hidden, nor a folder's. */
static char *choose_stem(const char *policy, const char *request)
{
    struct chimera_buffer stem;
    char *chosen = NULL;
    size_t dots = 0;
    chimera_buffer_init(&stem, 4096);
    write_part(policy, &stem);
    chimera_buffer_byte(&stem, '-');
    write_part(request, &stem);
    chimera_buffer_byte(&stem, '\0');
    while (!stem.failed && stem.data[dots] == '.')
        stem.data[dots++] = '_';
    for (unsigned i = 1; !stem.failed && !chosen; i++) {
        if (asprintf(&chosen, i > 1 ? "%s-%u" : "%s", stem.data, i) < 0)
            break;
        if (is_written(chosen)) {
            free(chosen);
            chosen = NULL;
        }
    }
    chimera_buffer_free(&stem);
    return chosen;
}

static int keep_stem(char *stem)
{
    char **more = realloc(written, (written_count + 1) * sizeof(*written));
    if (!more)
        return CHIMERA_ENOMEM;
    written = more;
    written[written_count++] = stem;
    return CHIMERA_OK;
}

static int write_file(const char *folder, const char *stem, const char *suffix,
                      const struct chimera_buffer *text, char **ret_path, struct chimera_error *err)
{
    CHIMERA_FREE char *path = NULL;
    if (asprintf(&path, "%s/%s%s", folder, stem, suffix) < 0)
        path = NULL;
    if (!path || text->failed == CHIMERA_ENOMEM)
        return chimera_fail_memory(err);
    if (text->failed)
        return chimera_fail(err, text->failed, "%s: the profile is too large to be written", path);
    int code = chimera_file_write(path, chimera_buffer_slice(text), FILE_MODE, err);
    if (code == CHIMERA_OK && ret_path) {
        *ret_path = path;
        path = NULL; /* handed over */
    }
    return code;
}

static int write_both(const char *folder, const char *stem, struct chimera_slice title,
                      const struct stacks *stacks, char **ret_picture, struct chimera_error *err)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, TEXT_MAX);
    stacks_write(stacks, &text);
    int code = write_file(folder, stem, ".folded", &text, NULL, err);
    chimera_buffer_reset(&text);
    if (code == CHIMERA_OK) {
        flame_graph_write(stacks, title, &text);
        code = write_file(folder, stem, ".svg", &text, ret_picture, err);
    }
    chimera_buffer_free(&text);
    return code;
}

int profile_files_write(const char *folder, const char *policy, const char *request,
                        const struct stacks *stacks, char **ret_picture, struct chimera_error *err)
{
    CHIMERA_FREE char *title = NULL;
    char *stem = choose_stem(policy, request);
    if (!stem || asprintf(&title, "%s on %s", policy, request) < 0 || keep_stem(stem) < 0) {
        free(stem);
        return chimera_fail_memory(err);
    }
    int code = chimera_folder_make(folder, FOLDER_MODE, err);
    return code < 0 ? code
                    : write_both(folder, stem, chimera_slice_of(title), stacks, ret_picture, err);
}
