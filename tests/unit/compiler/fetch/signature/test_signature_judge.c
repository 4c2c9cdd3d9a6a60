/* SPDX-License-Identifier: Apache-2.0 */
/* The judgement by a verification configuration. Keys and signatures are real (samples/); what
 * certificates prove is told here, so that each rule on them can be met with each identity. */
#include "samples.h"

#include <stdlib.h>

#include "compiler/fetch/signature/identity.h"
#include "compiler/fetch/signature/key.h"
#include "compiler/fetch/signature/verify.h"

#define DIGEST "sha256:b66968f10f2495145aa96c39a33d534d45280cfa77f3af24094b9a768b98dc03"
#define PAYLOAD "old-scheme/p256.payload.json"
#define GITHUB "https://token.actions.githubusercontent.com"

/* --- In place of identity.c --- */

static struct told { /* of the piece of evidence with that index */
    const char *issuer, *subject, *repository;
    bool is_uri;
} told[8];
static const struct chimera_evidence *first;
static int proven, log_code, logs_checked;

static char *copy(const char *text)
{
    return text ? strdup(text) : NULL;
}

int chimera_identity_prove(const struct chimera_evidence *evidence,
                           const struct chimera_trust_root *root,
                           struct chimera_identity *ret_identity, struct chimera_error *err)
{
    const struct told *one = &told[evidence - first];
    assert_non_null(root);
    proven++;
    if (!one->issuer)
        return chimera_fail(err, CHIMERA_EREFUSED, "not proven");
    *ret_identity = (struct chimera_identity){
        .issuer = copy(one->issuer),
        .subject = copy(one->subject),
        .is_uri = one->is_uri,
        .github_repository = copy(one->repository),
    };
    return CHIMERA_OK;
}

void chimera_identity_done(struct chimera_identity *identity)
{
    free(identity->issuer);
    free(identity->subject);
    free(identity->github_repository);
}

int chimera_evidence_check_log(const struct chimera_evidence *evidence, struct chimera_slice key,
                               const struct chimera_trust_root *root, struct chimera_error *err)
{
    (void)evidence;
    (void)root;
    logs_checked++;
    assert_int_equal((uint8_t)key.data[0], 0x30); /* DER */
    return log_code < 0 ? chimera_fail(err, log_code, "not in the log") : CHIMERA_OK;
}

/* --- Evidence --- */

struct fixture {
    struct chimera_buffer payload, signatures[4], signers, details;
    struct chimera_evidence evidence[4];
    struct chimera_trust_root root;
    struct chimera_error err;
};

/* By the keys p256, p384, rsa3072 and ed25519. */
static int setup(void **state)
{
    static const char *const NAMES[] = {"more/p256.sig", "more/p384.sig", "more/rsa3072.sig",
                                        "more/ed25519.sig"};
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    read_sample(PAYLOAD, &fixture->payload);
    for (size_t i = 0; i < 4; i++) {
        read_sample_bytes(NAMES[i], &fixture->signatures[i]);
        fixture->evidence[i].payload = fixture->evidence[i].message =
            chimera_buffer_slice(&fixture->payload);
        fixture->evidence[i].signature = chimera_buffer_slice(&fixture->signatures[i]);
    }
    chimera_buffer_init(&fixture->signers, 4096);
    chimera_buffer_init(&fixture->details, (size_t)1 << 16);
    fixture->err.details = &fixture->details;
    first = fixture->evidence;
    memset(told, 0, sizeof(told));
    proven = log_code = logs_checked = 0;
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    for (size_t i = 0; i < 4; i++) {
        json_object_put(fixture->evidence[i].annotations);
        chimera_buffer_free(&fixture->signatures[i]);
    }
    chimera_buffer_free(&fixture->payload);
    chimera_buffer_free(&fixture->signers);
    chimera_buffer_free(&fixture->details);
    free(fixture);
    return 0;
}

static void annotate(struct fixture *fixture, size_t index, const char *json)
{
    assert_int_equal(
        chimera_json_parse(chimera_slice_of(json), &fixture->evidence[index].annotations, NULL),
        CHIMERA_OK);
}

static void certify(struct fixture *fixture, size_t index, const char *issuer, const char *subject,
                    const char *repository)
{
    fixture->evidence[index].chain_count = 1;
    told[index] =
        (struct told){issuer, subject, repository, subject && strstr(subject, "://") != NULL};
}

/* The text has %s where a key, as JSON, stands, in the order of `keys`, which ends with NULL. */
static void configure(const char *text, const char *const *keys,
                      struct chimera_verification *ret_verification)
{
    struct chimera_buffer all;
    struct chimera_error err = {0};
    chimera_buffer_init(&all, (size_t)1 << 16);
    for (const char *mark; (mark = strstr(text, "%s")); text = mark + 2) {
        struct chimera_buffer key;
        char name[80];
        chimera_buffer_append(&all, (struct chimera_slice){text, (size_t)(mark - text)});
        snprintf(name, sizeof(name), "more/%s.pub", *keys++);
        read_sample(name, &key);
        chimera_json_write_string(chimera_buffer_slice(&key), &all);
        chimera_buffer_free(&key);
    }
    chimera_buffer_text(&all, text);
    if (chimera_verification_parse(chimera_buffer_slice(&all), "v", ret_verification, &err) < 0)
        fail_msg("%s", err.text);
    chimera_buffer_free(&all);
}

static int judge(struct fixture *fixture, size_t count, const char *text, const char *const *keys)
{
    struct chimera_verification verification;
    configure(text, keys, &verification);
    chimera_buffer_reset(&fixture->signers);
    chimera_buffer_reset(&fixture->details);
    fixture->err.text[0] = 0;
    int code = chimera_signatures_judge(&verification, fixture->evidence, count, &fixture->root,
                                        &fixture->signers, &fixture->err);
    chimera_verification_done(&verification);
    if (code == CHIMERA_OK)
        assert_int_equal(fixture->err.text[0], 0);
    else
        assert_int_equal(fixture->signers.size, 0);
    return code;
}

static void expect_text(struct chimera_buffer *buffer, const char *want)
{
    chimera_buffer_byte(buffer, 0);
    assert_string_equal(buffer->data, want);
    buffer->size--;
}

#define KEYS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_KEYS ((const char *const[]){NULL})
#define BY_KEY "{kind: pubKey, owner: alice, key: %s}"
#define MISSING "Image verification failed: missing signatures\n"
#define UNSATISFIED "The following constraints were not satisfied:\n"

/* --- Keys --- */

static void a_signature_by_the_key_satisfies(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(judge(fixture, 4, "allOf: [" BY_KEY "]", KEYS("ed25519")), CHIMERA_OK);
    assert_int_equal(logs_checked, 1);
    assert_int_equal(judge(fixture, 4, "allOf: [" BY_KEY ", " BY_KEY "]", KEYS("rsa3072", "p384")),
                     CHIMERA_OK);
    assert_int_equal(proven, 0);
}

static void the_signers_are_told_once(void **state)
{
    struct fixture *fixture = *state;
    struct chimera_buffer text;
    EVP_PKEY *key = NULL;
    char hint[CHIMERA_KEY_HINT_SIZE], want[100];
    certify(fixture, 1, "https://i", "m@x\nroot, by the key x", NULL);
    assert_int_equal(judge(fixture, 2,
                           "allOf: [" BY_KEY ", " BY_KEY
                           ", {kind: genericIssuer, issuer: 'https://i', "
                           "subject: {equal: \"m@x\\nroot, by the key x\"}}]",
                           KEYS("empty", "empty")),
                     CHIMERA_EREFUSED);
    assert_int_equal(judge(fixture, 2,
                           "allOf: [" BY_KEY ", " BY_KEY
                           ", {kind: genericIssuer, issuer: 'https://i', "
                           "subject: {equal: \"m@x\\nroot, by the key x\"}}]",
                           KEYS("p256", "p256")),
                     CHIMERA_OK);
    chimera_buffer_byte(&fixture->signers, 0);
    read_sample("more/p256.pub", &text);
    assert_int_equal(chimera_key_read(chimera_buffer_slice(&text), &key, NULL), CHIMERA_OK);
    assert_int_equal(chimera_key_hint(key, hint, NULL), CHIMERA_OK);
    EVP_PKEY_free(key);
    chimera_buffer_free(&text);
    snprintf(want, sizeof(want), "alice, by the key %s\n", hint);
    assert_ptr_equal(strstr(fixture->signers.data, want), fixture->signers.data);
    assert_string_equal(strchr(fixture->signers.data, '\n') + 1,
                        "m@x\\nroot, by the key x, vouched for by https://i\n");
}

static void a_missing_key_is_told_as_the_reference_tells_it(void **state)
{
    struct fixture *fixture = *state;
    struct chimera_buffer key;
    char want[1000] = MISSING UNSATISFIED "kind: pubKey\nowner: alice\nkey: |\n";
    /* Of p384 the first does not do, the second does: nothing is to be told of it. */
    assert_int_equal(judge(fixture, 2, "allOf: [" BY_KEY ", " BY_KEY "]", KEYS("p384", "p521")),
                     CHIMERA_EREFUSED);
    read_sample("more/p521.pub", &key);
    chimera_buffer_byte(&key, 0);
    for (char *line = key.data, *end; (end = strchr(line, '\n')); line = end + 1)
        snprintf(want + strlen(want), sizeof(want) - strlen(want), "  %.*s\n", (int)(end - line),
                 line);
    strncat(want, "annotations: null", sizeof(want) - strlen(want) - 1);
    assert_string_equal(fixture->err.text, want);
    expect_text(&fixture->details, "allOf[1]: signature 1: the signature is not by this key\n"
                                   "allOf[1]: signature 2: the signature is not by this key\n");
    chimera_buffer_free(&key);
}

static void entries_that_do_not_fit_are_told_in_the_details(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(judge(fixture, 1, "allOf: [" BY_KEY ", " BY_KEY "]", KEYS("p521", "p384")),
                     CHIMERA_EREFUSED);
    assert_int_equal(fixture->details.size > 0 ? fixture->details.data[0] : 0, 'a');
    assert_int_equal(
        judge(fixture, 0, "allOf: [" BY_KEY ", " BY_KEY "]", KEYS("rsa3072", "rsa3072")),
        CHIMERA_EREFUSED);
    assert_string_equal(fixture->err.text, MISSING "The following constraints were not satisfied:");
    chimera_buffer_byte(&fixture->details, 0);
    assert_ptr_equal(strstr(fixture->details.data, "kind: pubKey\nowner: alice\nkey: |\n"),
                     fixture->details.data);
    assert_non_null(strstr(fixture->details.data, "annotations: null\nkind: pubKey\n"));
    assert_int_equal(
        judge(fixture, 1, "allOf: [" BY_KEY ", " BY_KEY "]", KEYS("rsa3072", "rsa3072")),
        CHIMERA_EREFUSED);
    chimera_buffer_byte(&fixture->details, 0);
    assert_non_null(
        strstr(fixture->details.data, "annotations: null\nallOf[0]: signature 1: the signature"));
}

/* The text of an error has 999 bytes. */
static void what_fits_is_told_in_the_text(void **state)
{
    static const char head[] =
        MISSING UNSATISFIED "kind: githubAction\nowner: \nrepo: null\nannotations: null";
    struct fixture *fixture = *state;
    for (size_t size = sizeof(fixture->err.text) - 2; size <= sizeof(fixture->err.text); size++) {
        char text[1100] = "allOf: [{kind: githubAction, owner: ";
        size_t owner = size - strlen(head), before = strlen(text);
        memset(text + before, 'o', owner);
        snprintf(text + before + owner, sizeof(text) - before - owner, "}]");
        assert_int_equal(judge(fixture, 0, text, NO_KEYS), CHIMERA_EREFUSED);
        bool fits = size < sizeof(fixture->err.text);
        assert_int_equal(strlen(fixture->err.text), fits ? size : strlen(MISSING UNSATISFIED) - 1);
        assert_int_equal(fixture->details.size > 0, !fits);
    }
}

static void no_signature_satisfies_nobody(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(judge(fixture, 0, "allOf: [" BY_KEY "]", KEYS("p256")), CHIMERA_EREFUSED);
    assert_int_equal(judge(fixture, 0, "anyOf: {signatures: [" BY_KEY "]}", KEYS("p256")),
                     CHIMERA_EREFUSED);
}

/* The reference goes on, too; here it is said why. */
static void a_key_that_is_too_weak_satisfies_nobody(void **state)
{
    struct fixture *fixture = *state;
    struct chimera_buffer signature;
    read_sample_bytes("more/rsa1024.sig", &signature);
    fixture->evidence[0].signature = chimera_buffer_slice(&signature);
    assert_int_equal(judge(fixture, 1, "allOf: [" BY_KEY "]", KEYS("rsa1024")), CHIMERA_EREFUSED);
    chimera_buffer_byte(&fixture->details, 0);
    assert_non_null(strstr(fixture->details.data,
                           "allOf[0]: signature 1: an RSA key of 1024 bits: it must have"));
    chimera_buffer_free(&signature);
}

static void what_the_log_refuses_does_not_satisfy(void **state)
{
    struct fixture *fixture = *state;
    log_code = CHIMERA_EREFUSED;
    assert_int_equal(judge(fixture, 4, "allOf: [" BY_KEY "]", KEYS("p256")), CHIMERA_EREFUSED);
    chimera_buffer_byte(&fixture->details, 0);
    assert_non_null(strstr(fixture->details.data, "allOf[0]: signature 1: not in the log\n"));
}

static void each_changed_byte_satisfies_nobody(void **state)
{
    struct fixture *fixture = *state;
    struct chimera_buffer *parts[] = {&fixture->signatures[3], &fixture->payload};
    struct chimera_verification verification;
    configure("allOf: [" BY_KEY "]", KEYS("ed25519"), &verification);
    for (size_t part = 0; part < 2; part++)
        for (size_t i = 0; i < parts[part]->size; i++) {
            parts[part]->data[i] = (char)(parts[part]->data[i] ^ (1 << i % 8));
            if (chimera_signatures_judge(&verification, &fixture->evidence[3], 1, NULL,
                                         &fixture->signers, NULL) != CHIMERA_EREFUSED)
                fail_msg("byte %zu of part %zu", i, part);
            parts[part]->data[i] = (char)(parts[part]->data[i] ^ (1 << i % 8));
        }
    assert_int_equal(chimera_signatures_judge(&verification, &fixture->evidence[3], 1, NULL,
                                              &fixture->signers, NULL),
                     CHIMERA_OK);
    chimera_verification_done(&verification);
}

/* --- How many --- */

static void any_of_counts_entries(void **state)
{
    static const char two_of_three[] =
        "anyOf: {minimumMatches: 2, signatures: [" BY_KEY ", " BY_KEY ", " BY_KEY "]}";
    struct fixture *fixture = *state;
    assert_int_equal(judge(fixture, 2, two_of_three, KEYS("p256", "p521", "p384")), CHIMERA_OK);
    /* Not distinct signers. */
    assert_int_equal(judge(fixture, 2, two_of_three, KEYS("p256", "p521", "p256")), CHIMERA_OK);
    assert_int_equal(judge(fixture, 1, two_of_three, KEYS("p256", "p521", "p384")),
                     CHIMERA_EREFUSED);
    assert_int_equal(strncmp(fixture->err.text,
                             "Image verification failed: minimum number of signatures not "
                             "reached: needed 2, got 1\n" UNSATISFIED
                             "kind: pubKey\nowner: alice\n",
                             120),
                     0);
}

static void all_of_and_any_of_are_both_asked_for(void **state)
{
    static const char both[] = "allOf: [" BY_KEY "]\nanyOf: {signatures: [" BY_KEY "]}";
    struct fixture *fixture = *state;
    assert_int_equal(judge(fixture, 2, both, KEYS("p256", "p384")), CHIMERA_OK);
    assert_int_equal(judge(fixture, 2, both, KEYS("p256", "p521")), CHIMERA_EREFUSED);
    assert_int_equal(judge(fixture, 2, both, KEYS("p521", "p384")), CHIMERA_EREFUSED);
    assert_int_equal(judge(fixture, 1,
                           "allOf: [" BY_KEY "]\nanyOf: {minimumMatches: 0, signatures: []}",
                           KEYS("p256")),
                     CHIMERA_OK);
}

static void who_asks_for_nothing_gets_nothing(void **state)
{
    static const char *const CASES[] = {
        "allOf: []",
        "anyOf: {minimumMatches: 0, signatures: []}",
        "allOf: []\nanyOf: {minimumMatches: 0, signatures: [{kind: githubAction, owner: o}]}",
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        assert_int_equal(judge(fixture, 4, CASES[i], NO_KEYS), CHIMERA_EREFUSED);
        assert_string_equal(fixture->err.text,
                            "Image verification failed: no signatures to verify");
    }
    assert_int_equal(judge(fixture, 4, "anyOf: {signatures: []}", NO_KEYS), CHIMERA_EREFUSED);
    assert_string_equal(fixture->err.text,
                        "Image verification failed: minimum number of signatures not reached: "
                        "needed 1, got 0");
}

/* --- Annotations --- */

static void annotations_must_be_there_and_equal(void **state)
{
    static const struct {
        const char *wanted, *found;
        bool is_satisfied;
    } CASES[] = {
        {"{}", NULL, true},
        {"{env: prod}", NULL, false},
        {"{env: prod}", "{}", false},
        {"{env: prod}", "{\"env\":\"prod\",\"more\":1}", true},
        {"{env: prod}", "{\"env\":\"Prod\"}", false},
        {"{env: prod}", "{\"env\":\"prod\\u0000\"}", false},
        {"{env: prod, b: c}", "{\"env\":\"prod\"}", false},
        {"{n: '1'}", "{\"n\":1}", true},
        {"{n: '1.5'}", "{\"n\":1.5}", true},
        {"{n: '-3'}", "{\"n\":-3}", true},
        {"{n: '01'}", "{\"n\":1}", false},
        {"{n: 'true'}", "{\"n\":true}", true},
        {"{n: 'false'}", "{\"n\":true}", false},
        {"{n: 'null'}", "{\"n\":null}", false},
        {"{n: '[]'}", "{\"n\":[]}", false},
        {"{n: '{}'}", "{\"n\":{}}", false},
        {"{n: ''}", "{\"n\":\"\"}", true},
        {"{n: ''}", "{\"n\":null}", false},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        struct fixture *fixture = *state;
        char text[200];
        json_object_put(fixture->evidence[0].annotations);
        fixture->evidence[0].annotations = NULL;
        if (CASES[i].found)
            annotate(fixture, 0, CASES[i].found);
        snprintf(text, sizeof(text), "allOf: [{kind: pubKey, key: %%s, annotations: %s}]",
                 CASES[i].wanted);
        int code = judge(fixture, 1, text, KEYS("p256"));
        if (code != (CASES[i].is_satisfied ? CHIMERA_OK : CHIMERA_EREFUSED))
            fail_msg("case %zu: %d", i, code);
    }
}

/* One signature has to hold all of what the entry asks for. */
static void annotations_are_those_of_the_same_signature(void **state)
{
    struct fixture *fixture = *state;
    annotate(fixture, 1, "{\"env\":\"prod\"}");
    assert_int_equal(judge(fixture, 2, "allOf: [{kind: pubKey, key: %s, annotations: {env: prod}}]",
                           KEYS("p256")),
                     CHIMERA_EREFUSED);
    certify(fixture, 0, "i", "m@x", NULL);
    assert_int_equal(judge(fixture, 2,
                           "allOf: [{kind: genericIssuer, issuer: i, subject: {equal: m@x}, "
                           "annotations: {env: prod}}]",
                           NO_KEYS),
                     CHIMERA_EREFUSED);
}

/* --- Certificates --- */

static bool is_taken(struct fixture *fixture, const char *entry)
{
    char text[300];
    snprintf(text, sizeof(text), "allOf: [%s]", entry);
    return judge(fixture, 1, text, NO_KEYS) == CHIMERA_OK;
}

#define EQUAL(issuer, subject) \
    "{kind: genericIssuer, issuer: '" issuer "', subject: {equal: '" subject "'}}"
#define PREFIX(issuer, prefix) \
    "{kind: genericIssuer, issuer: '" issuer "', subject: {urlPrefix: '" prefix "'}}"

static void issuer_and_subject_must_be_equal(void **state)
{
    struct fixture *fixture = *state;
    certify(fixture, 0, "https://i", "a@x.example", NULL);
    assert_true(is_taken(fixture, EQUAL("https://i", "a@x.example")));
    assert_false(is_taken(fixture, EQUAL("https://i/", "a@x.example")));
    assert_false(is_taken(fixture, EQUAL("https://i", "A@x.example")));
    assert_false(is_taken(fixture, EQUAL("https://i", "a@x.exampl")));
    assert_false(is_taken(fixture, EQUAL("", "a@x.example")));
    assert_false(is_taken(fixture, EQUAL("https://i", "")));
    certify(fixture, 0, "https://i", NULL, NULL);
    assert_false(is_taken(fixture, EQUAL("https://i", "")));
}

static void a_prefix_does_not_match_a_longer_owner(void **state)
{
    struct fixture *fixture = *state;
    certify(fixture, 0, "i", "https://github.com/org/repo/.github/workflows/x.yml@v1", NULL);
    assert_true(is_taken(fixture, PREFIX("i", "https://github.com/org")));
    assert_true(is_taken(fixture, PREFIX("i", "https://github.com/org/")));
    assert_true(is_taken(fixture, PREFIX("i", "https://GITHUB.com")));
    assert_false(is_taken(fixture, PREFIX("i", "https://github.com/or")));
    assert_false(is_taken(fixture, PREFIX("i", "https://github.com/Org")));
    assert_false(is_taken(fixture, PREFIX("j", "https://github.com/org")));
    certify(fixture, 0, "i", "https://github.com/org-evil/repo", NULL);
    assert_false(is_taken(fixture, PREFIX("i", "https://github.com/org")));
    certify(fixture, 0, "i", "https://github.com/org", NULL);
    assert_false(is_taken(fixture, PREFIX("i", "https://github.com/org")));
}

#define ACTION(owner) "{kind: githubAction, owner: '" owner "'}"
#define ACTION_OF(owner, repo) "{kind: githubAction, owner: '" owner "', repo: '" repo "'}"
#define WORKFLOW "https://github.com/other/shared/.github/workflows/x.yml@v1"

static void a_github_action_is_known_by_the_repository_that_ran_it(void **state)
{
    struct fixture *fixture = *state;
    certify(fixture, 0, GITHUB, WORKFLOW, "org/policy");
    assert_true(is_taken(fixture, ACTION("org")));
    assert_true(is_taken(fixture, ACTION_OF("org", "policy")));
    assert_false(is_taken(fixture, ACTION_OF("org", "polic")));
    assert_false(is_taken(fixture, ACTION_OF("org", "Policy")));
    assert_false(is_taken(fixture, ACTION_OF("org", "")));
    assert_false(is_taken(fixture, ACTION("Org")));
    assert_false(is_taken(fixture, ACTION("or")));
    assert_false(is_taken(fixture, ACTION("org/")));
    assert_false(is_taken(fixture, ACTION("other"))); /* who wrote the workflow */
    assert_false(is_taken(fixture, ACTION_OF("other", "shared")));
    certify(fixture, 0, GITHUB, "https://github.com/o/r", "o/r");
    assert_true(is_taken(fixture, ACTION("o")));
    assert_true(is_taken(fixture, ACTION_OF("o", "r")));
}

static void other_identities_are_no_github_action(void **state)
{
    static const struct told OTHERS[] = {
        {GITHUB "/", WORKFLOW, "org/policy", true},
        {"https://accounts.example", WORKFLOW, "org/policy", true},
        {GITHUB, WORKFLOW, "org/policy", false},
        {GITHUB, "a@x.example", "org/policy", false},
        {GITHUB, NULL, "org/policy", true},
        {GITHUB, "https://gitlab.example/org/policy/x", "org/policy", true},
        {GITHUB, "https://github.com.evil.example/org/policy/x", "org/policy", true},
        {GITHUB, "https://github.com/", "org/policy", true},
        {GITHUB, "https://github.com/org", "org/policy", true},
        {GITHUB, "https://github.com/org/", "org/policy", true},
        {GITHUB, "https://github.com//policy", "org/policy", true},
        {GITHUB, "https://github.com/org//policy", "org/policy", true},
        {GITHUB, WORKFLOW, "org//policy", true},
        {GITHUB, WORKFLOW, "org/p/", true},
        {GITHUB, WORKFLOW, NULL, true},
        {GITHUB, WORKFLOW, "", true},
        {GITHUB, WORKFLOW, "org", true},
        {GITHUB, WORKFLOW, "org/", true},
        {GITHUB, WORKFLOW, "/policy", true},
        {GITHUB, WORKFLOW, "org/policy/more", true},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++) {
        certify(fixture, 0, "", NULL, NULL);
        told[0] = OTHERS[i];
        if (is_taken(fixture, ACTION("org")))
            fail_msg("case %zu", i);
    }
}

static void expect_reason(struct fixture *fixture, const char *reason)
{
    char want[200];
    snprintf(want, sizeof(want), "allOf[0]: signature 1: %s\n", reason);
    expect_text(&fixture->details, want);
    chimera_buffer_reset(&fixture->details);
}

static void a_certificate_is_proven_once_and_believed_by_a_root_only(void **state)
{
    struct fixture *fixture = *state;
    struct chimera_verification verification;
    certify(fixture, 0, "i", "a@x", NULL);
    assert_true(is_taken(fixture, EQUAL("i", "b@x") ", " EQUAL("i", "a@x")) == false);
    assert_int_equal(proven, 1);
    chimera_buffer_byte(&fixture->details, 0);
    assert_non_null(
        strstr(fixture->details.data, "allOf[0]: signature 1: it is by a@x, vouched for by i\n"));
    chimera_buffer_reset(&fixture->details);
    configure("allOf: [" EQUAL("i", "a@x") "]", NO_KEYS, &verification);
    assert_int_equal(chimera_signatures_judge(&verification, fixture->evidence, 1, NULL,
                                              &fixture->signers, &fixture->err),
                     CHIMERA_EREFUSED);
    expect_reason(fixture, "there is no trust root to believe its certificate by");
    fixture->evidence[0].chain_count = 0;
    assert_int_equal(chimera_signatures_judge(&verification, fixture->evidence, 1, &fixture->root,
                                              &fixture->signers, &fixture->err),
                     CHIMERA_EREFUSED);
    expect_reason(fixture, "there is no certificate");
    assert_int_equal(proven, 1);
    certify(fixture, 0, NULL, NULL, NULL);
    assert_int_equal(chimera_signatures_judge(&verification, fixture->evidence, 1, &fixture->root,
                                              &fixture->signers, &fixture->err),
                     CHIMERA_EREFUSED);
    expect_reason(fixture, "not proven");
    chimera_verification_done(&verification);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_signature_by_the_key_satisfies),
        TEST(the_signers_are_told_once),
        TEST(a_missing_key_is_told_as_the_reference_tells_it),
        TEST(entries_that_do_not_fit_are_told_in_the_details),
        TEST(what_fits_is_told_in_the_text),
        TEST(no_signature_satisfies_nobody),
        TEST(a_key_that_is_too_weak_satisfies_nobody),
        TEST(what_the_log_refuses_does_not_satisfy),
        TEST(each_changed_byte_satisfies_nobody),
        TEST(any_of_counts_entries),
        TEST(all_of_and_any_of_are_both_asked_for),
        TEST(who_asks_for_nothing_gets_nothing),
        TEST(annotations_must_be_there_and_equal),
        TEST(annotations_are_those_of_the_same_signature),
        TEST(issuer_and_subject_must_be_equal),
        TEST(a_prefix_does_not_match_a_longer_owner),
        TEST(a_github_action_is_known_by_the_repository_that_ran_it),
        TEST(other_identities_are_no_github_action),
        TEST(a_certificate_is_proven_once_and_believed_by_a_root_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
