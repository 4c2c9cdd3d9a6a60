/* SPDX-License-Identifier: Apache-2.0 */
/* transfer_play.c - transfers as the command line says, told as JSON lines, for tests/e2e/fetch.
 *
 *   transfer-play [OPTION VALUE]… METHOD URL [[OPTION VALUE]… METHOD URL]…
 *
 * Options hold for what follows them; all requests share one transport. Ends with 0 when each had
 * an answer, of whatever status.
 */
#include <fcntl.h>
#include <openssl/evp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/fetch/transfer/transfer.h"
#include "runtime/json/tree.h"

#define HEADERS_MAX 16

static volatile sig_atomic_t is_interrupted;

struct player {
    struct chimera_transport *transport;
    const char *headers[HEADERS_MAX + 1];
    size_t header_count;
    struct chimera_transfer_request request;
    bool has_sink;
    uint64_t size; /* that the sink has */
    uint64_t restarts;
    EVP_MD_CTX *hash;
};

static void note_signal(int number)
{
    (void)number;
    is_interrupted = 1;
}

static int tell_progress(void *context, uint64_t done, uint64_t total)
{
    (void)context, (void)done, (void)total;
    return is_interrupted;
}

static int restart(void *context)
{
    struct player *player = context;
    player->restarts++;
    player->size = 0;
    return EVP_DigestInit_ex(player->hash, EVP_sha256(), NULL) == 1 ? CHIMERA_OK : CHIMERA_ENOMEM;
}

static int take(void *context, struct chimera_slice bytes)
{
    struct player *player = context;
    player->size += bytes.size;
    return EVP_DigestUpdate(player->hash, bytes.data, bytes.size) == 1 ? CHIMERA_OK
                                                                       : CHIMERA_ENOMEM;
}

static void add_text(struct json_object *line, const char *key, struct chimera_slice text)
{
    json_object_object_add(line, key, json_object_new_string_len(text.data, (int)text.size));
}

static void add_hash(struct player *player, struct json_object *line)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    char text[2 * EVP_MAX_MD_SIZE + 1] = "";
    EVP_DigestFinal_ex(player->hash, bytes, &size);
    for (unsigned i = 0; i < size; i++)
        snprintf(text + 2 * (size_t)i, 3, "%02x", bytes[i]);
    add_text(line, "sha256", chimera_slice_of(text));
    json_object_object_add(line, "size", json_object_new_uint64(player->size));
    json_object_object_add(line, "restarts", json_object_new_int((int)player->restarts));
}

static void tell(struct json_object *line)
{
    puts(json_object_to_json_string_ext(line, JSON_C_TO_STRING_PLAIN));
    fflush(stdout);
    json_object_put(line);
}

static int play(struct player *player)
{
    struct chimera_transfer_sink sink = {restart, take, player};
    struct chimera_transfer_answer answer;
    struct chimera_error err = {0};
    struct json_object *line = json_object_new_object();
    player->request.headers = player->headers;
    player->request.sink = player->has_sink ? &sink : NULL;
    player->size = player->restarts = 0;
    EVP_DigestInit_ex(player->hash, EVP_sha256(), NULL);
    int code = chimera_transfer(player->transport, &player->request, &answer, &err);
    if (code < 0) {
        json_object_object_add(line, "code", json_object_new_int(code));
        add_text(line, "error", chimera_slice_of(err.text));
    } else {
        json_object_object_add(line, "status", json_object_new_int((int)answer.status));
        add_text(line, "url", chimera_slice_of(answer.url));
        add_text(line, "headers", chimera_buffer_slice(&answer.headers));
        if (!player->has_sink || answer.status / 100 != 2)
            add_text(line, "body", chimera_buffer_slice(&answer.body));
        chimera_transfer_answer_done(&answer);
    }
    add_hash(player, line);
    tell(line);
    return code;
}

/* False: it is not an option. */
static bool take_option(struct player *player, const char *name, const char *value)
{
    struct chimera_transfer_request *request = &player->request;
    if (strcmp(name, "--header") == 0 && player->header_count < HEADERS_MAX)
        player->headers[player->header_count++] = value;
    else if (strcmp(name, "--authorization") == 0)
        request->authorization = value[0] ? value : NULL;
    else if (strcmp(name, "--data") == 0)
        request->body = (struct chimera_transfer_body){.bytes = chimera_slice_of(value), .fd = -1};
    else if (strcmp(name, "--file") == 0)
        request->body.fd = open(value, O_RDONLY | O_CLOEXEC);
    else if (strcmp(name, "--offset") == 0)
        request->body.offset = strtoull(value, NULL, 10);
    else if (strcmp(name, "--size") == 0)
        request->body.size = strtoull(value, NULL, 10);
    else if (strcmp(name, "--limit") == 0)
        request->limit = strtoull(value, NULL, 10);
    else if (strcmp(name, "--idempotent") == 0)
        request->is_idempotent = strcmp(value, "yes") == 0;
    else if (strcmp(name, "--sink") == 0)
        player->has_sink = strcmp(value, "yes") == 0;
    else
        return false;
    return true;
}

static int begin(struct player *player, const char *sources, unsigned stall)
{
    static struct chimera_sources read;
    struct chimera_transport_options options = {.progress = tell_progress, .stall_seconds = stall};
    struct chimera_error err = {0};
    char *warnings = NULL;
    int code = sources ? chimera_sources_read(sources, &read, &warnings, &err) : CHIMERA_OK;
    free(warnings);
    options.sources = sources ? &read : NULL;
    if (code >= 0)
        code = chimera_transport_new(&options, &player->transport, &err);
    if (code < 0)
        puts(err.text);
    return code;
}

int main(int count, char **words)
{
    struct player player = {.request = {.body = {.fd = -1}, .limit = UINT64_C(1) << 20},
                            .hash = EVP_MD_CTX_new()};
    const char *sources = getenv("PLAY_SOURCES"), *stall = getenv("PLAY_STALL");
    int code = 0;
    signal(SIGINT, note_signal);
    if (begin(&player, sources, stall ? (unsigned)strtoul(stall, NULL, 10) : 0) < 0)
        return 2;
    for (int i = 1; i + 1 < count; i += 2) {
        if (strncmp(words[i], "--", 2) == 0) {
            if (!take_option(&player, words[i], words[i + 1]))
                return 2;
            continue;
        }
        player.request.method = words[i];
        player.request.url = words[i + 1];
        if (play(&player) < 0)
            code = 1;
    }
    chimera_transport_free(player.transport);
    EVP_MD_CTX_free(player.hash);
    return code;
}
