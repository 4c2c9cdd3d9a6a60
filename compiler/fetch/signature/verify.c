/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/signature/verify.h"

#include <stdio.h>
#include <stdlib.h>

#include "compiler/fetch/signature/identity.h"
#include "compiler/fetch/signature/key.h"
#include "runtime/json/tree.h"
#include "runtime/text/printable.h"

#define MESSAGE_MAX ((size_t)1 << 20)
#define SIGNERS_MAX ((size_t)64 << 10)
#define NUMBER_MAX 512 /* of an annotation that is a number, as text */
#define KEY_DER_MAX 16384
#define GITHUB_ISSUER "https://token.actions.githubusercontent.com"
#define GITHUB "https://github.com/"

struct proof { /* of a certificate; made once, when an entry asks for one */
    bool is_made;
    int code;
    struct chimera_identity identity; /* owned, when the code is CHIMERA_OK */
    struct chimera_error why;
};

struct judge {
    const struct chimera_evidence *evidence; /* borrowed, as all but what is owned */
    size_t count;
    const struct chimera_trust_root *root;
    struct proof *proofs;          /* owned; one for each piece of evidence */
    struct chimera_buffer signers; /* owned */
    struct chimera_buffer reasons; /* owned */
};

/* One line for people, once: "WHO, by the key X", or "the key X". The lines stand behind an end of
 * line, to be found by it; what a certificate says cannot make two of one. */
static void add_signer(struct judge *judge, const char *who, const char *how, const char *by)
{
    struct chimera_slice all = chimera_buffer_slice(&judge->signers);
    struct chimera_buffer line;
    chimera_buffer_init(&line, SIGNERS_MAX);
    chimera_buffer_byte(&line, '\n');
    chimera_printable_append(chimera_slice_of(who), NULL, &line);
    chimera_buffer_text(&line, how);
    chimera_printable_append(chimera_slice_of(by), NULL, &line);
    chimera_buffer_byte(&line, '\n');
    struct chimera_slice text = chimera_buffer_slice(&line);
    if (!line.failed && (all.size == 0 || !memmem(all.data, all.size, text.data, text.size))) {
        size_t shared = all.size > 0; /* the end of the line before */
        chimera_buffer_append(&judge->signers,
                              (struct chimera_slice){text.data + shared, text.size - shared});
    }
    chimera_buffer_free(&line);
}

/* --- Annotations --- */

/* A text as it is, numbers and booleans as JSON has them; others are equal to none. */
static bool is_text(struct json_object *value, const char *wanted)
{
    struct chimera_buffer text;
    if (json_object_is_type(value, json_type_string))
        return chimera_slice_is((struct chimera_slice){json_object_get_string(value),
                                                       (size_t)json_object_get_string_len(value)},
                                wanted);
    if (!json_object_is_type(value, json_type_int) &&
        !json_object_is_type(value, json_type_double) &&
        !json_object_is_type(value, json_type_boolean))
        return false;
    chimera_buffer_init(&text, NUMBER_MAX);
    chimera_json_write(value, &text);
    bool is_same = !text.failed && chimera_slice_is(chimera_buffer_slice(&text), wanted);
    chimera_buffer_free(&text);
    return is_same;
}

int chimera_evidence_check_annotations(const struct chimera_evidence *evidence,
                                       struct json_object *wanted, struct chimera_error *err)
{
    struct json_object *found = evidence->annotations;
    if (!wanted)
        return CHIMERA_OK;
    json_object_object_foreach(wanted, key, value)
    {
        struct json_object *own = NULL;
        if (found)
            json_object_object_get_ex(found, key, &own);
        if (!is_text(own, json_object_get_string(value)))
            return chimera_fail(err, CHIMERA_EREFUSED,
                                "the annotation `%s` is not there or is another", key);
    }
    return CHIMERA_OK;
}

/* --- Keys --- */

static int check_key(struct judge *judge, const struct chimera_constraint *constraint, size_t index,
                     struct chimera_error *err)
{
    const struct chimera_evidence *evidence = &judge->evidence[index];
    char hint[CHIMERA_KEY_HINT_SIZE];
    EVP_PKEY *key = NULL;
    int code = chimera_key_read(chimera_slice_of(constraint->key), &key, err);
    if (code == CHIMERA_OK)
        code = chimera_key_verify(key, evidence->message, evidence->signature, err);
    if (code == CHIMERA_OK) {
        struct chimera_buffer der;
        chimera_buffer_init(&der, KEY_DER_MAX);
        code = chimera_key_write(key, &der, err);
        if (code == CHIMERA_OK)
            code =
                chimera_evidence_check_log(evidence, chimera_buffer_slice(&der), judge->root, err);
        chimera_buffer_free(&der);
    }
    if (code == CHIMERA_OK)
        code = chimera_evidence_check_annotations(evidence, constraint->annotations, err);
    if (code == CHIMERA_OK)
        code = chimera_key_hint(key, hint, err);
    if (code == CHIMERA_OK)
        add_signer(judge, constraint->owner ? constraint->owner : "",
                   constraint->owner ? ", by the key " : "the key ", hint);
    EVP_PKEY_free(key);
    return code;
}

/* --- Certificates --- */

static const struct proof *prove(struct judge *judge, size_t index)
{
    struct proof *proof = &judge->proofs[index];
    const struct chimera_evidence *evidence = &judge->evidence[index];
    if (proof->is_made)
        return proof;
    proof->is_made = true;
    if (evidence->chain_count == 0)
        proof->code = chimera_fail(&proof->why, CHIMERA_EREFUSED, "there is no certificate");
    else if (!judge->root)
        proof->code = chimera_fail(&proof->why, CHIMERA_EREFUSED,
                                   "there is no trust root to believe its certificate by");
    else
        proof->code = chimera_identity_prove(evidence, judge->root, &proof->identity, &proof->why);
    return proof;
}

static bool is_same(const char *a, const char *b)
{
    return a && b && strcmp(a, b) == 0;
}

static bool starts_with(const char *text, const char *prefix)
{
    return text && strncmp(text, prefix, strlen(prefix)) == 0;
}

/* "OWNER/REPOSITORY", of which both are there. */
static const char *slash_of(const char *repository)
{
    const char *slash = repository ? strchr(repository, '/') : NULL;
    return slash && slash != repository && slash[1] && slash[1] != '/' ? slash : NULL;
}

/* The owner is who owns the workflow that ran; the subject may be a workflow of somebody else that
 * it used. */
static bool is_github_action(const struct chimera_constraint *constraint,
                             const struct chimera_identity *identity)
{
    const char *slash = slash_of(identity->github_repository);
    if (!is_same(identity->issuer, GITHUB_ISSUER) || !identity->is_uri ||
        !starts_with(identity->subject, GITHUB) || !slash_of(identity->subject + strlen(GITHUB)) ||
        !slash || strchr(slash + 1, '/'))
        return false;
    size_t size = (size_t)(slash - identity->github_repository);
    return strlen(constraint->owner) == size &&
           strncmp(constraint->owner, identity->github_repository, size) == 0 &&
           (!constraint->repository || is_same(constraint->repository, slash + 1));
}

static int check_certificate(struct judge *judge, const struct chimera_constraint *constraint,
                             size_t index, struct chimera_error *err)
{
    const struct proof *proof = prove(judge, index);
    const struct chimera_identity *identity = &proof->identity;
    if (proof->code < 0)
        return chimera_fail(err, proof->code, "%s", proof->why.text);
    bool is_wanted =
        constraint->kind == CHIMERA_GENERIC_ISSUER
            ? is_same(identity->issuer, constraint->issuer) &&
                  (constraint->subject ? is_same(identity->subject, constraint->subject)
                                       : starts_with(identity->subject, constraint->url_prefix))
            : is_github_action(constraint, identity);
    if (!is_wanted)
        return chimera_fail(err, CHIMERA_EREFUSED, "it is by %s, vouched for by %s",
                            identity->subject ? identity->subject : "nobody",
                            identity->issuer ? identity->issuer : "nobody");
    int code =
        chimera_evidence_check_annotations(&judge->evidence[index], constraint->annotations, err);
    if (code == CHIMERA_OK)
        add_signer(judge, identity->subject, ", vouched for by ", identity->issuer);
    return code;
}

/* --- Entries --- */

/* By one signature or another; why each does not do is kept if none does. */
static bool is_satisfied(struct judge *judge, const struct chimera_constraint *constraint,
                         const char *list, size_t entry)
{
    size_t before = judge->reasons.size;
    for (size_t i = 0; i < judge->count; i++) {
        struct chimera_error why = {0};
        int code = constraint->kind == CHIMERA_PUBLIC_KEY
                       ? check_key(judge, constraint, i, &why)
                       : check_certificate(judge, constraint, i, &why);
        if (code == CHIMERA_OK) {
            judge->reasons.size = before;
            return true;
        }
        chimera_buffer_print(&judge->reasons, "%s[%zu]: signature %zu: ", list, entry, i + 1);
        chimera_printable_append(chimera_slice_of(why.text), NULL, &judge->reasons);
        chimera_buffer_byte(&judge->reasons, '\n');
    }
    return false;
}

/* How many are; the others are appended to `missing`. */
static size_t count_satisfied(struct judge *judge, const struct chimera_constraint *list,
                              size_t count, const char *name, struct chimera_buffer *missing)
{
    size_t satisfied = 0;
    for (size_t i = 0; i < count; i++)
        if (is_satisfied(judge, &list[i], name, i))
            satisfied++;
        else
            chimera_constraint_write(&list[i], missing);
    return satisfied;
}

#define NOT_SATISFIED "The following constraints were not satisfied:\n"

/* The message of a refusal. Entries that do not fit go to the details. */
static int refuse(struct judge *judge, const char *why, const struct chimera_buffer *missing,
                  struct chimera_error *err)
{
    struct chimera_slice list = chimera_slice_trim(chimera_buffer_slice(missing));
    struct chimera_buffer *details = err ? err->details : NULL;
    const char *head = list.size ? "\n" NOT_SATISFIED : "";
    bool fits = !details || strlen(why) + strlen(head) + list.size < sizeof(err->text);
    if (details && !fits) {
        chimera_buffer_append(details, list);
        chimera_buffer_byte(details, '\n');
    }
    if (details)
        chimera_buffer_append(details, chimera_buffer_slice(&judge->reasons));
    return chimera_fail(err, CHIMERA_EREFUSED, "%s%.*s%.*s", why, (int)strlen(head) - !fits, head,
                        fits ? (int)list.size : 0, list.size ? list.data : "");
}

static int judge_all(struct judge *judge, const struct chimera_verification *verification,
                     struct chimera_error *err)
{
    struct chimera_buffer missing;
    char why[160];
    int code = CHIMERA_OK;
    chimera_buffer_init(&missing, MESSAGE_MAX);
    size_t all =
        count_satisfied(judge, verification->all_of, verification->all_count, "allOf", &missing);
    if (all < verification->all_count)
        code = refuse(judge, "Image verification failed: missing signatures", &missing, err);
    chimera_buffer_free(&missing);
    if (code < 0 || !verification->has_any_of)
        return code;
    size_t any =
        count_satisfied(judge, verification->any_of, verification->any_count, "anyOf", &missing);
    snprintf(why, sizeof(why),
             "Image verification failed: minimum number of signatures not reached: needed %u, got "
             "%zu",
             verification->minimum_matches, any);
    if (any < verification->minimum_matches)
        code = refuse(judge, why, &missing, err);
    chimera_buffer_free(&missing);
    return code;
}

int chimera_signatures_judge(const struct chimera_verification *verification,
                             const struct chimera_evidence *evidence, size_t count,
                             const struct chimera_trust_root *root, struct chimera_buffer *signers,
                             struct chimera_error *err)
{
    struct judge judge = {.evidence = evidence, .count = count, .root = root};
    if (verification->all_count <= 0 &&
        (!verification->has_any_of || verification->minimum_matches <= 0))
        return chimera_fail(err, CHIMERA_EREFUSED,
                            "Image verification failed: no signatures to verify");
    judge.proofs = calloc(count + 1, sizeof(*judge.proofs));
    if (!judge.proofs)
        return chimera_fail_memory(err);
    chimera_buffer_init(&judge.signers, SIGNERS_MAX);
    chimera_buffer_init(&judge.reasons, MESSAGE_MAX);
    int code = judge_all(&judge, verification, err);
    if (code == CHIMERA_OK && judge.signers.size > 0)
        chimera_buffer_append(
            signers, (struct chimera_slice){judge.signers.data + 1, judge.signers.size - 1});
    for (size_t i = 0; i < count; i++)
        if (judge.proofs[i].is_made && judge.proofs[i].code == CHIMERA_OK)
            chimera_identity_done(&judge.proofs[i].identity);
    free(judge.proofs);
    chimera_buffer_free(&judge.signers);
    chimera_buffer_free(&judge.reasons);
    return code;
}
