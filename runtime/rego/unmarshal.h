/* SPDX-License-Identifier: Apache-2.0 */
/* unmarshal.h - JSON texts from outside as Go's encoding/json reads them: what is not UTF-8 and
 * half surrogates become U+FFFD, the last of equal keys wins, numbers keep their text. Private to
 * rego/.
 */
#ifndef CHIMERA_REGO_UNMARSHAL_H
#define CHIMERA_REGO_UNMARSHAL_H

#include "runtime/rego/value.h"

/* The caller owns *ret_value; null is a NULL pointer. CHIMERA_EINVAL with the reason when it is not
 * JSON; the account's code when that failed. The account may be NULL. */
int chimera_rego_unmarshal(struct chimera_slice text, struct chimera_account *account,
                           struct json_object **ret_value, struct chimera_error *err);

/* The same of the first value in the text, as a decoder that is not asked for more reads it; says
 * whether more than white space is behind it. */
int chimera_rego_unmarshal_first(struct chimera_slice text, struct chimera_account *account,
                                 struct json_object **ret_value, bool *ret_has_more,
                                 struct chimera_error *err);

#endif
