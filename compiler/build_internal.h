/* SPDX-License-Identifier: Apache-2.0 */
/* build_internal.h - what the files of a build know of its builder. */
#ifndef CHIMERA_COMPILER_BUILD_INTERNAL_H
#define CHIMERA_COMPILER_BUILD_INTERNAL_H

#include "compiler/build.h"
#include "compiler/native/identity.h"
#include "compiler/translate/split.h"
#include "compiler/wasm/module.h"

struct chimera_builder {
    struct chimera_build_options options;
    struct chimera_tools tools;
    struct chimera_cache *cache; /* NULL: none */
    char *prelude;               /* folder of the plugins' sources; owned */
    struct chimera_digest prelude_digest;
    char *temporary; /* without a cache: our own folder; owned */
    enum chimera_cache_check check;
    bool is_shared_lost; /* the shared cache cannot be asked, and is not again */
};

/* One build of one module. */
struct build_run {
    struct chimera_builder *builder;
    const char *path;
    enum chimera_mode mode;
    enum chimera_tier tier;
    bool is_bare; /* no ABI: neither detected nor checked */
    struct chimera_slice bytes;
    struct chimera_module *module; /* owned; NULL until it must be read */
    char *folder;                  /* scratch, with all sources and objects; owned */
    char stem[CHIMERA_STEM_MAX + 24];
    struct chimera_digest wasm;
    uint64_t image_size;
    struct split_part *parts; /* owned */
    size_t part_count;
    bool is_shared;               /* it came from the shared cache */
    struct chimera_error trouble; /* with that; code 0: none */
};

/* What names of plugins end with, by enum chimera_build_purpose. */
extern const char *const build_purposes[];

/* The tools' identity, and the purpose where that is another than to be served. Owned by the
 * caller; NULL when memory ran out. */
char *build_toolchain(const struct build_run *run);

/* build_translate.c: the module becomes C, in run->folder. */
int build_translate(struct build_run *run, struct chimera_error *err);

/* build_shared.c: is there one, which has not failed? */
bool build_has_shared(const struct build_run *run);
/* The plugin run->stem from the shared cache into our own; its path there, owned by
 * the caller. NULL: there is none that will do. */
char *build_get_shared(struct build_run *run);
/* And what was built, the path of it in our own cache, from there to the others. */
void build_put_shared(struct build_run *run, const char *plugin);

/* builder.c: what names this tier's plugins is known afterwards. Asks the tools only once. */
int builder_know_tier(struct chimera_builder *builder, enum chimera_tier tier,
                      struct chimera_error *err);

/* In the prelude's folder: the headers first; the last is compiled. */
#define CHIMERA_PRELUDE_FILES 6
#define CHIMERA_PRELUDE_HEADERS (CHIMERA_PRELUDE_FILES - 1)
extern const char *const chimera_prelude_files[CHIMERA_PRELUDE_FILES];

#endif
