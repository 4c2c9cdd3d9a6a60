/* SPDX-License-Identifier: Apache-2.0 */
/* What serde_yaml writes and Rust shows of each kind of request is in recorded_session.yml and
 * .txt, which make-session makes; the errors are the reference's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/capability/recorded.h"
#include "runtime/capability/session.h"
#include "runtime/json/tree.h"
#include "runtime/log/log.h"
#include "runtime/yaml/yaml.h"

#define DATA TEST_DATA "/unit/runtime/capability/recorded_session"
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static struct chimera_buffer text;

static int begin(void **state)
{
    (void)state;
    chimera_buffer_init(&text, 1 << 20);
    return 0;
}

static int end(void **state)
{
    (void)state;
    chimera_buffer_free(&text);
    return 0;
}

static struct chimera_slice read_file(const char *path, struct chimera_buffer *buffer)
{
    chimera_buffer_init(buffer, 1 << 20);
    assert_int_equal(chimera_file_read(path, buffer, NULL), CHIMERA_OK);
    return chimera_buffer_slice(buffer);
}

static void is_slice(struct chimera_slice got, struct chimera_slice want)
{
    if (!chimera_slice_equal(got, want))
        fail_msg("%.*s\n--- not ---\n%.*s", (int)got.size, got.data, (int)want.size, want.data);
}

static struct chimera_host_request request_of(struct chimera_slice recorded)
{
    struct chimera_host_request request = {0};
    struct chimera_error err = {0};
    if (chimera_recorded_read(recorded, &request, &err) < 0)
        fail_msg("%.*s: %s", (int)recorded.size, recorded.data, err.text);
    return request;
}

static struct chimera_host_session *parsed(struct chimera_slice yaml)
{
    struct chimera_host_session *session = NULL;
    struct chimera_error err = {0};
    if (chimera_host_session_parse(yaml, "s.yml", &session, &err) < 0)
        fail_msg("%s", err.text);
    return session;
}

static void is_answered(struct chimera_host_session *session, const char *recorded, bool is_good,
                        const char *want)
{
    struct chimera_host_request request = request_of(chimera_slice_of(recorded));
    struct chimera_host_answer answer = {.text = &text};
    struct chimera_capability_source *source = chimera_host_session_source(session);
    chimera_buffer_reset(&text);
    assert_int_equal(source->ask(source, &request, &answer), is_good);
    is_slice(chimera_host_answer_bytes(&answer), chimera_slice_of(want));
    assert_int_equal(answer.version, 0);
    chimera_host_answer_end(&answer);
    chimera_host_request_end(&request);
}

static struct chimera_slice text_of(struct json_object *map, const char *key)
{
    struct json_object *value = chimera_json_member(map, key);
    return (struct chimera_slice){json_object_get_string(value),
                                  (size_t)json_object_get_string_len(value)};
}

static void each_request_is_read_written_and_shown(void **state)
{
    const struct chimera_yaml_options options = {0};
    CHIMERA_JSON struct json_object *list = NULL;
    struct chimera_buffer yaml, shown;
    (void)state;
    struct chimera_slice lines = read_file(DATA ".txt", &shown);
    assert_int_equal(chimera_yaml_parse(read_file(DATA ".yml", &yaml), &options, &list, NULL), 0);
    assert_int_equal(json_object_array_length(list), CHIMERA_ASK_HTTP);
    for (size_t i = 0; i < CHIMERA_ASK_HTTP; i++) {
        struct chimera_slice recorded = text_of(json_object_array_get_idx(list, i), "request");
        struct chimera_host_request request = request_of(recorded);
        assert_int_equal(request.kind, i);
        chimera_buffer_reset(&text);
        chimera_recorded_write(&request, &text);
        is_slice(chimera_buffer_slice(&text), recorded);
        chimera_buffer_reset(&text);
        chimera_recorded_show(&request, &text);
        const char *line_end = memchr(lines.data, '\n', lines.size);
        assert_non_null(line_end);
        size_t size = (size_t)(line_end - lines.data);
        is_slice(chimera_buffer_slice(&text), (struct chimera_slice){lines.data, size});
        lines = chimera_slice_behind(lines, size + 1);
        chimera_host_request_end(&request);
    }
    chimera_buffer_free(&yaml);
    chimera_buffer_free(&shown);
}

/* Plays the file back to one that records. */
static void what_is_recorded_is_the_file_again(void **state)
{
    const struct chimera_yaml_options options = {0};
    CHIMERA_JSON struct json_object *list = NULL;
    struct chimera_host_session *back, *record;
    struct chimera_buffer yaml, made;
    char path[] = "/tmp/chimera-session-XXXXXX";
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    struct chimera_slice want = read_file(DATA ".yml", &yaml);
    assert_int_equal(chimera_yaml_parse(want, &options, &list, NULL), 0);
    assert_int_equal(chimera_host_session_open(DATA ".yml", &back, NULL), CHIMERA_OK);
    assert_int_equal(chimera_host_session_record(chimera_host_session_source(back), &record, NULL),
                     0);
    struct chimera_capability_source *source = chimera_host_session_source(record);
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *entry = json_object_array_get_idx(list, i);
        struct chimera_host_request request = request_of(text_of(entry, "request"));
        struct chimera_host_answer answer = {.text = &text};
        chimera_buffer_reset(&text);
        bool is_good = source->ask(source, &request, &answer);
        assert_int_equal(
            is_good,
            chimera_slice_is(text_of(chimera_json_member(entry, "response"), "type"), "Success"));
        chimera_host_answer_end(&answer);
        chimera_host_request_end(&request);
    }
    assert_int_equal(chimera_host_session_tell(record), CHIMERA_ASK_HTTP);
    assert_int_equal(chimera_host_session_save(record, path, NULL), CHIMERA_OK);
    is_slice(read_file(path, &made), want);
    chimera_buffer_free(&made);
    /* Nothing but the first two. */
    chimera_host_session_seek(record, 2);
    assert_int_equal(chimera_host_session_save(record, path, NULL), CHIMERA_OK);
    struct chimera_slice few = read_file(path, &made);
    const char *third =
        memmem(want.data, want.size, "- type: Exchange\n  request: |\n    !OciManifestAnd", 48);
    is_slice(few, (struct chimera_slice){want.data, (size_t)(third - want.data)});
    chimera_buffer_free(&made);
    chimera_host_session_seek(record, 0);
    assert_int_equal(chimera_host_session_save(record, path, NULL), CHIMERA_OK);
    is_slice(read_file(path, &made), CHIMERA_SLICE("[]\n"));
    chimera_buffer_free(&made);
    chimera_buffer_free(&yaml);
    chimera_host_session_free(record);
    chimera_host_session_free(back);
    unlink(path);
}

#define PLURAL "!KubernetesGetResourcePluralName\napi_version: v1\nkind: Pod\n"
#define ENTRY(request, response) \
    "- type: Exchange\n  request: |\n    " request "\n  response: " response "\n"

static void order_matters_and_what_is_played_back_is_gone(void **state)
{
    (void)state;
    struct chimera_host_session *session =
        parsed(CHIMERA_SLICE(ENTRY("!DNSLookupHost {host: a}", "{type: Success, payload: '{}'}")
                                 ENTRY("!DNSLookupHost {host: b}", "{type: Error, message: no}")));
    is_answered(session, PLURAL, false,
                "Callback evaluation failure: Replay error: unexpected request. Was expecting "
                "DNSLookupHost { host: \"a\" }, got KubernetesGetResourcePluralName { api_version: "
                "\"v1\", kind: \"Pod\" } instead");
    is_answered(session, "!DNSLookupHost\nhost: b\n", false, "Callback evaluation failure: no");
    assert_int_equal(chimera_host_session_tell(session), 2);
    is_answered(session, PLURAL, false,
                "Callback evaluation failure: the list of recorded responses is empty");
    chimera_host_session_seek(session, 0);
    is_answered(session, "!DNSLookupHost\nhost: a\n", true, "{}");
    chimera_host_session_free(session);
}

/* Fields that came later are missing; and what only the reference asks is passed over. */
static void sessions_of_older_versions_are_read(void **state)
{
    (void)state;
    struct chimera_host_session *session = parsed(CHIMERA_SLICE(
        ENTRY("# by hand\n    ---\n    !KubernetesListResourceAll\n    api_version: 1.0\n    kind: "
              "Pod\n    label_selector: ~",
              "{type: Success, payload: 'a'}")
            ENTRY("!HasKubernetesListResourceAllResultChangedSinceInstant\n    api_version: v1\n"
                  "    kind: Pod\n    since: {secs: 1, nanos: 0}",
                  "{type: Success, payload: 'false'}")
                ENTRY(
                    "!CryptoIsCertificateTrusted\n    request: {cert: {encoding: Der, data: [7]}, "
                    "cert_chain: null}",
                    "{type: Success, payload: 'b'}")));
    is_answered(session,
                "!KubernetesListResourceAll\napi_version: '1.0'\nkind: Pod\nlabel_selector: null\n"
                "field_selector: null\nfield_masks: null\n",
                true, "a");
    is_answered(session,
                "!CryptoIsCertificateTrusted\nrequest:\n  cert:\n    encoding: Der\n    data: [7]\n"
                "  cert_chain: null\n  not_after: null\n",
                true, "b");
    chimera_host_session_free(session);
}

static void what_cannot_be_played_back_is_refused_at_once(void **state)
{
    static const struct {
        const char *yaml, *why;
    } cases[] = {
        {"a: 1", "expected a list of exchanges"},
        {"", "expected a list of exchanges"},
        {"- 1", "exchange 1: expected a text as `type`"},
        {"- {type: Exchange, request: 1}", "exchange 1: expected a text as `request`"},
        {"- {type: Chat, request: a}", "exchange 1: unknown variant `Chat`, expected `Exchange`"},
        {"- {type: Exchange, request: a}", "exchange 1: expected a text as `type`"},
        {"- {type: Exchange, request: a, response: {type: Maybe}}",
         "exchange 1: unknown variant `Maybe`, expected `Success` or `Error`"},
        {"- {type: Exchange, request: a, response: {type: Success, message: m}}",
         "exchange 1: expected a text as `payload`"},
        {ENTRY("a: 1", "{type: Error, message: m}"),
         "exchange 1: expected a YAML tag starting with '!'"},
        {ENTRY("#", "{type: Error, message: m}"),
         "exchange 1: expected a YAML tag starting with '!'"},
        {ENTRY("!Nothing\n    a: 1", "{type: Error, message: m}"),
         "exchange 1: unknown variant `Nothing`"},
        {ENTRY("!OciManifest [a]", "{type: Error, message: m}"),
         "exchange 1: invalid type, expected a map behind !OciManifest"},
        {ENTRY("!OciManifest", "{type: Error, message: m}"),
         "exchange 1: invalid type, expected a map behind !OciManifest"},
        {ENTRY("!OciManifest {image: [a]}", "{type: Error, message: m}"),
         "exchange 1: invalid type: sequence, expected a string"},
        {ENTRY("!KubernetesGetResource {api_version: v1, kind: Pod, name: a}",
               "{type: Error, message: m}"),
         "exchange 1: missing field `disable_cache`"},
        {ENTRY("!KubernetesGetResourcePluralName {api_version: v1}", "{type: Error, message: m}"),
         "exchange 1: missing field `kind`"},
        {ENTRY("!OciManifest {image: {a: {a: {a: {a: {a: {a: {a: 1}}}}}}}}",
               "{type: Error, message: m}"),
         "exchange 1: the request is too deep"},
        {ENTRY("!DNSLookupHost {host: a}", "{type: Error, message: m}")
             ENTRY("!DNSLookupHost {name: a}", "{type: Error, message: m}"),
         "exchange 2: missing field `host`"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct chimera_host_session *session = NULL;
        struct chimera_error err = {0};
        char want[300];
        snprintf(want, sizeof(want), "cannot deserialize contents of \"s.yml\": %s", cases[i].why);
        assert_true(chimera_host_session_parse(chimera_slice_of(cases[i].yaml), "s.yml", &session,
                                               &err) < 0);
        assert_string_equal(err.text, want);
    }
    struct chimera_host_session *session = NULL;
    struct chimera_error err = {0};
    assert_int_equal(chimera_host_session_open("/no/such", &session, &err), CHIMERA_EIO);
    assert_non_null(strstr(err.text, "Cannot open host capabilities interactions file: "));
}

/* --- Recording. --- */

static const char *inner_says;

static bool fail_so(struct chimera_capability_source *source,
                    const struct chimera_host_request *request, struct chimera_host_answer *answer)
{
    (void)source;
    (void)request;
    chimera_buffer_text(answer->text, inner_says);
    answer->version = 7;
    return false;
}

/* The reference records of an error its first line of reasoning, without the causes. */
static void an_error_is_recorded_without_its_causes(void **state)
{
    struct chimera_capability_source inner = {.ask = fail_so};
    struct chimera_host_session *record, *back;
    char path[] = "/tmp/chimera-session-XXXXXX";
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(chimera_host_session_record(&inner, &record, NULL), CHIMERA_OK);
    inner_says = "Callback evaluation failure: outer\n\nCaused by:\n    0: inner\n    1: most";
    is_answered(record, PLURAL, false, inner_says);
    inner_says = "Error obtaining response over callback channel";
    is_answered(record, PLURAL, false, inner_says);
    assert_int_equal(chimera_host_session_save(record, path, NULL), CHIMERA_OK);
    assert_int_equal(chimera_host_session_open(path, &back, NULL), CHIMERA_OK);
    is_answered(back, PLURAL, false, "Callback evaluation failure: outer");
    is_answered(back, PLURAL, false,
                "Callback evaluation failure: Error obtaining response over callback channel");
    chimera_host_session_free(back);
    inner_says = "\xff";
    is_answered(record, PLURAL, false, inner_says);
    struct chimera_error err = {0};
    assert_int_equal(chimera_host_session_save(record, path, &err), CHIMERA_EINVAL);
    assert_non_null(strstr(err.text, "Cannot record communication between host and policy, "
                                     "something went wrong while capturing the exchange: "));
    chimera_host_session_free(record);
    unlink(path);
}

static void leftovers_are_warned_of(void **state)
{
    struct chimera_host_session *session =
        parsed(CHIMERA_SLICE(ENTRY("!DNSLookupHost {host: a}", "{type: Success, payload: '{}'}")));
    int end_of[2];
    char line[1000] = "";
    (void)state;
    assert_int_equal(pipe(end_of), 0);
    chimera_log_open(end_of[1], CHIMERA_LOG_TEXT, CHIMERA_LOG_WARN);
    chimera_host_session_warn_of_rest(session);
    assert_true(read(end_of[0], line, sizeof(line) - 1) > 0);
    assert_non_null(strstr(line, "Some of the recorded exchanges have not been replayed"));
    assert_non_null(strstr(line, "leftovers=1"));
    assert_non_null(strstr(line, "DNSLookupHost { host: "));
    chimera_host_session_free(session);
    close(end_of[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_request_is_read_written_and_shown),
        cmocka_unit_test(what_is_recorded_is_the_file_again),
        cmocka_unit_test(order_matters_and_what_is_played_back_is_gone),
        cmocka_unit_test(sessions_of_older_versions_are_read),
        cmocka_unit_test(what_cannot_be_played_back_is_refused_at_once),
        cmocka_unit_test(an_error_is_recorded_without_its_causes),
        cmocka_unit_test(leftovers_are_warned_of),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
