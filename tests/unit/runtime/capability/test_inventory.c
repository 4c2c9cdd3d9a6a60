/* SPDX-License-Identifier: Apache-2.0 */
/* The documents and the errors are those of guest-abis.md §4.4; the order of the requests is the
 * reference's: all lists by version and kind, then all plurals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "runtime/capability/inventory.h"
#include "runtime/json/tree.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* --- A source that answers from a table, and notes what it was asked. --- */

struct entry {
    const char *kind, *answer; /* of "list Pod" or "plural Pod"; an answer with "!" is an error */
    uint64_t version;
};

static const struct entry *table;
static size_t asked;
static char order[400];

static bool answer_it(struct chimera_capability_source *source,
                      const struct chimera_host_request *request,
                      struct chimera_host_answer *answer)
{
    const char *kind = json_object_get_string(chimera_json_member(request->fields, "kind"));
    const char *version =
        json_object_get_string(chimera_json_member(request->fields, "api_version"));
    char name[100];
    (void)source;
    snprintf(name, sizeof(name), "%s %s", request->kind == CHIMERA_ASK_PLURAL ? "plural" : "list",
             kind);
    snprintf(order + strlen(order), sizeof(order) - strlen(order), "%s%s/%s", asked++ ? ", " : "",
             version, name);
    for (const struct entry *entry = table; entry->kind; entry++) {
        if (strcmp(entry->kind, name) != 0)
            continue;
        bool is_error = entry->answer[0] == '!';
        chimera_buffer_text(answer->text, entry->answer + is_error);
        answer->version = entry->version;
        return !is_error;
    }
    chimera_buffer_text(answer->text, "Callback evaluation failure: nobody knows");
    return false;
}

static struct chimera_capability_source source = {.ask = answer_it};

/* --- One inventory, with its account. --- */

static struct chimera_account account;
static struct chimera_arena arena;
static struct chimera_inventory *inventory;
static struct chimera_grants grants;

static void start(enum chimera_inventory_form form, const char *const *resources)
{
    grants = (struct chimera_grants){.policy_id = "p", .resources = resources, .source = &source};
    chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, 64 << 20);
    chimera_arena_init(&arena, 1 << 20);
    assert_int_equal(chimera_inventory_new(&grants, form, &account, &inventory, NULL), CHIMERA_OK);
    order[0] = '\0';
    asked = 0;
}

static void stop(void)
{
    chimera_inventory_drop(inventory);
    assert_int_equal(account.bytes, 0);
    chimera_inventory_free(inventory);
    chimera_arena_free(&arena);
}

static void writes(const char *settings, const char *want)
{
    struct chimera_error err = {0};
    bool is_changed = false;
    if (chimera_inventory_ask(inventory, &is_changed, &err) < 0 ||
        chimera_inventory_read(inventory, &arena, &err) < 0)
        fail_msg("%s", err.text);
    size_t size = chimera_inventory_size(inventory, chimera_slice_of(settings));
    char *text = malloc(size + 1);
    chimera_inventory_write(inventory, chimera_slice_of(settings), text);
    text[size] = '\0';
    assert_string_equal(text, want);
    free(text);
}

static void fails(const struct entry *entries, int code, const char *want)
{
    struct chimera_error err = {0};
    bool is_changed = false;
    table = entries;
    int got = chimera_inventory_ask(inventory, &is_changed, &err);
    if (got == CHIMERA_OK)
        got = chimera_inventory_read(inventory, &arena, &err);
    assert_string_equal(err.text, want);
    assert_int_equal(got, code);
    chimera_inventory_drop(inventory);
}

static const char *const three[] = {"v1/Pod", "apps/v1/Deployment", "v1/Namespace", "v1/Pod", NULL};

#define A "{\"metadata\":{\"name\":\"a\"},\"x\":1}"
#define B "{\"kind\":\"Namespace\",\"metadata\":{\"labels\":{},\"name\":\"b\"}}"
#define P1 "{\"metadata\":{\"name\":\"p1\",\"namespace\":\"n\"}}"
#define P2 "{ \"metadata\" : {\"namespace\":\"m\",\"name\":\"p2\"} }"
#define P3 "{\"metadata\":{\"n\\u0061me\":\"p\\u0033\",\"namespace\":\"n\"}}"
#define D "{\"spec\":[],\"metadata\":{\"name\":\"p1\",\"namespace\":\"n\"}}"

static const struct entry cluster[] = {
    {"list Pod", "{\"kind\":\"PodList\",\"items\":[" P1 "," P2 "," P3 "],\"metadata\":{}}", 1},
    {"list Namespace", "{\"items\":[" B "," A "]}", 1},
    {"list Deployment", " {\"items\": [ " D " ] } ", 1},
    {"plural Pod", "\"pods\"", 1},
    {"plural Namespace", " \"namespaces\"", 1},
    {"plural Deployment", "\"deployments\"", 1},
    {0}};

static void opa_finds_them_by_plural_namespace_and_name(void **state)
{
    (void)state;
    start(CHIMERA_INVENTORY_OPA, three);
    table = cluster;
    writes("{\"a\":1,\"kubernetes\":{\"mine\":true},\"z\":[2]}",
           "{\"a\":1,\"z\":[2],\"kubernetes\":{\"deployments\":{\"n\":{\"p1\":" D
           "}},\"namespaces\":{\"a\":" A ",\"b\":" B "},\"pods\":{\"m\":{\"p2\":" P2
           "},\"n\":{\"p1\":" P1 ",\"p3\":" P3 "}}}}");
    assert_string_equal(order, "apps/v1/list Deployment, v1/list Namespace, v1/list Pod, "
                               "apps/v1/plural Deployment, v1/plural Namespace, v1/plural Pod");
    stop();
}

static void gatekeeper_finds_them_by_scope_version_kind_and_name(void **state)
{
    (void)state;
    start(CHIMERA_INVENTORY_GATEKEEPER, three);
    table = cluster;
    writes("{\"own\":1,\"inventory\":2}",
           "{\"own\":1,\"inventory\":{\"cluster\":{\"v1\":{\"Namespace\":{\"a\":" A ",\"b\":" B
           "}}},\"namespace\":{\"m\":{\"v1\":{\"Pod\":{\"p2\":" P2
           "}}},\"n\":{\"apps/v1\":{\"Deployment\":{\"p1\":" D "}},\"v1\":{\"Pod\":{\"p1\":" P1
           ",\"p3\":" P3 "}}}}}}");
    assert_string_equal(order, "apps/v1/list Deployment, v1/list Namespace, v1/list Pod");
    stop();
}

static void nothing_is_there_in_an_empty_cluster(void **state)
{
    static const char *const one[] = {"v1/Pod", NULL};
    static const struct entry empty[] = {
        {"list Pod", "{\"items\":[]}", 1}, {"plural Pod", "\"pods\"", 1}, {0}};
    (void)state;
    table = empty;
    start(CHIMERA_INVENTORY_OPA, one);
    writes("{}", "{\"kubernetes\":{}}");
    stop();
    start(CHIMERA_INVENTORY_GATEKEEPER, one);
    writes("{}", "{\"inventory\":{\"cluster\":{},\"namespace\":{}}}");
    stop();
}

/* Two groups may have a plural each of the same name; the later kind's object of a name stays. */
static void kinds_of_one_plural_are_joined(void **state)
{
    static const char *const events[] = {"events.k8s.io/v1/Event", "v1/Event2", NULL};
    static const struct entry entries[] = {{"list Event", "{\"items\":[" P1 "," P2 "," P2 "]}", 1},
                                           {"list Event2", "{\"items\":[" D "]}", 1},
                                           {"plural Event", "\"events\"", 1},
                                           {"plural Event2", "\"events\"", 1},
                                           {0}};
    (void)state;
    table = entries;
    start(CHIMERA_INVENTORY_OPA, events);
    writes("{}", "{\"kubernetes\":{\"events\":{\"m\":{\"p2\":" P2 "},\"n\":{\"p1\":" D "}}}}");
    stop();
}

static const char *const event[] = {"v1/Event", NULL};
#define LIST "cannot convert callback response into a list of kubernetes objects: "

static void errors_are_the_reference_s(void **state)
{
    static const struct {
        struct entry entries[3];
        const char *want;
    } cases[] = {
        {{{"list Event", "!Callback evaluation failure: a\n\nCaused by:\n    b", 1}},
         "cannot perform a request via callback channel: a"},
        {{{"list Event", "!Error obtaining response over callback channel", 1}},
         "error obtaining response from callback channel: Error obtaining response over callback "
         "channel"},
        {{{"list Event", "", 1}}, LIST "EOF while parsing a value at line 1 column 0"},
        {{{"list Event", "{}", 1}}, LIST "missing field `items` at line 1 column 2"},
        {{{"list Event", "{\"items\":1}", 1}},
         LIST "invalid type: integer `1`, expected a sequence at line 1 column 10"},
        {{{"list Event", "{\"items\":[", 1}}, LIST "EOF while parsing a list at line 1 column 10"},
        {{{"list Event", "{\"items\":[{\"metadata\":{\"name\":1}}]}", 1}},
         LIST "invalid type: integer `1`, expected a string at line 1 column 31"},
        {{{"list Event", "{\"items\":[]} x", 1}}, LIST "trailing characters at line 1 column 14"},
        {{{"list Event", "{\"items\":[" A "," P1 "]}", 1}, {"plural Event", "\"e\"", 1}},
         "trying to add a namespaced resource to a list of clusterwide resources"},
        {{{"list Event", "{\"items\":[" P1 "," A "]}", 1}, {"plural Event", "\"e\"", 1}},
         "trying to add a clusterwide resource to a list of namespaced resources"},
        {{{"list Event", "{\"items\":[{\"metadata\":{}}]}", 1}, {"plural Event", "\"e\"", 1}},
         "DynamicObject does not have a name"},
        {{{"list Event", "{\"items\":[{}]}", 1}, {"plural Event", "\"e\"", 1}},
         "DynamicObject does not have a name"},
        {{{"list Event", "{\"items\":[]}", 1}, {"plural Event", "3", 1}},
         "get plural name failure, cannot convert callback response: invalid type: integer `3`, "
         "expected a string at line 1 column 1"},
        {{{"list Event", "{\"items\":[]}", 1}},
         "cannot perform a request via callback channel: nobody knows"},
    };
    (void)state;
    start(CHIMERA_INVENTORY_OPA, event);
    for (size_t i = 0; i < COUNT(cases); i++)
        fails(cases[i].entries, CHIMERA_EREFUSED, cases[i].want);
    grants.source = NULL;
    fails(NULL, CHIMERA_EREFUSED,
          "cannot build Rego context aware data: callback channel is not set");
    stop();
}

/* Of ours: off by default. */
static void an_option_gates_it_by_the_capability_of_its_lists(void **state)
{
    static const char *const other[] = {"oci/*", NULL}, *const own[] = {"kubernetes/*", NULL};
    static const struct entry entries[] = {
        {"list Event", "{\"items\":[]}", 1}, {"plural Event", "\"e\"", 1}, {0}};
    (void)state;
    start(CHIMERA_INVENTORY_OPA, event);
    grants.capabilities = other;
    table = entries;
    writes("{}", "{\"kubernetes\":{}}");
    grants.gates_inventory = true;
    fails(entries, CHIMERA_EREFUSED,
          "Policy has not been granted access to the 'kubernetes/list_resources_all' host "
          "capability. The violation has been reported.");
    grants.capabilities = own;
    writes("{}", "{\"kubernetes\":{}}");
    stop();
}

static bool changed(const struct entry *entries)
{
    struct chimera_error err = {0};
    bool is_changed = false;
    table = entries;
    if (chimera_inventory_ask(inventory, &is_changed, &err) < 0)
        fail_msg("%s", err.text);
    return is_changed;
}

static void it_is_read_again_when_something_has_changed(void **state)
{
    static const struct entry first[] = {{"list Event", "{\"items\":[]}", 5}, {0}},
                              other_bytes[] = {{"list Event", "{\"items\":[" A "]}", 5}, {0}},
                              later[] = {{"list Event", "{\"items\":[]}", 6}, {0}},
                              unknown[] = {{"list Event", "{\"items\":[]}", 0}, {0}},
                              unknown_other[] = {{"list Event", "{\"items\":[" A "]}", 0}, {0}};
    (void)state;
    start(CHIMERA_INVENTORY_GATEKEEPER, event);
    assert_true(changed(first));
    assert_true(changed(first)); /* it was not loaded */
    chimera_inventory_loaded(inventory);
    assert_false(changed(first));
    assert_false(changed(other_bytes)); /* the version has the word */
    assert_true(changed(later));
    chimera_inventory_loaded(inventory);
    assert_false(changed(later));
    assert_true(changed(unknown));
    chimera_inventory_loaded(inventory);
    assert_false(changed(unknown)); /* the bytes are the same */
    assert_true(changed(unknown_other));
    assert_true(changed(first));
    assert_false(changed(unknown));
    chimera_inventory_forget(inventory);
    assert_true(changed(unknown));
    stop();
}

/* Lists and what is made of them are on the account. */
static void it_is_bounded_by_the_account(void **state)
{
    struct chimera_buffer text;
    struct chimera_error err = {0};
    bool is_changed;
    (void)state;
    chimera_buffer_init(&text, 16 << 20);
    chimera_buffer_text(&text, "{\"items\":[");
    for (int i = 0; i < 20000; i++)
        chimera_buffer_print(&text, "%s{\"metadata\":{\"name\":\"%d\"}}", i ? "," : "", i);
    chimera_buffer_text(&text, "]}");
    chimera_buffer_byte(&text, 0);
    const struct entry many[] = {{"list Event", text.data, 1}, {0}};
    start(CHIMERA_INVENTORY_GATEKEEPER, event);
    table = many;
    account.bytes_limit = 1024;
    assert_int_equal(chimera_inventory_ask(inventory, &is_changed, &err), CHIMERA_ELIMIT);
    chimera_inventory_drop(inventory);
    chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, (1 << 20) + (1 << 19));
    assert_int_equal(chimera_inventory_ask(inventory, &is_changed, &err), CHIMERA_OK);
    assert_int_equal(chimera_inventory_read(inventory, &arena, &err), CHIMERA_ELIMIT);
    chimera_inventory_drop(inventory);
    chimera_account_open(&account, CHIMERA_ACCOUNT_FOREVER, CHIMERA_ACCOUNT_FOREVER);
    assert_int_equal(chimera_inventory_ask(inventory, &is_changed, &err), CHIMERA_OK);
    account.deadline_ns = 1;
    assert_int_equal(chimera_inventory_read(inventory, &arena, &err), CHIMERA_EDEADLINE);
    chimera_inventory_drop(inventory);
    chimera_account_open(&account, 1, CHIMERA_ACCOUNT_FOREVER);
    assert_int_equal(chimera_inventory_ask(inventory, &is_changed, &err), CHIMERA_EDEADLINE);
    stop();
    chimera_buffer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opa_finds_them_by_plural_namespace_and_name),
        cmocka_unit_test(gatekeeper_finds_them_by_scope_version_kind_and_name),
        cmocka_unit_test(nothing_is_there_in_an_empty_cluster),
        cmocka_unit_test(kinds_of_one_plural_are_joined),
        cmocka_unit_test(errors_are_the_reference_s),
        cmocka_unit_test(an_option_gates_it_by_the_capability_of_its_lists),
        cmocka_unit_test(it_is_read_again_when_something_has_changed),
        cmocka_unit_test(it_is_bounded_by_the_account),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
