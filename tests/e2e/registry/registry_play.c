/* SPDX-License-Identifier: Apache-2.0 */
/* registry_play.c - a registry asked as the command line says, told as JSON lines.
 *
 *   registry-play OPTION… HOST [COMMAND ARGUMENT…]…
 *
 *   --sources FILE             --login HOST USER PASSWORD          --identity HOST TOKEN
 *
 *   resolve REF                manifest REF                        blob REF SIZE FILE
 *   read REF SIZE LIMIT        put-blob REPOSITORY DIGEST FILE FROM
 *   put-manifest REF TYPE FILE referrers REF                       add-referrer REF TYPE DIGEST
 * SIZE
 *
 * REF is REPOSITORY:TAG or REPOSITORY@DIGEST; FROM may be "-". All commands share one registry.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "compiler/fetch/registry/registry.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"

#define LOGINS_MAX 4

struct player {
    struct chimera_registry *registry;
    struct json_object *told; /* of the command that is played */
    uint64_t done, total;     /* of the progress that was told of last, of something large */
    bool has_gone_back;
    char **words;
};

static const char *next(struct player *player)
{
    if (!*player->words) {
        puts("{\"usage\":\"an argument is missing\"}");
        exit(2);
    }
    return *player->words++;
}

static uint64_t next_number(struct player *player)
{
    return strtoull(next(player), NULL, 10);
}

static void tell(struct player *player, const char *name, const char *text)
{
    json_object_object_add(player->told, name, text ? json_object_new_string(text) : NULL);
}

static struct chimera_image_reference next_reference(struct player *player)
{
    struct chimera_image_reference reference = {0};
    char *text = strdup(next(player)), *at = strchr(text, '@'), *colon = strrchr(text, ':');
    if (at)
        reference.digest = strdup(at + 1);
    else if (colon)
        reference.tag = strdup(colon + 1);
    reference.repository =
        strndup(text, at || colon ? (size_t)((at ? at : colon) - text) : strlen(text));
    reference.registry = strdup("unused");
    free(text);
    return reference;
}

static void tell_entries(struct player *player, const struct chimera_descriptor *entries,
                         size_t count)
{
    struct json_object *list = json_object_new_array();
    for (size_t i = 0; i < count; i++) {
        struct json_object *entry = json_object_new_object();
        json_object_object_add(entry, "type", json_object_new_string(entries[i].media_type));
        json_object_object_add(entry, "digest", json_object_new_string(entries[i].digest));
        json_object_object_add(entry, "size", json_object_new_int64((int64_t)entries[i].size));
        json_object_object_add(
            entry, "artifact",
            entries[i].artifact_type ? json_object_new_string(entries[i].artifact_type) : NULL);
        json_object_array_add(list, entry);
    }
    json_object_object_add(player->told, "entries", list);
}

static int play_resolve(struct player *player, struct chimera_image_reference *image,
                        struct chimera_error *err)
{
    char digest[CHIMERA_OCI_DIGEST_MAX];
    int code = chimera_registry_resolve(player->registry, image, digest, err);
    if (code == 0)
        tell(player, "digest", digest);
    return code;
}

static int play_manifest(struct player *player, struct chimera_image_reference *image,
                         struct chimera_error *err)
{
    struct chimera_oci_manifest manifest;
    int code = chimera_registry_get_manifest(player->registry, image, &manifest, err);
    if (code < 0)
        return code;
    tell(player, "digest", manifest.digest);
    tell(player, "type", manifest.media_type);
    json_object_object_add(player->told, "index", json_object_new_boolean(manifest.is_index));
    tell_entries(player, manifest.entries, manifest.entry_count);
    chimera_oci_manifest_done(&manifest);
    return code;
}

struct file {
    int fd;
    unsigned restarts;
    bool is_full; /* acts as a disk that is */
};

static int restart(void *context)
{
    struct file *file = context;
    file->restarts++;
    return ftruncate(file->fd, 0) == 0 && lseek(file->fd, 0, SEEK_SET) == 0 ? 0 : CHIMERA_EIO;
}

static int take(void *context, struct chimera_slice bytes)
{
    struct file *file = context;
    if (file->is_full)
        return CHIMERA_ENOMEM;
    return write(file->fd, bytes.data, bytes.size) == (ssize_t)bytes.size ? 0 : CHIMERA_EIO;
}

static int play_blob(struct player *player, struct chimera_image_reference *image,
                     struct chimera_error *err)
{
    struct chimera_descriptor blob = {.media_type = "a/b", .size = next_number(player)};
    const char *path = next(player);
    struct file file = {.fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600),
                        .is_full = strcmp(path, "/dev/full") == 0};
    const struct chimera_transfer_sink sink = {restart, take, &file};
    strncpy(blob.digest, image->digest, sizeof(blob.digest) - 1);
    int code = chimera_registry_get_blob(player->registry, image, &blob, &sink, err);
    close(file.fd);
    json_object_object_add(player->told, "restarts", json_object_new_int((int)file.restarts));
    return code;
}

static int play_read(struct player *player, struct chimera_image_reference *image,
                     struct chimera_error *err)
{
    struct chimera_descriptor blob = {.media_type = "a/b", .size = next_number(player)};
    struct chimera_buffer out;
    size_t limit = (size_t)next_number(player);
    strncpy(blob.digest, image->digest, sizeof(blob.digest) - 1);
    chimera_buffer_init(&out, limit + 1);
    int code = chimera_registry_read_blob(player->registry, image, &blob, limit, &out, err);
    chimera_buffer_byte(&out, '\0');
    tell(player, "text", code == 0 ? out.data : NULL);
    chimera_buffer_free(&out);
    return code;
}

/* From the file for some, from memory for others: both are ways to send. */
static int play_put_blob(struct player *player, struct chimera_image_reference *image,
                         struct chimera_error *err)
{
    const char *digest = next(player), *path = next(player), *from = next(player);
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat stat;
    struct chimera_buffer bytes;
    struct chimera_transfer_body body = {.fd = fd};
    if (fd < 0 || fstat(fd, &stat) < 0)
        return chimera_fail_errno(err, path);
    chimera_buffer_init(&bytes, 1 << 20);
    if (stat.st_size <= 1 << 20) {
        if (chimera_file_read(path, &bytes, err) < 0)
            return CHIMERA_EIO;
        body = (struct chimera_transfer_body){chimera_buffer_slice(&bytes), -1, 0, 0};
    }
    body.size = (uint64_t)stat.st_size;
    int code = chimera_registry_put_blob(player->registry, image, digest, &body,
                                         strcmp(from, "-") == 0 ? NULL : from, err);
    chimera_buffer_free(&bytes);
    return code;
}

static int play_put_manifest(struct player *player, struct chimera_image_reference *image,
                             struct chimera_error *err)
{
    const char *type = next(player);
    struct chimera_published published;
    struct chimera_buffer bytes;
    chimera_buffer_init(&bytes, CHIMERA_MANIFEST_MAX);
    int code = chimera_file_read(next(player), &bytes, err);
    if (code == 0)
        code = chimera_registry_put_manifest(player->registry, image, type,
                                             chimera_buffer_slice(&bytes), &published, err);
    if (code == 0) {
        tell(player, "digest", published.digest);
        json_object_object_add(player->told, "subject",
                               json_object_new_boolean(published.knows_subject));
    }
    chimera_buffer_free(&bytes);
    return code;
}

static int play_referrers(struct player *player, struct chimera_image_reference *image,
                          struct chimera_error *err)
{
    struct chimera_referrers referrers;
    int code =
        chimera_registry_list_referrers(player->registry, image, image->digest, &referrers, err);
    if (code < 0)
        return code;
    tell_entries(player, referrers.entries, referrers.count);
    chimera_referrers_done(&referrers);
    return code;
}

static int play_add_referrer(struct player *player, struct chimera_image_reference *image,
                             struct chimera_error *err)
{
    struct chimera_descriptor entry = {.media_type = CHIMERA_MEDIA_OCI_MANIFEST};
    CHIMERA_JSON struct json_object *annotations = json_object_new_object();
    json_object_object_add(annotations, "by", json_object_new_string("registry-play"));
    entry.annotations = annotations;
    entry.artifact_type = next(player);
    strncpy(entry.digest, next(player), sizeof(entry.digest) - 1);
    entry.size = next_number(player);
    return chimera_registry_add_referrer(player->registry, image, image->digest, &entry, err);
}

struct command {
    const char *name;
    int (*play)(struct player *player, struct chimera_image_reference *image,
                struct chimera_error *err);
};

static const struct command commands[] = {
    {"resolve", play_resolve},     {"manifest", play_manifest},
    {"blob", play_blob},           {"read", play_read},
    {"put-blob", play_put_blob},   {"put-manifest", play_put_manifest},
    {"referrers", play_referrers}, {"add-referrer", play_add_referrer},
};

static bool play(struct player *player)
{
    const char *name = next(player);
    struct chimera_error err = {0};
    int code = CHIMERA_EINVAL;
    player->told = json_object_new_object();
    struct chimera_image_reference image = next_reference(player);
    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            code = commands[i].play(player, &image, &err);
    json_object_object_add(player->told, "code", json_object_new_int(code));
    if (player->total > 0) {
        json_object_object_add(player->told, "done", json_object_new_uint64(player->done));
        json_object_object_add(player->told, "total", json_object_new_uint64(player->total));
        json_object_object_add(player->told, "back",
                               json_object_new_boolean(player->has_gone_back));
        player->total = player->done = 0;
        player->has_gone_back = false;
    }
    if (code < 0)
        tell(player, "error", err.text);
    puts(json_object_to_json_string_ext(player->told, JSON_C_TO_STRING_PLAIN));
    json_object_put(player->told);
    chimera_image_reference_done(&image);
    return code == 0;
}

static int note_progress(void *context, uint64_t done, uint64_t total)
{
    struct player *player = context;
    if (total < 1 << 20)
        return 0;
    player->has_gone_back |= done < player->done || (player->total > 0 && total != player->total);
    player->done = done;
    player->total = total;
    return 0;
}

static void warn(void *context, const char *text)
{
    (void)context;
    struct json_object *told = json_object_new_object();
    json_object_object_add(told, "warning", json_object_new_string(text));
    puts(json_object_to_json_string_ext(told, JSON_C_TO_STRING_PLAIN));
    json_object_put(told);
}

struct setup {
    struct chimera_registry_options options;
    struct chimera_transport_options transport;
    struct chimera_sources sources;
    struct chimera_credential credentials[LOGINS_MAX];
    struct chimera_login logins[LOGINS_MAX];
};

static void add_login(struct player *player, struct setup *setup, bool is_identity)
{
    size_t at = setup->options.login_count++;
    struct chimera_credential *credential = &setup->credentials[at];
    if (at == LOGINS_MAX)
        exit(2);
    setup->logins[at] = (struct chimera_login){next(player), credential};
    if (is_identity) {
        credential->identity_token = strdup(next(player));
    } else {
        credential->username = strdup(next(player));
        credential->password = strdup(next(player));
    }
}

static int read_options(struct player *player, struct setup *setup, struct chimera_error *err)
{
    for (; *player->words && strncmp(*player->words, "--", 2) == 0;) {
        const char *option = next(player);
        CHIMERA_FREE char *warnings = NULL;
        if (strcmp(option, "--sources") == 0) {
            if (chimera_sources_read(next(player), &setup->sources, &warnings, err) < 0)
                return err->code;
        } else {
            add_login(player, setup, strcmp(option, "--identity") == 0);
        }
    }
    setup->options.host = next(player);
    return CHIMERA_OK;
}

static void drop(struct setup *setup)
{
    for (size_t i = 0; i < setup->options.login_count; i++) {
        free(setup->credentials[i].username);
        free(setup->credentials[i].password);
        free(setup->credentials[i].identity_token);
    }
    chimera_sources_done(&setup->sources);
}

int main(int count, char **words)
{
    struct player player = {.words = words + (count > 0)};
    struct setup setup = {.transport = {.stall_seconds = 3, .progress = note_progress}};
    struct chimera_error err = {0};
    bool is_good = read_options(&player, &setup, &err) == CHIMERA_OK;
    setup.transport.sources = setup.options.sources = &setup.sources;
    setup.options.logins = setup.logins;
    setup.options.warn = warn;
    setup.transport.context = &player;
    if (is_good && chimera_transport_new(&setup.transport, &setup.options.transport, &err) < 0)
        is_good = false;
    if (is_good && chimera_registry_new(&setup.options, &player.registry, &err) < 0)
        is_good = false;
    if (!is_good)
        printf("{\"setup\":\"%s\"}\n", err.text);
    bool is_ready = is_good;
    while (is_ready && *player.words)
        is_good &= play(&player);
    chimera_registry_free(player.registry);
    chimera_transport_free(setup.options.transport);
    drop(&setup);
    return is_good ? 0 : 1;
}
