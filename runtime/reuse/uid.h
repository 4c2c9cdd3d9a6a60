/* SPDX-License-Identifier: Apache-2.0 */
/* uid.h - does a verdict hold the uid of its request? */
#ifndef CHIMERA_REUSE_UID_H
#define CHIMERA_REUSE_UID_H

#include "runtime/review/response.h"

/* Is it long, and written in one way only? Then texts can be searched for it. */
bool chimera_uid_is_plain(struct chimera_slice uid);

/* True unless it is known that none of its texts does, as it stands: a uid that is short, or that
 * JSON writes in more than one way, may be anywhere. The patch, which is base64, is looked into. */
bool chimera_uid_may_be_in(struct chimera_slice uid, const struct chimera_response *response);

#endif
