/* Any bytes as a group's expression; what compiles can be run, ends, and says yes or no. */
#include <stdlib.h>

#include "server/expression.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Members are the names of one letter. */
static int find_name(const void *context, struct chimera_slice name)
{
    (void)context;
    return name.size == 1 ? name.data[0] & 1 : -1;
}

static int answer(void *context, uint32_t member)
{
    unsigned *calls = context;
    if (++*calls > EXPRESSION_STEPS_MAX)
        abort(); /* each step runs once at most */
    return (int)member;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct expression expression;
    unsigned calls = 0;
    struct chimera_error err = {0};
    struct chimera_slice text = {size ? (const char *)data : "", size};
    if (expression_compile(text, find_name, NULL, &expression, &err) < 0) {
        if (!err.text[0])
            abort();
        return 0;
    }
    int verdict = expression_run(&expression, answer, &calls);
    if (verdict != 0 && verdict != 1)
        abort();
    return 0;
}
