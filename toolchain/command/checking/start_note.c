/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/checking/start_note.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"

#define TITLE "chimera started 1\n"
#define KEY_MAX ((size_t)128 << 20)

/* Texts stand behind their length, so that no two lists of them are alike. */
static void put_text(const char *text, struct chimera_buffer *out)
{
    if (!text) {
        chimera_buffer_text(out, "-\n");
        return;
    }
    chimera_buffer_print(out, "%zu ", strlen(text));
    chimera_buffer_text(out, text);
    chimera_buffer_byte(out, '\n');
}

static void put_texts(char *const *texts, struct chimera_buffer *out)
{
    size_t count = 0;
    while (texts && texts[count])
        count++;
    chimera_buffer_print(out, "[%zu]\n", count);
    for (size_t i = 0; i < count; i++)
        put_text(texts[i], out);
}

/* All that chimera_served_options() takes. */
static void put_spec(const struct policy_spec *spec, struct chimera_buffer *out)
{
    const struct chimera_policy_extras *extras = &spec->extras;
    put_text(spec->name, out);
    put_text(spec->settings, out);
    put_texts(spec->capabilities, out);
    chimera_buffer_print(out, "%llu %d%d%d%d%d\n", (unsigned long long)extras->memory_limit,
                         extras->gates_inventory, extras->has_undefined_failures, extras->prints,
                         extras->has_upstream_builtins, extras->omits_managed_fields);
    put_texts(extras->hosts, out);
    put_text(extras->entrypoint, out);
    put_texts(spec->resources, out);
}

static bool put_program(struct chimera_buffer *out)
{
    struct stat status;
    if (stat("/proc/self/exe", &status) < 0)
        return false;
    chimera_buffer_print(out, CHIMERA_VERSION " %llu %llu %lld %lld.%09ld\n",
                         (unsigned long long)status.st_dev, (unsigned long long)status.st_ino,
                         (long long)status.st_size, (long long)status.st_mtim.tv_sec,
                         (long)status.st_mtim.tv_nsec);
    return true;
}

/* The file's bytes, whatever is in it. */
static bool put_manifest(const char *plugin, struct chimera_buffer *out)
{
    CHIMERA_FREE char *path = NULL;
    size_t size = strlen(plugin);
    struct chimera_digest digest;
    if (size < 3 || asprintf(&path, "%.*s.json", (int)(size - 3), plugin) < 0) {
        path = NULL;
        return false;
    }
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    return fd >= 0 && chimera_digest_of_fd(fd, &digest, NULL) == CHIMERA_OK &&
           chimera_buffer_append(out, chimera_digest_slice(&digest)) == CHIMERA_OK;
}

static bool make_key(const struct start_note *note, struct chimera_digest *ret_key)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, KEY_MAX);
    chimera_buffer_text(&text, TITLE);
    bool is_good = put_program(&text) && put_manifest(note->plugin, &text);
    chimera_buffer_print(&text, "\n%u\n", (unsigned)note->limit_ms);
    if (note->spec)
        put_spec(note->spec, &text);
    is_good = is_good && !text.failed &&
              chimera_digest_of(chimera_buffer_slice(&text), ret_key) == CHIMERA_OK;
    chimera_buffer_free(&text);
    return is_good;
}

bool start_note_is_there(const struct start_note *note, struct chimera_cache *cache)
{
    struct chimera_digest key;
    return cache && make_key(note, &key) && chimera_cache_has_note(cache, &key);
}

void start_note_put(const struct start_note *note, struct chimera_cache *cache)
{
    struct chimera_digest key;
    if (cache && make_key(note, &key))
        chimera_cache_put_note(cache, &key);
}
