/* SPDX-License-Identifier: Apache-2.0 */
/* contents.h - what the documents of a bundle tell of: its files, its modules, and what made it.
 *
 * Both documents follow from this alone, so that whoever has the bundle can write them again.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_DOCUMENTS_CONTENTS_H
#define CHIMERA_TOOLCHAIN_COMMAND_BUNDLE_DOCUMENTS_CONTENTS_H

#include <stdint.h>

#include "runtime/plugin/bundle.h"
#include "runtime/plugin/manifest.h"

struct bundle_contents {                     /* borrowed */
    const struct chimera_bundle *bundle;     /* the digests of the documents do not count */
    const struct chimera_manifest *manifest; /* of each plugin */
    const struct chimera_digest *source;     /* of policies.yml as it was given */
    int64_t seconds;                         /* since 1970, UTC: bundle_moment() */
    const char *builder;                     /* a URI that says who built it */
};

/* $SOURCE_DATE_EPOCH, else 0: no byte of a bundle may say when it was made. At most
 * BUNDLE_MOMENT_MAX, which is what the header of a tar has room for. */
#define BUNDLE_MOMENT_MAX INT64_C(077777777777)
int bundle_moment(int64_t *ret_seconds, struct chimera_error *err);

/* "2001-02-03T04:05:06Z" */
#define BUNDLE_MOMENT_TEXT 32
void bundle_moment_write(int64_t seconds, char ret_text[BUNDLE_MOMENT_TEXT]);

/* A program that made plugins. */
struct bundle_tool {
    char name[32], version[64];
};
/* All that the plugins' toolchains name, each once, by name and version. Owned by the caller. */
int bundle_tools_of(const struct bundle_contents *contents, struct bundle_tool **ret_tools,
                    size_t *ret_count, struct chimera_error *err);

/* An identity of a toolchain (compiler/native/identity.h) has words NAME-VERSION, and others: takes
 * the next that is a program. False at the end. */
bool bundle_tool_next(const char **identity, struct bundle_tool *ret_tool);

#endif
