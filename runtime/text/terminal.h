/* SPDX-License-Identifier: Apache-2.0 */
/* terminal.h - what can be shown where a descriptor leads: colours, and columns.
 *
 * The rule of colours: the wish of the command line (--color always or never) wins; without one
 * there are colours where the descriptor is a terminal, TERM is set and not "dumb", and NO_COLOR is
 * unset or empty. Any thread; the wish is set before there is more than one.
 */
#ifndef CHIMERA_TEXT_TERMINAL_H
#define CHIMERA_TEXT_TERMINAL_H

#include <stdbool.h>

enum chimera_colour_wish { CHIMERA_COLOURS_AUTO, CHIMERA_COLOURS_ALWAYS, CHIMERA_COLOURS_NEVER };

/* What is said, not how it looks. */
enum chimera_colour {
    CHIMERA_COLOUR_GOOD, /* it is as it should be: allowed, passed, there */
    CHIMERA_COLOUR_NOTE, /* worth a look: a warning, a change */
    CHIMERA_COLOUR_BAD,  /* wrong: an error, a refusal */
    CHIMERA_COLOUR_BOLD, /* a head, a name */
    CHIMERA_COLOUR_FAINT /* beside the point */
};

void chimera_colours_wish(enum chimera_colour_wish wish);
bool chimera_colours_are_on(int fd);

/* What begins a colour, and what ends each; "" where there are none. They are constants. */
const char *chimera_colour(int fd, enum chimera_colour colour);
const char *chimera_colour_end(int fd);

/* Columns of a line: $COLUMNS, else those of the terminal, else 80; at least 40. */
unsigned chimera_terminal_width(int fd);

/* Are texts UTF-8 there? What the locale's variables say: LC_ALL, LC_CTYPE or LANG, the first that
 * is not empty; without any it is the C locale. */
bool chimera_terminal_is_utf8(void);

#endif
