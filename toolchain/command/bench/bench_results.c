/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/bench_results.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/definition/tree_type.h"

#define FOLDER "target/tiny-bench"
#define FILE_MAX ((size_t)8 << 20)
#define NAME_LENGTH 120
#define SAMPLES_MAX 100000

struct place {
    char folder[sizeof(FOLDER) + 64], path[sizeof(FOLDER) + 64 + NAME_LENGTH + 8];
};

/* The policy's name as a file's: of that of the command line the module's. */
static void find_place(const char *label, const struct definition *definition,
                       struct place *ret_place)
{
    const char *name = definition->id;
    char clean[NAME_LENGTH];
    size_t size = 0;
    if (strcmp(name, "policy-from-cli") == 0) {
        const char *slash = strrchr(definition->member->module, '/');
        name = slash ? slash + 1 : definition->member->module;
    }
    for (; *name && size + 1 < sizeof(clean); name++)
        clean[size++] = strchr("/\\:@ ", *name) || (unsigned char)*name < ' ' ? '-' : *name;
    clean[size] = '\0';
    snprintf(ret_place->folder, sizeof(ret_place->folder), FOLDER "/%.60s", label);
    snprintf(ret_place->path, sizeof(ret_place->path), "%s/%s.json", ret_place->folder, clean);
}

/* Lists of numbers, as many in both, none of them zero iterations. */
static bool take_samples(struct json_object *tree, struct bench_samples *samples)
{
    struct json_object *iterations = chimera_json_member(tree, "iterations");
    struct json_object *nanoseconds = chimera_json_member(tree, "nanoseconds");
    if (!json_object_is_type(iterations, json_type_array) ||
        !json_object_is_type(nanoseconds, json_type_array))
        return false;
    size_t count = json_object_array_length(iterations);
    if (count < 2 || count > SAMPLES_MAX || count != json_object_array_length(nanoseconds) ||
        bench_samples_new(count, samples) < 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        samples->iterations[i] = json_object_get_uint64(json_object_array_get_idx(iterations, i));
        samples->nanoseconds[i] = json_object_get_uint64(json_object_array_get_idx(nanoseconds, i));
        if (samples->iterations[i] == 0)
            return false;
    }
    return true;
}

int bench_results_read(const char *label, const struct definition *definition,
                       struct bench_samples *ret_samples, struct chimera_error *err)
{
    struct place place;
    struct chimera_buffer text;
    CHIMERA_JSON struct json_object *tree = NULL;
    find_place(label, definition, &place);
    CHIMERA_CLOSE int fd = open(place.path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? CHIMERA_OK
                                                   : chimera_fail_errno(err, place.path);
    chimera_buffer_init(&text, FILE_MAX);
    int code = chimera_fd_read(fd, place.path, &text, err);
    if (code == CHIMERA_OK && (chimera_json_parse(chimera_buffer_slice(&text), &tree, NULL) < 0 ||
                               !take_samples(tree, ret_samples))) {
        bench_samples_free(ret_samples);
        say_warning("%s has no samples that can be compared with", place.path);
    }
    chimera_buffer_free(&text);
    return code;
}

static void put_list(const char *name, const uint64_t *list, size_t count,
                     struct chimera_buffer *out)
{
    chimera_buffer_print(out, "\"%s\":[", name);
    for (size_t i = 0; i < count; i++)
        chimera_buffer_print(out, "%s%llu", i > 0 ? "," : "", (unsigned long long)list[i]);
    chimera_buffer_byte(out, ']');
}

int bench_results_write(const char *label, const struct definition *definition,
                        const struct bench_samples *samples, struct chimera_error *err)
{
    struct place place;
    struct chimera_buffer text;
    struct stat status;
    if (stat("target", &status) < 0 || !S_ISDIR(status.st_mode)) {
        say_warning("there is no folder `target` here: the samples are not kept");
        return CHIMERA_OK;
    }
    find_place(label, definition, &place);
    chimera_buffer_init(&text, FILE_MAX);
    chimera_buffer_byte(&text, '{');
    put_list("iterations", samples->iterations, samples->count, &text);
    chimera_buffer_byte(&text, ',');
    put_list("nanoseconds", samples->nanoseconds, samples->count, &text);
    chimera_buffer_text(&text, "}\n");
    int code = text.failed ? chimera_fail_memory(err)
                           : chimera_folder_make(place.folder, CHIMERA_FOLDER_PLAIN, err);
    if (code == CHIMERA_OK)
        code = chimera_file_write(place.path, chimera_buffer_slice(&text), CHIMERA_FILE_PLAIN, err);
    chimera_buffer_free(&text);
    return code;
}
