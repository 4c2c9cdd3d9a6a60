/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/rego/builtins/crypto/base/address.h"
#include "runtime/rego/builtins/crypto/x509/show.h"

/* Runs `make` for a URL that was read once already. */
static struct json_object *
with_address(struct chimera_maker *maker, struct chimera_slice text,
             struct json_object *(*make)(struct chimera_maker *maker,
                                         const struct chimera_rego_address *address))
{
    struct chimera_buffer store;
    struct chimera_rego_address address;
    struct json_object *value = NULL;
    chimera_rego_buffer(maker->call, &store);
    bool is_good = chimera_rego_address_read(text, &store, &address);
    if (maker->code == CHIMERA_OK && !is_good)
        maker->code = chimera_rego_no_memory(maker->call);
    if (maker->code == CHIMERA_OK)
        value = make(maker, &address);
    chimera_buffer_free(&store);
    return value;
}

static struct json_object *show_text(struct chimera_maker *maker,
                                     const struct chimera_rego_address *address)
{
    struct chimera_buffer text;
    chimera_rego_buffer(maker->call, &text);
    chimera_rego_address_write(address, &text);
    struct json_object *value = chimera_make_text(maker, chimera_buffer_slice(&text));
    if (text.failed && maker->code == CHIMERA_OK)
        maker->code = chimera_rego_no_memory(maker->call);
    chimera_buffer_free(&text);
    return value;
}

/* url.URL; what is known of a user is not shown. */
static struct json_object *show_parts(struct chimera_maker *maker,
                                      const struct chimera_rego_address *address)
{
    const struct {
        const char *member;
        struct chimera_slice text;
    } parts[] = {
        {"Scheme", address->scheme},     {"Opaque", address->opaque},
        {"Host", address->host},         {"Path", address->path},
        {"RawPath", address->raw_path},  {"RawQuery", address->raw_query},
        {"Fragment", address->fragment}, {"RawFragment", address->raw_fragment},
    };
    struct json_object *object = chimera_make_object(maker);
    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        chimera_make_member(maker, object, parts[i].member,
                            chimera_make_text(maker, parts[i].text));
    chimera_make_member(maker, object, "User",
                        address->has_user ? chimera_make_object(maker) : NULL);
    chimera_make_member(maker, object, "ForceQuery",
                        chimera_make_bool(maker, address->force_query));
    chimera_make_member(maker, object, "OmitHost", chimera_make_bool(maker, address->omit_host));
    return object;
}

struct json_object *chimera_x509_show_uri(struct chimera_maker *maker, struct chimera_slice text)
{
    return with_address(maker, text, show_text);
}

static struct json_object *show_url(struct chimera_maker *maker, struct chimera_slice text)
{
    return with_address(maker, text, show_parts);
}

void chimera_x509_show_names(struct chimera_maker *maker, struct json_object *object,
                             struct chimera_slice names)
{
    static const struct {
        enum chimera_x509_name_type type;
        const char *member;
        chimera_x509_make *make;
    } lists[] = {
        {CHIMERA_X509_NAME_DNS, "DNSNames", chimera_make_text},
        {CHIMERA_X509_NAME_EMAIL, "EmailAddresses", chimera_make_text},
        {CHIMERA_X509_NAME_IP, "IPAddresses", chimera_make_ip},
        {CHIMERA_X509_NAME_URI, "URIs", show_url},
    };
    for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
        chimera_make_member(
            maker, object, lists[i].member,
            chimera_x509_show_list(maker, CHIMERA_X509_SAN, names, lists[i].type, lists[i].make));
}
