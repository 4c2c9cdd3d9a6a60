/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/text/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH 80
#define WIDTH_MIN 40
#define WIDTH_MAX 1000 /* more is nonsense of a variable */

static enum chimera_colour_wish wanted;

void chimera_colours_wish(enum chimera_colour_wish wish)
{
    wanted = wish;
}

bool chimera_colours_are_on(int fd)
{
    const char *terminal = getenv("TERM"), *none = getenv("NO_COLOR");
    if (fd < 0 || wanted != CHIMERA_COLOURS_AUTO)
        return fd >= 0 && wanted == CHIMERA_COLOURS_ALWAYS;
    return isatty(fd) && terminal && strcmp(terminal, "dumb") != 0 && (!none || *none == '\0');
}

const char *chimera_colour(int fd, enum chimera_colour colour)
{
    static const char *const codes[] = {
        [CHIMERA_COLOUR_GOOD] = "\033[32m",  [CHIMERA_COLOUR_NOTE] = "\033[33m",
        [CHIMERA_COLOUR_BAD] = "\033[1;31m", [CHIMERA_COLOUR_BOLD] = "\033[1m",
        [CHIMERA_COLOUR_FAINT] = "\033[2m",
    };
    return chimera_colours_are_on(fd) ? codes[colour] : "";
}

const char *chimera_colour_end(int fd)
{
    return chimera_colours_are_on(fd) ? "\033[0m" : "";
}

/* 0 when it is no number of columns. */
static unsigned columns_told(void)
{
    const char *text = getenv("COLUMNS");
    unsigned number = 0;
    for (; text && *text >= '0' && *text <= '9' && number <= WIDTH_MAX; text++)
        number = number * 10 + (unsigned)(*text - '0');
    return text && *text == '\0' && number <= WIDTH_MAX ? number : 0;
}

unsigned chimera_terminal_width(int fd)
{
    struct winsize size = {0};
    unsigned width = columns_told();
    if (!width && fd >= 0 && ioctl(fd, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    width = width ? width : WIDTH;
    return width < WIDTH_MIN ? WIDTH_MIN : width;
}

bool chimera_terminal_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const char *locale = getenv(names[i]);
        if (locale && *locale)
            return strcasestr(locale, "utf-8") || strcasestr(locale, "utf8");
    }
    return false;
}
