/* sources.h - sources.yml: registries without TLS, authorities of their own, proxies
 * (policy-server.md §1.6).
 */
#ifndef CHIMERA_SOURCE_SOURCES_H
#define CHIMERA_SOURCE_SOURCES_H

#include "runtime/base/error.h"
#include "runtime/base/slice.h"

/* Reads and checks the file, the certificates included. err->text is the reference's. */
int chimera_sources_check(const char *path, struct chimera_error *err);

/* The same of a text, without the name of the file in err->text. */
int chimera_sources_check_text(struct chimera_slice text, struct chimera_error *err);

#endif
