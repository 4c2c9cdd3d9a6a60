/* SPDX-License-Identifier: Apache-2.0 */
/* describe.h - all that the host knows of a guest, in bytes that can be compared. What a
 * reset leaves is what was there when the guest was prepared, and two slots of one policy are
 * alike. */
#ifndef CHIMERA_TESTS_DESCRIBE_H
#define CHIMERA_TESTS_DESCRIBE_H

#include "runtime/abi/rego.h"
#include "runtime/abi/wapc.h"
#include "runtime/abi/wasi.h"
#include "runtime/instance/guest.h"

static inline void describe_bytes(struct chimera_buffer *out, const void *bytes, size_t size)
{
    chimera_buffer_append(out, (struct chimera_slice){bytes, size});
}

/* Takes the buffer out of a copy: its text, and not where that is. */
static inline void describe_buffer(struct chimera_buffer *out, struct chimera_buffer *buffer)
{
    describe_bytes(out, &buffer->size, sizeof(buffer->size));
    describe_bytes(out, &buffer->failed, sizeof(buffer->failed));
    chimera_buffer_append(out, chimera_buffer_slice(buffer));
    memset(buffer, 0, sizeof(*buffer));
}

/* Likewise, for between its members is what nobody wrote. */
static inline void describe_strings(struct chimera_buffer *out,
                                    struct chimera_wasi_strings *strings)
{
    describe_bytes(out, &strings->count, sizeof(strings->count));
    chimera_buffer_append(out, strings->text);
    memset(strings, 0, sizeof(*strings));
}

static inline void describe_cursor(struct chimera_buffer *out, struct chimera_start_cursor *cursor)
{
    describe_bytes(out, &cursor->start, sizeof(cursor->start));
    describe_bytes(out, &cursor->at, sizeof(cursor->at));
    describe_bytes(out, &cursor->records, sizeof(cursor->records));
    memset(cursor, 0, sizeof(*cursor));
}

static inline void describe_wapc(struct chimera_buffer *out, const struct chimera_wapc *wapc)
{
    struct chimera_wapc copy;
    memcpy(&copy, wapc, sizeof(copy));
    describe_buffer(out, &copy.response);
    describe_buffer(out, &copy.error);
    describe_buffer(out, &copy.answer_text);
    copy.answer.text = NULL; /* where the instance lies */
    describe_bytes(out, &copy, sizeof(copy));
}

static inline void describe_wasi(struct chimera_buffer *out, const struct chimera_wasi *wasi)
{
    struct chimera_wasi copy;
    memcpy(&copy, wasi, sizeof(copy));
    struct chimera_buffer *const buffers[] = {
        &copy.answers,   &copy.output,       &copy.errors,      &copy.call_text,
        &copy.variables, &copy.early_output, &copy.early_errors};
    describe_strings(out, &copy.arguments);
    describe_strings(out, &copy.environment);
    describe_cursor(out, &copy.cursor);
    for (size_t i = 0; i < sizeof(buffers) / sizeof(*buffers); i++)
        describe_buffer(out, buffers[i]);
    copy.created_ns = 0;
    copy.call_answer.text = NULL;
    describe_bytes(out, &copy, sizeof(copy));
}

static inline void describe_rego(struct chimera_buffer *out, const struct chimera_rego *rego)
{
    struct chimera_rego copy;
    memcpy(&copy, rego, sizeof(copy));
    describe_buffer(out, &copy.text);
    describe_bytes(out, rego->builtin, rego->builtin_count * sizeof(*rego->builtin));
    copy.builtin = NULL;
    describe_bytes(out, &copy, sizeof(copy));
}

/* What the host knows of the last run. */
static inline void describe_run(struct chimera_buffer *out, const struct chimera_guest *guest)
{
    const struct chimera_account *account = &guest->account;
    const uint64_t numbers[] = {
        guest->depth,   (uint64_t)guest->stop, (uint64_t)guest->trap,     guest->exit_code,
        guest->stop_at, guest->run != NULL,    account->deadline_ns,      account->units,
        account->bytes, account->bytes_limit,  (uint64_t)account->failed, account->bytes_peak};
    describe_bytes(out, numbers, sizeof(numbers));
    describe_bytes(out, guest->stop_text, strlen(guest->stop_text));
}

/* Between runs. Whole structs are taken, so that a member that is new is in it; left out is only
 * what differs between equal slots: addresses of their own, room that buffers keep, and when they
 * were made. */
static inline void describe_host(const struct chimera_guest *guest, struct chimera_buffer *out)
{
    describe_run(out, guest);
    const struct chimera_abi_state *state = guest->abi;
    if (!state)
        return;
    if (state->wapc)
        describe_wapc(out, state->wapc);
    if (state->wasi)
        describe_wasi(out, state->wasi);
    if (state->rego)
        describe_rego(out, state->rego);
}

#endif
