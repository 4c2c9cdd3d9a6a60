/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/base/error.h"

#include <stdarg.h>
#include <stdio.h>

int chimera_fail(struct chimera_error *err, int code, const char *format, ...)
{
    if (!err)
        return code;
    va_list arguments;
    va_start(arguments, format);
    err->code = code;
    vsnprintf(err->text, sizeof(err->text), format, arguments);
    va_end(arguments);
    return code;
}

const char *chimera_code_text(int code)
{
    switch (code) {
    case CHIMERA_OK:
        return "no error";
#define X(name, number, text) \
    case CHIMERA_##name:      \
        return text;
        CHIMERA_ERROR_MAP(X)
#undef X
    default:
        return "unknown error";
    }
}
