/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a group's expression; what compiles can be run and ends. And where it gives a
 * verdict although a member failed, the verdict is the same whatever that member would have said.
 */
#include <stdlib.h>

#include "runtime/review/expression.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Members are the names of one letter: of four one says no, one yes, and two fail. */
static int find_name(const void *context, struct chimera_slice name)
{
    (void)context;
    return name.size == 1 ? name.data[0] & 3 : -1;
}

struct world {
    unsigned calls;
    int failed; /* what those that fail say here */
};

static int answer(void *context, uint32_t member)
{
    struct world *world = context;
    if (++world->calls > EXPRESSION_STEPS_MAX)
        abort(); /* each step runs once at most */
    return member < 2 ? (int)member : world->failed;
}

static int run_in(const struct expression *expression, enum expression_verdict failed)
{
    struct world world = {.failed = (int)failed};
    int verdict = expression_run(expression, answer, &world);
    if (verdict < EXPRESSION_NO || verdict > EXPRESSION_UNKNOWN)
        abort();
    return verdict;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct expression expression;
    struct chimera_error err = {0};
    struct chimera_slice text = {size ? (const char *)data : "", size};
    if (expression_compile(text, find_name, NULL, &expression, &err) < 0) {
        if (!err.text[0])
            abort();
        return 0;
    }
    int verdict = run_in(&expression, EXPRESSION_UNKNOWN);
    int if_no = run_in(&expression, EXPRESSION_NO), if_yes = run_in(&expression, EXPRESSION_YES);
    if (if_no == EXPRESSION_UNKNOWN || if_yes == EXPRESSION_UNKNOWN)
        abort();
    if (verdict != EXPRESSION_UNKNOWN && (verdict != if_no || verdict != if_yes))
        abort();
    return 0;
}
