/* SPDX-License-Identifier: Apache-2.0 */
/* exec_credential.h - programs that give credentials for a cluster ("client-go credential plugins"
 * of Kubernetes' documentation), run by a process that may run programs. */
#ifndef CHIMERA_LOGIN_EXEC_CREDENTIAL_H
#define CHIMERA_LOGIN_EXEC_CREDENTIAL_H

#include <json-c/json.h>
#include <stdint.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

/* Runs the program of `cluster` (runtime/source/kubeconfig.h), whose "exec" is as the file has it,
 * and appends what its answer has as status: {"token": …, "expirationTimestamp": …} or
 * {"clientCertificateData": …, "clientKeyData": …}. Waits at most `limit_ms`; then the program and
 * what it has started is killed. CHIMERA_ETOOL: it failed, or what it said is none. */
int chimera_exec_credential_run(struct json_object *cluster, uint32_t limit_ms,
                                struct chimera_buffer *out, struct chimera_error *err);

#endif
