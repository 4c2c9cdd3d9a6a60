/* SPDX-License-Identifier: Apache-2.0 */
/* rescan.c - a scan of many objects by several policies, and the same once more, with verdicts that
 * are given again; then fresh evaluations against those, at random.
 *
 *   bench-rescan OBJECTS BYTES COMPARISONS REVIEW.json… -- PLUGIN.so SETTINGS.json…
 *
 * Each object is one of the reviews with another uid of its own; the request's uid is another each
 * time. Every review is asked of every policy, through evaluator_ask() as a worker asks. Prints one
 * JSON object: evaluations a second of the first scan and of the second, of asking alone and with
 * the parse of the request; how many were given again; how many answers differed from the first
 * scan's, or of `comparisons` from a fresh evaluation of the same request (of both there must be
 * none); bytes. Exit code 1: an answer differed.
 */
#include <string.h>

#include "figures.h"
#include "runtime/base/file.h"
#include "runtime/policy/policy.h"
#include "server/review/evaluator.h"

#define TEXT_MAX ((size_t)16 << 20)
#define REVIEWS_MAX 16
#define POLICIES_MAX 64
#define UID_SIZE 36
#define ANSWER_MAX ((size_t)1 << 20)

struct review {
    struct chimera_buffer text;
    size_t uid_at, object_uid_at; /* of 36 characters each */
};

struct local { /* a policy of this process */
    struct evaluator evaluator;
    struct chimera_policy *policy;
    struct reused_policy reused;
};

struct rescan {
    struct review review[REVIEWS_MAX];
    struct local local[POLICIES_MAX];
    size_t reviews, policies, objects;
    struct reuse reuse;
    struct counters *counters;
    struct chimera_arena arena;
    struct chimera_buffer answer, fresh;
    uint64_t *answers; /* hashes of the first scan's; one an object and policy */
    uint64_t random;
    uint64_t ask_ns, all_ns, differences;
};

static uint64_t next_random(struct rescan *rescan)
{
    rescan->random ^= rescan->random << 13;
    rescan->random ^= rescan->random >> 7;
    rescan->random ^= rescan->random << 17;
    return rescan->random;
}

static void write_hex(char *to, uint64_t number, size_t digits)
{
    for (size_t i = 0; i < digits; i++)
        to[i] = "0123456789abcdef"[number >> 4 * i & 15];
}

/* The review of that object, as a new request. */
static struct chimera_slice make_request(struct rescan *rescan, size_t object)
{
    struct review *review = &rescan->review[object % rescan->reviews];
    write_hex(review->text.data + review->uid_at, next_random(rescan), 8);
    write_hex(review->text.data + review->uid_at + 24, next_random(rescan), 12);
    write_hex(review->text.data + review->object_uid_at, object, 8);
    return chimera_buffer_slice(&review->text);
}

static int evaluate(const struct evaluator *evaluator, const struct evaluator_input *input,
                    struct chimera_response *ret_response, struct chimera_run_report *ret_cost)
{
    struct chimera_policy *policy = ((const struct local *)evaluator)->policy;
    int code = chimera_policy_evaluate(policy, 0, input->request, 0, input->arena, ret_response);
    chimera_policy_last_run(policy, 0, ret_cost);
    return code;
}

/* Asks a policy about an object, with verdicts given again or without; the answer is written
 * without its uid. */
static int ask(struct rescan *rescan, size_t object, struct local *local, bool is_reused,
               struct chimera_buffer *out)
{
    struct chimera_request request;
    struct chimera_response response;
    struct chimera_slice why;
    const struct asked_policy asked = {.evaluator = &local->evaluator,
                                       .reused = is_reused ? &local->reused : NULL};
    uint64_t began = now_ns();
    if (chimera_request_parse_review(
            chimera_buffer_slice(&rescan->review[object % rescan->reviews].text), &rescan->arena,
            &request, &why) != CHIMERA_REQUEST_OK)
        return CHIMERA_EINVAL;
    const struct evaluator_input input = {
        .request = &request, .arena = &rescan->arena, .is_audit = true};
    uint64_t parsed = now_ns();
    int code = evaluator_ask(&asked, &input, &response);
    uint64_t end = now_ns();
    rescan->all_ns += end - began;
    rescan->ask_ns += end - parsed;
    if (code < 0)
        return code;
    response.uid = CHIMERA_SLICE("");
    chimera_buffer_reset(out);
    chimera_response_write(&response, out);
    chimera_arena_reset(&rescan->arena);
    return out->failed;
}

static uint64_t hash(struct chimera_slice text)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < text.size; i++)
        hash = (hash ^ (uint8_t)text.data[i]) * UINT64_C(1099511628211);
    return hash;
}

/* *ret_rates: evaluations a second, of asking alone and of all. */
static int scan(struct rescan *rescan, bool is_first, double ret_rates[2])
{
    rescan->ask_ns = rescan->all_ns = 0;
    for (size_t i = 0; i < rescan->objects; i++) {
        for (size_t p = 0; p < rescan->policies; p++) {
            make_request(rescan, i);
            int code = ask(rescan, i, &rescan->local[p], true, &rescan->answer);
            if (code < 0)
                return code;
            uint64_t *answer = &rescan->answers[i * rescan->policies + p];
            uint64_t now = hash(chimera_buffer_slice(&rescan->answer));
            rescan->differences += !is_first && *answer != now;
            *answer = now;
        }
    }
    double count = (double)(rescan->objects * rescan->policies);
    ret_rates[0] = count * 1e9 / (double)rescan->ask_ns;
    ret_rates[1] = count * 1e9 / (double)rescan->all_ns;
    return CHIMERA_OK;
}

static int compare(struct rescan *rescan, size_t comparisons)
{
    for (size_t i = 0; i < comparisons; i++) {
        size_t object = next_random(rescan) % rescan->objects;
        struct local *local = &rescan->local[next_random(rescan) % rescan->policies];
        make_request(rescan, object);
        int code = ask(rescan, object, local, true, &rescan->answer);
        if (code == CHIMERA_OK)
            code = ask(rescan, object, local, false, &rescan->fresh);
        if (code < 0)
            return code;
        rescan->differences +=
            rescan->answer.size != rescan->fresh.size ||
            memcmp(rescan->answer.data, rescan->fresh.data, rescan->fresh.size) != 0;
    }
    return CHIMERA_OK;
}

/* --- What there is --- */

/* Behind `name`, from `from` on; 0: nowhere. */
static size_t find_uid(const struct chimera_buffer *text, const char *name, size_t from)
{
    const char *at = memmem(text->data + from, text->size - from, name, strlen(name));
    size_t found = at ? (size_t)(at - text->data) + strlen(name) : 0;
    return found && found + UID_SIZE < text->size && text->data[found + UID_SIZE] == '"' ? found
                                                                                         : 0;
}

static int add_review(struct rescan *rescan, const char *path, struct chimera_error *err)
{
    struct review *review = &rescan->review[rescan->reviews];
    chimera_buffer_init(&review->text, TEXT_MAX);
    if (rescan->reviews == REVIEWS_MAX || chimera_file_read(path, &review->text, err) < 0)
        return CHIMERA_EIO;
    review->uid_at = find_uid(&review->text, "\"request\":{\"uid\":\"", 0);
    const char *at = memmem(review->text.data, review->text.size, "\"object\":{", 10);
    review->object_uid_at =
        at ? find_uid(&review->text, "\"uid\":\"", (size_t)(at - review->text.data)) : 0;
    if (!review->uid_at || !review->object_uid_at)
        return chimera_fail(err, CHIMERA_EINVAL, "%s: no uid of the request and the object", path);
    rescan->reviews++;
    return CHIMERA_OK;
}

static int add_policy(struct rescan *rescan, const char *plugin, const char *settings,
                      struct chimera_error *err)
{
    struct local *local = &rescan->local[rescan->policies];
    struct chimera_loaded *loaded;
    struct chimera_buffer text;
    chimera_buffer_init(&text, TEXT_MAX);
    if (rescan->policies == POLICIES_MAX || chimera_plugin_load(plugin, &loaded, err) < 0 ||
        chimera_file_read(settings, &text, err) < 0)
        return CHIMERA_EIO;
    const struct chimera_policy_options options = {
        .id = plugin, .settings = chimera_buffer_slice(&text), .limit_ms = 10000, .lanes = 1};
    local->evaluator.evaluate = evaluate;
    reuse_enter(&local->reused, &rescan->reuse, (uint32_t)rescan->policies++,
                chimera_slice_of(plugin), NULL);
    int code = chimera_policy_open(loaded, &options, &local->policy, err);
    return code < 0 ? code : chimera_policy_warm(local->policy, 0, err);
}

static int open_all(struct rescan *rescan, char **arguments, uint64_t bytes,
                    struct chimera_error *err)
{
    rescan->counters = calloc(1, sizeof(*rescan->counters));
    chimera_arena_init(&rescan->arena, TEXT_MAX);
    chimera_buffer_init(&rescan->answer, ANSWER_MAX);
    chimera_buffer_init(&rescan->fresh, ANSWER_MAX);
    int code = rescan->counters
                   ? reuse_open(&rescan->reuse, bytes, false, rescan->counters, NULL, err)
                   : chimera_fail_memory(err);
    for (; code == CHIMERA_OK && *arguments && strcmp(*arguments, "--") != 0; arguments++)
        code = add_review(rescan, *arguments, err);
    for (arguments += *arguments != NULL; code == CHIMERA_OK && arguments[0] && arguments[1];
         arguments += 2)
        code = add_policy(rescan, arguments[0], arguments[1], err);
    if (code == CHIMERA_OK && (!rescan->reviews || !rescan->policies))
        code = chimera_fail(err, CHIMERA_EINVAL, "no reviews, or no policies");
    rescan->answers = calloc(rescan->objects * rescan->policies + 1, sizeof(*rescan->answers));
    return code == CHIMERA_OK && !rescan->answers ? chimera_fail_memory(err) : code;
}

static void print(const struct rescan *rescan, double first[2], double second[2],
                  size_t comparisons)
{
    const struct reuse_counters *counters = &rescan->counters->reuse;
    printf("{\"evaluations\":%zu,\"first\":%.0f,\"second\":%.0f,\"ratio\":%.1f,"
           "\"first_with_parse\":%.0f,\"second_with_parse\":%.0f,\"ratio_with_parse\":%.1f,",
           rescan->objects * rescan->policies, first[0], second[0], second[0] / first[0], first[1],
           second[1], second[1] / first[1]);
    printf("\"comparisons\":%zu,\"hits\":%llu,\"misses\":%llu,\"checks\":%llu,\"evicted\":%llu,"
           "\"bytes\":%llu,\"differences\":%llu}\n",
           comparisons, (unsigned long long)counters->hits, (unsigned long long)counters->misses,
           (unsigned long long)counters->checks, (unsigned long long)rescan->reuse.unseen.evicted,
           (unsigned long long)rescan->reuse.unseen.bytes, (unsigned long long)rescan->differences);
}

int main(int argument_count, char **arguments)
{
    static struct rescan rescan = {.random = 88172645463325252};
    double first[2], second[2];
    struct chimera_error err = {.text = "a policy has no instance"};
    uint64_t numbers[3] = {0};
    for (int i = 0; i < 3 && argument_count > 6; i++)
        numbers[i] = strtoull(arguments[1 + i], NULL, 10); /* allowed: a benchmark's count */
    if (!numbers[0] || !numbers[1]) {
        fprintf(stderr,
                "usage: %s OBJECTS BYTES COMPARISONS REVIEW.json… -- PLUGIN.so SETTINGS.json…\n",
                arguments[0]);
        return 2;
    }
    rescan.objects = numbers[0];
    if (open_all(&rescan, arguments + 4, numbers[1], &err) < 0 || scan(&rescan, true, first) < 0 ||
        scan(&rescan, false, second) < 0 || compare(&rescan, numbers[2]) < 0) {
        fprintf(stderr, "Error: %s\n", err.text);
        return 1;
    }
    print(&rescan, first, second, numbers[2]);
    return rescan.differences > 0; /* the process ends here and with it all that it owns */
}
