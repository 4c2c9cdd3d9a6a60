/* SPDX-License-Identifier: Apache-2.0 */
/* module_facts.h - what a policy's metadata say of it that others want to know.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_DOCUMENTS_MODULE_FACTS_H
#define CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_DOCUMENTS_MODULE_FACTS_H

#include <json-c/json.h>

#include "toolchain/command/bundle/documents/contents.h"

struct bundle_module_facts { /* texts are borrowed from `metadata` and from the bundle */
    const char *title, *version, *license, *source, *url; /* NULL: not stated */
    struct json_object *metadata;                         /* owned; NULL: none */
};

/* Metadata that are none state nothing. Ended with bundle_module_facts_done(). */
void bundle_module_facts_read(const struct chimera_manifest *manifest,
                              struct bundle_module_facts *ret_facts);
void bundle_module_facts_done(struct bundle_module_facts *facts);

/* One of SPDX's list of licences that policies are known to have; others cannot be told from
 * mistakes. */
bool bundle_license_is_known(const char *license);

/* "pkg:oci/NAME@DIGEST?repository_url=…&tag=…" of a reference to a registry (purl's type oci);
 * appends nothing when it is to something else. */
void bundle_purl_print(const struct chimera_bundle_module *module, struct chimera_buffer *out);

#endif
