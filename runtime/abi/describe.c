/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/abi/describe.h"

#include "runtime/abi/rego.h"
#include "runtime/abi/wapc.h"
#include "runtime/abi/wasi.h"
#include "runtime/instance/guest.h"

static void put(struct chimera_buffer *out, const void *bytes, size_t size)
{
    chimera_buffer_append(out, (struct chimera_slice){bytes, size});
}

/* Takes the buffer out of a copy: its text, and not where that is. */
static void put_buffer(struct chimera_buffer *out, struct chimera_buffer *buffer)
{
    put(out, &buffer->size, sizeof(buffer->size));
    put(out, &buffer->failed, sizeof(buffer->failed));
    chimera_buffer_append(out, chimera_buffer_slice(buffer));
    memset(buffer, 0, sizeof(*buffer));
}

/* Likewise, for between its members is what nobody wrote. */
static void put_strings(struct chimera_buffer *out, struct chimera_wasi_strings *strings)
{
    put(out, &strings->count, sizeof(strings->count));
    chimera_buffer_append(out, strings->text);
    memset(strings, 0, sizeof(*strings));
}

static void put_cursor(struct chimera_buffer *out, struct chimera_start_cursor *cursor)
{
    put(out, &cursor->start, sizeof(cursor->start)); /* NOLINT(bugprone-sizeof-expression) */
    put(out, &cursor->at, sizeof(cursor->at));
    put(out, &cursor->records, sizeof(cursor->records));
    memset(cursor, 0, sizeof(*cursor));
}

static void put_wapc(struct chimera_buffer *out, const struct chimera_wapc *wapc)
{
    struct chimera_wapc copy;
    memcpy(&copy, wapc, sizeof(copy));
    put_buffer(out, &copy.response);
    put_buffer(out, &copy.error);
    put_buffer(out, &copy.answer);
    put(out, &copy, sizeof(copy));
}

static void put_wasi(struct chimera_buffer *out, const struct chimera_wasi *wasi)
{
    struct chimera_wasi copy;
    memcpy(&copy, wasi, sizeof(copy));
    struct chimera_buffer *const buffers[] = {
        &copy.answers,   &copy.output,       &copy.errors,      &copy.call_answer,
        &copy.variables, &copy.early_output, &copy.early_errors};
    put_strings(out, &copy.arguments);
    put_strings(out, &copy.environment);
    put_cursor(out, &copy.cursor);
    for (size_t i = 0; i < sizeof(buffers) / sizeof(*buffers); i++)
        put_buffer(out, buffers[i]);
    copy.created_ns = 0;
    put(out, &copy, sizeof(copy));
}

static void put_rego(struct chimera_buffer *out, const struct chimera_rego *rego)
{
    struct chimera_rego copy;
    memcpy(&copy, rego, sizeof(copy));
    put_buffer(out, &copy.text);
    put(out, rego->builtin, rego->builtin_count * sizeof(*rego->builtin));
    copy.builtin = NULL;
    put(out, &copy, sizeof(copy));
}

/* What the host itself knows of the last run. */
static void put_run(struct chimera_buffer *out, const struct chimera_host *host)
{
    const struct chimera_account *account = &host->account;
    const uint64_t numbers[] = {
        host->depth,    (uint64_t)host->stop, (uint64_t)host->trap,      host->exit_code,
        host->stop_at,  host->run != NULL,    account->deadline_ns,      account->units,
        account->bytes, account->bytes_limit, (uint64_t)account->failed, account->bytes_peak};
    put(out, numbers, sizeof(numbers));
    put(out, host->stop_text, strlen(host->stop_text));
}

void chimera_host_describe(const struct chimera_host *host, struct chimera_buffer *out)
{
    put_run(out, host);
    const struct chimera_abi_state *state = host->abi;
    if (!state)
        return;
    if (state->wapc)
        put_wapc(out, state->wapc);
    if (state->wasi)
        put_wasi(out, state->wasi);
    if (state->rego)
        put_rego(out, state->rego);
}
