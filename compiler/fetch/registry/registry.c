/* SPDX-License-Identifier: Apache-2.0 */
/* registry.c - the places of a registry, a call to one of them, and what to say of its failure. */
#include "compiler/fetch/registry/registry.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "compiler/fetch/registry/registry_internal.h"
#include "compiler/fetch/transfer/transfer_url.h"
#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"

#define DOCKER "docker.io"
#define DOCKER_HOST "index.docker.io"
#define ERRORS_SHOWN 3
#define TEXT_SHOWN 300

/* --- Places --- */

/* Docker's registry is called one thing and asked as another. */
static const char *request_host(struct chimera_slice host)
{
    return chimera_slice_is(host, DOCKER) ? DOCKER_HOST : NULL;
}

/* `text` is host[:port][/prefix]. */
static int add_place(struct chimera_registry *registry, const char *text, struct chimera_error *err)
{
    struct chimera_place *place = &registry->places[registry->place_count];
    const char *slash = strchrnul(text, '/');
    struct chimera_slice host = {text, (size_t)(slash - text)};
    struct chimera_slice prefix = chimera_slice_of(*slash ? slash + 1 : slash);
    while (prefix.size > 0 && prefix.data[prefix.size - 1] == '/')
        prefix.size--;
    const char *other = request_host(host);
    place->host = other ? strdup(other) : strndup(host.data, host.size);
    place->prefix =
        chimera_registry_text("%.*s%s", (int)prefix.size, prefix.data, prefix.size > 0 ? "/" : "");
    registry->place_count++;
    if (!place->host || !place->prefix)
        return chimera_fail_memory(err);
    for (size_t i = registry->options.login_count; i-- > 0;) /* the first one is what counts */
        if (strcmp(registry->options.logins[i].host, place->host) == 0)
            place->credential = registry->options.logins[i].credential;
    return CHIMERA_OK;
}

static const struct chimera_mirror *find_mirrors(const struct chimera_sources *sources,
                                                 const char *host)
{
    for (size_t i = 0; sources && i < sources->mirror_count; i++) {
        const char *other = request_host(chimera_slice_of(sources->mirrors[i].host));
        if (strcmp(other ? other : sources->mirrors[i].host, host) == 0)
            return &sources->mirrors[i];
    }
    return NULL;
}

static int add_places(struct chimera_registry *registry, struct chimera_error *err)
{
    const char *host = registry->options.host, *other = request_host(chimera_slice_of(host));
    const struct chimera_mirror *mirrors =
        find_mirrors(registry->options.sources, other ? other : host);
    size_t count = 0;
    while (mirrors && mirrors->places && mirrors->places[count])
        count++;
    registry->places = calloc(count + 1, sizeof(*registry->places));
    if (!registry->places)
        return chimera_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        int code = add_place(registry, mirrors->places[i], err);
        if (code < 0)
            return code;
    }
    return add_place(registry, host, err);
}

int chimera_registry_new(const struct chimera_registry_options *options,
                         struct chimera_registry **ret_registry, struct chimera_error *err)
{
    struct chimera_registry *registry = calloc(1, sizeof(*registry));
    if (!registry)
        return chimera_fail_memory(err);
    registry->options = *options;
    int code = add_places(registry, err);
    if (code < 0)
        chimera_registry_free(registry);
    else
        *ret_registry = registry;
    return code;
}

void chimera_registry_free(struct chimera_registry *registry)
{
    if (!registry)
        return;
    for (size_t i = 0; i < registry->place_count; i++) {
        free(registry->places[i].host);
        free(registry->places[i].prefix);
        chimera_registry_wipe(registry->places[i].basic);
    }
    for (size_t i = 0; i < registry->token_count; i++) {
        free(registry->tokens[i].key);
        chimera_registry_wipe(registry->tokens[i].authorization);
    }
    for (size_t i = 0; i < registry->warning_count; i++)
        free(registry->warnings[i]);
    free(registry->places);
    free(registry);
}

int chimera_registry_ask(struct chimera_registry *registry, chimera_registry_asker *ask,
                         void *context, struct chimera_error *err)
{
    for (size_t i = 0;; i++) {
        struct chimera_error why = {0};
        bool is_last = i + 1 == registry->place_count;
        int code = ask(registry, &registry->places[i], context, &is_last, is_last ? err : &why);
        if (code == CHIMERA_OK || i + 1 == registry->place_count)
            return code;
        if (is_last)
            return chimera_fail(err, code, "%s", why.text);
        if (code != CHIMERA_EINVAL) /* a mirror need not have everything */
            chimera_registry_warn(registry, why.text);
    }
}

/* --- Texts --- */

char *chimera_registry_text(const char *format, ...)
{
    va_list arguments;
    char *text = NULL;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    return text;
}

char *chimera_registry_url(const struct chimera_place *place,
                           const struct chimera_image_reference *image, const char *format, ...)
{
    va_list arguments;
    CHIMERA_FREE char *path = NULL;
    va_start(arguments, format);
    if (vasprintf(&path, format, arguments) < 0)
        path = NULL;
    va_end(arguments);
    return path ? chimera_registry_text("https://%s/v2/%s%s/%s", place->host, place->prefix,
                                        image->repository, path)
                : NULL;
}

char *chimera_registry_scope(const struct chimera_place *place, const char *repository,
                             const char *actions)
{
    return chimera_registry_text("repository:%s%s:%s", place->prefix, repository, actions);
}

void chimera_registry_encode(const char *text, struct chimera_buffer *out)
{
    for (; *text; text++) {
        bool is_plain = (*text >= '0' && *text <= '9') || (*text >= 'a' && *text <= 'z') ||
                        (*text >= 'A' && *text <= 'Z') || strchr("-._~/", *text);
        if (is_plain)
            chimera_buffer_byte(out, (uint8_t)*text);
        else
            chimera_buffer_print(out, "%%%02X", (unsigned)(uint8_t)*text);
    }
}

/* --- Where headers lead --- */

/* Some registries leave out the port that they were asked at: then it is there again. */
static int restore_port(const struct chimera_url *home, struct chimera_url *url,
                        struct chimera_error *err)
{
    bool is_home = strcmp(home->host, url->host) == 0 && strcmp(url->host, url->name) == 0 &&
                   strcmp(home->host, home->name) != 0;
    if (!is_home)
        return CHIMERA_OK;
    const char *path = strstr(url->text, "://") + 3;
    path += strcspn(path, "/?");
    CHIMERA_FREE char *text =
        chimera_registry_text("%s://%s%s", url->is_https ? "https" : "http", home->name, path);
    struct chimera_url whole;
    if (!text)
        return chimera_fail_memory(err);
    int code = chimera_url_parse(NULL, text, &whole, err);
    if (code < 0)
        return code;
    chimera_url_done(url);
    *url = whole;
    return CHIMERA_OK;
}

int chimera_registry_resolve_url(const struct chimera_call *call,
                                 const struct chimera_transfer_answer *answer,
                                 struct chimera_slice target, char **ret_url, bool *ret_is_home,
                                 struct chimera_error *err)
{
    CHIMERA_FREE char *text = strndup(target.data, target.size);
    struct chimera_url home = {0}, url = {0};
    CHIMERA_FREE char *home_text = chimera_registry_text("https://%s/", call->place->host);
    int code = text && home_text ? chimera_url_parse(NULL, home_text, &home, err)
                                 : chimera_fail_memory(err);
    if (code == CHIMERA_OK)
        code = chimera_url_parse(answer->url, text, &url, err);
    if (code == CHIMERA_OK)
        code = restore_port(&home, &url, err);
    if (code == CHIMERA_OK) {
        *ret_is_home = chimera_url_is_same_origin(&home, call->place->is_plain, &url);
        *ret_url = url.text;
        url.text = NULL; /* handed over */
    }
    chimera_url_done(&home);
    chimera_url_done(&url);
    return code;
}

/* --- What registries tell --- */

void chimera_registry_warn(struct chimera_registry *registry, const char *text)
{
    for (size_t i = 0; i < registry->warning_count; i++)
        if (strcmp(registry->warnings[i], text) == 0)
            return;
    if (!registry->options.warn || registry->warning_count == CHIMERA_WARNINGS_MAX)
        return;
    char *kept = strdup(text);
    if (kept)
        registry->warnings[registry->warning_count++] = kept;
    registry->options.warn(registry->options.context, text);
}

/* Warning: 299 - "text" */
static void pass_warnings(struct chimera_registry *registry, const struct chimera_call *call,
                          const struct chimera_transfer_answer *answer)
{
    for (size_t i = 0; i < CHIMERA_WARNINGS_MAX; i++) {
        struct chimera_slice value = chimera_transfer_header(answer, "warning", i);
        const char *start = value.data ? memchr(value.data, '"', value.size) : NULL;
        if (!value.data)
            return;
        if (!start || !chimera_slice_starts(value, "299 "))
            continue;
        size_t size = value.size - (size_t)(start + 1 - value.data);
        const char *end = memrchr(start + 1, '"', size);
        CHIMERA_FREE char *text =
            chimera_registry_text("%s: %.*s", call->place->host,
                                  (int)(end ? (size_t)(end - start - 1) : size), start + 1);
        if (!text)
            return;
        chimera_registry_hide_secrets(registry, call->place, text, strlen(text));
        chimera_registry_warn(registry, text);
    }
}

static void explain_error(struct json_object *error, struct chimera_buffer *out)
{
    static const char *const names[] = {"code", "message", "detail"};
    for (size_t i = 0; i < 3; i++) {
        struct json_object *text = json_object_is_type(error, json_type_object)
                                       ? json_object_object_get(error, names[i])
                                       : NULL;
        if (json_object_is_type(text, json_type_string) && json_object_get_string_len(text) > 0)
            chimera_buffer_print(out, ": %.*s", TEXT_SHOWN, json_object_get_string(text));
    }
}

void chimera_registry_explain(const struct chimera_transfer_answer *answer,
                              struct chimera_buffer *out)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    struct chimera_slice body = chimera_buffer_slice(&answer->body);
    if (chimera_json_parse(body, &tree, NULL) < 0) {
        /* The text of a body that is no JSON; of a page for browsers nothing. */
        struct chimera_slice text = chimera_slice_trim(body);
        if (text.size > TEXT_SHOWN)
            text.size = TEXT_SHOWN;
        const char *end = text.size ? memchr(text.data, '\n', text.size) : NULL;
        if (end)
            text.size = (size_t)(end - text.data);
        if (text.size > 0 && *text.data != '<' && !memchr(text.data, '\0', text.size)) {
            chimera_buffer_text(out, ": ");
            chimera_buffer_append(out, chimera_slice_trim(text));
        }
        return;
    }
    struct json_object *errors =
        json_object_is_type(tree, json_type_object) ? json_object_object_get(tree, "errors") : NULL;
    if (!json_object_is_type(errors, json_type_array))
        explain_error(tree, out);
    for (size_t i = 0; json_object_is_type(errors, json_type_array) && i < ERRORS_SHOWN &&
                       i < json_object_array_length(errors);
         i++)
        explain_error(json_object_array_get_idx(errors, i), out);
}

int chimera_registry_fail(const struct chimera_call *call,
                          const struct chimera_transfer_answer *answer, struct chimera_error *err)
{
    struct chimera_buffer why;
    unsigned status = answer->status;
    int code = status == 404                    ? CHIMERA_EINVAL
               : status == 401 || status == 403 ? CHIMERA_EREFUSED
               : status == 413                  ? CHIMERA_ELIMIT
                                                : CHIMERA_EIO;
    chimera_buffer_init(&why, sizeof(err->text));
    chimera_registry_explain(answer, &why);
    chimera_fail(err, code, "%s: %s: status %u%.*s", call->place->host, call->what, status,
                 (int)why.size, why.data ? why.data : "");
    chimera_buffer_free(&why);
    return code;
}

/* --- A call --- */

static int send_once(struct chimera_registry *registry, const struct chimera_call *call,
                     struct chimera_transfer_answer *ret_answer, struct chimera_error *err)
{
    const struct chimera_transfer_request request = {
        .method = call->method,
        .url = call->url,
        .headers = call->headers,
        .authorization = chimera_registry_authorization(registry, call),
        .body = call->body,
        .part_start = call->part_start,
        .part_whole = call->part_whole,
        .sink = call->sink,
        .limit = call->limit,
        .is_idempotent = call->is_idempotent,
    };
    int code = chimera_transfer(registry->options.transport, &request, ret_answer, err);
    if (code < 0)
        return code;
    if (call->scope)
        call->place->is_plain = ret_answer->was_plain;
    pass_warnings(registry, call, ret_answer);
    if (ret_answer->status >= 400) /* it is shown */
        chimera_registry_hide_secrets(registry, call->place, ret_answer->body.data,
                                      ret_answer->body.size);
    return CHIMERA_OK;
}

int chimera_registry_call(struct chimera_registry *registry, const struct chimera_call *call,
                          struct chimera_transfer_answer *ret_answer, struct chimera_error *err)
{
    struct chimera_transfer_answer answer;
    int code = send_once(registry, call, &answer, err);
    if (code < 0)
        return code;
    if (answer.status == 401 && call->scope) {
        code = chimera_registry_authenticate(registry, call, &answer, err);
        chimera_transfer_answer_done(&answer);
        if (code == CHIMERA_OK)
            code = send_once(registry, call, &answer, err);
        if (code < 0)
            return code;
    }
    *ret_answer = answer;
    return CHIMERA_OK;
}
