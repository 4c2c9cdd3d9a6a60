/* SPDX-License-Identifier: Apache-2.0 */
/* registry_root.c - is there a registry, and does it take the login? `GET /v2/`, as `docker login`
 * asks, with a token for no repository at all. */
#include "compiler/fetch/registry/registry_internal.h"
#include "runtime/base/cleanup.h"

int chimera_registry_ask_root(struct chimera_registry *registry, bool has_login,
                              struct chimera_registry_root *ret_root, struct chimera_error *err)
{
    struct chimera_place *place = chimera_registry_home(registry);
    CHIMERA_FREE char *url = chimera_registry_text("https://%s/v2/", place->host);
    if (!url)
        return chimera_fail_memory(err);
    const struct chimera_call call = {.place = place,
                                      .method = "GET",
                                      .url = url,
                                      .scope = has_login ? "" : NULL,
                                      .what = "the root of its API",
                                      .body = CHIMERA_NO_BODY,
                                      .is_idempotent = true};
    struct chimera_transfer_answer answer;
    int code = chimera_registry_call(registry, &call, &answer, err);
    if (code < 0)
        return code;
    bool is_refused = answer.status == 401;
    *ret_root = (struct chimera_registry_root){.wants_login = is_refused,
                                               .is_plain = answer.was_plain,
                                               .is_unverified = answer.was_unverified};
    if (answer.status != 200 && (has_login || !is_refused))
        code = chimera_registry_fail(&call, &answer, err);
    chimera_transfer_answer_done(&answer);
    return code;
}
