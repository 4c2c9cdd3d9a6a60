/* SPDX-License-Identifier: Apache-2.0 */
/* adapt.h - YAML is to take all of JSON, and libyaml does not.
 *
 * It refuses escaped surrogate pairs, as Python and Java write what lies beyond 16 bits, keys of
 * more than 1,024 characters or with the colon on another line, tabs before a value, and bare
 * control characters; and it folds U+0085, U+2028 and U+2029 as line ends. Configuration that is
 * JSON, or has JSON in it, is rewritten so that it says the same to libyaml.
 */
#ifndef CHIMERA_YAML_ADAPT_H
#define CHIMERA_YAML_ADAPT_H

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

/* Lines stay where they are; columns do, but behind what was rewritten. In a text that is not JSON
 * as a whole, only pairs in double quotes are rewritten. CHIMERA_ENOMEM or CHIMERA_ELIMIT: `text`
 * is as before. */
int chimera_yaml_adapt(struct chimera_buffer *text, struct chimera_error *err);

#endif
