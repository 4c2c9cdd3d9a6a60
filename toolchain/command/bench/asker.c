/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/asker.h"

#include <stdlib.h>

int bench_asker_open(const struct runnable *runnable, unsigned lanes, struct bench_asker *ret_asker,
                     struct chimera_error *err)
{
    *ret_asker = (struct bench_asker){.runnable = runnable,
                                      .lanes = calloc(lanes, sizeof(struct bench_lane *))};
    for (unsigned i = 0; ret_asker->lanes && i < lanes; i++) {
        struct bench_lane *lane = calloc(1, sizeof(*lane));
        if (!lane)
            break;
        chimera_arena_init(&lane->arena, RUNNER_ARENA_MAX);
        chimera_arena_init(&lane->held, RUNNER_ARENA_MAX);
        ret_asker->lanes[ret_asker->count++] = lane;
    }
    return ret_asker->count == lanes ? CHIMERA_OK : chimera_fail_memory(err);
}

void bench_asker_done(struct bench_asker *asker)
{
    for (unsigned i = 0; i < asker->count; i++) {
        chimera_arena_free(&asker->lanes[i]->arena);
        chimera_arena_free(&asker->lanes[i]->held);
        free(asker->lanes[i]);
    }
    free(asker->lanes);
    *asker = (struct bench_asker){0};
}

int bench_asker_take(struct bench_asker *asker, const struct request_text *text, bool is_raw,
                     struct chimera_error *err)
{
    struct chimera_error why = {0};
    for (unsigned i = 0; i < asker->count; i++) {
        struct bench_lane *lane = asker->lanes[i];
        chimera_arena_reset(&lane->held);
        int code = chimera_request_parse_file(chimera_buffer_slice(&text->json), is_raw,
                                              &lane->held, &lane->request, &why);
        if (code < 0)
            return chimera_fail(err, code, "%.300s: %.650s", text->name, why.text);
    }
    return CHIMERA_OK;
}

static int ask(const struct bench_asker *asker, unsigned number,
               struct chimera_response *ret_response, struct chimera_error *err)
{
    struct bench_lane *lane = asker->lanes[number];
    chimera_arena_reset(&lane->arena);
    if (asker->runnable->session)
        chimera_host_session_seek(asker->runnable->session, asker->session_at);
    return runnable_evaluate_on(asker->runnable, number, &lane->request, &lane->arena, ret_response,
                                err);
}

int bench_ask(void *asker, unsigned lane, struct chimera_error *err)
{
    struct chimera_response response;
    return ask(asker, lane, &response, err);
}

int bench_ask_once(struct bench_asker *asker, struct chimera_response *ret_response,
                   struct chimera_error *err)
{
    *ret_response = (struct chimera_response){0};
    return ask(asker, 0, ret_response, err);
}

static int check_settings(const struct bench_asker *asker, bool *ret_valid,
                          struct chimera_slice *ret_message, struct chimera_error *err)
{
    struct chimera_arena *arena = &asker->lanes[0]->arena;
    chimera_arena_reset(arena);
    if (asker->runnable->session)
        chimera_host_session_seek(asker->runnable->session, 0);
    return runnable_check_settings(asker->runnable, arena, ret_valid, ret_message, err);
}

int bench_ask_settings(void *asker, unsigned lane, struct chimera_error *err)
{
    struct chimera_slice message;
    bool is_valid;
    (void)lane;
    return check_settings(asker, &is_valid, &message, err);
}

int bench_asker_check_settings(struct bench_asker *asker, struct chimera_error *err)
{
    struct chimera_slice message = {NULL, 0};
    bool is_valid = false;
    int code = check_settings(asker, &is_valid, &message, err);
    if (asker->runnable->session)
        asker->session_at = chimera_host_session_tell(asker->runnable->session);
    if (code < 0 || is_valid)
        return code;
    if (message.size == 0)
        message = CHIMERA_SLICE(RUNNABLE_NO_REASON);
    return chimera_fail(err, CHIMERA_EGUEST, "provided settings are not valid: %.*s",
                        message.size < 800 ? (int)message.size : 800, message.data);
}
