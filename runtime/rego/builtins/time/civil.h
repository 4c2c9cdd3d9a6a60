/* SPDX-License-Identifier: Apache-2.0 */
/* civil.h - dates of the Gregorian calendar, and time zones. Private to this folder. */
#ifndef CHIMERA_REGO_BUILTINS_TIME_CIVIL_H
#define CHIMERA_REGO_BUILTINS_TIME_CIVIL_H

#include <stdint.h>

#include "runtime/base/account.h"
#include "runtime/base/error.h"
#include "runtime/base/slice.h"

struct chimera_civil {
    int64_t year;
    int month, day; /* from 1 on */
    int hour, minute, second;
};

struct chimera_civil chimera_civil_from_seconds(int64_t seconds);

/* Fields may be out of their range, as in Go's time.Date: the 32nd of January is the 1st of
 * February. */
int64_t chimera_civil_to_seconds(int64_t year, int64_t month, int64_t day, int64_t hour,
                                 int64_t minute, int64_t second);

int chimera_civil_days_in_month(int64_t year, int month);

/* 0 is Sunday. */
int chimera_civil_weekday(int64_t seconds);

struct chimera_zone; /* opaque; NULL is UTC */

/* From the system's database. The caller ends it with chimera_zone_free(), which gives back what
 * was taken from the account; that may be NULL. */
int chimera_zone_open(struct chimera_slice name, struct chimera_account *account,
                      struct chimera_zone **ret_zone, struct chimera_error *err);
void chimera_zone_free(struct chimera_zone *zone); /* NULL is allowed */

/* Seconds east of Greenwich at an instant, and the letters for it ("CET"). */
int32_t chimera_zone_offset(const struct chimera_zone *zone, int64_t seconds,
                            const char **ret_letters);

/* The instant at which a clock in the zone shows these local seconds. */
int64_t chimera_zone_from_local(const struct chimera_zone *zone, int64_t local);

#endif
