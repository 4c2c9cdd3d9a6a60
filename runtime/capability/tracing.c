/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/capability/tracing.h"

#include "runtime/json/tree.h"
#include "runtime/log/log.h"

#define TARGET "chimera::capability"

static struct chimera_slice text_of(struct json_object *value)
{
    return (struct chimera_slice){json_object_get_string(value),
                                  (size_t)json_object_get_string_len(value)};
}

/* Takes level and message out of the entry; what remains are its data. */
static bool take_entry(struct json_object *entry, enum chimera_log_level *ret_level,
                       struct json_object **ret_message)
{
    struct json_object *level, *message = NULL;
    if (!json_object_is_type(entry, json_type_object) ||
        !json_object_object_get_ex(entry, "level", &level) ||
        !json_object_is_type(level, json_type_string) ||
        !chimera_log_level_parse(text_of(level), ret_level))
        return false;
    json_object_object_get_ex(entry, "message", &message);
    if (message && !json_object_is_type(message, json_type_string))
        return false;
    *ret_message = json_object_get(message);
    json_object_object_del(entry, "level");
    json_object_object_del(entry, "message");
    return true;
}

static void log_payload(const struct chimera_grants *grants, struct chimera_slice payload,
                        struct chimera_account *account)
{
    CHIMERA_JSON struct json_object *entry = NULL;
    CHIMERA_JSON struct json_object *message = NULL;
    enum chimera_log_level level;
    struct chimera_error err = {0};
    int code = chimera_json_parse_within(payload, account, &entry, &err);
    if (account && account->failed)
        return; /* the guest is left for that */
    if (code < 0 || !take_entry(entry, &level, &message)) {
        chimera_log_with(CHIMERA_LOG_ERROR, TARGET, CHIMERA_SLICE("Cannot log event"),
                         CHIMERA_TEXT("policy_id", chimera_grants_policy_id(grants)),
                         CHIMERA_TEXT("payload", payload),
                         CHIMERA_TEXT("error", chimera_slice_of(err.text)));
        return;
    }
    if (chimera_log_is_on(level)) {
        struct chimera_buffer data;
        chimera_buffer_init_within(&data, (size_t)1 << 20, account);
        chimera_json_write(entry, &data);
        chimera_log_write_in("policy_log", level, "policy_log",
                             message ? text_of(message) : CHIMERA_SLICE(""),
                             (const struct chimera_log_field[]){
                                 CHIMERA_WORD("data", chimera_buffer_slice(&data)),
                                 CHIMERA_TEXT("policy_id", chimera_grants_policy_id(grants))},
                             2);
        chimera_buffer_free(&data);
    }
}

void chimera_tracing_log(const struct chimera_grants *grants, struct chimera_slice payload,
                         struct chimera_account *account)
{
    struct chimera_account_mark mark = chimera_account_mark(account);
    if (!chimera_log_is_on(CHIMERA_LOG_ERROR))
        return;
    log_payload(grants, payload, account);
    chimera_account_restore(account, mark);
}
