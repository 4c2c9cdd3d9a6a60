/* SPDX-License-Identifier: Apache-2.0 */
/* show.h - certificates as Go's encoding/json shows them. Private to builtins/crypto. */
#ifndef CHIMERA_REGO_X509_SHOW_H
#define CHIMERA_REGO_X509_SHOW_H

#include "runtime/rego/builtins/crypto/base/maker.h"
#include "runtime/rego/builtins/crypto/x509/x509.h"

/* x509.Certificate; with OPA's own member URIStrings when `with_uris`. */
struct json_object *chimera_x509_show(struct chimera_maker *maker,
                                      const struct chimera_x509 *certificate, bool with_uris);

/* Parts, which a request has, too: pkix.Name; a public key, null when it is unknown; the four
 * lists of alternative names as members of `object`, each null when it is empty. */
struct json_object *chimera_x509_show_name(struct chimera_maker *maker, struct chimera_slice name);
struct json_object *chimera_x509_show_key(struct chimera_maker *maker,
                                          const struct chimera_x509_public_key *key);
/* Extensions, behind those in `array`, which is made when it is NULL and there is any. */
struct json_object *chimera_x509_show_extensions(struct chimera_maker *maker,
                                                 struct chimera_slice list,
                                                 struct json_object *array);
struct json_object *chimera_x509_show_time(struct chimera_maker *maker,
                                           const struct chimera_der_time *time);
/* A URI as url.URL writes it again. */
struct json_object *chimera_x509_show_uri(struct chimera_maker *maker, struct chimera_slice text);
void chimera_x509_show_names(struct chimera_maker *maker, struct json_object *object,
                             struct chimera_slice names);

/* Of the extension of that kind, which may not be there, the items of one type, made by `make`;
 * null when there are none. */
typedef struct json_object *chimera_x509_make(struct chimera_maker *maker,
                                              struct chimera_slice value);
struct json_object *chimera_x509_show_list(struct chimera_maker *maker,
                                           enum chimera_x509_extension_kind kind,
                                           struct chimera_slice value, unsigned type,
                                           chimera_x509_make *make);

#endif
