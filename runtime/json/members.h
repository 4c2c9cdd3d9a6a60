/* members.h - the members of a json-c object in the reference's order: by key, bytewise. Private to
 * this folder. */
#ifndef CHIMERA_JSON_MEMBERS_H
#define CHIMERA_JSON_MEMBERS_H

#include <stdbool.h>

#include <json-c/json.h>

struct chimera_member {
    const char *key;           /* borrowed from the object, as is the value */
    struct json_object *value; /* NULL: null */
};

struct chimera_members {
    struct chimera_member *member; /* owned: free() */
    size_t count;
};

/* False when memory ran out. */
bool chimera_members_sorted(struct json_object *object, struct chimera_members *ret_members);

/* How deep the writer and the difference follow a tree. What is parsed here is never that deep. */
#define CHIMERA_TREE_DEPTH_MAX 256

#endif
