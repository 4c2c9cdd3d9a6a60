/* SPDX-License-Identifier: Apache-2.0 */
/* files.c - the files that --request-path names, as they are. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "toolchain/command/definition/run_input.h"
#include "toolchain/command/request/requests.h"

#define FILES_MAX 10000

static int add_file(const char *path, struct request_files *files, struct chimera_error *err)
{
    if (files->count == FILES_MAX)
        return chimera_fail(err, CHIMERA_ELIMIT, "more than %d requests", FILES_MAX);
    struct request_file *more = reallocarray(files->list, files->count + 1, sizeof(*more));
    if (!more)
        return chimera_fail_memory(err);
    files->list = more;
    struct request_file *file = &more[files->count++];
    *file = (struct request_file){.name = strdup(strcmp(path, "-") == 0 ? "standard input" : path)};
    chimera_buffer_init(&file->text, RUN_REQUEST_MAX);
    return file->name ? run_input_request(path, &file->text, err) : chimera_fail_memory(err);
}

bool request_file_is(const char *name)
{
    static const char *const ends[] = {".json", ".yaml", ".yml"};
    const char *dot = strrchr(name, '.');
    bool is_one = false;
    for (size_t i = 0; dot && i < sizeof(ends) / sizeof(*ends); i++)
        is_one = is_one || strcmp(dot, ends[i]) == 0;
    return is_one && name[0] != '.';
}

static int is_request(const struct dirent *entry)
{
    return request_file_is(entry->d_name);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* A FIFO that a folder has would be waited for, by who has not named it. */
static int add_entry(const char *path, struct request_files *files, struct chimera_error *err)
{
    struct stat status;
    bool is_there = stat(path, &status) == 0;
    if (is_there && S_ISDIR(status.st_mode))
        return CHIMERA_OK;
    if (is_there && !S_ISREG(status.st_mode))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "%s is no regular file: of a folder only those are read; name it "
                            "itself with --request-path, or take it away",
                            path);
    return add_file(path, files, err);
}

static int add_folder(const char *path, struct request_files *files, struct chimera_error *err)
{
    struct dirent **names = NULL;
    int code = CHIMERA_OK, count = scandir(path, &names, is_request, by_name);
    size_t before = files->count;
    if (count < 0)
        return chimera_fail_errno(err, path);
    for (int i = 0; i < count; i++) {
        CHIMERA_FREE char *file = chimera_path_join(path, names[i]->d_name);
        if (code == CHIMERA_OK && !file)
            code = chimera_fail_memory(err);
        else if (code == CHIMERA_OK)
            code = add_entry(file, files, err);
        free(names[i]);
    }
    free(names);
    if (code == CHIMERA_OK && files->count == before)
        code = chimera_fail(err, CHIMERA_EINVAL,
                            "%s is a folder without requests: no file in it ends with .json, .yaml "
                            "or .yml",
                            path);
    return code;
}

int request_files_read(const char *path, struct request_files *files, struct chimera_error *err)
{
    return strcmp(path, "-") != 0 && is_folder(path) ? add_folder(path, files, err)
                                                     : add_file(path, files, err);
}

void request_files_done(struct request_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        free(files->list[i].name);
        chimera_buffer_free(&files->list[i].text);
    }
    free(files->list);
    *files = (struct request_files){0};
}
