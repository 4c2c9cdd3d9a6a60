/* SPDX-License-Identifier: Apache-2.0 */
/* webhook_list.h - the webhooks by which an API server asks the policies of a set, as Kubewarden's
 * controller writes them (policy-server.md §7.4), one for each policy and group.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_DEPLOY_WEBHOOK_LIST_H
#define CHIMERA_TOOLCHAIN_COMMAND_DEPLOY_WEBHOOK_LIST_H

#include "toolchain/command/deploy/served_set.h"

struct webhook_target {      /* where the server is; borrowed */
    const char *name;        /* of the configurations */
    const char *authorities; /* PEM in base64; NULL: those of the API server's system */
    /* A Service, or else the URL before "/validate/ID". */
    struct chimera_slice service_namespace, service_name;
    unsigned port; /* of the Service */
    const char *url;
};

/* Both configurations, those of a kind that has no webhooks, too, so that applying the output takes
 * away what an earlier one had. Webhooks are in the order of the file. A policy that no API server
 * asks, or that asks for other things than it is allowed, is told to `warn`. Owned by the caller
 * after success; all that is wrong is told at once, as runtime/text/problems.h has it. */
typedef void webhook_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
int webhook_list_make(const struct served_set *set, const struct webhook_target *target,
                      webhook_warn *warn, struct json_object **ret_validating,
                      struct json_object **ret_mutating, struct chimera_error *err);

#endif
