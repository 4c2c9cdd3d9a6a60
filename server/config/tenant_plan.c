/* SPDX-License-Identifier: Apache-2.0 */
#include "server/config/tenant_plan.h"

#include <stdlib.h>

/* The part of an id that is named on the command line: members go with their group. */
static struct chimera_slice top_of(const char *id)
{
    return (struct chimera_slice){id, strcspn(id, "/")};
}

static int add_name(struct isolation *isolation, const struct policies *policies,
                    struct chimera_slice name, size_t jail, struct chimera_error *err)
{
    bool is_found = false;
    for (size_t i = 0; i < policies->policy_count; i++) {
        if (!chimera_slice_equal(top_of(policies->policy[i].id), name))
            continue;
        if (isolation->jail_of[i] != NO_JAIL)
            return chimera_fail(err, CHIMERA_EINVAL, "--isolate: '%.*s' is named twice",
                                (int)name.size, name.data);
        isolation->jail_of[i] = jail;
        is_found = true;
    }
    if (is_found)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EINVAL,
                        "--isolate: '%.*s' is no policy or policy group of policies.yml",
                        (int)name.size, name.data);
}

static int parse_list(struct isolation *isolation, const struct policies *policies,
                      const char *text, struct chimera_error *err)
{
    size_t jail = 0;
    for (;;) {
        size_t size = strcspn(text, "+,");
        int code = add_name(isolation, policies, (struct chimera_slice){text, size}, jail, err);
        if (code < 0)
            return code;
        isolation->jail_count = jail + 1;
        if (!text[size])
            return CHIMERA_OK;
        jail += text[size] == ',';
        text += size + 1;
    }
}

static void isolate_each(struct isolation *isolation, const struct policies *policies)
{
    for (size_t i = 0; i < policies->policy_count; i++) {
        bool is_next = i > 0 && policies->policy[i].group != NO_GROUP &&
                       policies->policy[i].group == policies->policy[i - 1].group;
        isolation->jail_of[i] = is_next ? isolation->jail_count - 1 : isolation->jail_count++;
    }
}

int isolation_parse(const char *text, const struct policies *policies,
                    struct isolation *ret_isolation, struct chimera_error *err)
{
    struct isolation isolation = {
        .jail_of = calloc(policies->policy_count + 1, sizeof(*isolation.jail_of))};
    int code = CHIMERA_OK;
    if (!isolation.jail_of)
        return chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
    for (size_t i = 0; i < policies->policy_count; i++)
        isolation.jail_of[i] = NO_JAIL;
    if (text && strcmp(text, "each") == 0)
        isolate_each(&isolation, policies);
    else if (text && *text)
        code = parse_list(&isolation, policies, text, err);
    if (code == CHIMERA_OK && isolation.jail_count > JAILS_MAX)
        code = chimera_fail(err, CHIMERA_ELIMIT, "--isolate: more than %d processes", JAILS_MAX);
    if (code < 0)
        isolation_done(&isolation);
    else
        *ret_isolation = isolation;
    return code;
}

void isolation_done(struct isolation *isolation)
{
    free(isolation->jail_of);
    *isolation = (struct isolation){0};
}
