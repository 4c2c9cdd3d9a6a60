/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c - the main() of a fuzz target in ordinary builds: it plays the files of a corpus.
 *
 *   replay_NAME [FOLDER]
 *
 * And some that every parser should survive: nothing, all bytes, zeros, and the files cut short.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/base/file.h"

#define FILE_MAX ((size_t)16 << 20)
#define CUTS 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* From the heap and of that size, so that a sanitizer sees a step past its end. */
static void play(const char *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        abort();
    if (size > 0)
        memcpy(copy, data, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void play_file(const char *path)
{
    struct chimera_buffer bytes;
    struct chimera_error err = {0};
    chimera_buffer_init(&bytes, FILE_MAX);
    if (chimera_file_read(path, &bytes, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
    play(bytes.data, bytes.size);
    for (size_t i = 1; i < CUTS; i++)
        play(bytes.data, bytes.size * i / CUTS);
    chimera_buffer_free(&bytes);
}

static unsigned play_folder(const char *name)
{
    unsigned count = 0;
    char path[4096];
    DIR *folder = opendir(name);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", name, entry->d_name);
        play_file(path);
        count++;
    }
    if (folder)
        closedir(folder);
    return count;
}

int main(int count, char **arguments)
{
    char all[1024] = {0};
    play(all, 0);
    play(all, sizeof(all));
    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (char)i;
    play(all, sizeof(all));
    unsigned files = count > 1 ? play_folder(arguments[1]) : 0;
    if (count > 1 && files == 0) {
        fprintf(stderr, "no files in %s\n", arguments[1]);
        return 1;
    }
    printf("%u files\n", files);
    return 0;
}
