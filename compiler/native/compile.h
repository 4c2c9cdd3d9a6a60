/* SPDX-License-Identifier: Apache-2.0 */
/* compile.h - C parts to objects, through the cache.
 *
 * The objects depend on the bytes of the sources, the flags and the tools alone: no absolute path,
 * time or number of jobs gets into them.
 */
#ifndef CHIMERA_COMPILER_NATIVE_COMPILE_H
#define CHIMERA_COMPILER_NATIVE_COMPILE_H

#include <stddef.h>

#include "compiler/cache/cache.h"
#include "compiler/native/part.h"
#include "compiler/tool/tools.h"
#include "runtime/text/progress.h"

struct chimera_compile_job {           /* all borrowed */
    const struct chimera_tools *tools; /* identified */
    enum chimera_tier tier;
    const char *folder;          /* scratch: each compiler works in a folder of its own in it */
    const char *const *includes; /* folders for -I, ends with NULL; "." is `folder` */
    const char *const *headers;  /* every header that a part may include, ends with NULL: for the
                                  * key,  and nothing else but its source may be read */
    struct chimera_cache *cache; /* NULL: none; of no use to tcc, which is as fast as a copy */
    struct chimera_progress *progress; /* NULL: none */
    unsigned jobs;                     /* compilers at once */
};

/* Compiles all parts. *ret_cached, if not NULL, is how many came from the cache. */
int chimera_compile(const struct chimera_compile_job *job, const struct chimera_part *parts,
                    size_t count, size_t *ret_cached, struct chimera_error *err);

#endif
