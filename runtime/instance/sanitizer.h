/* SPDX-License-Identifier: Apache-2.0 */
/* sanitizer.h - tells ASan and TSan which stack the thread is on. Nothing in other builds. */
#ifndef CHIMERA_SANITIZER_H
#define CHIMERA_SANITIZER_H

#include <stddef.h>

#include "runtime/base/sanitized.h"

#ifdef CHIMERA_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef CHIMERA_TSAN
#include <sanitizer/tsan_interface.h>
#endif

struct chimera_fibre { /* what the sanitizers need to know of one guest's stack */
    const void *host_bottom;
    size_t host_size;
    void *fake_stack;
    void *tsan_host, *tsan_guest;
};

/* Called on the host's stack before and after a switch, and on the guest's first thing there and
 * last thing before it is left (also by the signal handler that leaves it). */
static inline void chimera_fibre_before(struct chimera_fibre *fibre, const void *bottom,
                                        size_t size)
{
#ifdef CHIMERA_ASAN
    __sanitizer_start_switch_fiber(&fibre->fake_stack, bottom, size);
#endif
#ifdef CHIMERA_TSAN
    fibre->tsan_host = __tsan_get_current_fiber();
    fibre->tsan_guest = __tsan_create_fiber(0);
    __tsan_switch_to_fiber(fibre->tsan_guest, 0);
#endif
    (void)fibre, (void)bottom, (void)size;
}

static inline void chimera_fibre_entered(struct chimera_fibre *fibre)
{
#ifdef CHIMERA_ASAN
    __sanitizer_finish_switch_fiber(NULL, &fibre->host_bottom, &fibre->host_size);
#endif
    (void)fibre;
}

static inline void chimera_fibre_leaving(struct chimera_fibre *fibre)
{
#ifdef CHIMERA_ASAN
    __sanitizer_start_switch_fiber(NULL, fibre->host_bottom, fibre->host_size);
#endif
    (void)fibre;
}

/* Before a stack that is not running is copied from or to: what ASan keeps beside it is not copied
 * along. */
static inline void chimera_fibre_touch(const void *at, size_t size)
{
#ifdef CHIMERA_ASAN
    __asan_unpoison_memory_region(at, size);
#endif
    (void)at, (void)size;
}

/* TSan follows a fibre from its beginning to its end, and a copied stack has no beginning. */
#ifdef CHIMERA_TSAN
#define CHIMERA_FIBRES_CAN_WAIT 0
#else
#define CHIMERA_FIBRES_CAN_WAIT 1
#endif

/* `was_abandoned`: frames were left behind on the guest's stack. */
static inline void chimera_fibre_after(struct chimera_fibre *fibre, const void *bottom, size_t size,
                                       int was_abandoned)
{
#ifdef CHIMERA_ASAN
    __sanitizer_finish_switch_fiber(fibre->fake_stack, NULL, NULL);
    if (was_abandoned)
        __asan_unpoison_memory_region(bottom, size);
#endif
#ifdef CHIMERA_TSAN
    __tsan_switch_to_fiber(fibre->tsan_host, 0);
    __tsan_destroy_fiber(fibre->tsan_guest);
#endif
    (void)fibre, (void)bottom, (void)size, (void)was_abandoned;
}

#endif
