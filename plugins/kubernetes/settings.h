/* SPDX-License-Identifier: Apache-2.0 */
/* settings.h - which cluster, and who we are there: the object that runtime/source/kubeconfig.h
 * makes, checked. Its texts are borrowed from the tree, which outlives the provider.
 */
#ifndef CHIMERA_KUBERNETES_SETTINGS_H
#define CHIMERA_KUBERNETES_SETTINGS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/base/error.h"

#define KUBE_BYTES_DEFAULT ((uint64_t)512 << 20)

struct kube_settings { /* NULL: not given */
    char *server;      /* owned: without a slash at its end */
    const char *certificate_authority, *client_certificate, *client_key; /* PEM */
    const char *token, *token_file;
    const char *username, *password;
    const char *tls_server_name, *proxy_url;
    const char *as, *as_uid;
    struct json_object *as_groups, *as_extra; /* array of texts; object of such arrays */
    bool is_insecure, has_exec;
    uint64_t bytes_max; /* of objects and of answers made of them */
};

/* `all`: the settings of the broker. */
int kube_settings_read(struct json_object *all, struct kube_settings *ret_settings,
                       struct chimera_error *err);
void kube_settings_done(struct kube_settings *settings);

#endif
