/* SPDX-License-Identifier: Apache-2.0 */
/* certificates.h - certificates of authorities as files and texts hold them. */
#ifndef CHIMERA_SOURCE_CERTIFICATES_H
#define CHIMERA_SOURCE_CERTIFICATES_H

#include "runtime/base/buffer.h"

/* Appends to `out`, as PEM, what `bytes` hold: one certificate as DER, or one and more as PEM, with
 * anything else between them. CHIMERA_EINVAL: there is none, or one is broken. */
int chimera_certificates_append(struct chimera_slice bytes, struct chimera_buffer *out);

#endif
