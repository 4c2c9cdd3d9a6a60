/* build_internal.h - what the files of a build know of its builder. */
#ifndef CHIMERA_COMPILER_BUILD_INTERNAL_H
#define CHIMERA_COMPILER_BUILD_INTERNAL_H

#include "compiler/build.h"

struct chimera_builder {
    struct chimera_build_options options;
    struct chimera_tools tools;
    struct chimera_cache *cache; /* NULL: none */
    char *prelude;               /* folder of the plugins' sources; owned */
    char *temporary;             /* without a cache: our own folder; owned */
};

/* In the prelude's folder: the headers first; the last is compiled. */
#define CHIMERA_PRELUDE_FILES 6
#define CHIMERA_PRELUDE_HEADERS (CHIMERA_PRELUDE_FILES - 1)
extern const char *const chimera_prelude_files[CHIMERA_PRELUDE_FILES];

#endif
