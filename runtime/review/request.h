/* SPDX-License-Identifier: Apache-2.0 */
/* request.h - from the body of a webhook call to what a policy gets to see.
 *
 * The body is scanned once, strictly; no tree is built and no value is reprinted: the members of
 * `request` become slices of the body (policy-server.md §2.3, §4.3; libraries.md §4.3), unless one
 * that has a type is not as that type is written (normal.h). All slices point into the body or into
 * the arena, so both must outlive the request. One thread.
 */
#ifndef CHIMERA_REVIEW_REQUEST_H
#define CHIMERA_REVIEW_REQUEST_H

#include "runtime/base/arena.h"
#include "runtime/base/error.h"
#include "runtime/base/pieces.h"

struct chimera_request {
    bool is_raw;
    struct chimera_slice uid;        /* decoded; "" for a raw request whose uid is no string */
    struct chimera_slice name_space; /* decoded; .data is NULL when absent or null */
    struct chimera_slice operation;  /* decoded; empty for raw, like the next */
    struct chimera_slice kind;       /* decoded `requestKind.kind` */
    /* JSON of `.object`, or of the whole raw request: what a mutation is compared with.
     * .data is NULL when the request has none (DELETE). */
    struct chimera_slice object;
    /* The request as the guest gets it: known members, nulls left out, typed parts in their normal
     * form. */
    struct chimera_pieces json;
};

enum chimera_request_problem {
    CHIMERA_REQUEST_OK = 0,
    CHIMERA_REQUEST_SYNTAX,  /* not JSON: 400 */
    CHIMERA_REQUEST_SHAPE,   /* JSON of another shape: 422 */
    CHIMERA_REQUEST_TOO_BIG, /* more than the arena takes: 413 */
};

/* The three forms a request comes in. On a problem, *ret_why is serde_json's text for it as
 * policy-server.md §2.2 has it, with the path prefix and "at line L column C" (without the
 * "Failed to …: " before it), in the arena. */
enum chimera_request_problem chimera_request_parse_review(struct chimera_slice body,
                                                          struct chimera_arena *arena,
                                                          struct chimera_request *ret_request,
                                                          struct chimera_slice *ret_why);
/* Body {"request": any}. */
enum chimera_request_problem chimera_request_parse_raw(struct chimera_slice body,
                                                       struct chimera_arena *arena,
                                                       struct chimera_request *ret_request,
                                                       struct chimera_slice *ret_why);
/* `kwctl run`: an AdmissionReview or a bare AdmissionRequest (or, with `is_raw`, any JSON, taken
 * whole); cli-and-distribution.md §1.5. On failure err has kwctl's own text. */
int chimera_request_parse_file(struct chimera_slice text, bool is_raw, struct chimera_arena *arena,
                               struct chimera_request *ret_request, struct chimera_error *err);

/* Where the parts of a review are in its body, for the next time that the same body comes. */
struct chimera_request_places {
    struct chimera_request_place {
        uint32_t at, size; /* size 0: there is none */
    } member[16];          /* the members in their order, and then `requestKind.kind`, decoded */
};

/* False when some part is not as it stands in the body: escaped, or put in its normal form; and for
 * raw requests. */
bool chimera_request_find_places(const struct chimera_request *request, struct chimera_slice body,
                                 struct chimera_request_places *ret_places);
/* What chimera_request_parse_review() makes of a body of which another one with these places
 * differs in the uid alone, which is as long there and has no escapes in either. */
void chimera_request_take_places(const struct chimera_request_places *places,
                                 struct chimera_slice body, struct chimera_request *ret_request);

/* The request as it is without metadata.managedFields of `object` and `oldObject`, and of what they
 * are templates for (managed_fields.h), for policies that are not to see them: what they change is
 * then compared with this, so that no patch removes what they have not seen. Raw requests stay as
 * they are. False when the arena is full. */
bool chimera_request_omit_managed_fields(const struct chimera_request *request,
                                         struct chimera_arena *arena,
                                         struct chimera_request *ret_request);

/* What names the object of a review, for logs, as it comes to the policy (`kind`, not
 * `requestKind`); decoded. .data NULL: the request does not say, or the arena is full. */
struct chimera_request_labels {
    struct chimera_slice name, subresource;
    struct chimera_slice kind_group, kind_version, kind;
    struct chimera_slice resource_group, resource_version, resource;
};
void chimera_request_label(const struct chimera_request *request, struct chimera_arena *arena,
                           struct chimera_request_labels *ret_labels);

/* Who asks: `userInfo.username`, decoded. .data NULL: the request does not say, or the arena is
 * full. */
struct chimera_slice chimera_request_user(const struct chimera_request *request,
                                          struct chimera_arena *arena);

#endif
