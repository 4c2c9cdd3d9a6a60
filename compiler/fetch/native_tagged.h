/* SPDX-License-Identifier: Apache-2.0 */
/* native_tagged.h - built plugins in a repository of their own, one a tag: what native.h puts
 * beside a policy, without a subject, for whoever knows the plugin's name and no policy's manifest.
 *
 * Believed is the signature alone. Two builders with one toolchain push the same bytes, so the
 * artifact is the same, too, and has the signatures of both.
 */
#ifndef CHIMERA_COMPILER_FETCH_NATIVE_TAGGED_H
#define CHIMERA_COMPILER_FETCH_NATIVE_TAGGED_H

#include "compiler/fetch/native.h"

/* As chimera_native_push(), with input->uri the name and tag that it gets. */
int chimera_native_push_tagged(const struct chimera_fetch_options *options,
                               const struct chimera_native_input *input, char **ret_reference,
                               struct chimera_error *err);

struct chimera_native_tagged {                   /* borrowed */
    const char *uri;                             /* with the tag */
    const char *stem;                            /* begins with the digest of its module */
    const char *folder;                          /* absolute, empty, the caller's alone */
    const struct chimera_verification *builders; /* one of them must have signed */
};

/* Brings STEM.so and what belongs to it into the folder, signed as it must be and audited.
 * `ret_found` false: there is none for this machine. CHIMERA_EUNSIGNED, CHIMERA_EREFUSED: what is
 * there will not do; all else: the registry cannot be asked now. */
int chimera_native_get_tagged(const struct chimera_fetch_options *options,
                              const struct chimera_native_tagged *wanted, bool *ret_found,
                              struct chimera_error *err);

/* Reads the file of a key that is public, or private: *ret_public is its public half in PEM, owned
 * by the caller. */
int chimera_native_read_key(const char *path, const char *password, char **ret_public,
                            bool *ret_is_private, struct chimera_error *err);

#endif
