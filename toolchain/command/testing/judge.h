/* SPDX-License-Identifier: Apache-2.0 */
/* judge.h - is an answer what a case wants? What is not is told, one reason after the other.
 */
#ifndef CHIMERA_TOOLCHAIN_COMMAND_TESTING_JUDGE_H
#define CHIMERA_TOOLCHAIN_COMMAND_TESTING_JUDGE_H

#include <json-c/json.h>

#include "runtime/base/buffer.h"
#include "runtime/review/request.h"
#include "runtime/review/response.h"

/* Does it ask about the settings alone? Then there is no request to be answered. */
bool test_wants_settings(struct json_object *want);

/* These append to `wrong`, which stays empty where all is well. Reasons are lines. */
void test_judge_settings(struct json_object *want, bool is_valid, struct chimera_slice message,
                         struct chimera_buffer *wrong);
void test_judge_response(struct json_object *want, const struct chimera_request *request,
                         const struct chimera_response *response, struct chimera_buffer *wrong);

#endif
