/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/time/civil.h"

#define DAY 86400

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0 ? 1 : 0);
}

/* Days since 1970 of a date; years begin in March here, so that leap days come last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    year -= month <= 2 ? 1 : 0;
    int64_t era = floor_div(year, 400), of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct chimera_civil chimera_civil_from_seconds(int64_t seconds)
{
    int64_t days = floor_div(seconds, DAY), rest = seconds - days * DAY;
    int64_t era = floor_div(days + 719468, 146097), of_era = days + 719468 - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    int64_t civil_month = month + (month < 10 ? 3 : -9);
    return (struct chimera_civil){
        .year = year + era * 400 + (civil_month <= 2 ? 1 : 0),
        .month = (int)civil_month,
        .day = (int)(of_year - (153 * month + 2) / 5 + 1),
        .hour = (int)(rest / 3600),
        .minute = (int)(rest / 60 % 60),
        .second = (int)(rest % 60),
    };
}

int64_t chimera_civil_to_seconds(int64_t year, int64_t month, int64_t day, int64_t hour,
                                 int64_t minute, int64_t second)
{
    int64_t years = floor_div(month - 1, 12);
    year += years;
    month -= years * 12;
    return (days_of(year, month, 1) + day - 1) * DAY + hour * 3600 + minute * 60 + second;
}

int chimera_civil_days_in_month(int64_t year, int month)
{
    return (int)(days_of(month == 12 ? year + 1 : year, month == 12 ? 1 : month + 1, 1) -
                 days_of(year, month, 1));
}

int chimera_civil_weekday(int64_t seconds)
{
    int64_t days = floor_div(seconds, DAY) + 4; /* 1970 began on a Thursday */
    return (int)(days - floor_div(days, 7) * 7);
}
