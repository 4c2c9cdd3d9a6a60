/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/yaml/places.h"

#include <stdint.h>
#include <stdlib.h>
#include <yaml.h>

#define LEVELS 8
#define PLACES_MAX ((size_t)1 << 20)
#define NONE SIZE_MAX

struct mark {
    uint32_t line, column;
};

struct place {
    char *key;              /* owned; NULL: of a list, or the root */
    struct mark at_key, at; /* of the key; of the value */
    size_t first, last;     /* its children, by number, or NONE */
    size_t next;            /* sibling, or NONE */
};

struct chimera_yaml_places {
    struct place *place; /* owned; the first is the root */
    size_t count, capacity;
};

struct walk {
    struct chimera_yaml_places *places;
    size_t open[LEVELS]; /* the collections that it is in, from the root on */
    bool is_map[LEVELS];
    size_t depth;   /* of all, also below LEVELS */
    char *key;      /* owned; that waits for its value */
    bool has_key;   /* one does, be it too deep or no text */
    size_t ignored; /* collections within one another that are keys */
    struct mark at_key;
};

static struct mark mark_of(const yaml_event_t *event)
{
    return (struct mark){(uint32_t)event->start_mark.line + 1,
                         (uint32_t)event->start_mark.column + 1};
}

static struct place *grow(struct chimera_yaml_places *places)
{
    if (places->count < places->capacity)
        return &places->place[places->count];
    size_t capacity = places->capacity ? 2 * places->capacity : 64;
    struct place *grown =
        capacity <= PLACES_MAX ? reallocarray(places->place, capacity, sizeof(*grown)) : NULL;
    if (!grown)
        return NULL;
    places->place = grown;
    places->capacity = capacity;
    return &grown[places->count];
}

/* Its number, or NONE where there is no room for it. */
static size_t add_place(struct walk *walk, const yaml_event_t *event)
{
    struct chimera_yaml_places *places = walk->places;
    size_t parent = walk->depth ? walk->open[walk->depth - 1] : NONE;
    struct place *place = walk->depth && parent == NONE ? NULL : grow(places);
    if (!place)
        return NONE;
    *place = (struct place){.key = walk->key,
                            .at_key = walk->has_key ? walk->at_key : mark_of(event),
                            .at = mark_of(event),
                            .first = NONE,
                            .last = NONE,
                            .next = NONE};
    walk->key = NULL; /* the place's now */
    size_t number = places->count++;
    if (parent == NONE)
        return number;
    struct place *above = &places->place[parent];
    if (above->first == NONE)
        above->first = number;
    else
        places->place[above->last].next = number;
    above->last = number;
    return number;
}

static void take_value(struct walk *walk, const yaml_event_t *event)
{
    size_t number = walk->depth < LEVELS ? add_place(walk, event) : NONE;
    free(walk->key);
    walk->key = NULL;
    walk->has_key = false;
    if (event->type != YAML_SEQUENCE_START_EVENT && event->type != YAML_MAPPING_START_EVENT)
        return;
    if (walk->depth < LEVELS) {
        walk->open[walk->depth] = number;
        walk->is_map[walk->depth] = event->type == YAML_MAPPING_START_EVENT;
    }
    walk->depth++;
}

static void take_event(struct walk *walk, const yaml_event_t *event)
{
    bool is_end = event->type == YAML_SEQUENCE_END_EVENT || event->type == YAML_MAPPING_END_EVENT;
    bool is_start =
        event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT;
    if (walk->ignored)
        walk->ignored += is_start ? 1 : is_end ? (size_t)-1 : 0;
    else if (is_end)
        walk->depth--;
    else if (!is_start && event->type != YAML_SCALAR_EVENT && event->type != YAML_ALIAS_EVENT)
        return;
    else if (walk->depth > 0 && walk->depth <= LEVELS && walk->is_map[walk->depth - 1] &&
             !walk->has_key) {
        walk->has_key = true;
        walk->at_key = mark_of(event);
        if (event->type == YAML_SCALAR_EVENT)
            walk->key = strndup((const char *)event->data.scalar.value, event->data.scalar.length);
        walk->ignored =
            event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT;
    } else
        take_value(walk, event);
}

/* Up to the first fault, if there is one. */
static void read_events(struct walk *walk, yaml_parser_t *parser)
{
    yaml_event_t event;
    yaml_event_type_t type = YAML_NO_EVENT;
    while (type != YAML_STREAM_END_EVENT && type != YAML_DOCUMENT_END_EVENT &&
           yaml_parser_parse(parser, &event)) {
        type = event.type;
        take_event(walk, &event);
        yaml_event_delete(&event);
    }
    free(walk->key);
}

struct chimera_yaml_places *chimera_yaml_places_new(struct chimera_slice text)
{
    struct chimera_yaml_places *places = calloc(1, sizeof(*places));
    struct walk walk = {.places = places};
    yaml_parser_t parser;
    if (!places || !yaml_parser_initialize(&parser)) {
        free(places);
        return NULL;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    const char *data = text.data ? text.data : ""; /* libyaml ends the process for none */
    yaml_parser_set_input_string(&parser, (const unsigned char *)data, text.size);
    read_events(&walk, &parser);
    yaml_parser_delete(&parser);
    return places;
}

void chimera_yaml_places_free(struct chimera_yaml_places *places)
{
    for (size_t i = 0; places && i < places->count; i++)
        free(places->place[i].key);
    if (places)
        free(places->place);
    free(places);
}

static size_t find_child(const struct chimera_yaml_places *places, const struct place *place,
                         const struct chimera_yaml_step *step)
{
    size_t found = NONE, index = 0;
    for (size_t i = place->first; i != NONE; i = places->place[i].next, index++) {
        const char *key = places->place[i].key;
        if (step->key ? key && strcmp(key, step->key) == 0 : !key && index == step->index)
            found = i;
    }
    return found;
}

void chimera_yaml_places_find(const struct chimera_yaml_places *places,
                              const struct chimera_yaml_step *steps, size_t count, bool is_key,
                              size_t *ret_line, size_t *ret_column)
{
    *ret_line = *ret_column = 0;
    if (!places || places->count == 0)
        return;
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        size_t child = find_child(places, &places->place[at], &steps[i]);
        is_key = is_key || child == NONE;
        if (child == NONE)
            break;
        at = child;
    }
    const struct mark *mark = is_key ? &places->place[at].at_key : &places->place[at].at;
    *ret_line = mark->line;
    *ret_column = mark->column;
}
