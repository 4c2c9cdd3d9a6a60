/* SPDX-License-Identifier: Apache-2.0 */
/* Builtins that draw lots: rand.intn, uuid.rfc4122. Both give the same for the same arguments as
 * long as an evaluation lasts, so they are digests of its seed and the arguments, and nothing must
 * be kept.
 */
#include <inttypes.h>

#include "runtime/base/digest.h"
#include "runtime/base/surroundings.h"
#include "runtime/rego/arguments.h"

static int fill_seed(struct chimera_rego_seed *seed)
{
    seed->is_filled =
        seed->is_filled || chimera_surroundings_random(seed->bytes, sizeof(seed->bytes));
    return seed->is_filled ? CHIMERA_OK : CHIMERA_EIO;
}

/* `what` tells the builtins apart. */
static int draw(const struct chimera_rego_call *call, const char *what, uint64_t most,
                struct chimera_digest *ret_digest)
{
    static const uint8_t no_seed[CHIMERA_REGO_SEED_BYTES];
    const uint8_t *seed = no_seed;
    struct chimera_buffer text;
    if (call->seed) {
        if (fill_seed(call->seed) < 0)
            return chimera_fail(call->err, CHIMERA_EIO, "no random numbers");
        seed = call->seed->bytes;
    }
    chimera_rego_buffer(call, &text);
    chimera_buffer_append(&text,
                          (struct chimera_slice){(const char *)seed, CHIMERA_REGO_SEED_BYTES});
    chimera_buffer_print(&text, "%s %" PRIu64 " ", what, most);
    chimera_rego_write(call->args[0], &text);
    int code = text.failed ? chimera_rego_no_memory(call) : chimera_rego_spend(call, text.size);
    if (code == CHIMERA_OK && chimera_digest_of(chimera_buffer_slice(&text), ret_digest) < 0)
        code = chimera_fail_memory(call->err);
    chimera_buffer_free(&text);
    return code;
}

/* Of all from 0 up to, and without, the amount of the second argument. */
int chimera_rego_rand_intn(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_slice text;
    struct chimera_digest digest;
    int64_t bound;
    uint64_t drawn;
    int code = chimera_rego_want_string(call, 0, &text);
    if (code == CHIMERA_OK)
        code = chimera_rego_want_int64(call, 1, &bound);
    if (code < 0)
        return code;
    uint64_t amount = bound < 0 ? -(uint64_t)bound : (uint64_t)bound;
    if (amount > INT64_MAX)
        return chimera_fail(call->err, CHIMERA_EINVAL, "invalid argument to Intn");
    code = draw(call, "intn", amount, &digest);
    if (code < 0)
        return code;
    memcpy(&drawn, digest.bytes, sizeof(drawn));
    __extension__ typedef unsigned __int128 wide;
    drawn = (uint64_t)(((wide)drawn * amount) >> 64);
    return chimera_rego_give(call, chimera_node_int64(call->account, (int64_t)drawn), ret_result);
}

/* A UUID of version 4. */
int chimera_rego_uuid_rfc4122(const struct chimera_rego_call *call, struct json_object **ret_result)
{
    struct chimera_digest digest;
    struct chimera_buffer out;
    int code = draw(call, "uuid", 0, &digest);
    if (code < 0)
        return code;
    digest.bytes[6] = (digest.bytes[6] & 0x0F) | 0x40;
    digest.bytes[8] = (digest.bytes[8] & 0x3F) | 0x80;
    chimera_rego_buffer(call, &out);
    for (size_t i = 0; i < 16; i++)
        chimera_buffer_print(&out, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x",
                             digest.bytes[i]);
    return chimera_rego_give_text(call, &out, ret_result);
}
