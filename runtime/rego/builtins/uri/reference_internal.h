/* SPDX-License-Identifier: Apache-2.0 */
/* reference_internal.h - which bytes a part of a URI may hold. Private to reference*.c. */
#ifndef CHIMERA_REGO_BUILTINS_URI_REFERENCE_INTERNAL_H
#define CHIMERA_REGO_BUILTINS_URI_REFERENCE_INTERNAL_H

#include "runtime/rego/builtins/uri/reference.h"

enum chimera_uri_part {
    CHIMERA_URI_PATH,
    CHIMERA_URI_USER,
    CHIMERA_URI_HOST,
    CHIMERA_URI_ZONE,
    CHIMERA_URI_FRAGMENT,
};

/* Is the byte written as it is in that part? */
bool chimera_uri_keeps(enum chimera_uri_part part, unsigned char byte);

#endif
