/* SPDX-License-Identifier: Apache-2.0 */
/* registry_upload.c - one upload: its session, whole or in chunks, and what is left of it after a
 * cut (cli-and-distribution.md §3.6).
 *
 * Registries differ in what they keep of a session that was cut: it is asked where it stands, and
 * begun anew where it does not tell. The digest at the end is what decides.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "compiler/fetch/registry/registry_internal.h"
#include "runtime/base/cleanup.h"

#define WHOLE_MAX ((uint64_t)16 << 20) /* sent at once */
#define CHUNK ((uint64_t)4 << 20)
#define TRIES_MAX 4   /* sessions */
#define RESUMES_MAX 3 /* of one session, without a byte more */
#define WAIT_MS 250   /* doubled each time, */
#define WAIT_LONGEST_MS 2000

struct upload {
    struct chimera_registry *registry;
    struct chimera_place *place;
    const struct chimera_image_reference *image;
    const char *digest;
    const struct chimera_transfer_body *body;
    uint64_t size; /* of the body */
    char *scope;   /* owned, as is the next */
    char *what;
    char *location;                /* owned; NULL: there is no session */
    bool is_home;                  /* the location is the registry's own: the login goes there */
    uint64_t chunk;                /* as long as the registry wants them */
    uint64_t at;                   /* what the session has */
    bool is_in_chunks, is_resumed; /* this session */
    bool takes_no_chunks, was_too_large;
};

/* What becomes of a session. Failures of transfer and answer are in `err` then. */
enum step {
    STEP_DONE,   /* the blob is there */
    STEP_ON,     /* go on with the session */
    STEP_RESUME, /* it was cut: ask where it stands */
    STEP_AGAIN,  /* another session */
    STEP_FAILED, /* for good */
};

static const char *const octets[] = {"Content-Type: application/octet-stream", NULL};

static struct chimera_call make_call(const struct upload *upload, const char *method,
                                     const char *url)
{
    return (struct chimera_call){
        .place = upload->place,
        .method = method,
        .url = url,
        .scope = upload->is_home ? upload->scope : NULL,
        .what = upload->what,
        .headers = octets,
        .body = CHIMERA_NO_BODY,
    };
}

/* What a failed call means: only a lost connection leaves something to go on with. */
static enum step step_of_code(int code)
{
    return code == CHIMERA_EIO ? STEP_RESUME : STEP_FAILED;
}

static enum step step_of_status(const struct chimera_call *call,
                                const struct chimera_transfer_answer *answer,
                                struct chimera_error *err)
{
    unsigned status = answer->status;
    chimera_registry_fail(call, answer, err);
    if (status == 404)
        return STEP_AGAIN;
    if (status == 416 || status == 408 || status == 429 || status >= 500)
        return STEP_RESUME;
    return STEP_FAILED;
}

/* --- The session --- */

/* The next request goes where the last answer says; one that does not say leaves it. */
static int take_location(struct upload *upload, const struct chimera_call *call,
                         const struct chimera_transfer_answer *answer, struct chimera_error *err)
{
    struct chimera_slice location = chimera_transfer_header(answer, "location", 0);
    char *url = NULL;
    bool is_home = false;
    if (!location.data && upload->location)
        return CHIMERA_OK;
    if (!location.data)
        return chimera_fail(err, CHIMERA_EIO, "%s: %s: the session has no Location",
                            call->place->host, call->what);
    int code = chimera_registry_resolve_url(call, answer, location, &url, &is_home, err);
    if (code < 0)
        return code;
    free(upload->location);
    upload->location = url;
    upload->is_home = is_home;
    return CHIMERA_OK;
}

static uint64_t read_number(struct chimera_slice text)
{
    uint64_t number = 0;
    if (text.size == 0 || text.size > 18)
        return UINT64_MAX;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return UINT64_MAX;
        number = number * 10 + (uint64_t)(text.data[i] - '0');
    }
    return number;
}

static int post(struct upload *upload, const struct chimera_call *call, bool *ret_is_there,
                struct chimera_error *err)
{
    struct chimera_transfer_answer answer;
    int code = chimera_registry_call(upload->registry, call, &answer, err);
    if (code < 0)
        return code;
    *ret_is_there = answer.status == 201;
    uint64_t least = read_number(chimera_transfer_header(&answer, "oci-chunk-min-length", 0));
    if (least != UINT64_MAX && least > upload->chunk)
        upload->chunk = least;
    if (answer.status == 202)
        code = take_location(upload, call, &answer, err);
    else if (answer.status != 201)
        code = chimera_registry_fail(call, &answer, err);
    chimera_transfer_answer_done(&answer);
    return code;
}

/* Begins a session; or, with `from`, the blob is there then: *ret_is_there. */
static int begin(struct upload *upload, const char *from, bool *ret_is_there,
                 struct chimera_error *err)
{
    struct chimera_buffer url;
    CHIMERA_FREE char *scope = from
                                   ? chimera_registry_text("%s repository:%s%s:pull", upload->scope,
                                                           upload->place->prefix, from)
                                   : strdup(upload->scope);
    chimera_buffer_init(&url, CHIMERA_URL_MAX);
    /* Where a session begins, or the blob is mounted. */
    CHIMERA_FREE char *start = chimera_registry_url(upload->place, upload->image, "blobs/uploads/");
    chimera_buffer_text(&url, start ? start : "");
    if (from) {
        chimera_buffer_print(&url, "?mount=%s&from=%s", upload->digest, upload->place->prefix);
        chimera_registry_encode(from, &url);
    }
    chimera_buffer_byte(&url, '\0');
    int code = scope && start && !url.failed ? CHIMERA_OK : chimera_fail_memory(err);
    if (code == CHIMERA_OK) {
        free(upload->location);
        upload->location = NULL;
        upload->at = 0;
        upload->is_resumed = false;
        upload->is_home = true;
        struct chimera_call call = make_call(upload, "POST", url.data);
        call.scope = scope;
        call.is_idempotent = true; /* a session that nobody uses is forgotten */
        code = post(upload, &call, ret_is_there, err);
    }
    chimera_buffer_free(&url);
    return code;
}

/* `Range: 0-LAST` in *ret_at as what is there. "0-0" stands for no byte and for one, by the
 * registry: then it does not tell. */
static bool read_range(const struct chimera_transfer_answer *answer, uint64_t *ret_at)
{
    struct chimera_slice range = chimera_transfer_header(answer, "range", 0);
    if (chimera_slice_starts(range, "bytes="))
        range = (struct chimera_slice){range.data + 6, range.size - 6};
    if (!chimera_slice_starts(range, "0-"))
        return false;
    uint64_t last = read_number((struct chimera_slice){range.data + 2, range.size - 2});
    if (last == UINT64_MAX || last == 0)
        return false;
    *ret_at = last + 1;
    return true;
}

/* Asks the session where it stands. */
static enum step resume(struct upload *upload, struct chimera_error *err)
{
    struct chimera_call call = make_call(upload, "GET", upload->location);
    struct chimera_transfer_answer answer;
    struct chimera_error why = {0};
    uint64_t at = 0;
    call.headers = NULL;
    call.is_idempotent = true;
    if (chimera_registry_call(upload->registry, &call, &answer, &why) < 0)
        return STEP_AGAIN;
    bool is_good = answer.status / 100 == 2 && read_range(&answer, &at) && at <= upload->size &&
                   take_location(upload, &call, &answer, err) == CHIMERA_OK;
    chimera_transfer_answer_done(&answer);
    if (!is_good)
        return STEP_AGAIN;
    upload->at = at;
    upload->is_in_chunks = upload->is_resumed = true;
    return STEP_ON;
}

/* --- Sending --- */

/* The PUT that ends the session, with all of the body or nothing of it. */
static enum step finish(struct upload *upload, struct chimera_transfer_body body, bool is_whole,
                        struct chimera_error *err)
{
    CHIMERA_FREE char *url =
        chimera_registry_text("%s%cdigest=%s", upload->location,
                              strchr(upload->location, '?') ? '&' : '?', upload->digest);
    struct chimera_call call = make_call(upload, "PUT", url);
    struct chimera_transfer_answer answer;
    call.body = body;
    int code = url ? chimera_registry_call(upload->registry, &call, &answer, err)
                   : chimera_fail_memory(err);
    if (code < 0)
        return step_of_code(code);
    enum step step = answer.status / 100 == 2 ? STEP_DONE : step_of_status(&call, &answer, err);
    if (is_whole && answer.status == 413) { /* in smaller pieces, perhaps */
        upload->was_too_large = true;
        step = STEP_AGAIN;
    } else if (upload->is_resumed && answer.status == 400) {
        step = STEP_AGAIN; /* what it kept is not what was sent */
    }
    chimera_transfer_answer_done(&answer);
    return step;
}

/* How far it is behind a chunk that was taken. */
static enum step take_progress(struct upload *upload, const struct chimera_call *call,
                               const struct chimera_transfer_answer *answer, uint64_t end,
                               struct chimera_error *err)
{
    uint64_t at = end;
    if (take_location(upload, call, answer, err) < 0)
        return STEP_FAILED;
    if (read_range(answer, &at) && at != end) {
        chimera_fail(err, CHIMERA_EIO,
                     "%s: %s: the registry has %" PRIu64 " bytes, %" PRIu64 " were sent",
                     call->place->host, call->what, at, end);
        return STEP_AGAIN;
    }
    upload->at = end;
    return STEP_ON;
}

static enum step send_chunk(struct upload *upload, struct chimera_error *err)
{
    uint64_t left = upload->size - upload->at, size = left < upload->chunk ? left : upload->chunk;
    uint64_t end = upload->at + size;
    CHIMERA_FREE char *range =
        chimera_registry_text("Content-Range: %" PRIu64 "-%" PRIu64, upload->at, end - 1);
    const char *const headers[] = {octets[0], range, NULL};
    struct chimera_call call = make_call(upload, "PATCH", upload->location);
    struct chimera_transfer_answer answer;
    call.headers = headers;
    struct chimera_transfer_body part = *upload->body;
    if (part.fd < 0) {
        part.bytes = (struct chimera_slice){part.bytes.data + upload->at, (size_t)size};
    } else {
        part.offset += upload->at;
        part.size = size;
    }
    call.body = part;
    call.part_start = upload->at;
    call.part_whole = upload->size;
    int code = range ? chimera_registry_call(upload->registry, &call, &answer, err)
                     : chimera_fail_memory(err);
    if (code < 0)
        return step_of_code(code);
    bool is_refused = answer.status == 405 || answer.status == 501;
    enum step step = answer.status / 100 == 2 ? take_progress(upload, &call, &answer, end, err)
                                              : step_of_status(&call, &answer, err);
    if (is_refused && !upload->was_too_large) { /* it takes no chunks */
        upload->is_in_chunks = false;
        upload->takes_no_chunks = true;
        step = STEP_AGAIN;
    }
    chimera_transfer_answer_done(&answer);
    return step;
}

static void wait_a_little(unsigned tries)
{
    int64_t wait_ms = (int64_t)WAIT_MS << tries;
    wait_ms = wait_ms < WAIT_LONGEST_MS ? wait_ms : WAIT_LONGEST_MS;
    nanosleep(&(struct timespec){wait_ms / 1000, wait_ms % 1000 * 1000000}, NULL);
}

/* One session, from where it stands. */
static enum step send(struct upload *upload, struct chimera_error *err)
{
    uint64_t reached = upload->at;
    for (unsigned resumes = 0;;) {
        enum step step;
        if (!upload->is_in_chunks)
            step = finish(upload, *upload->body, true, err);
        else if (upload->at < upload->size)
            step = send_chunk(upload, err);
        else
            step = finish(upload, CHIMERA_NO_BODY, false, err);
        if (step == STEP_RESUME) {
            resumes = upload->at > reached ? 0 : resumes + 1;
            reached = upload->at > reached ? upload->at : reached;
            if (resumes > RESUMES_MAX)
                return STEP_AGAIN;
            wait_a_little(resumes);
            step = resume(upload, err);
        }
        if (step != STEP_ON)
            return step;
    }
}

static int send_in_sessions(struct upload *upload, const char *from, struct chimera_error *err)
{
    bool is_there = false;
    int code = begin(upload, from, &is_there, err);
    if (code < 0 && from) /* a mount that is not allowed does not forbid the upload */
        code = begin(upload, NULL, &is_there, err);
    for (unsigned tries = 1; code == CHIMERA_OK && !is_there; tries++) {
        struct chimera_error why = {.code = CHIMERA_EIO};
        upload->is_in_chunks =
            !upload->takes_no_chunks && (upload->size > WHOLE_MAX || upload->was_too_large);
        enum step step = send(upload, &why);
        if (step == STEP_DONE)
            return CHIMERA_OK;
        /* The answer to what was taken may be what was lost. */
        code = chimera_registry_has_blob(upload->registry, upload->image, upload->digest, &is_there,
                                         err);
        if (code == CHIMERA_OK && !is_there && (step == STEP_FAILED || tries == TRIES_MAX))
            return chimera_fail(err, why.code, "%s", why.text);
        if (code == CHIMERA_OK && !is_there) {
            wait_a_little(tries);
            code = begin(upload, NULL, &is_there, err);
        }
    }
    return code;
}

int chimera_registry_upload(struct chimera_registry *registry,
                            const struct chimera_image_reference *image, const char *digest,
                            const struct chimera_transfer_body *body, const char *from,
                            struct chimera_error *err)
{
    struct chimera_place *place = chimera_registry_home(registry);
    struct upload upload = {
        .registry = registry,
        .place = place,
        .image = image,
        .digest = digest,
        .body = body,
        .size = body->fd >= 0 ? body->size : body->bytes.size,
        .scope = chimera_registry_scope(place, image->repository, "pull,push"),
        .what = chimera_registry_text("the blob %s@%s, when it is sent", image->repository, digest),
        .chunk = CHUNK,
    };
    int code = upload.scope && upload.what ? send_in_sessions(&upload, from, err)
                                           : chimera_fail_memory(err);
    free(upload.scope);
    free(upload.what);
    free(upload.location);
    return code;
}
