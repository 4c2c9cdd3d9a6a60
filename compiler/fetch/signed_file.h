/* SPDX-License-Identifier: Apache-2.0 */
/* signed_file.h - a file with its signature beside it: FILE.sigstore.json, a Sigstore bundle over
 * the file's bytes (cli-and-distribution.md §5.8). It is what `cosign sign-blob --bundle` writes
 * and `cosign verify-blob --bundle` checks.
 *
 * Both files are anybody's: read with a limit, and judged in a confined child.
 */
#ifndef CHIMERA_COMPILER_FETCH_SIGNED_FILE_H
#define CHIMERA_COMPILER_FETCH_SIGNED_FILE_H

#include "compiler/fetch/fetch_options.h"

#define CHIMERA_SIGNED_FILE_SUFFIX ".sigstore.json"
#define CHIMERA_SIGNED_FILE_MAX ((size_t)16 << 20) /* bytes of the file */

/* Writes the signature of the file at `path` by the private key in the file `key`, whose password
 * may be NULL. */
int chimera_signed_file_write(const char *path, const char *key, const char *password,
                              struct chimera_error *err);

/* Judges the signature by options->verification. *ret_fetched has the SHA-256 of the bytes that
 * were judged as digest, "sha256:…", and who signed; the caller ends it. CHIMERA_EUNSIGNED: there
 * is no signature, or none that does. */
int chimera_signed_file_verify(const struct chimera_fetch_options *options, const char *path,
                               struct chimera_fetched *ret_fetched, struct chimera_error *err);

#endif
