/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/login/credentials.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/base64.h"
#include "runtime/base/buffer.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/json/tree.h"
#include "runtime/login/credential_helper.h"

#define CONFIG_MAX ((size_t)1 << 20)
#define LOGIN_MAX ((size_t)64 << 10) /* in base64 */
#define WARNINGS_MAX ((size_t)8 << 10)
#define DOCKER_HOST "index.docker.io"
#define DOCKER_KEY "https://index.docker.io/v1/" /* what Docker's programs call it */

struct search {
    const char *path; /* of config.json, for messages */
    const char *place;
    struct chimera_slice host; /* of the place */
    struct json_object *tree;  /* owned */
    struct chimera_buffer warnings;
    bool *ret_needs_helper; /* no helper is run, and this says that one was to be; NULL: it is */
};

/* --- Texts --- */

static void warn(struct search *search, const char *what, const char *why)
{
    chimera_buffer_print(&search->warnings, "%s%s: %s", search->warnings.size > 0 ? "\n" : "", what,
                         why);
}

/* NULL: there is none, or it is empty, or no C string. */
static const char *read_text(struct json_object *map, const char *key)
{
    struct json_object *value = NULL;
    if (!json_object_is_type(map, json_type_object) ||
        !json_object_object_get_ex(map, key, &value) ||
        !json_object_is_type(value, json_type_string))
        return NULL;
    const char *text = json_object_get_string(value);
    return text[0] && strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

/* --- Hosts --- */

static struct chimera_slice host_of(struct chimera_slice text)
{
    const char *slash = text.size ? memchr(text.data, '/', text.size) : NULL;
    struct chimera_slice host = {text.data, slash ? (size_t)(slash - text.data) : text.size};
    if (chimera_slice_is(host, "docker.io") || chimera_slice_is(host, "registry-1.docker.io"))
        return CHIMERA_SLICE(DOCKER_HOST);
    return host;
}

/* What a key of `auths` has behind its host, as far as it narrows what it is for: behind a scheme
 * nothing, and the version of the protocol neither. */
static struct chimera_slice split_key(struct chimera_slice key, struct chimera_slice *ret_host)
{
    bool has_scheme = true;
    if (chimera_slice_starts(key, "https://"))
        key = chimera_slice_behind(key, strlen("https://"));
    else if (chimera_slice_starts(key, "http://"))
        key = chimera_slice_behind(key, strlen("http://"));
    else
        has_scheme = false;
    const char *slash = key.size ? memchr(key.data, '/', key.size) : NULL;
    struct chimera_slice path = {0};
    *ret_host = host_of(key);
    if (slash)
        path = chimera_slice_behind(key, (size_t)(slash - key.data) + 1);
    while (path.size > 0 && path.data[path.size - 1] == '/')
        path.size--;
    if (has_scheme || chimera_slice_is(path, "v1") || chimera_slice_is(path, "v2"))
        path.size = 0;
    return path;
}

/* 0: not for this place; the more the better: the longest path, then the exact host. */
static size_t rank_key(const struct search *search, const char *text)
{
    struct chimera_slice host, key = chimera_slice_of(text), path = split_key(key, &host);
    struct chimera_slice place = chimera_slice_of(search->place);
    size_t before = strcspn(search->place, "/");
    struct chimera_slice rest =
        chimera_slice_behind(place, before < place.size ? before + 1 : before);
    if (!chimera_slice_equal(host, search->host))
        return 0;
    if (path.size == 0)
        return chimera_slice_equal(key, (struct chimera_slice){place.data, before}) ? 2 : 1;
    bool is_within = rest.size >= path.size && memcmp(rest.data, path.data, path.size) == 0 &&
                     (rest.size == path.size || rest.data[path.size] == '/');
    return is_within ? 2 + path.size : 0;
}

/* --- `auths` --- */

/* user:password; Docker itself cuts NULs off the end. */
static bool split_login(char *text, size_t size, struct chimera_credential *ret_credential)
{
    while (size > 0 && text[size - 1] == '\0')
        size--;
    text[size] = '\0';
    char *colon = memchr(text, ':', size);
    if (!colon || strlen(text) != size)
        return false;
    if (size == 1)
        return true; /* neither: as if it were not there */
    ret_credential->username = strndup(text, (size_t)(colon - text));
    ret_credential->password = strdup(colon + 1);
    return true;
}

static bool decode_login(const char *auth, struct chimera_credential *ret_credential)
{
    struct chimera_slice text = chimera_slice_trim(chimera_slice_of(auth));
    size_t size = 0, room = chimera_base64_decoded_max(text.size) + 1;
    char *login = text.size <= LOGIN_MAX ? malloc(room) : NULL;
    bool is_good = login != NULL;
    if (is_good && !chimera_base64_decode(text, CHIMERA_BASE64_STANDARD, login, &size))
        is_good = chimera_base64_decode(text, CHIMERA_BASE64_UNPADDED, login, &size);
    is_good = is_good && split_login(login, size, ret_credential);
    if (login)
        OPENSSL_cleanse(login, room);
    free(login);
    return is_good;
}

static void keep_better(struct search *search, const char *key, struct json_object *entry,
                        struct chimera_credential *best, size_t *best_rank)
{
    struct chimera_credential found;
    size_t rank = rank_key(search, key);
    if (rank <= *best_rank)
        return;
    /* Nothing when there is nothing in it. */
    const char *token = read_text(entry, "identitytoken"), *auth = read_text(entry, "auth");
    const char *name = read_text(entry, "username"), *password = read_text(entry, "password");
    found = (struct chimera_credential){0};
    if (token)
        found.identity_token = strdup(token);
    else if (auth && !decode_login(auth, &found))
        warn(search, key, "auth is not the base64 of user:password, and is not used");
    if (chimera_credential_is_empty(&found) && name && password) {
        found.username = strdup(name);
        found.password = strdup(password);
    }
    if (chimera_credential_is_empty(&found))
        return;
    chimera_credential_done(best);
    *best = found;
    *best_rank = rank;
}

static void look_in_auths(struct search *search, struct chimera_credential *ret_credential)
{
    struct json_object *auths = json_object_object_get(search->tree, "auths");
    size_t rank = 0;
    if (!auths)
        return;
    json_object_object_foreach(auths, key, entry)
        keep_better(search, key, entry, ret_credential, &rank);
    if (rank > 0 && asprintf(&ret_credential->origin, "auths of %s", search->path) < 0)
        ret_credential->origin = NULL;
}

/* --- Helpers --- */

static void ask_helper(struct search *search, const char *key, const char *name,
                       struct chimera_credential *ret_credential)
{
    struct chimera_error why = {0};
    bool is_docker = chimera_slice_is(search->host, DOCKER_HOST);
    if (search->ret_needs_helper) {
        *search->ret_needs_helper = true;
        return;
    }
    CHIMERA_FREE char *server =
        is_docker ? strdup(DOCKER_KEY) : strndup(search->host.data, search->host.size);
    if (!server)
        return;
    if (chimera_credential_helper_ask(name, server, ret_credential, &why) < 0)
        warn(search, key, why.text);
    else if (!chimera_credential_is_empty(ret_credential) &&
             asprintf(&ret_credential->origin, "%s: docker-credential-%s", key, name) < 0)
        ret_credential->origin = NULL;
}

/* The key is the host exactly; Docker's own has many names. */
static const char *find_helper(const struct search *search)
{
    static const char *const NAMES[] = {DOCKER_HOST, "docker.io", DOCKER_KEY,
                                        "registry-1.docker.io", NULL};
    struct json_object *helpers = json_object_object_get(search->tree, "credHelpers");
    const char *name = NULL;
    if (chimera_slice_is(search->host, DOCKER_HOST)) {
        for (size_t i = 0; NAMES[i] && !name; i++)
            name = read_text(helpers, NAMES[i]);
        return name;
    }
    CHIMERA_FREE char *host = strndup(search->host.data, search->host.size);
    return host ? read_text(helpers, host) : NULL;
}

/* --- All of it --- */

static int check_member(const struct search *search, const char *key, enum json_type type,
                        struct chimera_error *err)
{
    struct json_object *value = json_object_object_get(search->tree, key);
    if (!value || json_object_is_type(value, type))
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EINVAL, "%s: %s is not a %s", search->path, key,
                        type == json_type_object ? "map" : "text");
}

static int read_config(struct search *search, struct chimera_slice text, struct chimera_error *err)
{
    struct chimera_error why = {0};
    if (chimera_json_parse(text, &search->tree, &why) < 0)
        return chimera_fail(err, CHIMERA_EINVAL, "%s: %s", search->path, why.text);
    if (!json_object_is_type(search->tree, json_type_object))
        return chimera_fail(err, CHIMERA_EINVAL, "%s: not a map", search->path);
    int code = check_member(search, "auths", json_type_object, err);
    if (code == CHIMERA_OK)
        code = check_member(search, "credHelpers", json_type_object, err);
    if (code == CHIMERA_OK)
        code = check_member(search, "credsStore", json_type_string, err);
    return code;
}

static int find_in(struct search *search, struct chimera_slice text,
                   struct chimera_credential *ret_credential, char **ret_warning,
                   struct chimera_error *err)
{
    struct chimera_credential credential = {0};
    search->host = host_of(chimera_slice_of(search->place));
    chimera_buffer_init(&search->warnings, WARNINGS_MAX);
    int code = read_config(search, text, err);
    if (code == CHIMERA_OK) {
        const char *helper = find_helper(search), *store = read_text(search->tree, "credsStore");
        if (helper)
            ask_helper(search, "credHelpers", helper, &credential);
        if (chimera_credential_is_empty(&credential))
            look_in_auths(search, &credential);
        if (chimera_credential_is_empty(&credential) && store)
            ask_helper(search, "credsStore", store, &credential);
        *ret_credential = credential;
        *ret_warning = search->warnings.size > 0
                           ? strndup(search->warnings.data, search->warnings.size)
                           : NULL; /* there are none */
    }
    chimera_buffer_free(&search->warnings);
    json_object_put(search->tree);
    return code;
}

int chimera_credential_find_in(struct chimera_slice text, const char *path, const char *place,
                               struct chimera_credential *ret_credential, char **ret_warning,
                               struct chimera_error *err)
{
    struct search search = {.path = path, .place = place};
    return find_in(&search, text, ret_credential, ret_warning, err);
}

/* *ret_is_named: somebody said where it is. NULL: there is no such place, or no memory. */
static char *find_config(const char *folder, bool *ret_is_named)
{
    const char *docker = getenv("DOCKER_CONFIG"), *home = getenv("HOME");
    CHIMERA_FREE char *standard = NULL;
    if (!folder && docker && docker[0])
        folder = docker;
    *ret_is_named = folder != NULL;
    if (!folder && home && home[0])
        folder = standard = chimera_path_join(home, ".docker");
    return folder ? chimera_path_join(folder, "config.json") : NULL;
}

static int warn_of(const char *path, const char *why, char **ret_warning)
{
    if (asprintf(ret_warning, "%s: %s: no login is used", path, why) < 0)
        *ret_warning = NULL;
    return CHIMERA_OK;
}

/* The search has the place, and what is to be done about helpers. */
static int find(struct search *search, const char *folder,
                struct chimera_credential *ret_credential, char **ret_warning,
                struct chimera_error *err)
{
    bool is_named = false;
    CHIMERA_FREE char *path = find_config(folder, &is_named);
    struct chimera_error why = {0};
    struct chimera_buffer text;
    int code = CHIMERA_OK;
    *ret_credential = (struct chimera_credential){0};
    *ret_warning = NULL;
    if (!path)
        return CHIMERA_OK;
    if (access(path, F_OK) != 0)
        return is_named ? warn_of(path, "is not there", ret_warning) : CHIMERA_OK;
    chimera_buffer_init(&text, CONFIG_MAX);
    if (chimera_file_read(path, &text, &why) < 0)
        code = warn_of(path, why.text, ret_warning);
    else {
        search->path = path;
        code = find_in(search, chimera_buffer_slice(&text), ret_credential, ret_warning, err);
    }
    if (text.data)
        OPENSSL_cleanse(text.data, text.size);
    chimera_buffer_free(&text);
    return code;
}

int chimera_credential_find(const char *folder, const char *place,
                            struct chimera_credential *ret_credential, char **ret_warning,
                            struct chimera_error *err)
{
    struct search search = {.place = place};
    return find(&search, folder, ret_credential, ret_warning, err);
}

int chimera_credential_find_plain(const char *folder, const char *place,
                                  struct chimera_credential *ret_credential, bool *ret_needs_helper,
                                  struct chimera_error *err)
{
    CHIMERA_FREE char *warning = NULL;
    struct search search = {.place = place, .ret_needs_helper = ret_needs_helper};
    *ret_needs_helper = false;
    return find(&search, folder, ret_credential, &warning, err);
}

/* --- Which hosts there are --- */

static void tell_hosts(struct json_object *map, void (*each)(void *context, const char *host),
                       void *context)
{
    if (!json_object_is_type(map, json_type_object))
        return;
    json_object_object_foreach(map, key, entry)
    {
        struct chimera_slice host;
        (void)entry;
        split_key(chimera_slice_of(key), &host);
        CHIMERA_FREE char *name = strndup(host.data, host.size);
        if (name && *name)
            each(context, name);
    }
}

void chimera_credential_hosts(const char *folder, void (*each)(void *context, const char *host),
                              void *context)
{
    bool is_named = false;
    CHIMERA_FREE char *path = find_config(folder, &is_named);
    CHIMERA_JSON struct json_object *tree = NULL;
    struct chimera_buffer text;
    chimera_buffer_init(&text, CONFIG_MAX);
    if (path && chimera_file_read(path, &text, NULL) == CHIMERA_OK &&
        chimera_json_parse(chimera_buffer_slice(&text), &tree, NULL) == CHIMERA_OK &&
        json_object_is_type(tree, json_type_object)) {
        tell_hosts(json_object_object_get(tree, "auths"), each, context);
        tell_hosts(json_object_object_get(tree, "credHelpers"), each, context);
    }
    if (text.data)
        OPENSSL_cleanse(text.data, text.size);
    chimera_buffer_free(&text);
}
