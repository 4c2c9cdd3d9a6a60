/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/fetch_plan.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/file.h"
#include "runtime/source/module_place.h"

#define TRUST_ROOT_MAX ((size_t)4 << 20)

void fetch_plan_done(struct chimera_fetch_plan *plan)
{
    chimera_image_reference_done(&plan->image);
    chimera_logins_done(&plan->logins);
    free(plan->signatures_path);
    free(plan->folder);
    chimera_buffer_free(&plan->trust_root);
    *plan = (struct chimera_fetch_plan){0};
}

/* --- What a URI means --- */

static int read_image(const char *uri, const struct chimera_reference *reference,
                      struct chimera_image_reference *ret_image, struct chimera_error *err)
{
    const char *end = reference->name.size ? reference->name.data + reference->name.size
                                           : reference->host.data + reference->host.size;
    struct chimera_error why = {0};
    int code = chimera_image_reference_parse(
        (struct chimera_slice){reference->host.data, (size_t)(end - reference->host.data)},
        ret_image, &why);
    return code < 0 ? chimera_fail(err, code, "%s: %s", uri, why.text) : code;
}

static int take_place(struct chimera_module_place *place, struct chimera_fetch_plan *plan,
                      struct chimera_fetched *fetched, struct chimera_error *err)
{
    plan->pull.is_floating = place->is_floating;
    plan->pull.is_there = place->is_local;
    fetched->path = place->path;
    place->path = NULL; /* handed over, like the URI */
    fetched->uri = place->uri ? place->uri : strdup(plan->pull.uri);
    place->uri = NULL;
    plan->pull.uri = fetched->uri;
    return fetched->uri ? CHIMERA_OK : chimera_fail_memory(err);
}

int fetch_plan_read(const struct chimera_fetch_options *options, const char *uri,
                    struct chimera_fetch_plan *plan, struct chimera_fetched *fetched,
                    struct chimera_error *err)
{
    struct chimera_reference reference = {0};
    struct chimera_module_place place = {0};
    int code = chimera_reference_read(uri, CHIMERA_DIALECT_SERVER, &reference, err);
    if (code < 0)
        return code;
    plan->pull.uri = plan->pull.url = uri;
    code = chimera_reference_locate(&reference, uri, options->store, &place, err);
    if (code == CHIMERA_OK)
        code = take_place(&place, plan, fetched, err);
    if (code == CHIMERA_OK && chimera_slice_is(reference.scheme, "registry")) {
        code = read_image(uri, &reference, &plan->image, err);
        plan->pull.image = &plan->image;
    }
    free(reference.path);
    chimera_module_place_done(&place);
    return code;
}

int fetch_plan_read_trust_root(const struct chimera_fetch_options *options,
                               struct chimera_fetch_plan *plan, struct chimera_error *err)
{
    chimera_buffer_init(&plan->trust_root, TRUST_ROOT_MAX);
    if (!options->trust_root || !options->verification)
        return CHIMERA_OK;
    int code = chimera_file_read(options->trust_root, &plan->trust_root, err);
    plan->pull.trust_root = chimera_buffer_slice(&plan->trust_root);
    if (code == CHIMERA_OK && plan->trust_root.size == 0)
        code = chimera_fail(err, CHIMERA_EINVAL, "%s is empty", options->trust_root);
    return code;
}

int fetch_plan_find_logins(const struct chimera_fetch_options *options,
                           struct chimera_fetch_plan *plan, struct chimera_error *err)
{
    if (!plan->pull.image)
        return CHIMERA_OK;
    int code = chimera_logins_find(options->docker_config, &plan->image, options->sources,
                                   &plan->logins, err);
    plan->pull.logins = plan->logins.list;
    plan->pull.login_count = plan->logins.count;
    return code;
}
