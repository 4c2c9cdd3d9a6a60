/* SPDX-License-Identifier: Apache-2.0 */
/* The module becomes C: rewritten for wasm2c, translated by it, its one file cut into parts. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "compiler/build_internal.h"
#include "compiler/tool/process.h"
#include "compiler/tool/scratch.h"
#include "compiler/translate/glue.h"
#include "compiler/translate/rewrite.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

#define MODULE "module.wasm"
#define RAW "raw.c"
#define MODULE_MAX ((size_t)256 << 20)
#define C_MAX ((uint64_t)8 << 30) /* of wasm2c's output: 25 bytes of C a byte of code */

static int map_raw(const char *own, struct chimera_slice *ret_text, struct chimera_error *err)
{
    struct stat status;
    struct chimera_error why = {0};
    CHIMERA_CLOSE int fd = -1;
    int code = chimera_scratch_open(own, RAW, &fd, &why);
    if (code < 0)
        return chimera_fail(err, code, "wasm2c: %s", why.text);
    if (fstat(fd, &status) < 0)
        return chimera_fail_errno(err, "cannot open what wasm2c wrote");
    void *text = mmap(NULL, (size_t)status.st_size + 1, PROT_READ, MAP_PRIVATE, fd, 0);
    if (text == MAP_FAILED)
        return chimera_fail_errno(err, "cannot map what wasm2c wrote");
    *ret_text = (struct chimera_slice){text, (size_t)status.st_size};
    return CHIMERA_OK;
}

static int write_sources(struct build_run *run, struct chimera_slice text,
                         struct chimera_error *err)
{
    unsigned wabt = run->builder->tools.wabt_minor;
    struct split split;
    CHIMERA_FREE char *toolchain = build_toolchain(run);
    if (!toolchain)
        return chimera_fail_memory(err);
    int code = split_read(text, wabt, run->module, &split, err);
    if (code < 0)
        return code;
    split.profiles = run->builder->options.purpose == CHIMERA_BUILD_TO_PROFILE;
    struct glue_facts facts = {.module = run->module,
                               .split = &split,
                               .wabt_minor = wabt,
                               .mode = run->mode,
                               .tier = run->tier,
                               .toolchain = toolchain,
                               .wasm = run->wasm,
                               .image_size = run->image_size,
                               .profiles = split.profiles};
    code = glue_write(&facts, run->folder, err);
    if (code == 0)
        code = split_write(&split, run->tier, run->folder, &run->parts, &run->part_count, err);
    split_done(&split);
    return code;
}

/* Some of what was in the way may be gone again when we look. */
#define BLOCKS_OF_A_FULL_DISK 16

/* wasm2c does not look whether what it writes is written. */
static bool is_full(const char *folder)
{
    struct statvfs file_system;
    return statvfs(folder, &file_system) == 0 && file_system.f_blocks > 0 &&
           (geteuid() == 0 ? file_system.f_bfree : file_system.f_bavail) < BLOCKS_OF_A_FULL_DISK;
}

static int translate_in(struct build_run *run, const char *module, const char *own,
                        struct chimera_error *err)
{
    struct chimera_slice text;
    /* wasm2c validates what we do not: the types inside function bodies. It works in `own`. */
    const char *argv[] = {run->builder->tools.wasm2c, "../" MODULE, "-n", "pol", "-o", RAW, NULL};
    const char *reads[] = {module, NULL};
    struct chimera_command command = {
        .what = "wasm2c",
        .argv = argv,
        .folder = own,
        .reads = reads,
        .limits = {.wall_seconds = 1800,
                   .cpu_seconds = 1800,
                   .memory_bytes = (uint64_t)6 << 30,
                   .file_bytes = C_MAX,
                   .stack_bytes = (uint64_t)1 << 30},
        .advice = "the module is too large for this WABT; WABT 1.0.33 and newer need far less",
        .progress = run->builder->options.progress,
    };
    int code = chimera_process_run(&command, err);
    if (code == 0)
        code = map_raw(own, &text, err);
    if (code < 0)
        return code;
    code = write_sources(run, text, err);
    munmap((void *)(uintptr_t)text.data, text.size + 1);
    if (code < 0 && is_full(own))
        return chimera_fail(err, CHIMERA_EIO, "cannot write what wasm2c makes to %s: %s", own,
                            strerror(ENOSPC));
    return code;
}

int build_translate(struct build_run *run, struct chimera_error *err)
{
    CHIMERA_FREE char *module = chimera_path_join(run->folder, MODULE);
    CHIMERA_FREE char *own = NULL;
    if (!module)
        return chimera_fail_memory(err);
    chimera_progress_show(run->builder->options.progress, "wasm2c", 0, 0);
    struct chimera_buffer bytes;
    chimera_buffer_init(&bytes, MODULE_MAX);
    int code = chimera_module_rewrite(run->module, &bytes, err);
    if (code == 0)
        code = chimera_file_write_scratch(module, chimera_buffer_slice(&bytes), err);
    chimera_buffer_free(&bytes);
    if (code == 0)
        code = chimera_scratch_make(run->folder, "wasm2c", &own, err);
    if (code == 0)
        code = translate_in(run, module, own, err);
    if (own)
        chimera_folder_remove(own, NULL); /* the largest file of a build is in it */
    return code;
}
