/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/policy/policy.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/abi/abi.h"
#include "runtime/abi/rego.h"
#include "runtime/abi/wasi.h"
#include "runtime/capability/grant.h"
#include "runtime/capability/pattern.h"
#include "runtime/instance/counter.h"
#include "runtime/instance/profile.h"
#include "runtime/log/log.h"
#include "runtime/policy/data.h"
#include "runtime/policy/slots.h"
#include "runtime/policy/stop_report.h"

#define TARGET "chimera::policy"
#define NO_UID ((struct chimera_slice){NULL, 0}) /* at the start there is no request */

struct chimera_policy {
    const struct chimera_loaded *loaded; /* borrowed */
    const struct chimera_abi *abi;
    char *id;       /* owned, like the next */
    char *settings; /* JSON */
    size_t settings_size;
    uint32_t limit_ms;
    uint64_t memory_limit;
    struct chimera_grants grants; /* its lists are owned */
    char *entrypoint;             /* owned; NULL: the module's first */
    struct chimera_start start;   /* what the slots share */
    struct chimera_slots *slots;  /* borrowed; NULL: no bound */
    struct chimera_slot *slot;    /* one per lane; owned, with its guest, made when first needed */
    unsigned lanes;
    char start_text[160]; /* written while the first instance is made, like the next */
    char values_text[120];
};

/* --- Open and close --- */

static void free_list(const char *const *list)
{
    char **owned = (char **)(uintptr_t)list;
    for (size_t i = 0; owned && owned[i]; i++)
        free(owned[i]);
    free(owned);
}

/* A copy of a list that ends in NULL; NULL when memory ran out. */
static const char *const *copy_list(const char *const *list)
{
    size_t count = 0;
    while (list && list[count])
        count++;
    char **copy = calloc(count + 1, sizeof(*copy));
    for (size_t i = 0; copy && i < count; i++) {
        copy[i] = strdup(list[i]);
        if (!copy[i]) {
            free_list((const char *const *)copy);
            return NULL;
        }
    }
    return (const char *const *)copy;
}

/* What stands behind a "*" is not looked at, as the reference does it. */
static int check_patterns(const char *const *patterns, struct chimera_error *err)
{
    for (; patterns && *patterns; patterns++) {
        if (chimera_slice_is(chimera_slice_trim(chimera_slice_of(*patterns)), "*"))
            return CHIMERA_OK;
        int code = chimera_capability_check(*patterns, err);
        if (code < 0)
            return code;
    }
    return CHIMERA_OK;
}

static int copy_options(struct chimera_policy *policy, const struct chimera_policy_options *options)
{
    struct chimera_slice settings =
        options->settings.size ? options->settings : CHIMERA_SLICE("{}");
    policy->id = strdup(options->id);
    policy->settings = malloc(settings.size);
    policy->grants.policy_id = policy->id;
    policy->grants.capabilities = copy_list(options->capabilities);
    policy->grants.resources = copy_list(options->resources);
    policy->grants.source = options->source;
    policy->grants.gates_inventory = options->gates_inventory;
    policy->grants.has_undefined_failures = options->has_undefined_failures;
    policy->grants.prints = options->prints;
    policy->grants.has_upstream_builtins = options->has_upstream_builtins;
    policy->grants.hosts = copy_list(options->hosts);
    policy->entrypoint = options->entrypoint ? strdup(options->entrypoint) : NULL;
    policy->grants.entrypoint = policy->entrypoint;
    policy->lanes = options->lanes;
    policy->slots = options->slots;
    policy->start.is_fresh = options->is_fresh_start;
    policy->slot = calloc(options->lanes, sizeof(*policy->slot));
    if (!policy->id || !policy->settings || !policy->grants.capabilities ||
        !policy->grants.resources || !policy->grants.hosts ||
        (options->entrypoint && !policy->entrypoint) || !policy->slot)
        return CHIMERA_ENOMEM;
    for (unsigned lane = 0; lane < options->lanes; lane++)
        policy->slot[lane] =
            (struct chimera_slot){.policy = policy, .lane = lane, .gauges = options->gauges};
    memcpy(policy->settings, settings.data, settings.size);
    policy->settings_size = settings.size;
    policy->limit_ms = options->limit_ms;
    policy->memory_limit = options->memory_limit ? options->memory_limit : CHIMERA_DEFAULT_MEMORY;
    return CHIMERA_OK;
}

/* What an `opa` policy's settings are: its data, with those of its bundle. */
static int add_data(const struct chimera_loaded *loaded, struct chimera_policy_options *options,
                    struct chimera_buffer *document, struct chimera_error *err)
{
    struct chimera_error why = {0};
    struct chimera_slice data = chimera_slice_of(loaded->manifest.data);
    struct chimera_slice settings =
        options->settings.size ? options->settings : CHIMERA_SLICE("{}");
    chimera_buffer_init(document, data.size + settings.size + 2);
    int code = loaded->plugin->mode == CHIMERA_MODE_OPA
                   ? chimera_policy_data_join(data, settings, document, &why)
                   : chimera_policy_data_check(data, &why);
    if (loaded->plugin->mode == CHIMERA_MODE_OPA)
        options->settings = chimera_buffer_slice(document);
    return code < 0 ? chimera_fail(err, code, "%s: %s", loaded->path, why.text) : code;
}

int chimera_policy_open(const struct chimera_loaded *loaded,
                        const struct chimera_policy_options *options,
                        struct chimera_policy **ret_policy, struct chimera_error *err)
{
    const struct chimera_plugin *plugin = loaded->plugin;
    const struct chimera_abi *abi = chimera_abi_of((enum chimera_mode)plugin->mode);
    struct chimera_policy_options all = *options;
    struct chimera_buffer document = {0};
    if (!abi)
        return chimera_fail(err, CHIMERA_EABI,
                            "%s is not built as a policy: its execution mode is %s", loaded->path,
                            chimera_mode_name((enum chimera_mode)plugin->mode));
    int code = abi->check(plugin, err);
    if (code == CHIMERA_OK)
        code = check_patterns(options->capabilities, err);
    if (code == CHIMERA_OK && loaded->manifest.data)
        code = add_data(loaded, &all, &document, err);
    struct chimera_policy *policy = code == CHIMERA_OK ? calloc(1, sizeof(*policy)) : NULL;
    if (policy)
        chimera_start_init(&policy->start);
    if (policy && copy_options(policy, &all) < 0) {
        chimera_policy_close(policy);
        policy = NULL;
    }
    chimera_buffer_free(&document);
    if (code < 0)
        return code;
    if (!policy)
        return chimera_fail(err, CHIMERA_ENOMEM, "no memory for the policy %s", options->id);
    policy->loaded = loaded;
    policy->abi = abi;
    *ret_policy = policy;
    return CHIMERA_OK;
}

static void end_guest(const struct chimera_policy *policy, struct chimera_guest *guest)
{
    policy->abi->detach(guest);
    chimera_guest_free(guest);
}

static void drop_guest(struct chimera_slot *slot)
{
    if (!slot->guest)
        return;
    chimera_slots_leave(slot->policy->slots, slot);
    end_guest(slot->policy, slot->guest);
    slot->guest = NULL;
    chimera_slot_gauge(slot);
    if (slot->gauges)
        atomic_fetch_sub_explicit(&slot->gauges->instances, 1, memory_order_relaxed);
}

void chimera_policy_cool(struct chimera_policy *policy)
{
    for (unsigned lane = 0; policy->slot && lane < policy->lanes; lane++)
        drop_guest(&policy->slot[lane]);
    chimera_start_forget(&policy->start);
}

void chimera_policy_close(struct chimera_policy *policy)
{
    if (!policy)
        return;
    chimera_policy_cool(policy);
    chimera_start_done(&policy->start);
    free(policy->slot);
    free_list(policy->grants.capabilities);
    free_list(policy->grants.resources);
    free_list(policy->grants.hosts);
    free(policy->entrypoint);
    free(policy->settings);
    free(policy->id);
    free(policy);
}

const char *chimera_policy_id(const struct chimera_policy *policy)
{
    return policy->id;
}

/* --- Guests --- */

static struct chimera_slice settings_of(const struct chimera_policy *policy)
{
    return (struct chimera_slice){policy->settings, policy->settings_size};
}

/* A guest that was not prepared. */
static int new_guest(struct chimera_policy *policy, struct chimera_guest **ret_guest,
                     struct chimera_error *err)
{
    struct chimera_guest *guest;
    int code = chimera_guest_new(policy->loaded, policy->memory_limit, &guest, err);
    if (code < 0)
        return code;
    guest->grants = &policy->grants;
    code = policy->abi->attach(guest, err);
    if (code < 0) {
        chimera_guest_free(guest);
        return code;
    }
    *ret_guest = guest;
    return CHIMERA_OK;
}

/* Once a policy: how its requests start, for the log and for whoever asks. */
static void tell_start(struct chimera_policy *policy, const struct chimera_guest *guest)
{
    const struct chimera_wasi *wasi = chimera_wasi_of(guest);
    const char *obstacle = wasi ? wasi->obstacle : NULL;
    if (policy->start_text[0])
        return;
    if (!policy->abi->checks_settings_from_start)
        snprintf(policy->start_text, sizeof(policy->start_text), "after the start");
    else if (obstacle)
        snprintf(policy->start_text, sizeof(policy->start_text), "from the start: %s", obstacle);
    else
        snprintf(policy->start_text, sizeof(policy->start_text), "at the first read of input");
    if (!policy->abi->checks_settings_from_start)
        return; /* always so */
    chimera_log_with(CHIMERA_LOG_INFO, TARGET, CHIMERA_SLICE("requests begin"),
                     CHIMERA_TEXT("policy_id", chimera_slice_of(policy->id)),
                     CHIMERA_TEXT("where", chimera_slice_of(policy->start_text)),
                     CHIMERA_BOOL("same_random_numbers", wasi->has_drawn));
}

static void tell_values(struct chimera_policy *policy, const struct chimera_guest *guest)
{
    const struct chimera_rego *rego = chimera_rego_of(guest);
    if (!rego || policy->values_text[0])
        return;
    snprintf(policy->values_text, sizeof(policy->values_text), "%s%s",
             rego->obstacle ? "as text: " : "in its memory", rego->obstacle ? rego->obstacle : "");
    if (rego->obstacle)
        chimera_log_with(CHIMERA_LOG_INFO, TARGET, CHIMERA_SLICE("values are handed over as text"),
                         CHIMERA_TEXT("policy_id", chimera_slice_of(policy->id)),
                         CHIMERA_TEXT("why", chimera_slice_of(rego->obstacle)));
}

static int make_host(struct chimera_slot *slot, struct chimera_error *err)
{
    struct chimera_policy *policy = slot->policy;
    struct chimera_slot *victim = chimera_slots_victim(policy->slots, slot->lane);
    if (victim)
        drop_guest(victim);
    struct chimera_guest *guest;
    int code = new_guest(policy, &guest, err);
    if (code < 0)
        return code;
    /* Brings a new guest to where requests start. */
    guest->start = &policy->start;
    chimera_guest_begin(guest, policy->limit_ms);
    code = policy->abi->prepare(guest, settings_of(policy), err);
    chimera_guest_end(guest);
    if (code < 0) {
        chimera_stop_report(guest, policy->id, NO_UID);
        end_guest(policy, guest);
        return code;
    }
    if (slot->lane == 0) {
        tell_start(policy, guest);
        tell_values(policy, guest);
    }
    chimera_start_warm(&policy->start, guest->instance->memory.data, guest->instance->memory.size);
    slot->guest = guest;
    if (slot->gauges)
        atomic_fetch_add_explicit(&slot->gauges->instances, 1, memory_order_relaxed);
    chimera_slots_enter(policy->slots, slot);
    return CHIMERA_OK;
}

/* The lane's guest, fresh. */
static int guest_of(struct chimera_policy *policy, unsigned lane, struct chimera_guest **ret_guest,
                    struct chimera_error *err)
{
    struct chimera_slot *slot = &policy->slot[lane];
    int code = CHIMERA_OK;
    if (slot->guest)
        chimera_slots_touch(policy->slots, slot);
    else
        code = make_host(slot, err);
    if (code == CHIMERA_OK)
        *ret_guest = slot->guest;
    return code;
}

/* The reference's words for what it calls a policy that cannot be rehydrated. */
static int fail_rehydrate(const struct chimera_error *why, int code, struct chimera_error *err)
{
    return chimera_fail(err, code, "WebAssembly failure: cannot rehydrate PolicyEvaluatorPre: %s",
                        why->text);
}

static int guest_at_start(struct chimera_policy *policy, unsigned lane,
                          struct chimera_guest **ret_guest, struct chimera_error *err)
{
    struct chimera_error why = {0};
    int code = guest_of(policy, lane, ret_guest, &why);
    return code < 0 ? fail_rehydrate(&why, code, err) : CHIMERA_OK;
}

const char *chimera_policy_start_text(const struct chimera_policy *policy)
{
    return policy->start_text;
}

const char *chimera_policy_values_text(const struct chimera_policy *policy)
{
    return policy->values_text;
}

void chimera_policy_last_run(const struct chimera_policy *policy, unsigned lane,
                             struct chimera_run_report *ret_report)
{
    *ret_report = policy->slot[lane].report;
}

int chimera_policy_warm(struct chimera_policy *policy, unsigned lane, struct chimera_error *err)
{
    struct chimera_guest *guest;
    return guest_at_start(policy, lane, &guest, err);
}

int chimera_policy_profile(struct chimera_policy *policy, unsigned lane,
                           struct chimera_profile *profile, struct chimera_error *err)
{
    struct chimera_guest *guest;
    int code = guest_at_start(policy, lane, &guest, err);
    return code < 0 ? code : chimera_guest_profile(guest, profile, err);
}

/* --- Runs --- */

static void begin_run(struct chimera_guest *guest, uint32_t limit_ms)
{
    guest->stop = CHIMERA_STOP_NONE;
    chimera_guest_begin(guest, limit_ms);
}

static bool reset_guest(struct chimera_slot *slot)
{
    struct chimera_reset_counters before = slot->guest->counters;
    uint64_t counted = chimera_guest_counted(slot->guest);
    slot->report = (struct chimera_run_report){
        .stop = slot->guest->stop, .is_pure = slot->guest->is_pure && !slot->guest->has_met_limit};
    if (chimera_guest_reset(slot->guest) < 0)
        return false;
    slot->report.resets = 1;
    slot->report.pages = slot->guest->counters.pages - before.pages;
    slot->report.reset_ns = slot->guest->counters.nanoseconds - before.nanoseconds;
    slot->report.start_wasm_instructions = chimera_guest_counted(slot->guest);
    slot->report.wasm_instructions = counted - slot->report.start_wasm_instructions;
    return true;
}

/* An instance that cannot be brought back is not used again; the answer that it gave stands. */
static void end_run(struct chimera_policy *policy, unsigned lane, struct chimera_slice uid)
{
    struct chimera_slot *slot = &policy->slot[lane];
    struct chimera_guest *guest = slot->guest;
    chimera_guest_end(guest);
    chimera_stop_report(guest, policy->id, uid);
    if (!reset_guest(slot))
        drop_guest(slot);
    else if (slot->lane == 0 && guest->counters.resets == 1)
        chimera_guest_teach(guest); /* the first request: often the check of the settings */
    chimera_slot_gauge(slot);
}

/* On an instance for this alone: a program that waits for a review cannot be asked about settings.
 */
static int check_from_start(struct chimera_policy *policy, struct chimera_arena *arena,
                            struct chimera_settings_answer *answer, struct chimera_error *err)
{
    struct chimera_guest *guest;
    struct chimera_error why = {0};
    int code = new_guest(policy, &guest, &why);
    if (code < 0)
        return fail_rehydrate(&why, code, err);
    begin_run(guest, policy->limit_ms);
    policy->abi->validate_settings(guest, settings_of(policy), arena, answer);
    chimera_guest_end(guest);
    chimera_stop_report(guest, policy->id, NO_UID);
    end_guest(policy, guest);
    return CHIMERA_OK;
}

static int check_prepared(struct chimera_policy *policy, unsigned lane, struct chimera_arena *arena,
                          struct chimera_settings_answer *answer, struct chimera_error *err)
{
    struct chimera_guest *guest;
    int code = guest_at_start(policy, lane, &guest, err);
    if (code < 0)
        return code;
    begin_run(guest, policy->limit_ms);
    policy->abi->validate_settings(guest, settings_of(policy), arena, answer);
    end_run(policy, lane, NO_UID);
    return CHIMERA_OK;
}

int chimera_policy_check_settings(struct chimera_policy *policy, unsigned lane,
                                  struct chimera_arena *arena, bool *ret_valid,
                                  struct chimera_slice *ret_message, struct chimera_error *err)
{
    struct chimera_settings_answer answer = {0};
    int code = policy->abi->checks_settings_from_start
                   ? check_from_start(policy, arena, &answer, err)
                   : check_prepared(policy, lane, arena, &answer, err);
    if (code < 0)
        return code;
    *ret_valid = answer.valid;
    *ret_message = answer.message;
    return CHIMERA_OK;
}

int chimera_policy_call(struct chimera_policy *policy, unsigned lane,
                        const struct chimera_policy_operation *operation,
                        struct chimera_arena *arena, struct chimera_slice *ret_text,
                        struct chimera_error *err)
{
    struct chimera_guest *guest;
    struct chimera_pieces payload = {0};
    if (!policy->abi->call)
        return chimera_fail(err, CHIMERA_EINVAL, "%s is only applicable to a Kubewarden policy",
                            operation->name);
    int code = guest_at_start(policy, lane, &guest, err);
    if (code < 0)
        return code;
    chimera_pieces_add(&payload, operation->payload);
    begin_run(guest, policy->limit_ms);
    code = policy->abi->call(guest, operation->name, &payload, arena, ret_text);
    end_run(policy, lane, NO_UID);
    return code == 0
               ? code
               : chimera_fail(err, code, "%.*s", ret_text->size < 900 ? (int)ret_text->size : 900,
                              ret_text->data);
}

uint32_t chimera_policy_smaller_limit(uint32_t a, uint32_t b)
{
    if (a == 0 || b == 0)
        return a ? a : b;
    return a < b ? a : b;
}

/* A guest that is too slow to begin with is answered like one that is too slow. */
static int answer_without_guest(const struct chimera_policy *policy,
                                const struct chimera_request *request, int code,
                                const struct chimera_error *why,
                                struct chimera_response *ret_response)
{
    chimera_log_with(CHIMERA_LOG_ERROR, TARGET,
                     CHIMERA_SLICE("cannot make an instance of the policy"),
                     CHIMERA_TEXT("policy_id", chimera_slice_of(policy->id)),
                     CHIMERA_TEXT("error", chimera_slice_of(why->text)));
    if (code != CHIMERA_EDEADLINE)
        return code;
    *ret_response =
        chimera_response_reject_code(request->uid, CHIMERA_SLICE(CHIMERA_DEADLINE_TEXT), 500);
    return CHIMERA_OK;
}

int chimera_policy_evaluate(struct chimera_policy *policy, unsigned lane,
                            const struct chimera_request *request, uint32_t limit_ms,
                            struct chimera_arena *arena, struct chimera_response *ret_response)
{
    struct chimera_guest *guest;
    struct chimera_error why;
    why.text[0] = '\0';
    int code = guest_of(policy, lane, &guest, &why);
    policy->slot[lane].report = (struct chimera_run_report){
        .stop = code == CHIMERA_EDEADLINE ? CHIMERA_STOP_DEADLINE : CHIMERA_STOP_NONE};
    if (code < 0)
        return answer_without_guest(policy, request, code, &why, ret_response);
    begin_run(guest, chimera_policy_smaller_limit(policy->limit_ms, limit_ms));
    policy->abi->validate(guest, request, settings_of(policy), arena, ret_response);
    end_run(policy, lane, request->uid);
    return CHIMERA_OK;
}
