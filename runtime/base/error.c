/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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

int chimera_fail_memory(struct chimera_error *err)
{
    return chimera_fail(err, CHIMERA_ENOMEM, "%s", chimera_code_text(CHIMERA_ENOMEM));
}

int chimera_fail_errno(struct chimera_error *err, const char *what)
{
    return chimera_fail(err, CHIMERA_EIO, "%s: %s", what, strerror(errno));
}

int chimera_fail_os(struct chimera_error *err, int number)
{
    return chimera_fail(err, CHIMERA_EIO, "%s (os error %d)", strerror(number), number);
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
