/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/policy_argument.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/fetch/store/store.h"
#include "runtime/base/buffer.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/percent.h"
#include "runtime/source/image_reference.h"
#include "toolchain/command/fetch_flags.h"

#define URI_BYTES_MAX ((size_t)3 * PATH_MAX + 16)

char *policy_store(struct chimera_error *err)
{
    char *store = chimera_store_default();
    if (!store)
        chimera_fail(err, CHIMERA_EINVAL,
                     "no folder for the store: neither XDG_CACHE_HOME nor HOME is set");
    return store;
}

static int fail_missing(struct chimera_error *err, const char *name)
{
    struct chimera_shown_name shown;
    return chimera_fail(err, CHIMERA_EIO, "Cannot find policy with uri: %s",
                        chimera_reference_show(name, &shown));
}

/* --- Files --- */

static char *uri_of_path(const char *path)
{
    struct chimera_buffer uri;
    chimera_buffer_init(&uri, URI_BYTES_MAX);
    chimera_buffer_text(&uri, "file://");
    chimera_percent_encode(chimera_slice_of(path), CHIMERA_PERCENT_FILE, &uri);
    chimera_buffer_byte(&uri, 0);
    if (!uri.failed)
        return uri.data;
    chimera_buffer_free(&uri);
    return NULL;
}

/* --- What is in the store --- */

/* --- References without a scheme --- */

/* A reference that the text is without a doubt, or that the command takes it for. */
static bool is_reference(const char *text, enum policy_words words)
{
    struct chimera_image_reference image;
    if (chimera_image_reference_parse(chimera_slice_of(text), &image, NULL) < 0)
        return false;
    const char *slash = strrchr(text, '/');
    bool has_version = slash && strpbrk(slash, ":@");
    size_t size = strcspn(text, "/:"); /* docker.io is meant, or said */
    bool is_told =
        strcmp(image.registry, "docker.io") != 0 || (text[size] == '/' && memchr(text, '.', size));
    bool is_one = words != POLICY_WORDS_ALL || (has_version && is_told);
    chimera_image_reference_done(&image);
    return is_one;
}

/* --- All of them --- */

/* Neither a URI nor a file. */
static int place_word(const char *word, enum policy_words words, const char *store,
                      struct chimera_module_place *ret_place, struct chimera_error *err)
{
    struct chimera_module_place place = {0};
    /* The place is empty when there is none. */
    struct chimera_stored stored = {0};
    int code = chimera_store_find_prefix(store, word, &stored, err);
    if (code == CHIMERA_OK && stored.uri)
        code = chimera_module_locate(stored.uri, store, &place, err);
    chimera_stored_done(&stored);
    if (code == CHIMERA_OK && !place.path && is_reference(word, words)) {
        struct chimera_reference reference = {.scheme = CHIMERA_SLICE("registry"),
                                              .host = chimera_slice_of(word)};
        code = chimera_reference_locate(&reference, word, store, &place, err);
    }
    if (code == CHIMERA_OK && !place.path)
        code = fail_missing(err, word);
    if (code == CHIMERA_OK)
        *ret_place = place;
    return code;
}

int policy_argument_read(const char *argument, enum policy_words words, const char *store,
                         struct chimera_module_place *ret_place, struct chimera_error *err)
{
    struct chimera_reference reference = {0};
    int code = chimera_reference_read(argument, CHIMERA_DIALECT_COMMAND, &reference, err);
    if (code < 0)
        return code;
    CHIMERA_FREE char *path = reference.path;
    if (!path)
        return chimera_reference_locate(&reference, argument, store, ret_place, err);
    bool is_uri = strncmp(argument, "file://", strlen("file://")) == 0;
    char *real = realpath(path, NULL);
    if (real) {
        struct chimera_module_place place = {
            .path = real, .uri = uri_of_path(real), .is_local = true};
        if (place.uri) {
            *ret_place = place;
            return CHIMERA_OK;
        }
        chimera_module_place_done(&place);
        return chimera_fail_memory(err);
    }
    return is_uri ? fail_missing(err, argument)
                  : place_word(argument, words, store, ret_place, err);
}

int policy_argument_fetch(const char *argument, enum policy_words words,
                          const struct chimera_fetch_options *fetch,
                          struct chimera_module_place *ret_place,
                          struct chimera_fetched *ret_fetched, struct chimera_error *err)
{
    struct chimera_module_place place = {0};
    struct chimera_fetched fetched = {0};
    int code = policy_argument_read(argument, words, fetch->store, &place, err);
    if (code == CHIMERA_OK) /* a query is no part of a place, but of what is asked for */
        code = chimera_fetch(fetch,
                             strncmp(argument, "https://", strlen("https://")) == 0 ||
                                     strncmp(argument, "http://", strlen("http://")) == 0
                                 ? argument
                                 : place.uri,
                             &fetched, err);
    fetch_warn_of_trust(&fetched);
    if (code < 0) {
        chimera_module_place_done(&place);
        return code;
    }
    fetch_say_verified(place.uri, &fetched);
    if (!place.is_local) {
        free(place.path);
        place.path = fetched.path;
        fetched.path = NULL; /* handed over */
        place.signed_digest = *fetched.module_digest ? strdup(fetched.module_digest) : NULL;
        if (*fetched.module_digest && !place.signed_digest)
            code = chimera_fail_memory(err);
    }
    *ret_place = place;
    *ret_fetched = fetched;
    return code;
}

static int find_here(const char *argument, enum policy_words words,
                     struct chimera_module_place *ret_place, struct chimera_error *err)
{
    struct chimera_module_place place = {0};
    CHIMERA_FREE char *store = policy_store(err);
    if (!store)
        return CHIMERA_EINVAL;
    int code = policy_argument_read(argument, words, store, &place, err);
    if (code == CHIMERA_OK)
        code = access(place.path, F_OK) == 0 ? CHIMERA_OK : fail_missing(err, place.uri);
    if (code < 0)
        chimera_module_place_done(&place);
    else
        *ret_place = place;
    return code;
}

int policy_argument_find(const char *argument, enum policy_words words,
                         const struct chimera_fetch_options *fetch,
                         struct chimera_module_place *ret_place, struct chimera_error *err)
{
    struct chimera_fetched fetched = {0};
    if (!fetch)
        return find_here(argument, words, ret_place, err);
    int code = policy_argument_fetch(argument, words, fetch, ret_place, &fetched, err);
    chimera_fetched_done(&fetched);
    return code;
}
