/* SPDX-License-Identifier: Apache-2.0 */
/* deadline.c - how late a deadline is.
 *
 *   bench-deadline GUEST.so [COUNT]
 *
 * GUEST is tests/soak/guest.wat as a plugin; it loops for ever, or fills memory for ever. Prints
 * how long after its limit each run has come back, and what arming a deadline costs a run that
 * needs none. The peer is the limit itself: the reference looks at it once a second (guest-abis.md
 * §6).
 */
#include <stdio.h>
#include <stdlib.h>

#include "runtime/abi/wasi.h"
#include "runtime/base/arena.h"
#include "runtime/base/clock.h"
#include "runtime/instance/guest.h"

#define MEMORY_LIMIT ((uint64_t)64 << 20)

enum { LOOP = 4, FILL = 5 }; /* what the guest calls them */

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t lateness(struct chimera_guest *guest, uint32_t how, uint32_t limit_ms)
{
    const uint32_t input[4] = {1, 4, 0, how};
    struct chimera_arena arena;
    struct chimera_pieces pieces = {0};
    struct chimera_slice text;
    chimera_arena_init(&arena, 1 << 16);
    chimera_pieces_add(&pieces, (struct chimera_slice){(const char *)input, sizeof(input)});
    const struct chimera_wasi_run run = {.input = &pieces, .operation = "bench"};
    uint64_t start = chimera_clock_ns();
    chimera_guest_begin(guest, limit_ms);
    int code = chimera_wasi_run(guest, &run, &arena, &text);
    chimera_guest_end(guest);
    uint64_t took = chimera_clock_ns() - start;
    if (code != CHIMERA_EDEADLINE || chimera_guest_reset(guest) < 0) {
        fprintf(stderr, "the guest ended by itself: %s\n", chimera_guest_stop_text(guest));
        exit(1);
    }
    chimera_arena_free(&arena);
    return took - (uint64_t)limit_ms * 1000000;
}

static void measure(struct chimera_guest *guest, const char *what, uint32_t how, size_t count)
{
    uint64_t *late = calloc(count, sizeof(*late));
    for (size_t i = 0; late && i < count; i++)
        late[i] = lateness(guest, how, 2 + (uint32_t)(i % 7));
    if (!late)
        exit(1);
    qsort(late, count, sizeof(*late), by_size);
    printf("%-26s %8.0f %8.0f %8.0f us after the limit\n", what, (double)late[count / 2] / 1000,
           (double)late[count * 99 / 100] / 1000, (double)late[count - 1] / 1000);
    free(late);
}

static void measure_arming(struct chimera_guest *guest)
{
    const int rounds = 2000000;
    uint64_t start = chimera_clock_ns();
    for (int i = 0; i < rounds; i++) {
        chimera_guest_begin(guest, 2000);
        chimera_guest_end(guest);
    }
    printf("arming and disarming: %.1f ns\n", (double)(chimera_clock_ns() - start) / rounds);
}

int main(int argument_count, char **arguments)
{
    struct chimera_loaded *loaded;
    struct chimera_guest *guest;
    struct chimera_error err = {0};
    const struct chimera_wasi_run run = {.operation = "start"};
    size_t count =
        argument_count > 2 ? strtoul(arguments[2], NULL, 10) : 200; /* allowed: a count */
    if (argument_count < 2 || count == 0) {
        fprintf(stderr, "usage: %s GUEST.so [COUNT]\n", arguments[0]);
        return 2;
    }
    if (chimera_plugin_load(arguments[1], &loaded, &err) < 0 ||
        chimera_guest_new(loaded, MEMORY_LIMIT, &guest, &err) < 0 ||
        chimera_wasi_attach(guest, CHIMERA_WASI_PIPES, &err) < 0) {
        fprintf(stderr, "Error: %s\n", err.text);
        return 1;
    }
    chimera_guest_begin(guest, 2000);
    if (chimera_wasi_prepare(guest, &run, &err) < 0)
        return 1;
    chimera_guest_end(guest);
    printf("%-26s %8s %8s %8s\n", "", "p50", "p99", "max");
    measure(guest, "endless loop", LOOP, count);
    measure(guest, "endless memory.fill", FILL, count);
    measure_arming(guest);
    return 0;
}
