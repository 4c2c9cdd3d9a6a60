/* SPDX-License-Identifier: Apache-2.0 */
/* sources.h - sources.yml: registries without TLS, authorities of their own, proxies
 * (policy-server.md §1.6).
 */
#ifndef CHIMERA_SOURCE_SOURCES_H
#define CHIMERA_SOURCE_SOURCES_H

#include "runtime/base/error.h"
#include "runtime/base/slice.h"

/* Reads and checks the file, the certificates included. The error tells all that is wrong, each
 * with its place (runtime/text/problems.h). Keys that nobody knows are ignored, as by the
 * reference; *ret_warnings, owned by the caller, has lines about them, or is NULL. */
int chimera_sources_check(const char *path, char **ret_warnings, struct chimera_error *err);

/* The same of a text; `path` is for messages. */
int chimera_sources_check_text(struct chimera_slice text, const char *path, char **ret_warnings,
                               struct chimera_error *err);

#endif
