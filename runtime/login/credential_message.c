/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/login/credential_message.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/base/cleanup.h"
#include "runtime/json/tree.h"
#include "runtime/login/credentials.h"

#define PLACE_MAX 1024

/* The texts of a login, and the name of each in the message. */
static char **field_of(struct chimera_credential *credential, char **warning, size_t at,
                       const char **ret_name)
{
    static const char *const names[] = {"username", "password", "identity_token", "origin",
                                        "warning"};
    char **const fields[] = {&credential->username, &credential->password,
                             &credential->identity_token, &credential->origin, warning};
    if (at == sizeof(names) / sizeof(names[0]))
        return NULL;
    *ret_name = names[at];
    return fields[at];
}

int chimera_credential_tell(const char *docker_config, struct chimera_slice place,
                            struct chimera_buffer *message, struct chimera_error *err)
{
    struct chimera_credential credential = {0};
    CHIMERA_FREE char *warning = NULL;
    const char *name, *before = "{";
    char **field;
    bool is_place = place.size > 0 && place.size <= PLACE_MAX;
    for (size_t i = 0; is_place && i < place.size; i++)
        is_place = place.data[i] > ' ' && place.data[i] <= '~';
    if (!is_place)
        return chimera_fail(err, CHIMERA_EREFUSED, "the place of a login is none");
    CHIMERA_FREE char *text = strndup(place.data, place.size);
    if (!text)
        return chimera_fail_memory(err);
    int code = chimera_credential_find(docker_config, text, &credential, &warning, err);
    for (size_t i = 0; code == CHIMERA_OK && (field = field_of(&credential, &warning, i, &name));
         i++) {
        if (!*field)
            continue;
        chimera_buffer_print(message, "%s\"%s\":", before, name);
        chimera_json_write_string(chimera_slice_of(*field), message);
        before = ",";
    }
    chimera_credential_done(&credential);
    if (code == CHIMERA_OK)
        chimera_buffer_text(message, *before == '{' ? "{}" : "}");
    return code == CHIMERA_OK && message->failed
               ? chimera_fail(err, message->failed, "the login is too long to be told")
               : code;
}

int chimera_credential_hear(struct chimera_slice message, struct chimera_credential *ret_credential,
                            char **ret_warning, struct chimera_error *err)
{
    CHIMERA_JSON struct json_object *tree = NULL;
    struct chimera_credential credential = {0};
    char *warning = NULL, **field;
    const char *name;
    int code = chimera_json_parse(message, &tree, NULL);
    if (code < 0 || !json_object_is_type(tree, json_type_object))
        return chimera_fail(err, CHIMERA_EINVAL, "the login that was told is none");
    for (size_t i = 0; code == CHIMERA_OK && (field = field_of(&credential, &warning, i, &name));
         i++) {
        struct json_object *value = chimera_json_member(tree, name);
        if (json_object_is_type(value, json_type_string) &&
            !(*field = strdup(json_object_get_string(value))))
            code = chimera_fail_memory(err);
    }
    if (code < 0) {
        chimera_credential_done(&credential);
        free(warning);
        return code;
    }
    *ret_credential = credential;
    *ret_warning = warning;
    return CHIMERA_OK;
}
