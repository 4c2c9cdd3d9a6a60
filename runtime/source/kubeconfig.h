/* SPDX-License-Identifier: Apache-2.0 */
/* kubeconfig.h - which cluster, and who we are there: from the files of kubectl, or as a Pod that
 * runs in it.
 *
 * Both become one JSON object, in which everything is said once and no file has to be found again
 * but a token's, which is rotated. It holds secrets.
 *   "server": URL; "certificate_authority": PEM; "insecure_skip_tls_verify": bool;
 *   "tls_server_name", "proxy_url": texts
 *   "token": text; "token_file": path, which wins; "client_certificate", "client_key": PEM;
 *   "username", "password": texts; "exec": see runtime/login/exec_credential.h
 *   "as", "as_uid": texts; "as_groups": texts; "as_user_extra": {name: texts}
 *   "origin": for people, where that was said
 * What is not said is not there.
 */
#ifndef CHIMERA_SOURCE_KUBECONFIG_H
#define CHIMERA_SOURCE_KUBECONFIG_H

#include <json-c/json.h>

#include "runtime/base/error.h"

/* By $KUBECONFIG (several files: the first to say something wins), else ~/.kube/config, else as a
 * Pod. `context` NULL: the current one; with one, it is never the Pod. The caller owns
 * *ret_cluster. CHIMERA_EINVAL: there is none, or what is said of it is wrong. */
int chimera_kubeconfig_read(const char *context, struct json_object **ret_cluster,
                            struct chimera_error *err);

/* The parts of it, for tests: `paths` as $KUBECONFIG has them; `folder` as that of a Pod's service
 * account. */
int chimera_kubeconfig_files(const char *paths, const char *context,
                             struct json_object **ret_cluster, struct chimera_error *err);
int chimera_kubeconfig_pod(const char *folder, const char *host, const char *port,
                           struct json_object **ret_cluster, struct chimera_error *err);

#endif
