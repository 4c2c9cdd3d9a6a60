/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/source/image_reference.h"

#include <stdlib.h>
#include <string.h>

#define DOCKER "docker.io"
#define DOCKER_HOST "index.docker.io" /* an old name of it as well */
#define DOCKER_OFFICIAL "library"     /* what has one part there is in it */
#define TAG_DEFAULT "latest"

#define REGISTRY_BYTES_MAX 255 /* it becomes the name of a folder */
#define REPOSITORY_BYTES_MAX 255
#define TAG_BYTES_MAX 128
#define DIGEST_DIGITS_MIN 32

static const char FORMAT_WRONG[] = "invalid reference format";

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z');
}

static bool is_letter(char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_word(char c)
{
    return is_digit(c) || is_letter(c);
}

/* What is before the first `mark`, and what is behind it; without one all, and nothing. */
static struct chimera_slice cut(struct chimera_slice text, char mark,
                                struct chimera_slice *ret_rest)
{
    const char *at = text.size ? memchr(text.data, mark, text.size) : NULL;
    struct chimera_slice front = {text.data, at ? (size_t)(at - text.data) : text.size};
    *ret_rest = at ? chimera_slice_behind(text, front.size + 1) : (struct chimera_slice){NULL, 0};
    return front;
}

/* --- The grammar --- */

static bool is_registry(struct chimera_slice text)
{
    struct chimera_slice port, name = cut(text, ':', &port);
    if (port.data && port.size == 0)
        return false;
    for (size_t i = 0; i < port.size; i++)
        if (!is_digit(port.data[i]))
            return false;
    do {
        struct chimera_slice label = cut(name, '.', &name);
        /* A part between the dots of a host's name: letters, digits and, inside, hyphens. */
        if (label.size == 0 || label.data[0] == '-' || label.data[label.size - 1] == '-')
            return false;
        for (size_t i = 0; i < label.size; i++)
            if (!is_word(label.data[i]) && label.data[i] != '-')
                return false;
    } while (name.data);
    return true;
}

/* Of a separator between letters and digits: one dot, one or two underscores, or hyphens. */
static size_t separator_size(struct chimera_slice text)
{
    size_t size = 0;
    if (text.data[0] == '.')
        return 1;
    if (text.data[0] == '_')
        return text.size > 1 && text.data[1] == '_' ? 2 : 1;
    while (size < text.size && text.data[size] == '-')
        size++;
    return size;
}

static bool is_repository(struct chimera_slice text)
{
    do {
        struct chimera_slice part = cut(text, '/', &text);
        /* A part between the slashes of a repository. */
        if (part.size == 0 || !is_lower(part.data[0]) || !is_lower(part.data[part.size - 1]))
            return false;
        while (part.size > 0) {
            size_t size = is_lower(part.data[0]) ? 1 : separator_size(part);
            bool is_separator = !is_lower(part.data[0]);
            part = size > 0 ? chimera_slice_behind(part, size) : part;
            if (size == 0 || (is_separator && !is_lower(part.data[0])))
                return false; /* the last byte is none of a separator, so there is one behind it */
        }
    } while (text.data);
    return true;
}

/* Words that begin with a letter, with one of "-_+." between them. */
static bool is_algorithm(struct chimera_slice text)
{
    bool is_start = true; /* of a word */
    for (size_t i = 0; i < text.size; i++) {
        bool is_mark = strchr("-_+.", text.data[i]) && text.data[i];
        if (is_start ? !is_letter(text.data[i]) : !is_mark && !is_word(text.data[i]))
            return false;
        is_start = is_mark;
    }
    return !is_start;
}

static const char *check_digest(struct chimera_slice digest)
{
    struct chimera_slice digits, algorithm = cut(digest, ':', &digits);
    bool are_hex_digits = true;
    for (size_t i = 0; are_hex_digits && i < digits.size; i++)
        are_hex_digits = is_digit(digits.data[i]) ||
                         ((digits.data[i] | 0x20) >= 'a' && (digits.data[i] | 0x20) <= 'f');
    if (!is_algorithm(algorithm) || digits.size < DIGEST_DIGITS_MIN || !are_hex_digits)
        return FORMAT_WRONG;
    /* The digits that a digest of that algorithm has; 0 for one that is not known. */
    size_t wanted = chimera_slice_is(algorithm, "sha256")   ? 64
                    : chimera_slice_is(algorithm, "sha384") ? 96
                    : chimera_slice_is(algorithm, "sha512") ? 128
                                                            : 0;
    if (wanted == 0)
        return "unsupported digest algorithm";
    return digits.size == wanted ? NULL : "invalid checksum digest length";
}

/* --- Its parts --- */

struct parts { /* borrowed; no data: it is not there */
    struct chimera_slice registry, repository, tag, digest;
};

/* The name begins with a registry if its first part looks like a host. The reference takes any
 * host's name for one at first, and so capitals in the first part of a repository, which no
 * registry has, and which it could not read again once they are written whole. */
static bool split_registry(struct parts *parts)
{
    struct chimera_slice rest, first = cut(parts->repository, '/', &rest);
    bool is_host =
        rest.data && (memchr(first.data, '.', first.size) || memchr(first.data, ':', first.size) ||
                      chimera_slice_is(first, "localhost"));
    if (!is_host)
        return is_repository(parts->repository);
    if (!(is_registry(first) && is_repository(rest)) && !is_repository(parts->repository))
        return false;
    parts->registry = first;
    parts->repository = rest;
    return true;
}

/* What is wrong, or NULL. */
static const char *split(struct chimera_slice text, struct parts *ret_parts)
{
    struct parts parts = {0};
    if (text.size == 0)
        return "repository name must have at least one component";
    parts.repository = cut(text, '@', &parts.digest);
    /* The tag is behind the last colon, unless a slash follows: then that is a port's. */
    struct chimera_slice name = parts.repository;
    const char *colon = name.size ? memrchr(name.data, ':', name.size) : NULL;
    size_t size = colon ? (size_t)(colon - name.data) : name.size;
    if (colon && !memchr(colon, '/', name.size - size)) {
        parts.tag = chimera_slice_behind(name, size + 1);
        parts.repository.size = size;
    }
    struct chimera_slice tag = parts.tag;
    bool is_tag = tag.size > 0 && tag.size <= TAG_BYTES_MAX;
    for (size_t i = 0; i < tag.size; i++) {
        bool is_inner = i > 0 && (tag.data[i] == '.' || tag.data[i] == '-');
        if (!is_word(tag.data[i]) && tag.data[i] != '_' && !is_inner) {
            is_tag = false;
            break;
        }
    }
    if (parts.tag.data && !is_tag)
        return FORMAT_WRONG;
    const char *wrong = parts.digest.data ? check_digest(parts.digest) : NULL;
    if (!split_registry(&parts))
        return FORMAT_WRONG;
    *ret_parts = parts;
    return wrong;
}

static bool is_docker(struct chimera_slice registry)
{
    return !registry.data || chimera_slice_is(registry, DOCKER) ||
           chimera_slice_is(registry, DOCKER_HOST);
}

/* As it is on Docker's registry, too: what has one part there is in a folder. */
static int copy_repository(const struct parts *parts, char **ret_repository,
                           struct chimera_error *err)
{
    bool is_official =
        is_docker(parts->registry) && !memchr(parts->repository.data, '/', parts->repository.size);
    struct chimera_buffer name;
    chimera_buffer_init(&name, REPOSITORY_BYTES_MAX + 1);
    if (is_official)
        chimera_buffer_text(&name, DOCKER_OFFICIAL "/");
    chimera_buffer_append(&name, parts->repository);
    chimera_buffer_byte(&name, 0);
    if (!name.failed) {
        *ret_repository = name.data; /* handed over */
        return CHIMERA_OK;
    }
    chimera_buffer_free(&name);
    if (name.failed == CHIMERA_ENOMEM)
        return chimera_fail_memory(err);
    return chimera_fail(err, CHIMERA_EINVAL, "repository name must not be more than %d characters",
                        REPOSITORY_BYTES_MAX);
}

static int copy(const struct parts *parts, struct chimera_image_reference *ret_reference,
                struct chimera_error *err)
{
    struct chimera_slice registry =
        is_docker(parts->registry) ? CHIMERA_SLICE(DOCKER) : parts->registry;
    struct chimera_slice tag =
        parts->tag.data || parts->digest.data ? parts->tag : CHIMERA_SLICE(TAG_DEFAULT);
    int code = copy_repository(parts, &ret_reference->repository, err);
    if (code < 0)
        return code;
    ret_reference->registry = strndup(registry.data, registry.size);
    ret_reference->tag = tag.data ? strndup(tag.data, tag.size) : NULL;
    if (parts->digest.data)
        ret_reference->digest = strndup(parts->digest.data, parts->digest.size);
    /* Digits in lower case, as registries write them. */
    for (char *at = ret_reference->digest ? strchr(ret_reference->digest, ':') : NULL; at && *at;
         at++)
        if (*at >= 'A' && *at <= 'F')
            *at |= 0x20;
    bool is_whole = ret_reference->registry && !ret_reference->tag == !tag.data &&
                    !ret_reference->digest == !parts->digest.data;
    return is_whole ? CHIMERA_OK : chimera_fail_memory(err);
}

int chimera_image_reference_parse(struct chimera_slice text,
                                  struct chimera_image_reference *ret_reference,
                                  struct chimera_error *err)
{
    struct parts parts = {0};
    struct chimera_image_reference reference = {0};
    const char *wrong = split(text, &parts);
    if (wrong)
        return chimera_fail(err, CHIMERA_EINVAL, "%s", wrong);
    if (parts.registry.size > REGISTRY_BYTES_MAX)
        return chimera_fail(err, CHIMERA_EINVAL,
                            "the name of a registry must not be more than %d characters",
                            REGISTRY_BYTES_MAX);
    int code = copy(&parts, &reference, err);
    if (code < 0)
        chimera_image_reference_done(&reference);
    else
        *ret_reference = reference; /* handed over */
    return code;
}

void chimera_image_reference_done(struct chimera_image_reference *reference)
{
    free(reference->registry);
    free(reference->repository);
    free(reference->tag);
    free(reference->digest);
    *reference = (struct chimera_image_reference){0};
}

void chimera_image_reference_write(const struct chimera_image_reference *reference,
                                   struct chimera_buffer *out)
{
    chimera_buffer_print(out, "%s/%s", reference->registry, reference->repository);
    if (reference->tag)
        chimera_buffer_print(out, ":%s", reference->tag);
    if (reference->digest)
        chimera_buffer_print(out, "@%s", reference->digest);
}

const char *chimera_image_reference_host(const struct chimera_image_reference *reference)
{
    return strcmp(reference->registry, DOCKER) == 0 ? DOCKER_HOST : reference->registry;
}

const char *chimera_image_reference_version(const struct chimera_image_reference *reference)
{
    return reference->digest ? reference->digest : reference->tag;
}
