/* SPDX-License-Identifier: Apache-2.0 */
/* requests.h - what --request-path names, as requests that a policy can be asked
 * (docs/user/run.md).
 *
 * Reviews and requests are taken as they are, YAML becomes JSON. An object becomes the review of
 * its CREATE, with what can be known (author/scaffold/admission_request.h); a List is its items, a
 * file of several documents each of them. Called kwctl, a file is what it is. One thread.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_REQUEST_REQUESTS_H
#define CHIMERA_TOOLCHAIN_COMMAND_REQUEST_REQUESTS_H

#include <json-c/json.h>

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"
#include "toolchain/command/request/object.h"

struct request_file {
    char *name; /* owned: the path as it was given, or "standard input" */
    struct chimera_buffer text;
};

struct request_files {         /* zeroed to begin with */
    struct request_file *list; /* owned */
    size_t count;
};

/* Does a file of a folder count, by its name? */
bool request_file_is(const char *name);

/* Files, folders of files that end with .json, .yaml or .yml (not those below), "-". They are
 * added; the caller ends *files in any case. */
int request_files_read(const char *path, struct request_files *files, struct chimera_error *err);
void request_files_done(struct request_files *files);

enum request_reading {
    REQUESTS_VERBATIM, /* each file is one request in JSON, as it stands: kwctl */
    REQUESTS_RAW,      /* each document is one, whatever it is */
    REQUESTS_REVIEWS,
};

struct request_text {
    const char *file; /* borrowed of the files */
    char *name;       /* owned: the file's, "FILE#2" where there are several in it */
    struct chimera_buffer json;
};

struct requests {              /* zeroed to begin with */
    struct request_text *list; /* owned */
    size_t count;
    struct object_notes notes;
};

/* Of all files; there is at least one. The caller ends *ret_requests in any case. */
int requests_make(const struct request_files *files, enum request_reading reading,
                  struct requests *ret_requests, struct chimera_error *err);
/* One tree that a file has in it; what is no raw request may be several. */
int requests_add_raw(struct json_object *tree, const char *file, struct requests *requests,
                     struct chimera_error *err);
int requests_add_tree(struct json_object *tree, const char *file, struct requests *requests,
                      struct chimera_error *err);
/* One line on standard error, and one for each thing that had to be guessed; unless -q was given.
 */
void requests_tell(const struct requests *requests);
void requests_init(struct requests *requests);
void requests_done(struct requests *requests);

#endif
