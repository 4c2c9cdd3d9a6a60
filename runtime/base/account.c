/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/base/account.h"

#include "runtime/base/clock.h"

int chimera_account_look(struct chimera_account *account)
{
    account->units = 0;
    if (account->failed || account->deadline_ns == CHIMERA_ACCOUNT_FOREVER)
        return account->failed;
    if (chimera_clock_ns() + account->owed_ns >= account->deadline_ns)
        account->failed = CHIMERA_EDEADLINE;
    return account->failed;
}

int chimera_account_has_time(struct chimera_account *account, uint64_t ns)
{
    if (!account)
        return CHIMERA_OK;
    account->owed_ns += ns;
    int code = chimera_account_look(account);
    account->owed_ns -= ns;
    return code;
}

const char *chimera_account_text(const struct chimera_account *account)
{
    int code = account && account->failed ? account->failed : CHIMERA_ENOMEM;
    if (code == CHIMERA_ENOMEM)
        return chimera_code_text(code);
    return code == CHIMERA_EDEADLINE ? "the time is up" : "the policy's memory limit is reached";
}
