/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/author/scaffold/admission_request.h"

#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "runtime/source/user_folders.h"
#include "toolchain/command/author/scaffold/resource_kinds.h"
#include "toolchain/command/author/scaffold/scaffold.h"
#include "toolchain/command/commands.h"

struct json_object *admission_catalog(void)
{
    struct json_object *catalog = NULL;
    struct chimera_error why = {0};
    CHIMERA_FREE char *path =
        chimera_user_path(chimera_user_cache_folder(), "kwctl/resource_catalog.json");
    /* In any file that we cannot read there may be what we do not know: then it is said. */
    if (path && resource_catalog_read(path, &catalog, &why) < 0)
        say_warning("Failed to load resource catalog: %s", why.text);
    return catalog;
}

static const char *text_of(struct json_object *object, const char *key)
{
    struct json_object *value = chimera_json_member(object, key);
    return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

/* "apps/v1" is a group and a version, "v1" is the version of the group without a name. `text` is
 * cut in two. */
static int split_version(char *text, struct resource_kind *ret_kind, struct chimera_error *err)
{
    char *slash = strchr(text, '/');
    if (slash && strchr(slash + 1, '/'))
        return chimera_fail(err, CHIMERA_EINVAL, "failed to parse group version: `%.200s` is none",
                            text);
    ret_kind->group = slash ? text : "";
    ret_kind->version = slash ? slash + 1 : text;
    if (slash)
        *slash = '\0';
    return CHIMERA_OK;
}

static struct json_object *make_kind(const struct resource_kind *kind, bool is_resource)
{
    struct json_object *out = json_object_new_object();
    scaffold_put_text(out, "group", kind->group);
    scaffold_put_text(out, "version", kind->version);
    scaffold_put_text(out, is_resource ? "resource" : "kind",
                      is_resource ? kind->plural : kind->kind);
    return out;
}

static struct json_object *make_user(void)
{
    struct json_object *user = json_object_new_object(), *groups = json_object_new_array();
    json_object_array_add(groups, json_object_new_string("system:masters"));
    json_object_object_add(user, "groups", groups);
    scaffold_put_text(user, "username", ADMISSION_REQUEST_USER);
    return user;
}

static struct json_object *make_request(struct json_object *object,
                                        const struct resource_kind *kind, bool is_known)
{
    struct json_object *request = json_object_new_object();
    struct json_object *metadata = chimera_json_member(object, "metadata");
    const char *name_space = text_of(metadata, "namespace");
    if (!name_space && is_known && kind->is_namespaced)
        name_space = "default";
    scaffold_put_text(request, "uid", ADMISSION_REQUEST_UID);
    json_object_object_add(request, "kind", make_kind(kind, false));
    json_object_object_add(request, "resource", make_kind(kind, true));
    json_object_object_add(request, "requestKind", make_kind(kind, false));
    json_object_object_add(request, "requestResource", make_kind(kind, true));
    scaffold_put_text(request, "name", text_of(metadata, "name"));
    scaffold_put_text(request, "namespace", name_space);
    scaffold_put_text(request, "operation", "CREATE");
    json_object_object_add(request, "userInfo", make_user());
    json_object_object_add(request, "object", json_object_get(object));
    return request;
}

int admission_request_make(struct json_object *object, struct json_object *catalog,
                           const char *plural, struct json_object **ret_request, bool *ret_is_known,
                           struct chimera_error *err)
{
    CHIMERA_FREE char *version = strdup(text_of(object, "apiVersion"));
    struct resource_kind kind = {.kind = text_of(object, "kind")};
    if (!version)
        return chimera_fail_memory(err);
    int code = split_version(version, &kind, err);
    if (code < 0)
        return code;
    bool is_known = resource_kind_find(catalog, &kind);
    if (!is_known)
        kind.plural = plural;
    *ret_request = make_request(object, &kind, is_known);
    *ret_is_known = is_known;
    return CHIMERA_OK;
}
