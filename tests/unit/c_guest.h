/* SPDX-License-Identifier: Apache-2.0 */
/* c_guest.h - guests written in C, for tests of what guests call and of what calls them.
 *
 * A plugin descriptor by hand whose exports are C functions: the host, its memory, traps, deadlines
 * and resets are the real ones, and no compiler is needed. A guest's functions are marked
 * GUEST_CODE, so that the runtime knows an interruption in them for the guest's. They must not
 * assert: a failed assertion jumps, and they run on a stack of their own.
 */
#ifndef CHIMERA_TESTS_C_GUEST_H
#define CHIMERA_TESTS_C_GUEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/abi/abi.h"

#define GUEST_CODE __attribute__((section("guest_code"), noinline, used))
#define GUEST_EXPORTS_MAX 20

extern const char __start_guest_code[], __stop_guest_code[]; /* made by the linker */

struct c_guest {
    struct chimera_plugin plugin;
    struct chimera_loaded loaded;
    struct chimera_export exports[GUEST_EXPORTS_MAX];
};

GUEST_CODE static void c_guest_initialize(struct chimera_instance *instance)
{
    (void)instance;
}

static inline void c_guest_init(struct c_guest *guest, enum chimera_mode mode)
{
    static char path[] = "guest.so";
    memset(guest, 0, sizeof(*guest));
    guest->plugin = (struct chimera_plugin){.abi = CHIMERA_PLUGIN_ABI,
                                            .size = sizeof(struct chimera_plugin),
                                            .toolchain = "by hand",
                                            .mode = mode,
                                            .tier = CHIMERA_TIER_FULL,
                                            .has_memory = 1,
                                            .memory_min_pages = 4,
                                            .memory_max_pages = 16,
                                            .instance_size = sizeof(struct chimera_instance),
                                            .exports = guest->exports,
                                            .initialize = c_guest_initialize};
    guest->loaded = (struct chimera_loaded){.plugin = &guest->plugin,
                                            .image_fd = -1,
                                            .text_start = (uintptr_t)__start_guest_code,
                                            .text_end = (uintptr_t)__stop_guest_code,
                                            .path = path};
}

static inline void c_guest_export(struct c_guest *guest, const char *name, const char *type,
                                  void (*call)(struct chimera_instance *, union chimera_value *))
{
    guest->exports[guest->plugin.export_count++] =
        (struct chimera_export){.name = name,
                                .name_size = (uint32_t)strlen(name),
                                .kind = call ? CHIMERA_EXPORT_FUNCTION : CHIMERA_EXPORT_MEMORY,
                                .type = type,
                                .call = call};
}

/* A raw request, which any JSON can be. */
static inline struct chimera_request c_guest_request(const char *json)
{
    struct chimera_request request = {
        .is_raw = true, .uid = CHIMERA_SLICE("u"), .object = chimera_slice_of(json)};
    chimera_pieces_add(&request.json, chimera_slice_of(json));
    return request;
}

static inline void c_guest_assert_slice(struct chimera_slice slice, const char *text)
{
    assert_int_equal(slice.size, strlen(text));
    if (slice.size > 0)
        assert_memory_equal(slice.data, text, slice.size);
}

#endif
