/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/fetch/native_tagged.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "compiler/fetch/fetch_plan.h"
#include "compiler/fetch/session.h"
#include "compiler/fetch/signature/key.h"
#include "compiler/fetch/signature/private_key.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/clock.h"
#include "runtime/base/file.h"

#define SECONDS_MAX ((int64_t)600) /* then building is quicker */
#define WASM_DIGITS (CHIMERA_DIGEST_HEX - 1)

/* --- Getting --- */

struct getting { /* the child has a copy by its fork */
    const struct chimera_fetch_options *options;
    const struct chimera_native_tagged *wanted;
    struct chimera_fetch_plan plan;
    struct chimera_fetched fetched;
    char wasm[CHIMERA_OCI_DIGEST_MAX];
};

static int run_get(void *context, struct chimera_buffer *out, struct chimera_error *err)
{
    const struct getting *getting = context;
    const struct chimera_native_wanted wanted = {.wasm = getting->wasm,
                                                 .builders = getting->wanted->builders,
                                                 .store = getting->wanted->folder};
    const struct chimera_session_input input = {.sources = getting->options->sources,
                                                .image = &getting->plan.image,
                                                .logins = getting->plan.logins.list,
                                                .login_count = getting->plan.logins.count};
    struct chimera_session session;
    CHIMERA_FREE char *path = NULL;
    int code = chimera_session_open(&session, &input, err);
    if (code == CHIMERA_OK)
        code = chimera_native_pull_tag(session.registry, &getting->plan.image, &wanted, &path, err);
    chimera_session_close(&session);
    if (code == CHIMERA_OK)
        chimera_network_put_text(out, path);
    return code;
}

/* The process that says where it is may be anybody's. */
static int take_files(const struct chimera_native_tagged *wanted, const char *plugin,
                      struct chimera_error *err)
{
    static const char *const suffixes[] = {".json", ".image", ".names", ".so"};
    size_t size = strlen(wanted->folder), end = strlen(plugin);
    if (strncmp(plugin, wanted->folder, size) != 0 || plugin[size] != '/' ||
        strstr(plugin, "/../") || end < size + 4 || strcmp(plugin + end - 3, ".so") != 0)
        return chimera_fail(err, CHIMERA_EIO, "the process that fetches said half of an answer");
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        CHIMERA_FREE char *from = NULL, *to = NULL;
        if (asprintf(&from, "%.*s%s", (int)(end - 3), plugin, suffixes[i]) < 0 ||
            asprintf(&to, "%s/%s%s", wanted->folder, wanted->stem, suffixes[i]) < 0)
            return chimera_fail_memory(err);
        if (rename(from, to) < 0 && errno != ENOENT)
            return chimera_fail_errno(err, to);
    }
    return CHIMERA_OK;
}

static int get(struct getting *getting, struct chimera_buffer *said, struct chimera_error *err)
{
    const struct chimera_native_tagged *wanted = getting->wanted;
    const struct chimera_network_folder folder = {.path = wanted->folder,
                                                  .is_writable = true,
                                                  .must_confine = getting->options->must_confine};
    struct chimera_network_child child;
    if (strlen(wanted->stem) < WASM_DIGITS)
        return chimera_fail(err, CHIMERA_EINVAL, "%s is no plugin's name", wanted->stem);
    snprintf(getting->wasm, sizeof(getting->wasm), "sha256:%.*s", (int)WASM_DIGITS, wanted->stem);
    int code =
        fetch_plan_read(getting->options, wanted->uri, &getting->plan, &getting->fetched, err);
    if (code == CHIMERA_OK)
        code = fetch_plan_find_logins(getting->options, &getting->plan, err);
    if (code == CHIMERA_OK)
        code = chimera_network_start(folder, run_get, getting, &child, err);
    if (code < 0)
        return code;
    child.until_ms = chimera_clock_ms() + SECONDS_MAX * 1000;
    return chimera_network_finish(&child, said, err);
}

int chimera_native_get_tagged(const struct chimera_fetch_options *options,
                              const struct chimera_native_tagged *wanted, bool *ret_found,
                              struct chimera_error *err)
{
    struct getting getting = {.options = options, .wanted = wanted};
    struct chimera_buffer said;
    chimera_buffer_init(&said, CHIMERA_NETWORK_ANSWER_MAX);
    int code = get(&getting, &said, err);
    struct chimera_slice rest = chimera_buffer_slice(&said);
    const char *plugin = code == CHIMERA_OK ? chimera_network_take_text(&rest) : NULL;
    *ret_found = plugin && *plugin;
    if (*ret_found)
        code = take_files(wanted, plugin, err);
    fetch_plan_done(&getting.plan);
    chimera_fetched_done(&getting.fetched);
    chimera_buffer_free(&said);
    return code;
}

/* --- Keys --- */

static char *write_public(EVP_PKEY *key)
{
    BIO *memory = BIO_new(BIO_s_mem());
    char *bytes = NULL, *text = NULL;
    if (memory && PEM_write_bio_PUBKEY(memory, key) == 1) {
        long size = BIO_get_mem_data(memory, &bytes);
        text = size > 0 ? strndup(bytes, (size_t)size) : NULL;
    }
    BIO_free(memory);
    return text;
}

int chimera_native_read_key(const char *path, const char *password, char **ret_public,
                            bool *ret_is_private, struct chimera_error *err)
{
    struct chimera_buffer text;
    struct chimera_error why = {0};
    EVP_PKEY *key = NULL;
    chimera_buffer_init(&text, CHIMERA_PRIVATE_KEY_MAX);
    int code = chimera_file_read(path, &text, err);
    bool is_private =
        code == CHIMERA_OK && memmem(text.data, text.size, "PRIVATE KEY", strlen("PRIVATE KEY"));
    if (code == CHIMERA_OK && is_private)
        code = chimera_private_key_open(path, password, &key, err);
    else if (code == CHIMERA_OK &&
             (code = chimera_key_read(chimera_buffer_slice(&text), &key, &why)) < 0)
        chimera_fail(err, code, "%s: %s", path, why.text);
    if (code == CHIMERA_OK && !(*ret_public = write_public(key)))
        code = chimera_fail_memory(err);
    *ret_is_private = is_private;
    EVP_PKEY_free(key);
    chimera_buffer_free(&text);
    return code;
}
