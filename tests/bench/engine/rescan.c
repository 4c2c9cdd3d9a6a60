/* SPDX-License-Identifier: Apache-2.0 */
/* rescan.c - a scan of many objects by several policies, and the same once more, with verdicts that
 * are given again; then fresh evaluations against those, at random.
 *
 *   bench-rescan OBJECTS BYTES COMPARISONS REVIEW.json… -- PLUGIN.so SETTINGS.json…
 *
 * Each object is one of the reviews with another uid of its own; the request's uid is another each
 * time. Every review is asked of every policy, through evaluator_ask() as a worker asks. Prints one
 * JSON object: microseconds of CPU time of an evaluation in the first scan and in the second, of
 * reading a request, and of taking one that is known; how many verdicts were given again; how many
 * answers differed from the first scan's, or of `comparisons` from a fresh evaluation of the same
 * request (of both there must be none); bytes. Exit code 1: an answer differed.
 */
#include <string.h>

#include "figures.h"
#include "runtime/base/clock.h"
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
    size_t object; /* that is asked about now */
    struct reuse reuse;
    struct counters *counters;
    struct chimera_arena arena;
    struct chimera_buffer answer, fresh;
    uint64_t *answers; /* hashes of the first scan's; one an object and policy */
    uint64_t random;
    uint64_t ask_ns, parse_ns, known_ns; /* of the thread */
    uint64_t parses, unknown, differences;
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

/* Another request about the same: what was parsed is in the text. */
static void renew_uid(struct rescan *rescan, size_t object)
{
    struct review *review = &rescan->review[object % rescan->reviews];
    write_hex(review->text.data + review->uid_at, next_random(rescan), 8);
    write_hex(review->text.data + review->uid_at + 24, next_random(rescan), 12);
}

/* The review of that object. */
static int parse(struct rescan *rescan, size_t object, struct chimera_request *ret_request)
{
    struct review *review = &rescan->review[object % rescan->reviews];
    struct chimera_slice why;
    rescan->object = object;
    renew_uid(rescan, object);
    write_hex(review->text.data + review->object_uid_at, object, 8);
    uint64_t began = chimera_clock_thread_ns();
    enum chimera_request_problem problem = chimera_request_parse_review(
        chimera_buffer_slice(&review->text), &rescan->arena, ret_request, &why);
    rescan->parse_ns += chimera_clock_thread_ns() - began;
    rescan->parses++;
    return problem == CHIMERA_REQUEST_OK ? CHIMERA_OK : CHIMERA_EINVAL;
}

static int evaluate(const struct evaluator *evaluator, const struct evaluator_input *input,
                    struct chimera_response *ret_response, struct chimera_run_report *ret_cost)
{
    struct chimera_policy *policy = ((const struct local *)evaluator)->policy;
    int code = chimera_policy_evaluate(policy, 0, input->request, 0, input->arena, ret_response);
    chimera_policy_last_run(policy, 0, ret_cost);
    return code;
}

static struct chimera_slice body_of(const struct rescan *rescan)
{
    return chimera_buffer_slice(&rescan->review[rescan->object % rescan->reviews].text);
}

/* As a worker does in place of reading it. */
static void take_known(struct rescan *rescan, struct chimera_request *request)
{
    struct chimera_question question;
    struct chimera_slice body = body_of(rescan);
    uint64_t began = chimera_clock_thread_ns();
    reuse_ask(&rescan->reuse, body, false, true, &question);
    rescan->unknown += !reuse_find_request(&rescan->reuse, &question, body, request);
    rescan->known_ns += chimera_clock_thread_ns() - began;
}

static int ask(struct rescan *rescan, const struct chimera_request *request, struct local *local,
               bool is_reused, struct chimera_response *ret_response)
{
    const struct asked_policy asked = {.evaluator = &local->evaluator,
                                       .reused = is_reused ? &local->reused : NULL};
    struct chimera_question question;
    reuse_ask(&rescan->reuse, body_of(rescan), false, true, &question);
    const struct evaluator_input input = {
        .request = request, .arena = &rescan->arena, .question = &question};
    return evaluator_ask(&asked, &input, ret_response);
}

/* Without the uid. */
static int write_answer(const struct chimera_response *response, struct chimera_buffer *out)
{
    struct chimera_response rest = *response;
    rest.uid = CHIMERA_SLICE("");
    chimera_buffer_reset(out);
    chimera_response_write(&rest, out);
    return out->failed;
}

static uint64_t hash(struct chimera_slice text)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < text.size; i++)
        hash = (hash ^ (uint8_t)text.data[i]) * UINT64_C(1099511628211);
    return hash;
}

static int scan_object(struct rescan *rescan, size_t object, bool is_first)
{
    struct chimera_request request;
    struct chimera_response response[POLICIES_MAX];
    int code = parse(rescan, object, &request);
    if (!is_first && code == CHIMERA_OK)
        take_known(rescan, &request);
    uint64_t began = chimera_clock_thread_ns();
    for (size_t p = 0; p < rescan->policies && code == CHIMERA_OK; p++) {
        renew_uid(rescan, object);
        code = ask(rescan, &request, &rescan->local[p], true, &response[p]);
    }
    rescan->ask_ns += chimera_clock_thread_ns() - began;
    for (size_t p = 0; p < rescan->policies && code == CHIMERA_OK; p++) {
        uint64_t *answer = &rescan->answers[object * rescan->policies + p];
        code = write_answer(&response[p], &rescan->answer);
        uint64_t now = hash(chimera_buffer_slice(&rescan->answer));
        rescan->differences += !is_first && *answer != now;
        *answer = now;
    }
    chimera_arena_reset(&rescan->arena);
    return code;
}

/* *ret_us: of an evaluation. */
static int scan(struct rescan *rescan, bool is_first, double *ret_us)
{
    int code = CHIMERA_OK;
    rescan->ask_ns = 0;
    for (size_t i = 0; i < rescan->objects && code == CHIMERA_OK; i++)
        code = scan_object(rescan, i, is_first);
    *ret_us = (double)rescan->ask_ns / 1e3 / (double)(rescan->objects * rescan->policies);
    return code;
}

/* At random. */
static int compare_one(struct rescan *rescan)
{
    size_t object = next_random(rescan) % rescan->objects;
    struct local *local = &rescan->local[next_random(rescan) % rescan->policies];
    struct chimera_request request;
    struct chimera_response kept, fresh;
    int code = parse(rescan, object, &request);
    if (code == CHIMERA_OK)
        code = ask(rescan, &request, local, true, &kept);
    if (code == CHIMERA_OK)
        code = ask(rescan, &request, local, false, &fresh);
    if (code == CHIMERA_OK)
        code = write_answer(&kept, &rescan->answer);
    if (code == CHIMERA_OK)
        code = write_answer(&fresh, &rescan->fresh);
    if (code == CHIMERA_OK)
        rescan->differences +=
            rescan->answer.size != rescan->fresh.size ||
            memcmp(rescan->answer.data, rescan->fresh.data, rescan->fresh.size) != 0;
    chimera_arena_reset(&rescan->arena);
    return code;
}

static int compare(struct rescan *rescan, size_t comparisons)
{
    int code = CHIMERA_OK;
    for (size_t i = 0; i < comparisons && code == CHIMERA_OK; i++)
        code = compare_one(rescan);
    return code;
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
    rescan->counters = aligned_alloc(_Alignof(struct counters), sizeof(struct counters));
    if (rescan->counters)
        memset(rescan->counters, 0, sizeof(struct counters));
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

static void print(const struct rescan *rescan, double first, double second, size_t comparisons)
{
    const struct reuse_counters *counters = &rescan->counters->reuse;
    double parse = (double)rescan->parse_ns / 1e3 / (double)rescan->parses;
    double known = (double)rescan->known_ns / 1e3 / (double)rescan->objects;
    printf("{\"evaluations\":%zu,\"first_us\":%.2f,\"second_us\":%.2f,\"ratio\":%.1f,"
           "\"read_us\":%.2f,\"known_us\":%.2f,\"ratio_with_both\":%.1f,\"unknown\":%llu,",
           rescan->objects * rescan->policies, first, second, first / second, parse, known,
           (first + parse) / (second + known), (unsigned long long)rescan->unknown);
    printf("\"comparisons\":%zu,\"hits\":%llu,\"misses\":%llu,\"checks\":%llu,\"evicted\":%llu,"
           "\"bytes\":%llu,\"differences\":%llu}\n",
           comparisons, (unsigned long long)counters->hits, (unsigned long long)counters->misses,
           (unsigned long long)counters->checks, (unsigned long long)rescan->reuse.unseen.evicted,
           (unsigned long long)rescan->reuse.unseen.bytes, (unsigned long long)rescan->differences);
}

int main(int argument_count, char **arguments)
{
    static struct rescan rescan = {.random = 88172645463325252};
    double first, second;
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
    if (open_all(&rescan, arguments + 4, numbers[1], &err) < 0 || scan(&rescan, true, &first) < 0 ||
        scan(&rescan, false, &second) < 0 || compare(&rescan, numbers[2]) < 0) {
        fprintf(stderr, "Error: %s\n", err.text);
        return 1;
    }
    print(&rescan, first, second, numbers[2]);
    return rescan.differences > 0; /* the process ends here and with it all that it owns */
}
