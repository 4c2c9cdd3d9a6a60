/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/shared_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/fetch/native_tagged.h"
#include "runtime/base/cleanup.h"
#include "toolchain/command/commands.h"

#define REGISTRY "registry://"

/* A plugin's tag in the repository is its stem. */
struct registry_place {
    const struct chimera_fetch_options *fetch; /* borrowed */
    char *name;                                /* owned: registry://HOST/REPOSITORY */
    const char *key;                           /* borrowed: the file's path; NULL: it is public */
    struct chimera_verification builders;      /* owned */
};

static int get(void *context, const char *stem, const char *folder, bool *ret_found,
               struct chimera_error *err)
{
    const struct registry_place *place = context;
    CHIMERA_FREE char *uri = NULL;
    if (asprintf(&uri, "%s:%s", place->name, stem) < 0) {
        uri = NULL;
        return chimera_fail_memory(err);
    }
    return chimera_native_get_tagged(
        place->fetch, &(struct chimera_native_tagged){uri, stem, folder, &place->builders},
        ret_found, err);
}

static int put(void *context, const char *plugin, struct chimera_error *err)
{
    const struct registry_place *place = context;
    const char *slash = strrchr(plugin, '/'), *stem = slash ? slash + 1 : plugin;
    CHIMERA_FREE char *uri = NULL, *reference = NULL;
    if (asprintf(&uri, "%s:%.*s", place->name, (int)(strlen(stem) - strlen(".so")), stem) < 0) {
        uri = NULL;
        return chimera_fail_memory(err);
    }
    const struct chimera_native_input input = {
        .uri = uri, .plugin = plugin, .key = place->key, .password = getenv("COSIGN_PASSWORD")};
    return chimera_native_push_tagged(place->fetch, &input, &reference, err);
}

static void close_place(void *context)
{
    struct registry_place *place = context;
    chimera_verification_done(&place->builders);
    free(place->name);
    free(place);
}

static int read_key(struct registry_place *place, const char *path, struct chimera_error *err)
{
    struct chimera_constraint one = {.kind = CHIMERA_PUBLIC_KEY};
    bool is_private = false;
    int code = chimera_native_read_key(path, getenv("COSIGN_PASSWORD"), &one.key, &is_private, err);
    if (code < 0)
        return code;
    place->key = is_private ? path : NULL;
    return chimera_verification_add(&place->builders, &one, err);
}

static int check_name(const char *name, struct chimera_error *err)
{
    const char *rest = name + strlen(REGISTRY), *slash = strchr(rest, '/');
    bool has_version = slash && (strchr(slash, ':') || strchr(slash, '@'));
    if (slash && slash[1] && !has_version)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EINVAL,
                        "--shared-cache takes registry://HOST/REPOSITORY, without a tag: each "
                        "plugin has its own; not '%.300s'",
                        name);
}

static int open_registry(const char *name, const char *key,
                         const struct chimera_fetch_options *fetch,
                         struct chimera_shared_cache *ret_shared, struct chimera_error *err)
{
    int code = check_name(name, err);
    if (code == CHIMERA_OK && !key)
        code = chimera_fail(err, CHIMERA_EINVAL,
                            "--shared-cache %.300s needs --shared-cache-key: native code from a "
                            "registry is taken by a signature alone",
                            name);
    if (code < 0)
        return code;
    struct registry_place *place = calloc(1, sizeof(*place));
    if (!place || !(place->name = strdup(name))) {
        free(place);
        return chimera_fail_memory(err);
    }
    place->fetch = fetch;
    code = read_key(place, key, err);
    if (code < 0) {
        close_place(place);
        return code;
    }
    *ret_shared = (struct chimera_shared_cache){.context = place,
                                                .name = place->name,
                                                .get = get,
                                                .put = place->key ? put : NULL,
                                                .close = close_place};
    return CHIMERA_OK;
}

static int open_folder(const char *folder, struct chimera_shared_cache *ret_shared,
                       struct chimera_error *err)
{
    struct chimera_error why = {0};
    int code = chimera_shared_folder_open(folder, ret_shared, &why);
    if (code == CHIMERA_EIO) {
        say_warning("%s: it is done without", why.text);
        return CHIMERA_OK;
    }
    return code < 0 ? chimera_fail(err, code, "%s", why.text) : CHIMERA_OK;
}

int shared_cache_open(const struct chimera_cli_options *options,
                      const struct chimera_fetch_options *fetch,
                      struct chimera_shared_cache *ret_shared, struct chimera_error *err)
{
    const char *name = chimera_cli_value(options, "shared-cache");
    const char *key = chimera_cli_value(options, "shared-cache-key");
    *ret_shared = (struct chimera_shared_cache){0};
    if (!name || !*name)
        return CHIMERA_OK;
    if (strncmp(name, REGISTRY, strlen(REGISTRY)) == 0)
        return open_registry(name, key && *key ? key : NULL, fetch, ret_shared, err);
    if (strstr(name, "://"))
        return chimera_fail(err, CHIMERA_EINVAL,
                            "--shared-cache takes a folder or registry://HOST/REPOSITORY, not "
                            "'%.300s'",
                            name);
    return open_folder(name, ret_shared, err);
}
