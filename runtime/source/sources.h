/* SPDX-License-Identifier: Apache-2.0 */
/* sources.h - sources.yml: registries without TLS, authorities of their own, proxies
 * (policy-server.md §1.6).
 */
#ifndef CHIMERA_SOURCE_SOURCES_H
#define CHIMERA_SOURCE_SOURCES_H

#include <stddef.h>

#include "runtime/base/error.h"
#include "runtime/base/slice.h"

struct chimera_authority { /* owns its texts */
    char *host;            /* host[:port], compared whole */
    char *certificates;    /* PEM, all of that host behind each other */
};

struct chimera_mirror { /* ours: asked before the host itself, in their order; owns its texts */
    char *host;
    char **places; /* host[:port][/prefix]; ends with NULL; never NULL itself */
};

struct chimera_sources {
    char **insecure; /* owned; host[:port], compared whole; ends with NULL; may be NULL */
    struct chimera_authority *authorities; /* owned */
    size_t authority_count;
    struct chimera_mirror *mirrors; /* owned */
    size_t mirror_count;
    char *http_proxy, *https_proxy,
        *no_proxy; /* owned; NULL: what the environment says; "": none */
};

/* Reads and checks the file, the certificates included, and keeps what it says. The error tells all
 * that is wrong, each with its place (runtime/text/problems.h). Keys that nobody knows are ignored,
 * as by the reference; *ret_warnings, owned by the caller, has lines about them, or is NULL. The
 * caller ends *ret_sources. */
int chimera_sources_read(const char *path, struct chimera_sources *ret_sources, char **ret_warnings,
                         struct chimera_error *err);

/* The same of a text; `path` is for messages. */
int chimera_sources_read_text(struct chimera_slice text, const char *path,
                              struct chimera_sources *ret_sources, char **ret_warnings,
                              struct chimera_error *err);

void chimera_sources_done(struct chimera_sources *sources);

/* The check alone. */
int chimera_sources_check(const char *path, char **ret_warnings, struct chimera_error *err);

#endif
