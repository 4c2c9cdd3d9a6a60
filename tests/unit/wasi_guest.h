/* SPDX-License-Identifier: Apache-2.0 */
/* wasi_guest.h - a WASI program in C whose main() is any function, and what such functions need. */
#ifndef CHIMERA_TESTS_WASI_GUEST_H
#define CHIMERA_TESTS_WASI_GUEST_H

#include "tests/unit/c_guest.h"

#include "runtime/policy/policy.h"

#define H struct chimera_guest *guest
typedef uint32_t U;
typedef uint64_t L;

U chimera_wasi_args_get(H, U pointers, U text);
U chimera_wasi_args_sizes_get(H, U count, U size);
U chimera_wasi_environ_get(H, U pointers, U text);
U chimera_wasi_environ_sizes_get(H, U count, U size);
U chimera_wasi_clock_res_get(H, U clock, U at);
U chimera_wasi_clock_time_get(H, U clock, L precision, U at);
U chimera_wasi_fd_advise(H, U fd, L offset, L size, U advice);
U chimera_wasi_fd_allocate(H, U fd, L offset, L size);
U chimera_wasi_fd_close(H, U fd);
U chimera_wasi_fd_datasync(H, U fd);
U chimera_wasi_fd_fdstat_get(H, U fd, U at);
U chimera_wasi_fd_fdstat_set_flags(H, U fd, U flags);
U chimera_wasi_fd_fdstat_set_rights(H, U fd, L base, L inheriting);
U chimera_wasi_fd_filestat_get(H, U fd, U at);
U chimera_wasi0_fd_filestat_get(H, U fd, U at);
U chimera_wasi_fd_filestat_set_times(H, U fd, L atim, L mtim, U flags);
U chimera_wasi_fd_pread(H, U fd, U at, U count, L offset, U size);
U chimera_wasi_fd_prestat_get(H, U fd, U at);
U chimera_wasi_fd_prestat_dir_name(H, U fd, U at, U size);
U chimera_wasi_fd_read(H, U fd, U at, U count, U size);
U chimera_wasi_fd_renumber(H, U from, U to);
U chimera_wasi_fd_seek(H, U fd, L offset, U whence, U at);
U chimera_wasi_fd_sync(H, U fd);
U chimera_wasi_fd_write(H, U fd, U at, U count, U size);
U chimera_wasi_path_open(H, U fd, U flags, U path, U size, U oflags, L base, L inheriting,
                         U fdflags, U at);
U chimera_wasi_poll_oneoff(H, U in, U out, U count, U at);
U chimera_wasi0_poll_oneoff(H, U in, U out, U count, U at);
_Noreturn void chimera_wasi_proc_exit(H, U code);
U chimera_wasi_proc_raise(H, U signal);
U chimera_wasi_random_get(H, U at, U size);
U chimera_wasi_sched_yield(H);
U chimera_wasi_sock_accept(H, U fd, U flags, U at);
U chimera_wasi_host_call(H, U binding, U binding_size, U name_space, U name_space_size, U operation,
                         U operation_size, U payload, U payload_size);

/* --- A WASI program whose main() is one of the functions below --- */

static void (*body)(struct chimera_guest *guest);
static U got[40]; /* what the guest was answered; asserted on the test's own stack */

GUEST_CODE static void start(struct chimera_instance *instance, union chimera_value *values)
{
    (void)values;
    body(instance->guest);
}

struct fixture {
    struct c_guest module;
    struct chimera_policy *policy;
    struct chimera_arena arena;
    struct chimera_request request;
    struct chimera_response response;
};

static inline void open_policy(struct fixture *fixture, enum chimera_mode mode,
                               const char *settings)
{
    const struct chimera_policy_options options = {
        .id = "p",
        .settings = chimera_slice_of(settings),
        .limit_ms = 2000, /* more than a busy machine takes for what does not loop */
        .lanes = 1,
        .is_fresh_start = true /* what runs changes from one request to the next */};
    c_guest_init(&fixture->module, mode);
    c_guest_export(&fixture->module, "memory", "", NULL);
    c_guest_export(&fixture->module, "_start", ":", start);
    assert_int_equal(chimera_policy_open(&fixture->module.loaded, &options, &fixture->policy, NULL),
                     0);
    chimera_arena_init(&fixture->arena, 64 << 20);
    fixture->request = c_guest_request("{\"n\":1}");
}

static inline void close_policy(struct fixture *fixture)
{
    chimera_policy_close(fixture->policy);
    chimera_arena_free(&fixture->arena);
}

static inline void evaluate(struct fixture *fixture, void (*what)(struct chimera_guest *))
{
    body = what;
    memset(got, 0xee, sizeof(got));
    memset(&fixture->response, 0xee, sizeof(fixture->response));
    assert_int_equal(chimera_policy_evaluate(fixture->policy, 0, &fixture->request, 0,
                                             &fixture->arena, &fixture->response),
                     CHIMERA_OK);
}

/* A rejection with code 500 and this message. */
static inline void check_rejected(struct fixture *fixture, void (*what)(struct chimera_guest *),
                                  const char *message)
{
    evaluate(fixture, what);
    assert_false(fixture->response.allowed);
    assert_int_equal(fixture->response.status.code, 500);
    c_guest_assert_slice(fixture->response.status.message, message);
}

static inline void check_allowed(struct fixture *fixture, void (*what)(struct chimera_guest *))
{
    evaluate(fixture, what);
    if (!fixture->response.allowed)
        fail_msg("%.*s", (int)fixture->response.status.message.size,
                 fixture->response.status.message.data);
}

static inline void check_in_wasi(void (*what)(struct chimera_guest *))
{
    struct fixture fixture;
    open_policy(&fixture, CHIMERA_MODE_WASI, "{}");
    check_allowed(&fixture, what);
    close_policy(&fixture);
}

/* --- The guest's own little library --- */

static inline uint8_t *memory(struct chimera_guest *guest, U at)
{
    return guest->instance->memory.data + at;
}

static inline U get32(struct chimera_guest *guest, U at)
{
    U value;
    memcpy(&value, memory(guest, at), sizeof(value));
    return value;
}

static inline void put32(struct chimera_guest *guest, U at, U value)
{
    memcpy(memory(guest, at), &value, sizeof(value));
}

static inline void put64(struct chimera_guest *guest, U at, L value)
{
    memcpy(memory(guest, at), &value, sizeof(value));
}

static inline void write_to(struct chimera_guest *guest, U fd, const char *text)
{
    memcpy(memory(guest, 4096), text, strlen(text));
    put32(guest, 0, 4096);
    put32(guest, 4, (U)strlen(text));
    chimera_wasi_fd_write(guest, fd, 0, 1, 8);
}

static inline void accept(struct chimera_guest *guest)
{
    write_to(guest, 1, "{\"accepted\":true}");
}

#endif
