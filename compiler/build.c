#include "compiler/build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "compiler/audit.h"
#include "compiler/compile.h"
#include "compiler/confine.h"
#include "compiler/glue.h"
#include "compiler/image.h"
#include "compiler/link.h"
#include "compiler/mode.h"
#include "compiler/names.h"
#include "compiler/process.h"
#include "compiler/rewrite.h"
#include "compiler/split.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"
#include "runtime/plugin/plugin_file.h"

#define WASM_MAX ((size_t)256 << 20)
#define WABT_WITH_VECTORS 33
#define C_MAX ((uint64_t)8 << 30) /* of wasm2c's output: 25 bytes of C a byte of code */

struct chimera_builder {
    struct chimera_build_options options;
    struct chimera_tools tools;
    struct chimera_cache *cache; /* NULL: none */
    char *prelude;               /* folder of the plugins' sources; owned */
    char *temporary;             /* without a cache: our own folder; owned */
};

/* One build of one module. */
struct work {
    struct chimera_builder *builder;
    const char *path;
    struct chimera_slice bytes; /* of the file at `path` */
    enum chimera_mode mode;
    struct chimera_module *module;
    char *folder; /* scratch; owned */
    char stem[CHIMERA_STEM_MAX + 16];
    struct chimera_digest wasm;
    uint64_t image_size;
    struct split_part *parts; /* owned */
    size_t part_count;
};

static const char *const prelude_files[] = {"plugin.h", "prelude.h", "simd.h", "freestanding.c"};

/* --- The builder. --- */

static bool has_prelude(const char *folder)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, "prelude.h");
    return path && access(path, R_OK) == 0;
}

/* Installed beside the program, at the installed place, or in the source tree. */
static int find_prelude(char **ret_folder, struct chimera_error *err)
{
    char program[4096];
    ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);
    char *slash = NULL;
    if (size > 0) {
        program[size] = '\0';
        slash = strrchr(program, '/');
    }
    CHIMERA_FREE char *beside = NULL;
    if (slash && asprintf(&beside, "%.*s/../share/chimera/plugins/policy", (int)(slash - program), program) < 0)
        beside = NULL;
    const char *candidates[] = {getenv("CHIMERA_PRELUDE"), beside, CHIMERA_PRELUDE_DIR, CHIMERA_PRELUDE_SOURCE_DIR};
    for (size_t i = 0; i < sizeof(candidates) / sizeof(*candidates); i++) {
        if (candidates[i] && has_prelude(candidates[i])) {
            *ret_folder = strdup(candidates[i]);
            return *ret_folder ? CHIMERA_OK : chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
        }
    }
    return chimera_fail(err, CHIMERA_EIO,
                        "cannot find the plugins' prelude (prelude.h): install Chimera whole, or set "
                        "CHIMERA_PRELUDE to its folder plugins/policy");
}

static int digest_prelude(const char *folder, struct chimera_digest *ret_digest, struct chimera_error *err)
{
    struct chimera_buffer all;
    chimera_buffer_init(&all, (size_t)4 << 20);
    int code = CHIMERA_OK;
    for (size_t i = 0; i < sizeof(prelude_files) / sizeof(*prelude_files) && code == 0; i++) {
        CHIMERA_FREE char *path = chimera_path_join(folder, prelude_files[i]);
        code = path ? chimera_file_read(path, &all, err) : chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
    }
    chimera_buffer_text(&all, GLUE_VERSION);
    if (code == 0)
        code = chimera_digest_of(chimera_buffer_slice(&all), ret_digest);
    chimera_buffer_free(&all);
    return code;
}

static int make_temporary(struct chimera_builder *builder, struct chimera_error *err)
{
    const char *parent = getenv("TMPDIR");
    if (asprintf(&builder->temporary, "%s/chimera-XXXXXX", parent && *parent ? parent : "/tmp") < 0) {
        builder->temporary = NULL;
        return chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
    }
    if (!mkdtemp(builder->temporary)) {
        int code = chimera_fail(err, CHIMERA_EIO, "cannot make %s: %s", builder->temporary, strerror(errno));
        free(builder->temporary);
        builder->temporary = NULL;
        return code;
    }
    return CHIMERA_OK;
}

static int fill_builder(struct chimera_builder *builder, struct chimera_error *err)
{
    const struct chimera_build_options *options = &builder->options;
    struct chimera_digest prelude;
    int code = chimera_tools_find(&builder->tools, err);
    if (code == 0)
        code = find_prelude(&builder->prelude, err);
    if (code == 0)
        code = digest_prelude(builder->prelude, &prelude, err);
    if (code == 0)
        code = chimera_tools_identify(&builder->tools, &prelude, err);
    if (code == 0 && !options->has_no_cache)
        code = chimera_cache_open(options->cache_folder, CHIMERA_CACHE_LIMIT, &builder->cache, err);
    else if (code == 0)
        code = make_temporary(builder, err);
    return code;
}

int chimera_builder_new(const struct chimera_build_options *options, struct chimera_builder **ret_builder,
                        struct chimera_error *err)
{
    struct chimera_builder *builder = calloc(1, sizeof(*builder));
    if (!builder)
        return chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
    builder->options = *options;
    if (builder->options.jobs == 0)
        builder->options.jobs = chimera_process_cpus();
    int code = fill_builder(builder, err);
    if (code < 0) {
        chimera_builder_free(builder);
        return code;
    }
    *ret_builder = builder;
    return CHIMERA_OK;
}

void chimera_builder_free(struct chimera_builder *builder)
{
    if (!builder)
        return;
    if (builder->temporary)
        chimera_folder_remove(builder->temporary, NULL);
    chimera_cache_close(builder->cache);
    chimera_tools_done(&builder->tools);
    free(builder->temporary);
    free(builder->prelude);
    free(builder);
}

const struct chimera_tools *chimera_builder_tools(const struct chimera_builder *builder)
{
    return &builder->tools;
}

/* --- The steps of one build. --- */

static int make_scratch(struct work *work, struct chimera_error *err)
{
    struct chimera_builder *builder = work->builder;
    if (builder->cache)
        return chimera_cache_scratch(builder->cache, &work->folder, err);
    if (asprintf(&work->folder, "%s/build-XXXXXX", builder->temporary) < 0) {
        work->folder = NULL;
        return chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
    }
    if (!mkdtemp(work->folder))
        return chimera_fail(err, CHIMERA_EIO, "cannot make %s: %s", work->folder, strerror(errno));
    return CHIMERA_OK;
}

static int write_module(const struct work *work, const char *path, struct chimera_error *err)
{
    struct chimera_buffer bytes;
    chimera_buffer_init(&bytes, WASM_MAX);
    int code = chimera_module_rewrite(work->module, &bytes, err);
    if (code == 0)
        code = chimera_file_write(path, chimera_buffer_slice(&bytes), 0600, err);
    chimera_buffer_free(&bytes);
    return code;
}

/* wasm2c validates what we do not: the types inside function bodies. */
static int run_wasm2c(const struct work *work, struct chimera_error *err)
{
    const char *argv[] = {work->builder->tools.wasm2c, "module.wasm", "-n", "pol", "-o", "raw.c", NULL};
    char what[512];
    snprintf(what, sizeof(what), "wasm2c on %s", work->path);
    struct chimera_command command = {
        .what = what,
        .argv = argv,
        .folder = work->folder,
        .limits = {.wall_seconds = 1800,
                   .cpu_seconds = 1800,
                   .memory_bytes = (uint64_t)6 << 30,
                   .file_bytes = C_MAX,
                   .stack_bytes = (uint64_t)1 << 30},
        .advice = "the module is too large for this WABT; WABT 1.0.33 and newer need far less",
    };
    return chimera_process_run(&command, err);
}

static int map_file(const char *path, struct chimera_slice *ret_text, struct chimera_error *err)
{
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open %s: %s", path, strerror(errno));
    void *text = mmap(NULL, (size_t)status.st_size + 1, PROT_READ, MAP_PRIVATE, fd, 0);
    if (text == MAP_FAILED)
        return chimera_fail(err, CHIMERA_EIO, "cannot map %s: %s", path, strerror(errno));
    *ret_text = (struct chimera_slice){text, (size_t)status.st_size};
    return CHIMERA_OK;
}

static int write_sources(struct work *work, struct chimera_slice text, struct chimera_error *err)
{
    unsigned wabt = work->builder->tools.wabt_minor;
    struct split split;
    int code = split_read(text, wabt, work->module, &split, err);
    if (code < 0)
        return code;
    struct glue_facts facts = {.module = work->module,
                               .split = &split,
                               .wabt_minor = wabt,
                               .mode = work->mode,
                               .toolchain = work->builder->tools.identity,
                               .wasm = work->wasm,
                               .image_size = work->image_size};
    code = glue_write(&facts, work->folder, err);
    if (code == 0)
        code = split_write(&split, work->folder, &work->parts, &work->part_count, err);
    split_done(&split);
    return code;
}

static int translate(struct work *work, struct chimera_error *err)
{
    CHIMERA_FREE char *module = chimera_path_join(work->folder, "module.wasm");
    CHIMERA_FREE char *raw = chimera_path_join(work->folder, "raw.c");
    if (!module || !raw)
        return chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
    chimera_progress_show(work->builder->options.progress, "wasm2c", 0, 0);
    int code = write_module(work, module, err);
    if (code == 0)
        code = run_wasm2c(work, err);
    struct chimera_slice text;
    if (code == 0)
        code = map_file(raw, &text, err);
    if (code < 0)
        return code;
    code = write_sources(work, text, err);
    munmap((void *)(uintptr_t)text.data, text.size + 1);
    unlink(raw); /* the largest file of a build */
    return code;
}

/* The parts, the glue and the freestanding helpers; names of objects follow the sources'. */
static int compile_and_link(struct work *work, const char *so, struct chimera_error *err)
{
    struct chimera_builder *builder = work->builder;
    size_t count = work->part_count + 2;
    CHIMERA_FREE struct chimera_part *parts = calloc(count, sizeof(*parts));
    CHIMERA_FREE const char **objects = calloc(count, sizeof(*objects));
    CHIMERA_FREE char *names = calloc(count, 32);
    CHIMERA_FREE char *freestanding = chimera_path_join(builder->prelude, "freestanding.c");
    CHIMERA_FREE char *prelude = chimera_path_join(builder->prelude, "prelude.h");
    CHIMERA_FREE char *simd = chimera_path_join(builder->prelude, "simd.h");
    CHIMERA_FREE char *plugin = chimera_path_join(builder->prelude, "plugin.h");
    if (!parts || !objects || !names || !freestanding || !prelude || !simd || !plugin)
        return chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
    for (size_t i = 0; i < count; i++) {
        snprintf(names + 32 * i, 32, "part-%04zu.o", i);
        parts[i].object = objects[i] = names + 32 * i;
        if (i < work->part_count)
            parts[i] = (struct chimera_part){work->parts[i].name, objects[i], work->parts[i].is_quick};
    }
    parts[count - 2].source = "glue.c";
    parts[count - 1].source = freestanding;
    const char *includes[] = {".", builder->prelude, NULL};
    CHIMERA_FREE char *header = chimera_path_join(work->folder, "module.h");
    const char *headers[] = {header, prelude, simd, plugin, NULL};
    struct chimera_compile_job job = {.tools = &builder->tools,
                                      .folder = work->folder,
                                      .includes = includes,
                                      .headers = headers,
                                      .cache = builder->cache,
                                      .progress = builder->options.progress,
                                      .jobs = builder->options.jobs};
    int code = chimera_compile(&job, parts, count, NULL, err);
    if (code == 0)
        code = chimera_link(&builder->tools, work->folder, objects, count, so, err);
    chimera_progress_show(builder->options.progress, "audit", 0, 0);
    return code < 0 ? code : chimera_audit(&builder->tools, so, err);
}

static int digest_file(const char *path, struct chimera_digest *ret_digest, struct chimera_error *err)
{
    CHIMERA_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return chimera_fail(err, CHIMERA_EIO, "cannot open %s: %s", path, strerror(errno));
    return chimera_digest_of_fd(fd, ret_digest, err);
}

static int write_manifest(const struct work *work, const char *so, const char *image, const char *path,
                          struct chimera_error *err)
{
    struct chimera_manifest manifest = {.wasm = work->wasm, .mode = work->mode};
    int code = digest_file(so, &manifest.so, err);
    if (code == 0 && work->image_size > 0)
        code = digest_file(image, &manifest.image, err);
    if (code < 0)
        return code;
    struct chimera_slice metadata = work->module->metadata;
    manifest.toolchain = work->builder->tools.identity;
    CHIMERA_FREE char *text = metadata.data ? strndup(metadata.data, metadata.size) : NULL;
    manifest.metadata = text;
    return chimera_manifest_write(path, &manifest, err);
}

static int write_names(const struct work *work, const char *so, const char *path, struct chimera_error *err)
{
    CHIMERA_FREE char *map = chimera_path_join(work->folder, CHIMERA_LINK_MAP);
    struct chimera_names_source source = {
        .module = work->module, .wasm = work->bytes, .prefix = split_prefix(work->builder->tools.wabt_minor), .map = map};
    if (!map)
        return chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
    int code = digest_file(so, &source.object, err);
    return code < 0 ? code : chimera_names_write(&source, path, err);
}

static char *output_name(const struct work *work, const char *folder, const char *suffix)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s%s", folder, work->stem, suffix) < 0 ? NULL : path;
}

/* FOLDER/out/STEM.{so,image,json,names} of the scratch folder. */
static int make_plugin(struct work *work, const char *out, struct chimera_error *err)
{
    CHIMERA_FREE char *so = output_name(work, out, ".so");
    CHIMERA_FREE char *image = output_name(work, out, ".image");
    CHIMERA_FREE char *manifest = output_name(work, out, ".json");
    CHIMERA_FREE char *names = output_name(work, out, ".names");
    if (!so || !image || !manifest || !names)
        return chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
    int code = chimera_folder_make(out, 0700, err);
    if (code == 0)
        code = chimera_image_write(work->module, image, &work->image_size, err);
    if (code == 0)
        code = translate(work, err);
    if (code == 0)
        code = compile_and_link(work, so, err);
    if (code == 0)
        code = write_names(work, so, names, err);
    return code < 0 ? code : write_manifest(work, so, image, manifest, err);
}

/* Copies STEM.* from the folder of `so` to `folder`; the .so last, so that it never stands alone. */
static int copy_plugin(const struct work *work, const char *so, const char *folder, char **ret_path,
                       struct chimera_error *err)
{
    static const char *const suffixes[] = {".image", ".names", ".json", ".so"};
    const char *slash = strrchr(so, '/');
    CHIMERA_FREE char *from = strndup(so, (size_t)(slash - so));
    int code = from ? chimera_folder_make(folder, 0755, err) : CHIMERA_ENOMEM;
    for (size_t i = 0; i < 4 && code == 0; i++) {
        CHIMERA_FREE char *source = output_name(work, from, suffixes[i]);
        CHIMERA_FREE char *target = output_name(work, folder, suffixes[i]);
        if (!source || !target)
            return chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
        if (access(source, F_OK) == 0)
            code = chimera_file_copy(source, target, i == 3 ? 0755 : 0644, err);
    }
    if (code == 0 && !(*ret_path = output_name(work, folder, ".so")))
        code = chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
    return code;
}

/* Where the finished plugin goes: the cache, or a folder that lives as long as the builder. */
static int keep_plugin(struct work *work, const char *out, char **ret_path, struct chimera_error *err)
{
    struct chimera_builder *builder = work->builder;
    if (builder->cache)
        return chimera_cache_put_plugin(builder->cache, out, work->stem, ret_path, err);
    CHIMERA_FREE char *so = output_name(work, out, ".so");
    CHIMERA_FREE char *folder = chimera_path_join(builder->temporary, "plugins");
    if (!so || !folder)
        return chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
    return copy_plugin(work, so, folder, ret_path, err);
}

static int check_confinement(const struct work *work, struct chimera_error *err)
{
    const char *lacks = chimera_confine_lacks();
    if (!lacks || !work->builder->options.must_confine)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EREFUSED,
                        "%s: the compilers cannot be confined here (%s): build the policy elsewhere, or allow "
                        "unconfined builds",
                        work->path, lacks);
}

static int build_new(struct work *work, char **ret_path, struct chimera_error *err)
{
    int code = check_confinement(work, err);
    if (code == 0)
        code = make_scratch(work, err);
    CHIMERA_FREE char *out = code == 0 ? chimera_path_join(work->folder, "out") : NULL;
    if (code == 0)
        code = out ? make_plugin(work, out, err) : chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
    if (code == 0)
        code = keep_plugin(work, out, ret_path, err);
    if (work->folder)
        chimera_folder_remove(work->folder, NULL);
    return code;
}

static int name_stem(struct work *work, struct chimera_error *err)
{
    char stem[CHIMERA_STEM_MAX];
    int code = chimera_tools_stem(&work->builder->tools, &work->wasm, stem);
    if (code < 0)
        return chimera_fail(err, code, "%s: cannot name its plugin", work->path);
    /* The mode is part of what is built: the same module may be tried in two. */
    snprintf(work->stem, sizeof(work->stem), "%s-%d", stem, (int)work->mode);
    return CHIMERA_OK;
}

static int finish(struct work *work, char *path, struct chimera_built *built, struct chimera_error *err)
{
    const char *output = work->builder->options.output;
    if (!output) {
        built->plugin = path;
        return CHIMERA_OK;
    }
    CHIMERA_FREE char *folder = chimera_path_join(output, "plugins");
    int code = folder ? copy_plugin(work, path, folder, &built->plugin, err)
                      : chimera_fail(err, CHIMERA_ENOMEM, "out of memory");
    free(path);
    return code;
}

static int build_module(struct work *work, struct chimera_built *built, struct chimera_error *err)
{
    struct chimera_cache *cache = work->builder->cache;
    int code = name_stem(work, err);
    if (code < 0)
        return code;
    char *path = cache ? chimera_cache_find_plugin(cache, work->stem) : NULL;
    built->was_cached = path != NULL;
    if (!path)
        code = build_new(work, &path, err);
    chimera_progress_clear(work->builder->options.progress);
    return code < 0 ? code : finish(work, path, built, err);
}

static int check_module(struct work *work, struct chimera_error *err)
{
    int code = chimera_module_check_imports(work->module, err);
    if (code == 0 && work->mode == CHIMERA_MODE_NONE)
        code = chimera_mode_detect(work->module, &work->mode, err);
    return code < 0 ? code : chimera_mode_check(work->module, work->mode, err);
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int check_vectors(const struct work *work, struct chimera_error *err)
{
    const struct chimera_tools *tools = &work->builder->tools;
    if (!work->module->uses_vectors || tools->wabt_minor >= WABT_WITH_VECTORS)
        return CHIMERA_OK;
    return chimera_fail(err, CHIMERA_EFEATURE,
                        "%s: the module uses SIMD (v128), which needs WABT 1.0.%d or newer; this is %s: install a newer "
                        "one (Debian 13 has it) or name its wasm2c in CHIMERA_WASM2C, or build the policy without "
                        "(for example rustc -C target-feature=-simd128)",
                        work->path, WABT_WITH_VECTORS, tools->wabt_version);
}

static int build_bytes(struct work *work, struct chimera_slice bytes, bool is_bare, struct chimera_built *built,
                       struct chimera_error *err)
{
    work->bytes = bytes;
    int code = chimera_module_read(work->path, bytes, &work->module, err);
    if (code == 0)
        code = is_bare ? chimera_module_check_imports(work->module, err) : check_module(work, err);
    if (code == 0)
        code = check_vectors(work, err);
    if (code == 0)
        code = chimera_digest_of(bytes, &work->wasm);
    if (code == 0) {
        built->wasm_bytes = bytes.size;
        built->code_bytes = work->module->section[10].size;
        code = build_module(work, built, err);
    }
    chimera_module_free(work->module);
    free(work->parts);
    free(work->folder);
    return code;
}

static int build_path(struct chimera_builder *builder, const char *path, enum chimera_mode mode, bool is_bare,
                      struct chimera_built *ret_built, struct chimera_error *err)
{
    uint64_t start = now_ms();
    struct chimera_built built = {0};
    struct work work = {.builder = builder, .path = path, .mode = mode};
    struct chimera_buffer bytes;
    chimera_buffer_init(&bytes, WASM_MAX);
    int code = chimera_file_read(path, &bytes, err);
    if (code == 0)
        code = build_bytes(&work, chimera_buffer_slice(&bytes), is_bare, &built, err);
    chimera_buffer_free(&bytes);
    if (code < 0)
        return code;
    built.milliseconds = now_ms() - start;
    *ret_built = built;
    return CHIMERA_OK;
}

int chimera_build(struct chimera_builder *builder, const char *path, enum chimera_mode mode,
                  struct chimera_built *ret_built, struct chimera_error *err)
{
    return build_path(builder, path, mode, false, ret_built, err);
}

int chimera_build_bare(struct chimera_builder *builder, const char *path, struct chimera_built *ret_built,
                       struct chimera_error *err)
{
    return build_path(builder, path, CHIMERA_MODE_NONE, true, ret_built, err);
}

void chimera_built_done(struct chimera_built *built)
{
    free(built->plugin);
    built->plugin = NULL;
}
