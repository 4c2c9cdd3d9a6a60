/* SPDX-License-Identifier: Apache-2.0 */
/* Where a user's files lie (cli-and-distribution.md §2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants those before it */
#include <cmocka.h>

#include "runtime/source/user_folders.h"

struct found {
    const char *told, *home, *folder; /* told: the variable; NULL: not set */
};

static void check(const char *variable, char *(*find)(void), const struct found *found)
{
    if (found->told)
        setenv(variable, found->told, 1);
    else
        unsetenv(variable);
    setenv("HOME", found->home, 1);
    char *folder = find();
    assert_string_equal(folder, found->folder);
    free(folder);
}

static void a_relative_value_counts_as_none(void **state)
{
    static const struct found caches[] = {
        {"/c", "/h", "/c/kubewarden"},        {"/c/", "/h", "/c/kubewarden"},
        {"c", "/h", "/h/.cache/kubewarden"},  {"", "/h", "/h/.cache/kubewarden"},
        {NULL, "/h", "/h/.cache/kubewarden"}, {"./c", "/h", "/h/.cache/kubewarden"},
    };
    static const struct found configurations[] = {
        {"/c", "/h", "/c/kubewarden"},
        {"c", "/h", "/h/.config/kubewarden"},
        {NULL, "/h", "/h/.config/kubewarden"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(caches) / sizeof(caches[0]); i++)
        check("XDG_CACHE_HOME", chimera_user_cache_folder, &caches[i]);
    for (size_t i = 0; i < sizeof(configurations) / sizeof(configurations[0]); i++)
        check("XDG_CONFIG_HOME", chimera_user_config_folder, &configurations[i]);
}

/* As the reference's library does: the account knows the home. */
static void without_home_it_is_the_accounts(void **state)
{
    (void)state;
    unsetenv("XDG_CACHE_HOME");
    unsetenv("HOME");
    char *folder = chimera_user_cache_folder();
    assert_true(!folder || (folder[0] == '/' && strstr(folder, "/.cache/kubewarden")));
    free(folder);
}

static void a_path_in_no_folder_is_none(void **state)
{
    (void)state;
    assert_null(chimera_user_path(NULL, "x"));
    char *path = chimera_user_path(strdup("/a"), "x");
    assert_string_equal(path, "/a/x");
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_relative_value_counts_as_none),
        cmocka_unit_test(without_home_it_is_the_accounts),
        cmocka_unit_test(a_path_in_no_folder_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
