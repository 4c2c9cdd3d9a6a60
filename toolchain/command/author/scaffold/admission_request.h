/* SPDX-License-Identifier: Apache-2.0 */
/* admission_request.h - the request that Kubernetes would make when an object is created, as far as
 * that is known without a cluster (cli-and-distribution.md §1.10). */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_SCAFFOLD_ADMISSION_REQUEST_H
#define CHIMERA_TOOLCHAIN_COMMAND_AUTHOR_SCAFFOLD_ADMISSION_REQUEST_H

#include <json-c/json.h>
#include <stdbool.h>

#include "runtime/base/error.h"

/* Always the same, so that answers can be compared. */
#define ADMISSION_REQUEST_UID "705ab4f5-6393-11e8-b7cc-42010a800002"
#define ADMISSION_REQUEST_USER "test-user"

/* The catalog that kwctl has written for this user. NULL: there is none, or it cannot be read,
 * which is a warning. Owned by the caller. */
struct json_object *admission_catalog(void);

/* `object` has texts for `kind` and `apiVersion`, and is shared. `plural` is what its kind is
 * called in URLs where neither the catalog nor our own table says so; then *ret_is_known is false.
 * The tree is owned by the caller. */
int admission_request_make(struct json_object *object, struct json_object *catalog,
                           const char *plural, struct json_object **ret_request, bool *ret_is_known,
                           struct chimera_error *err);

#endif
