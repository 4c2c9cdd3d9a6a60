/* SPDX-License-Identifier: Apache-2.0 */
/* https.h - a policy from a web server. */
#ifndef CHIMERA_COMPILER_FETCH_TRANSFER_HTTPS_H
#define CHIMERA_COMPILER_FETCH_TRANSFER_HTTPS_H

#include "compiler/fetch/transfer/transfer.h"

/* Hands the body to the sink. Any answer but 2xx fails with its status, and one that does not begin
 * as a module does is ended there, as CHIMERA_EMODULE (runtime/source/file_kind.h). http:// is
 * asked by https first, as the reference does, and by http only for hosts that the sources call
 * insecure.
 */
int chimera_https_get(struct chimera_transport *transport, const char *url, uint64_t limit,
                      const struct chimera_transfer_sink *sink, struct chimera_error *err);

#endif
