/* SPDX-License-Identifier: Apache-2.0 */
/* evaluate.c - what a policy counts of one evaluation, for the driver beside this file.
 *
 *   counting-evaluate TIER MODE FILE.wasm SETTINGS REQUEST text|memory [PAYLOAD]
 *
 * One line: instructions of the start, of the evaluation, and "accepted" or "rejected". `text`:
 * Rego gets its values as texts, which is what another host can do, too; `memory`: as it does
 * otherwise. PAYLOAD: the document that the guest is given goes there.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "compiler/build.h"
#include "runtime/abi/abi_internal.h"
#include "runtime/base/file.h"
#include "runtime/instance/counter.h"
#include "runtime/plugin/mode.h"
#include "runtime/review/request.h"

#define TEXT_MAX ((size_t)1 << 24)
#define MEMORY_LIMIT ((uint64_t)1 << 30)
#define LIMIT_MS 60000

enum argument {
    PROGRAM,
    TIER,
    MODE,
    WASM,
    SETTINGS,
    REQUEST,
    VALUES,
    ARGUMENTS,
    PAYLOAD = ARGUMENTS
};

static int read_text(const char *path, struct chimera_buffer *text, struct chimera_error *err)
{
    chimera_buffer_init(text, TEXT_MAX);
    return chimera_file_read(path, text, err);
}

static void make_payload(enum chimera_mode mode, const struct chimera_request *request,
                         struct chimera_slice settings, struct chimera_pieces *payload)
{
    if (mode == CHIMERA_MODE_OPA) {
        chimera_pieces_add(payload, CHIMERA_SLICE("{\"request\":"));
        chimera_pieces_add_all(payload, &request->json);
        chimera_pieces_add(payload, CHIMERA_SLICE("}"));
    } else if (mode == CHIMERA_MODE_GATEKEEPER) {
        chimera_pieces_add(payload, CHIMERA_SLICE("{\"parameters\":"));
        chimera_pieces_add(payload, settings);
        chimera_pieces_add(payload, CHIMERA_SLICE(",\"review\":"));
        chimera_pieces_add_all(payload, &request->json);
        chimera_pieces_add(payload, CHIMERA_SLICE("}"));
    } else {
        chimera_abi_document(request, settings, payload);
    }
}

static int write_payload(const char *path, enum chimera_mode mode,
                         const struct chimera_request *request, struct chimera_slice settings,
                         struct chimera_error *err)
{
    struct chimera_pieces payload = {0};
    struct chimera_buffer text;
    make_payload(mode, request, settings, &payload);
    chimera_buffer_init(&text, 2 * TEXT_MAX);
    char *to = chimera_buffer_reserve(&text, payload.size);
    if (!to)
        return chimera_fail_memory(err);
    chimera_pieces_copy(&payload, 0, to, payload.size);
    text.size += payload.size;
    return chimera_file_write(path, chimera_buffer_slice(&text), 0600, err);
}

static int load(char **arguments, enum chimera_mode mode, struct chimera_loaded **ret_loaded,
                struct chimera_error *err)
{
    struct chimera_builder *builder = NULL;
    struct chimera_built built;
    struct chimera_build_options options = {.purpose = CHIMERA_BUILD_TO_COUNT};
    enum chimera_tier tier =
        strcmp(arguments[TIER], "quick") == 0 ? CHIMERA_TIER_QUICK : CHIMERA_TIER_FULL;
    int code = chimera_builder_new(&options, &builder, err);
    if (code == 0)
        code = chimera_build(builder, arguments[WASM], mode, tier, &built, err);
    return code < 0 ? code : chimera_plugin_load_measuring(built.plugin, NULL, ret_loaded, err);
}

/* As policy.c does it. */
static int prepare(const struct chimera_abi *abi, struct chimera_guest *guest,
                   struct chimera_slice settings, struct chimera_error *err)
{
    int code = abi->attach(guest, err);
    if (code < 0)
        return code;
    chimera_guest_begin(guest, LIMIT_MS);
    code = abi->prepare(guest, settings, err);
    chimera_guest_end(guest);
    return code;
}

static int run(char **arguments, struct chimera_error *err)
{
    static struct chimera_start start;
    struct chimera_loaded *loaded;
    struct chimera_guest *guest;
    struct chimera_buffer settings_text, text;
    struct chimera_request request;
    struct chimera_response response = {0};
    struct chimera_arena arena;
    enum chimera_mode mode = chimera_mode_parse(arguments[MODE]);
    const struct chimera_abi *abi = chimera_abi_of(mode);
    chimera_arena_init(&arena, TEXT_MAX);
    if (!abi)
        return chimera_fail(err, CHIMERA_EINVAL, "no such mode: %s", arguments[MODE]);
    if (read_text(arguments[SETTINGS], &settings_text, err) < 0 ||
        read_text(arguments[REQUEST], &text, err) < 0 ||
        chimera_request_parse_file(chimera_buffer_slice(&text), false, &arena, &request, err) < 0 ||
        load(arguments, mode, &loaded, err) < 0)
        return CHIMERA_EIO;
    struct chimera_slice settings = chimera_buffer_slice(&settings_text);
    if (arguments[PAYLOAD] && write_payload(arguments[PAYLOAD], mode, &request, settings, err) < 0)
        return CHIMERA_EIO;
    if (chimera_guest_new(loaded, MEMORY_LIMIT, &guest, err) < 0)
        return CHIMERA_EIO;
    chimera_start_init(&start);
    if (strcmp(arguments[VALUES], "text") == 0)
        atomic_store(&start.trial, "this test says so");
    guest->start = &start;
    if (prepare(abi, guest, settings, err) < 0)
        return CHIMERA_EIO;
    uint64_t before = chimera_guest_counted(guest);
    chimera_guest_begin(guest, LIMIT_MS);
    abi->validate(guest, &request, settings, &arena, &response);
    chimera_guest_end(guest);
    printf("%" PRIu64 " %" PRIu64 " %s\n", before, chimera_guest_counted(guest) - before,
           response.allowed ? "accepted" : "rejected");
    return CHIMERA_OK; /* the process ends here and with it all that it owns */
}

int main(int count, char **arguments)
{
    struct chimera_error err = {0};
    if (count != ARGUMENTS && count != ARGUMENTS + 1) {
        fprintf(stderr, "usage: %s TIER MODE FILE.wasm SETTINGS REQUEST text|memory [PAYLOAD]\n",
                arguments[PROGRAM]);
        return 2;
    }
    if (run(arguments, &err) == 0)
        return 0;
    fprintf(stderr, "Error: %s\n", err.text);
    return 1;
}
