/* SPDX-License-Identifier: Apache-2.0 */
/* certificate_check.h - can anybody be served with these certificates?
 *
 * Whoever parses them alone (tls.h) takes what no client ever will: an expired certificate, a curve
 * that no TLS knows. That is refused before it is served, and what some clients may refuse is
 * warned of.
 */
#ifndef CHIMERA_SERVER_SUPERVISOR_CERTIFICATE_CHECK_H
#define CHIMERA_SERVER_SUPERVISOR_CERTIFICATE_CHECK_H

#include "server/client/tls.h"

/* Refuses a server's certificate that is expired or not valid yet, whose key is too small for this
 * machine's OpenSSL, or that no handshake succeeds with; and client authorities of which none is
 * valid. Warnings go to the log. The options have the names of the files. */
int certificate_check(const struct tls_files *files, const struct options *options,
                      struct chimera_error *err);

#endif
