/* SPDX-License-Identifier: Apache-2.0 */
#include "server/worker/input.h"

#include <stdlib.h>

#include "server/client/transport.h"
#include "server/worker/connection_room.h"

#define READ_MIN ((size_t)16 * 1024)
#define LOOSE_MAX 64
#define COPIED_MAX READ_MIN /* longer ones are packed where they are */
/* What OpenSSL takes at most until the handshake is over, but for certificates of the client
 * (tests/unit/server/client/test_tls_memory.c). */
#define HANDSHAKE_BYTES ((size_t)72 * 1024)
/* A body whose length is known is given its place before it has come: so many times what has. */
#define AHEAD_AT_EASE 16

/* --- Packing --- */

static void leave_loose(struct connection *connection)
{
    if (chimera_list_is_empty(&connection->loose))
        return;
    chimera_list_remove(&connection->loose);
    connection->loop->input.loose_count--;
}

static void give_back(struct connection *connection)
{
    struct loop *loop = connection->loop;
    input_memory_give(&loop->input, &connection->in, loop->pressure > 0);
}

static void pack_into_less(struct connection *connection)
{
    struct chimera_buffer *in = &connection->in, packed = *in;
    packed.data = malloc(in->size);
    if (!packed.data)
        return;
    memcpy(packed.data, in->data, in->size);
    packed.capacity = in->size;
    give_back(connection);
    *in = packed;
    connection->is_packed = true;
}

static void pack_input(struct connection *connection)
{
    struct chimera_buffer *in = &connection->in;
    leave_loose(connection);
    if (in->size <= COPIED_MAX && in->capacity > in->size) {
        pack_into_less(connection);
    } else if (in->capacity > in->size + 2 * READ_MIN) {
        char *data = realloc(in->data, in->size + READ_MIN);
        in->capacity = data ? in->size + READ_MIN : in->capacity;
        in->data = data ? data : in->data;
    }
    connection_room_charge(connection);
}

static struct connection *first_loose(struct loop *loop)
{
    struct chimera_list *first = chimera_list_first(&loop->input.loose);
    return first ? CHIMERA_LIST_MEMBER(first, struct connection, loose) : NULL;
}

void input_loosen(struct connection *connection)
{
    struct loop *loop = connection->loop;
    if (connection->in.size == 0 || connection->is_packed ||
        !chimera_list_is_empty(&connection->loose))
        return;
    chimera_list_append(&loop->input.loose, &connection->loose);
    if (++loop->input.loose_count > LOOSE_MAX)
        pack_input(first_loose(loop));
}

void input_fix(struct connection *connection)
{
    leave_loose(connection);
}

void input_pack_all(struct loop *loop)
{
    struct connection *connection;
    while ((connection = first_loose(loop)))
        pack_input(connection);
}

/* --- Reading --- */

static size_t smaller_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

struct need {
    size_t bytes; /* that room would best be made for */
    size_t least; /* room enough if it is there already */
};

/* Of a length that is told, so many times what has come; of others, as much. */
static struct need find_need(const struct connection *connection)
{
    const struct chimera_buffer *in = &connection->in;
    size_t most = in->size > READ_MIN ? in->size : READ_MIN;
    if (connection->state != CONNECTION_BODY)
        return (struct need){READ_MIN, READ_MIN / 4};
    if (connection->request.head.is_chunked || connection->request.route.status)
        return (struct need){most, READ_MIN / 4};
    size_t whole = connection->request.head.size + (size_t)connection->body_left;
    size_t missing = whole - in->size; /* at least 1, or it would not be waited for */
    if (connection_memory_is_at_ease(connection->loop->memory.of))
        most = in->size * AHEAD_AT_EASE > READ_MIN ? in->size * AHEAD_AT_EASE : READ_MIN;
    most = smaller_of(most, missing);
    return (struct need){most, most};
}

/* Of buffers that the loop keeps there are few sizes, so that they fit the next request. */
static size_t capacity_for(size_t size)
{
    size_t capacity = READ_MIN;
    while (capacity < size && capacity < INPUT_SPARE_BYTES)
        capacity *= 2;
    return capacity < size ? size : capacity;
}

static bool grow_buffer(struct chimera_buffer *in, size_t capacity)
{
    if (in->capacity >= capacity)
        return true;
    char *data = realloc(in->data, capacity);
    if (!data)
        return false;
    in->data = data;
    in->capacity = capacity;
    return true;
}

/* Packed bytes move into a buffer of the loop's. */
static bool unpack_input(struct connection *connection, size_t capacity)
{
    struct chimera_buffer packed = connection->in, loose;
    input_memory_take(&connection->loop->input, &loose);
    if (!grow_buffer(&loose, capacity)) {
        chimera_buffer_free(&loose);
        return false;
    }
    memcpy(loose.data, packed.data, packed.size);
    loose.size = packed.size;
    chimera_buffer_free(&packed);
    connection->in = loose;
    connection->is_packed = false;
    return true;
}

/* Else the hellos of many clients, which cost nothing while they are not read, would take several
 * times what there is. */
static bool has_room_for_handshake(struct connection *connection)
{
    if (!connection->transport.is_in_handshake ||
        connection->transport.tls_bytes >= HANDSHAKE_BYTES)
        return true;
    connection->parked_bytes = HANDSHAKE_BYTES - connection->transport.tls_bytes;
    return memory_share_fits(&connection->loop->memory, connection->parked_bytes);
}

/* 0, INPUT_NO_ROOM, or TLS_FAILED. */
static int make_room_to_read(struct connection *connection)
{
    struct chimera_buffer *in = &connection->in;
    if (!has_room_for_handshake(connection))
        return INPUT_NO_ROOM;
    if (!in->limit)
        input_memory_take(&connection->loop->input, in);
    struct need need = find_need(connection);
    size_t left = in->limit - in->size;
    if (left == 0)
        return TLS_FAILED;
    if (in->capacity - in->size >= smaller_of(need.least, left))
        return 0;
    size_t capacity = smaller_of(capacity_for(in->size + smaller_of(need.bytes, left)), in->limit);
    connection->parked_bytes = capacity - in->capacity;
    if (!memory_share_fits(&connection->loop->memory, connection->parked_bytes))
        return INPUT_NO_ROOM;
    bool is_made =
        connection->is_packed ? unpack_input(connection, capacity) : grow_buffer(in, capacity);
    return is_made ? 0 : TLS_FAILED;
}

ssize_t input_read(struct connection *connection)
{
    struct chimera_buffer *in = &connection->in;
    ssize_t size = make_room_to_read(connection);
    if (size == 0) {
        size =
            transport_receive(&connection->transport, in->data + in->size, in->capacity - in->size);
        if (size > 0)
            in->size += (size_t)size;
    }
    connection_room_charge(connection);
    return size;
}

void input_release(struct connection *connection)
{
    leave_loose(connection);
    if (connection->is_packed)
        chimera_buffer_free(&connection->in);
    else if (connection->in.limit)
        give_back(connection);
    connection->in = (struct chimera_buffer){0};
    connection->is_packed = false;
    connection_room_charge(connection);
}
