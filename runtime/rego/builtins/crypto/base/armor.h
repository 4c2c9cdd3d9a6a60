/* SPDX-License-Identifier: Apache-2.0 */
/* armor.h - base64 and PEM as Go's encoding/base64 and encoding/pem read them, which is laxer than
 * runtime/base/base64.h: line ends are skipped, and bits left over in the last digit are dropped.
 * Private to builtins/crypto.
 */
#ifndef CHIMERA_REGO_ARMOR_H
#define CHIMERA_REGO_ARMOR_H

#include "runtime/base/base64.h"
#include "runtime/rego/arguments.h"

/* Appends what `text` decodes to. `form` as in base64.h. False when it is not base64, and then what
 * came before the fault is there. The buffer keeps a failure of its own. */
bool chimera_rego_base64_decode(struct chimera_slice text, unsigned form,
                                struct chimera_buffer *out);

struct chimera_rego_pem {
    struct chimera_slice type; /* borrowed from the text */
    struct chimera_slice rest; /* what is behind the block */
};

/* The first block of `text` as pem.Decode finds it; its bytes are appended to `out`. False when
 * there is none. */
bool chimera_rego_pem_next(struct chimera_slice text, struct chimera_rego_pem *ret_block,
                           struct chimera_buffer *out);

#endif
