/* SPDX-License-Identifier: Apache-2.0 */
/* tools.c - the tools to build with, and whether a plugin comes of them. */
#include <stdlib.h>
#include <string.h>

#include "compiler/build.h"
#include "compiler/tool/tools.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/file.h"
#include "runtime/plugin/mode.h"
#include "toolchain/command/checking/trial.h"
#include "toolchain/command/doctor/parts.h"
#include "toolchain/command/interrupt.h"

#define WABT_LINEAR 33 /* from this minor on wasm2c is not quadratic */

static void say_tiers(struct doctor_report *report, const struct chimera_tools *tools)
{
    struct chimera_error err = {0};
    if (chimera_tools_need(tools, CHIMERA_TIER_FULL, &err) < 0)
        doctor_say(report, DOCTOR_BAD, "full tier", "%s", err.text);
    if (tools->tcc)
        doctor_say(report, DOCTOR_GOOD, "tcc", "%s (%s)", tools->tcc, tools->tcc_version);
    else
        doctor_say(report, DOCTOR_NOTE, "tcc",
                   "not found: there is no quick tier, so a policy that is not in the cache waits "
                   "for clang, half a minute for each MB; `apt-get install tcc`");
}

static void say_tools(struct doctor_report *report, const struct chimera_tools *tools)
{
    doctor_say(report, DOCTOR_GOOD, "wasm2c", "%s (WABT %s)", tools->wasm2c, tools->wabt_version);
    if (tools->clang)
        doctor_say(report, DOCTOR_GOOD, "clang", "%s (%s)", tools->clang, tools->clang_version);
    if (tools->lld)
        doctor_say(report, DOCTOR_GOOD, "lld", "%s (%s)", tools->lld, tools->lld_version);
    if (tools->objdump)
        doctor_say(report, DOCTOR_GOOD, "llvm-objdump", "%s", tools->objdump);
    if (tools->wabt_minor < WABT_LINEAR)
        doctor_say(report, DOCTOR_NOTE, "wasm2c",
                   "WABT %s does not compile SIMD and takes time that grows with the square of a "
                   "module's functions: policies of 20 MB and more need minutes, in either tier; "
                   "1.0.%d and newer are better at both",
                   tools->wabt_version, WABT_LINEAR);
}

/* Their versions are asked, so a program that does not run is found. */
static int find_tools(struct chimera_tools *ret_tools, struct chimera_error *err)
{
    const char *launcher = getenv(CHIMERA_LAUNCHER_VARIABLE);
    int code = chimera_tools_find(ret_tools, err);
    for (enum chimera_tier tier = CHIMERA_TIER_QUICK;
         code == CHIMERA_OK && tier <= CHIMERA_TIER_FULL; tier++)
        if (chimera_tools_has(ret_tools, tier))
            code = chimera_tools_learn(ret_tools, tier, NULL, err);
    if (code == CHIMERA_OK && launcher)
        code = chimera_tools_launch(ret_tools, launcher, err);
    return code;
}

/* --- A build of a policy that accepts nothing, the least that there is --- */

/* (module (memory (export "memory") 1)
 *   (func (export "__guest_call") (param i32 i32) (result i32) (i32.const 0))) */
static const unsigned char module[] = {
    0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x07, 0x01, 0x60, 0x02, 0x7f, 0x7f, 0x01,
    0x7f, 0x03, 0x02, 0x01, 0x00, 0x05, 0x03, 0x01, 0x00, 0x01, 0x07, 0x19, 0x02, 0x06, 'm',  'e',
    'm',  'o',  'r',  'y',  0x02, 0x00, 0x0c, '_',  '_',  'g',  'u',  'e',  's',  't',  '_',  'c',
    'a',  'l',  'l',  0x00, 0x00, 0x0a, 0x06, 0x01, 0x04, 0x00, 0x41, 0x00, 0x0b};

static int build_and_start(struct chimera_builder *builder, const char *path,
                           enum chimera_tier tier, struct chimera_error *err)
{
    struct chimera_built built = {0};
    int code = chimera_build(builder, path, CHIMERA_MODE_WAPC, tier, &built, err);
    if (code == CHIMERA_OK && !trial_starts(built.plugin, NULL, err))
        code = CHIMERA_EREFUSED;
    chimera_built_done(&built);
    return code;
}

static void try_tier(struct doctor_report *report, struct chimera_builder *builder,
                     const char *path, enum chimera_tier tier)
{
    struct chimera_error err = {0};
    int64_t since_ms = chimera_clock_ms();
    int code = build_and_start(builder, path, tier, &err);
    if (code < 0)
        doctor_say(report, DOCTOR_BAD, "trial build", "in the %s tier: %s", chimera_tier_name(tier),
                   err.text);
    else
        doctor_say(report, DOCTOR_GOOD, "trial build",
                   "in the %s tier: built, loaded and started in %lld ms", chimera_tier_name(tier),
                   (long long)(chimera_clock_ms() - since_ms));
}

static void try_builds(struct doctor_report *report, const char *folder)
{
    struct chimera_builder *builder = NULL;
    struct chimera_error err = {0};
    const struct chimera_build_options options = {.has_no_cache = true,
                                                  .launcher = getenv(CHIMERA_LAUNCHER_VARIABLE)};
    CHIMERA_FREE char *path = chimera_path_join(folder, "least.wasm");
    int code = path ? chimera_file_write_scratch(
                          path, (struct chimera_slice){(const char *)module, sizeof(module)}, &err)
                    : chimera_fail_memory(&err);
    if (code == CHIMERA_OK)
        code = chimera_builder_new(&options, &builder, &err);
    if (code < 0) {
        doctor_say(report, DOCTOR_BAD, "trial build", "%s", err.text);
        return;
    }
    for (enum chimera_tier tier = CHIMERA_TIER_QUICK; tier <= CHIMERA_TIER_FULL; tier++)
        if (chimera_tools_has(chimera_builder_tools(builder), tier))
            try_tier(report, builder, path, tier);
    chimera_builder_free(builder);
}

static void try_in_folder(struct doctor_report *report)
{
    CHIMERA_FREE char *folder = NULL;
    struct chimera_error err = {0};
    interrupt_catch();
    if (chimera_folder_make_temporary("chimera-doctor", &folder, &err) < 0) {
        doctor_say(report, DOCTOR_BAD, "trial build", "%s", err.text);
    } else {
        try_builds(report, folder);
        chimera_folder_remove(folder, NULL);
    }
    interrupt_release();
}

void doctor_check_tools(struct doctor_report *report)
{
    struct chimera_tools tools = {0};
    struct chimera_error err = {0};
    if (find_tools(&tools, &err) < 0) {
        doctor_say(report, DOCTOR_BAD, "tools", "%s", err.text);
    } else {
        say_tools(report, &tools);
        say_tiers(report, &tools);
        try_in_folder(report);
    }
    chimera_tools_done(&tools);
}
