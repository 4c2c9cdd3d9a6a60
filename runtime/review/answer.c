/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy answered, read into a response. */
#include "runtime/json/number.h"
#include "runtime/review/patch.h"
#include "runtime/review/response.h"
#include "runtime/review/shapes.h"
#include "runtime/review/strings.h"

#define ANSWER_SHORT 512 /* bytes; a verdict with its message */

static const char delete_text[] =
    "Incoming object is null, which happens only with DELETE operations, but the policy is "
    "attempting a mutation. This is not allowed";

static int fail_arena(struct chimera_slice *ret_why)
{
    *ret_why = CHIMERA_SLICE("the policy's answer is too big");
    return CHIMERA_ELIMIT;
}

static int fail_shape(const struct chimera_scan *scan, bool with_place, struct chimera_arena *arena,
                      struct chimera_slice *ret_why)
{
    *ret_why = chimera_scan_explain(scan, false, with_place, arena);
    return ret_why->data ? CHIMERA_EGUEST : fail_arena(ret_why);
}

/* A copy of its own: the answer may lie in the guest's memory, which is gone before the response.
 * False when the arena is full. */
static bool take_text(struct chimera_slice value, struct chimera_arena *arena,
                      struct chimera_slice *ret_text)
{
    *ret_text = chimera_shape_text(value, arena);
    if (value.data && ret_text->data == value.data + 1)
        *ret_text = chimera_arena_copy(arena, *ret_text);
    return ret_text->data || !value.data;
}

/* `value` is JSON that was checked to be such a number. */
static uint32_t number_of(struct chimera_slice value)
{
    return (uint32_t)chimera_number_read(value).u64;
}

static bool is_true(struct chimera_slice value)
{
    return value.data && value.data[0] == 't';
}

static int make_patch(const struct chimera_patch_texts *texts, struct chimera_account *account,
                      struct chimera_arena *arena, struct chimera_response *response,
                      struct chimera_slice *ret_why)
{
    struct chimera_error err;
    int code = chimera_patch_make(texts, account, arena, &response->patch, &err);
    if (code < 0) {
        *ret_why = chimera_arena_print(arena, "%s", err.text);
        if (!ret_why->data)
            return fail_arena(ret_why);
        return code == CHIMERA_EINVAL ? CHIMERA_EGUEST : code;
    }
    if (response->patch.data)
        response->patch_type = CHIMERA_SLICE("JSONPatch");
    return CHIMERA_OK;
}

/* What is long holds an object, as a rule: its values are written down while it is read, for the
 * patch. */
static bool may_mutate(struct chimera_slice answer, const struct chimera_request *request)
{
    return answer.size > ANSWER_SHORT && answer.size < UINT32_MAX && request->object.data;
}

/* NULL: the arena is full, and the patch has to read for itself. */
static struct chimera_pass_index *take_index(struct chimera_slice answer,
                                             struct chimera_arena *arena,
                                             struct chimera_pass_index *index)
{
    size_t room = CHIMERA_PASS_USUAL(answer.size);
    index->first = index->end = chimera_arena_take(arena, room * sizeof(*index->first));
    index->room_end = index->first ? index->first + room : NULL;
    return index->first ? index : NULL;
}

int chimera_response_from_validation(struct chimera_slice answer,
                                     const struct chimera_request *request,
                                     struct chimera_arena *arena,
                                     struct chimera_response *ret_response,
                                     struct chimera_slice *ret_why)
{
    return chimera_response_from_validation_within(answer, request, NULL, arena, ret_response,
                                                   ret_why);
}

int chimera_response_from_validation_within(struct chimera_slice answer,
                                            const struct chimera_request *request,
                                            struct chimera_account *account,
                                            struct chimera_arena *arena,
                                            struct chimera_response *ret_response,
                                            struct chimera_slice *ret_why)
{
    struct chimera_scan scan;
    struct chimera_slice values[CHIMERA_ANSWER_FIELDS] = {{NULL, 0}};
    if (chimera_account_spend(account, answer.size / 8) < 0) {
        *ret_why = chimera_slice_of(chimera_account_text(account));
        return account->failed;
    }
    struct chimera_pass_index index = {.first = NULL};
    chimera_scan_init(&scan, answer);
    if (may_mutate(answer, request))
        scan.index = take_index(answer, arena, &index);
    if (!chimera_shape_read(&scan, &chimera_shape_answer, values) || !chimera_scan_end(&scan))
        return fail_shape(&scan, true, arena, ret_why);

    struct chimera_slice mutated = values[CHIMERA_ANSWER_MUTATED_OBJECT];
    if (mutated.data && !request->object.data) {
        *ret_response = chimera_response_reject(request->uid, CHIMERA_SLICE(delete_text));
        return CHIMERA_OK;
    }
    struct chimera_response response = {.uid = request->uid,
                                        .allowed = is_true(values[CHIMERA_ANSWER_ACCEPTED])};
    struct chimera_slice message = values[CHIMERA_ANSWER_MESSAGE],
                         code = values[CHIMERA_ANSWER_CODE];
    response.has_status = message.data || code.data;
    response.status.has_code = code.data;
    if (code.data)
        response.status.code = (uint16_t)number_of(code);
    if (!take_text(message, arena, &response.status.message) ||
        !chimera_strings_list(values[CHIMERA_ANSWER_WARNINGS], arena, &response.warnings) ||
        !chimera_strings_map(values[CHIMERA_ANSWER_AUDIT_ANNOTATIONS], arena,
                             &response.audit_annotations))
        return fail_arena(ret_why);
    const struct chimera_patch_texts texts = {request->object, mutated, &index};
    int failed = mutated.data ? make_patch(&texts, account, arena, &response, ret_why) : CHIMERA_OK;
    if (failed == CHIMERA_OK)
        *ret_response = response;
    return failed;
}

/* `value` is an array that was checked. Appends its causes to the list. */
static bool take_causes(struct chimera_slice value, struct chimera_arena *arena,
                        struct chimera_cause **ret_causes)
{
    struct chimera_scan scan;
    if (!value.data)
        return true;
    chimera_scan_init(&scan, value);
    chimera_scan_open(&scan);
    for (bool is_first = true; chimera_scan_next_element(&scan, is_first) == 1; is_first = false) {
        struct chimera_slice values[CHIMERA_CAUSE_FIELDS] = {{NULL, 0}};
        struct chimera_cause *cause = chimera_arena_take(arena, sizeof(*cause));
        if (!cause || !chimera_shape_read(&scan, &chimera_shape_cause, values) ||
            !take_text(values[CHIMERA_CAUSE_REASON], arena, &cause->reason) ||
            !take_text(values[CHIMERA_CAUSE_MESSAGE], arena, &cause->message) ||
            !take_text(values[CHIMERA_CAUSE_FIELD], arena, &cause->field))
            return false;
        cause->next = NULL;
        *ret_causes = cause;
        ret_causes = &cause->next;
    }
    return true;
}

static bool take_details(const struct chimera_slice *values, struct chimera_arena *arena,
                         struct chimera_status *status)
{
    struct chimera_slice seconds = values[CHIMERA_DETAILS_RETRY_AFTER_SECONDS];
    status->has_details = true;
    status->has_retry_after = seconds.data;
    if (seconds.data)
        status->retry_after_seconds = number_of(seconds);
    return take_text(values[CHIMERA_DETAILS_NAME], arena, &status->details_name) &&
           take_text(values[CHIMERA_DETAILS_GROUP], arena, &status->details_group) &&
           take_text(values[CHIMERA_DETAILS_KIND], arena, &status->details_kind) &&
           take_text(values[CHIMERA_DETAILS_UID], arena, &status->details_uid) &&
           take_causes(values[CHIMERA_DETAILS_CAUSES], arena, &status->causes);
}

static bool take_status(const struct chimera_slice *values, struct chimera_arena *arena,
                        struct chimera_status *status)
{
    struct chimera_slice code = values[CHIMERA_STATUS_CODE];
    status->has_code = code.data;
    if (code.data)
        status->code = (uint16_t)number_of(code);
    if (values[CHIMERA_STATUS_DETAILS].data &&
        !take_details(values + CHIMERA_STATUS_DETAILS_AT, arena, status))
        return false;
    return take_text(values[CHIMERA_STATUS_STATUS], arena, &status->status) &&
           take_text(values[CHIMERA_STATUS_MESSAGE], arena, &status->message) &&
           take_text(values[CHIMERA_STATUS_REASON], arena, &status->reason);
}

int chimera_response_from_admission(struct chimera_slice answer,
                                    const struct chimera_request *request,
                                    struct chimera_arena *arena,
                                    struct chimera_response *ret_response,
                                    struct chimera_slice *ret_why)
{
    struct chimera_scan scan;
    struct chimera_slice values[CHIMERA_VERDICT_VALUES] = {{NULL, 0}};
    if (!chimera_shape_read_all(&scan, answer, &chimera_shape_verdict, values))
        return fail_shape(&scan, false, arena, ret_why);

    struct chimera_response response = {.uid = request->uid,
                                        .allowed = is_true(values[CHIMERA_VERDICT_ALLOWED]),
                                        .has_status = values[CHIMERA_VERDICT_STATUS].data};
    if (response.has_status &&
        !take_status(values + CHIMERA_VERDICT_STATUS_AT, arena, &response.status))
        return fail_arena(ret_why);
    if (!take_text(values[CHIMERA_VERDICT_PATCH_TYPE], arena, &response.patch_type) ||
        !take_text(values[CHIMERA_VERDICT_PATCH], arena, &response.patch) ||
        !chimera_strings_list(values[CHIMERA_VERDICT_WARNINGS], arena, &response.warnings) ||
        !chimera_strings_map(values[CHIMERA_VERDICT_AUDIT_ANNOTATIONS], arena,
                             &response.audit_annotations))
        return fail_arena(ret_why);
    *ret_response = response;
    return CHIMERA_OK;
}

int chimera_settings_from_answer(struct chimera_slice answer, struct chimera_arena *arena,
                                 bool *ret_valid, struct chimera_slice *ret_message,
                                 struct chimera_slice *ret_why)
{
    struct chimera_scan scan;
    struct chimera_slice values[CHIMERA_SETTINGS_FIELDS] = {{NULL, 0}}, message;
    if (!chimera_shape_read_all(&scan, answer, &chimera_shape_settings_answer, values))
        return fail_shape(&scan, true, arena, ret_why);
    if (!take_text(values[CHIMERA_SETTINGS_MESSAGE], arena, &message))
        return fail_arena(ret_why);
    *ret_valid = is_true(values[CHIMERA_SETTINGS_VALID]);
    *ret_message = message;
    return CHIMERA_OK;
}
