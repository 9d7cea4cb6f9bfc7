/*
 * arrow_stream.c - tables come in as Arrow C streams and results leave as such.
 *
 * Any library that speaks the Arrow C Data Interface can stand at either end. Here a small
 * producer makes two batches of two columns, and a small consumer walks the answer.
 *
 *     cc -O2 -I. examples/arrow_stream.c -o arrow_stream && ./arrow_stream
 */
#define TRUENO_DB_IMPLEMENTATION
#include "trueno_db.h"

#include <string.h>

#define BATCHES 2
#define ROWS 5

static const int64_t keys[BATCHES][ROWS] = {{1, 2, 3, 1, 2}, {3, 1, 2, 3, 1}};
static const double values[BATCHES][ROWS] = {{0.5, 1.5, 2.5, 3.5, 4.5}, {5.5, 6.5, 7.5, 8.5, 9.5}};

/* ---- the producer: static memory, so releasing means only to say so ---- */

static void schema_release(struct ArrowSchema *schema) {
    schema->release = NULL;
}

static void array_release(struct ArrowArray *array) {
    array->release = NULL;
}

static void make_schema(struct ArrowSchema *schema, const char *format, const char *name) {
    memset(schema, 0, sizeof *schema);
    schema->format = format;
    schema->name = name;
    schema->flags = ARROW_FLAG_NULLABLE;
    schema->release = schema_release;
}

static int stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    static struct ArrowSchema fields[2];
    static struct ArrowSchema *children[2] = {&fields[0], &fields[1]};
    (void)stream;
    make_schema(&fields[0], "l", "key");
    make_schema(&fields[1], "g", "value");
    make_schema(out, "+s", "");
    out->n_children = 2;
    out->children = children;
    return 0;
}

static void make_array(struct ArrowArray *array, const void **buffers, int64_t count) {
    memset(array, 0, sizeof *array);
    array->length = ROWS;
    array->n_buffers = count;
    array->buffers = buffers;
    array->release = array_release;
}

static int stream_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    static const void *buffers[BATCHES][2][2]; /* validity (none), values */
    static const void *none[1];
    static struct ArrowArray fields[BATCHES][2];
    static struct ArrowArray *children[BATCHES][2];
    size_t *next = (size_t *)stream->private_data;
    size_t batch = *next, i;
    memset(out, 0, sizeof *out);
    if (batch == BATCHES) {
        return 0; /* a released array ends the stream */
    }
    buffers[batch][0][1] = keys[batch];
    buffers[batch][1][1] = values[batch];
    for (i = 0; i < 2; i++) {
        make_array(&fields[batch][i], buffers[batch][i], 2);
        children[batch][i] = &fields[batch][i];
    }
    make_array(out, none, 1);
    out->n_children = 2;
    out->children = children[batch];
    *next = batch + 1;
    return 0;
}

static const char *stream_error(struct ArrowArrayStream *stream) {
    (void)stream;
    return NULL;
}

static void stream_release(struct ArrowArrayStream *stream) {
    stream->release = NULL;
}

/* ---- the consumer ---- */

static int consume(struct ArrowArrayStream *stream) {
    struct ArrowSchema schema;
    struct ArrowArray batch;
    int64_t i;
    if (stream->get_schema(stream, &schema) != 0) {
        return 1;
    }
    for (i = 0; i < schema.n_children; i++) {
        printf("%s: format %s\n", schema.children[i]->name, schema.children[i]->format);
    }
    schema.release(&schema);
    for (;;) {
        if (stream->get_next(stream, &batch) != 0) {
            fprintf(stderr, "%s\n", stream->get_last_error(stream));
            return 1;
        }
        if (batch.release == NULL) {
            return 0;
        }
        for (i = 0; i < batch.length; i++) {
            const struct ArrowArray *key = batch.children[0], *total = batch.children[1];
            printf("%d %.1f\n", (int)((const int64_t *)key->buffers[1])[key->offset + i],
                   ((const double *)total->buffers[1])[total->offset + i]);
        }
        batch.release(&batch);
    }
}

int main(void) {
    size_t next = 0;
    struct ArrowArrayStream in = {stream_schema, stream_next, stream_error, stream_release, &next};
    struct ArrowArrayStream out;
    trueno_db *db = NULL;
    trueno_result *result;
    int code = 1;
    if (trueno_open(NULL, &db) != TRUENO_OK) {
        return 1;
    }
    if (trueno_register_arrow(db, "measurements", &in) != TRUENO_OK) {
        fprintf(stderr, "%s\n", trueno_error(db));
        trueno_close(db);
        return 1;
    }
    result = trueno_query(db, "SELECT key, sum(value) AS total FROM measurements "
                              "GROUP BY key ORDER BY key");
    if (trueno_result_to_arrow(result, &out) == TRUENO_OK) {
        trueno_result_free(result); /* the stream lives on without it */
        code = consume(&out);
        out.release(&out);
    } else {
        fprintf(stderr, "%s\n", trueno_result_error_report(result));
        trueno_result_free(result);
    }
    trueno_close(db);
    return code;
}
