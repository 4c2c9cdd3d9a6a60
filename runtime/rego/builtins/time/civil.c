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

/* Go counts years and days from so long ago that all it can tell is positive; in March, again. */
#define GO_YEARS UINT64_C(292277022400)
#define GO_DAYS (GO_YEARS / 400 * 146097 + 306) /* until January of year 1 */
#define DAYS_TO_1970 (1969 * 365 + 1969 / 4 - 1969 / 100 + 1969 / 400)

/* Modulo 2 to the power of 64, as Go's time.Date(), for whatever somebody adds to a date. */
int64_t chimera_civil_to_seconds(int64_t year, int64_t month, int64_t day, int64_t hour,
                                 int64_t minute, int64_t second)
{
    int64_t of_year = (int64_t)((uint64_t)month - 1);
    int64_t years = floor_div(of_year, 12);
    of_year -= years * 12;
    bool is_before_march = of_year < 2;
    uint64_t whole = (uint64_t)year + (uint64_t)years - is_before_march + GO_YEARS;
    uint64_t before_month = (uint64_t)(153 * (of_year + (is_before_march ? 10 : -2)) + 2) / 5;
    uint64_t days =
        146097 * (whole / 100) / 4 + 1461 * (whole % 100) / 4 + before_month + (uint64_t)day - 1;
    return (int64_t)((days - GO_DAYS - DAYS_TO_1970) * DAY +
                     (uint64_t)(hour * 3600 + minute * 60 + second));
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
