/*
 * sort.c - times the array primitives of the GPU backend and checks every answer.
 *
 *     gpu_sort [rows] [--software] [--tune]
 *
 * One line a case: the median of the device's own time and of the wall time with submission and
 * wait, elements a second, and bytes that must move (input read once, output written once; a sort
 * pass reads twice) a second beside those of the driver's copy within the device. --tune tries
 * other tiles of the sort as well.
 *
 * Selections and ORDER BY run over a table of two INTEGER columns, resident; their wall time has
 * the copy of the row ids to the host.
 *
 * It uses the library's internals, so it is linked with the modules of src/.
 */
#include "base/hash.h"
#include "gpu/order.h"

#include <stdio.h>
#include <stdlib.h>

#define RUNS 9

static tni_memory memory;
static tni_gpu_device *device;
static double copy_rate; /* bytes a second, read plus written */
static unsigned wrong;
static uint64_t rows;

static double now_ms(void) {
    return (double)tni_clock_nanoseconds() * 1e-6;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(double *v, int n) {
    qsort(v, (size_t)n, sizeof *v, by_value);
    return v[n / 2];
}

static void *room(uint64_t bytes) {
    void *p = malloc((size_t)bytes + 64);
    if (p == NULL) {
        printf("out of memory\n");
        exit(1);
    }
    return p;
}

static void must(trueno_status status, const tni_error *error) {
    if (status != TRUENO_OK) {
        printf("%s\n", error->message);
        exit(1);
    }
}

static void print_head(void) {
    printf("%-44s %8s %9s %9s %9s %7s %6s\n", "case", "build ms", "device ms", "wall ms", "M/s",
           "GB/s", "copy");
}

static void print_line(const char *name, double build_ms, double *device_ms, double *wall_ms,
                       uint64_t count, double bytes, bool ok) {
    double d = median(device_ms, RUNS), w = median(wall_ms, RUNS);
    double rate;
    d = d > 0 ? d : w;
    rate = bytes / (d * 1e-3);
    printf("%-44s %8.1f %9.3f %9.3f %9.0f %7.0f %5.0f%%  %s\n", name, build_ms, d, w,
           (double)count / d * 1e-3, rate * 1e-9, rate / copy_rate * 100, ok ? "right" : "WRONG");
    wrong += ok ? 0 : 1;
}

/* ---------------------------------------------------------------------- device arrays --- */

static void put(tni_gpu_scratch *scratch, const void *data, uint64_t bytes, tni_gpu_slice *out) {
    tni_error error;
    tni_error_clear(&error);
    must(tni_gpu_scratch_take(scratch, bytes, out, &error), &error);
    if (data != NULL) {
        must(tni_gpu_upload_bytes(device, out->range, data, bytes, &error), &error);
        must(tni_gpu_upload_wait(device, &error), &error);
    }
}

static const void *get(const tni_gpu_slice *slice, uint64_t bytes) {
    tni_gpu_batch batch;
    tni_error error;
    uint64_t at;
    tni_error_clear(&error);
    must(tni_gpu_download_reserve(device, bytes, &error), &error);
    must(tni_gpu_batch_begin(device, &batch, &error), &error);
    tni_gpu_batch_download(&batch, slice->range, slice->offset, bytes, &at);
    must(tni_gpu_batch_run(&batch, NULL), &error);
    return device->download.data + at;
}

static void device_copy(const tni_gpu_slice *from, const tni_gpu_slice *to, uint64_t bytes,
                        double *ms) {
    tni_gpu_batch batch;
    tni_error error;
    tni_error_clear(&error);
    must(tni_gpu_batch_begin(device, &batch, &error), &error);
    tni_gpu_batch_copy(&batch, from->range, from->offset, to->range, to->offset, bytes);
    must(tni_gpu_batch_run(&batch, ms), &error);
}

/* A GPU that waited for the host to check an answer has slowed its clocks down: keep it busy for
 * long enough to bring them up before anything is timed. */
static void warm_up(void) {
    const uint64_t size = (uint64_t)64 << 20;
    tni_gpu_scratch scratch;
    tni_gpu_slice from, to;
    double begin = now_ms();
    tni_gpu_scratch_init(&scratch, device);
    put(&scratch, NULL, size, &from);
    put(&scratch, NULL, size, &to);
    while (!device->info->is_software && now_ms() - begin < 400) {
        device_copy(&from, &to, size, NULL);
    }
    tni_gpu_scratch_free(&scratch);
}

/* Copies within the device: bytes read plus bytes written, a second. */
static void measure_copy(void) {
    const uint64_t size = TNI_MIN((uint64_t)512 << 20, device->budget / 8);
    tni_gpu_scratch scratch;
    tni_gpu_slice from, to;
    double times[RUNS];
    int i;
    tni_gpu_scratch_init(&scratch, device);
    put(&scratch, NULL, size, &from);
    put(&scratch, NULL, size, &to);
    warm_up();
    for (i = 0; i < RUNS; i++) {
        double begin = now_ms(), ms = 0;
        device_copy(&from, &to, size, &ms);
        times[i] = ms > 0 ? ms : now_ms() - begin;
    }
    copy_rate = 2.0 * (double)size / (median(times, RUNS) * 1e-3);
    tni_gpu_scratch_free(&scratch);
}

/* ------------------------------------------------------------------------ prefix sums --- */

static void run_prefix(bool wide) {
    uint32_t width = wide ? 8 : 4;
    uint64_t bytes = rows * width, i, sum = 0;
    uint8_t *values = (uint8_t *)room(bytes);
    const uint8_t *out;
    double compute[RUNS], wall[RUNS], build_ms = 0;
    tni_gpu_scratch scratch, work;
    tni_gpu_slice from, to;
    tni_gpu_batch batch;
    tni_error error;
    bool ok = true;
    int r;
    tni_error_clear(&error);
    for (i = 0; i < rows; i++) {
        uint64_t v = tni_hash_u64(i);
        memcpy(values + i * width, &v, width);
    }
    tni_gpu_scratch_init(&scratch, device);
    put(&scratch, values, bytes, &from);
    put(&scratch, NULL, bytes, &to);
    warm_up();
    for (r = -1; r < RUNS; r++) {
        double begin = now_ms(), ms = 0;
        tni_gpu_scratch_init(&work, device);
        must(tni_gpu_batch_begin(device, &batch, &error), &error);
        must(tni_gpu_prefix(&batch, &work, &from, &to, rows, wide, false), &error);
        must(tni_gpu_batch_run(&batch, &ms), &error);
        build_ms += work.compile_ms;
        tni_gpu_scratch_free(&work);
        if (r >= 0) {
            compute[r] = ms;
            wall[r] = now_ms() - begin;
        }
    }
    out = (const uint8_t *)get(&to, bytes);
    for (i = 0; i < rows; i++) {
        uint64_t v = 0, got = 0;
        memcpy(&v, values + i * width, width);
        memcpy(&got, out + i * width, width);
        ok = ok && got == (wide ? sum : sum & UINT32_MAX);
        sum += v;
    }
    print_line(wide ? "prefix sums, 64 bits" : "prefix sums, 32 bits", build_ms, compute, wall,
               rows, 2.0 * (double)bytes, ok);
    tni_gpu_scratch_free(&scratch);
    free(values);
}

/* -------------------------------------------------------------------------- radix sort --- */

typedef struct sort_case {
    const char *name;
    bool wide, has_rows, plain, ask; /* ask: which bits differ, first */
    uint32_t bits;                   /* random bits of a key */
    uint32_t items, parts, subgroups;
} sort_case;

static uint64_t key_of(const sort_case *c, uint64_t i) {
    uint64_t h = tni_hash_u64(i + 77);
    return c->bits == 0 ? i : c->bits == 64 ? h : h & ((UINT64_C(1) << c->bits) - 1);
}

static bool check_sort(const sort_case *c, const tni_gpu_sort *sort) {
    uint32_t width = c->wide ? 8 : 4, row = 0, last_row;
    uint64_t i, key = 0, last, sum = 0, wanted = 0;
    uint8_t *keys = (uint8_t *)room(rows * width);
    const uint8_t *payload = NULL;
    bool ok = true;
    memcpy(keys, get(&sort->keys[sort->place], rows * width), rows * width);
    if (c->has_rows) {
        payload = (const uint8_t *)get(&sort->payload[sort->place], rows * 4);
    }
    for (i = 0; i < rows; i++) {
        last = key;
        last_row = row;
        key = 0;
        memcpy(&key, keys + i * width, width);
        ok = ok && (i == 0 || last <= key);
        if (payload != NULL) {
            memcpy(&row, payload + i * 4, 4);
            ok = ok && row < rows && key_of(c, row) == key &&
                 (i == 0 || last != key || last_row < row);
        }
        sum += tni_hash_u64(key);
        wanted += tni_hash_u64(key_of(c, i));
    }
    free(keys);
    return ok && sum == wanted;
}

static void run_sort(const sort_case *c) {
    uint32_t width = c->wide ? 8 : 4;
    uint64_t bytes = rows * width, i, at;
    uint8_t *keys = (uint8_t *)room(bytes);
    double compute[RUNS], wall[RUNS], build_ms = 0;
    char name[96];
    tni_gpu_scratch scratch, work;
    tni_gpu_slice pristine;
    tni_gpu_sort sort;
    tni_gpu_batch batch;
    tni_error error;
    int r;
    tni_error_clear(&error);
    for (i = 0; i < rows; i++) {
        uint64_t v = key_of(c, i);
        memcpy(keys + i * width, &v, width);
    }
    memset(&sort, 0, sizeof sort);
    sort.count = rows;
    sort.wide = c->wide;
    sort.has_payload = sort.rows = c->has_rows;
    sort.plain = c->plain;
    sort.items = c->items;
    sort.parts = c->parts;
    sort.subgroups = c->subgroups;
    tni_gpu_scratch_init(&scratch, device);
    put(&scratch, keys, bytes, &pristine);
    put(&scratch, NULL, bytes, &sort.keys[0]);
    put(&scratch, NULL, bytes, &sort.keys[1]);
    put(&scratch, NULL, c->has_rows ? rows * 4 : 4, &sort.payload[0]);
    put(&scratch, NULL, c->has_rows ? rows * 4 : 4, &sort.payload[1]);
    must(tni_gpu_download_reserve(device, 64, &error), &error);
    warm_up();
    for (r = -1; r < RUNS; r++) {
        double begin, ms = 0;
        device_copy(&pristine, &sort.keys[0], bytes, NULL);
        tni_gpu_scratch_init(&work, device);
        begin = now_ms();
        sort.varying = UINT64_MAX;
        if (c->ask) {
            must(tni_gpu_batch_begin(device, &batch, &error), &error);
            must(tni_gpu_varying(&batch, &work, &sort.keys[0], rows, c->wide, &at), &error);
            must(tni_gpu_batch_run(&batch, &ms), &error);
            sort.varying = tni_gpu_varying_bits(device, at);
        }
        must(tni_gpu_batch_begin(device, &batch, &error), &error);
        must(tni_gpu_sort_record(&batch, &work, &sort), &error);
        must(tni_gpu_batch_run(&batch, &ms), &error);
        build_ms += work.compile_ms;
        if (r >= 0) {
            compute[r] = ms;
            wall[r] = now_ms() - begin;
        }
        tni_gpu_scratch_free(&work);
    }
    (void)snprintf(name, sizeof name, "sort %s, %u passes%s", c->name, sort.passes,
                   c->plain ? ", no subgroups" : "");
    if (c->items != 0 || c->parts != 0 || c->subgroups != 0) {
        (void)snprintf(name + strlen(name), sizeof name - strlen(name), ", %u x %u, %u", c->items,
                       c->subgroups, c->parts);
    }
    print_line(name, build_ms, compute, wall, rows,
               (double)sort.passes * (double)rows * (width * 3.0 + (c->has_rows ? 8.0 : 0.0)),
               check_sort(c, &sort));
    tni_gpu_scratch_free(&scratch);
    free(keys);
}

static void run_sorts(bool tune) {
    static const sort_case cases[] = {
        {"u32", false, false, false, false, 32, 0, 0, 0},
        {"u32 + rows", false, true, false, false, 32, 0, 0, 0},
        {"u64", true, false, false, false, 64, 0, 0, 0},
        {"u64 + rows", true, true, false, false, 64, 0, 0, 0},
        {"u32 of 20 bits, asked", false, false, false, true, 20, 0, 0, 0},
        {"u64 of 40 bits + rows, asked", true, true, false, true, 40, 0, 0, 0},
        {"u32 in order + rows", false, true, false, true, 0, 0, 0, 0},
        {"u32", false, false, true, false, 32, 0, 0, 0},
        /* tiles: keys a thread x subgroups, workgroups */
        {"u32 + rows", false, true, false, false, 32, 16, 0, 8},
        {"u32 + rows", false, true, false, false, 32, 8, 0, 16},
        {"u32 + rows", false, true, false, false, 32, 20, 0, 16},
        {"u32 + rows", false, true, false, false, 32, 16, 6144, 16},
        {"u32 + rows", false, true, false, false, 32, 16, 12288, 16},
        {"u32 + rows", false, true, false, false, 32, 16, 24576, 8},
        {"u32", false, false, false, false, 32, 16, 0, 8},
        {"u64 + rows", true, true, false, false, 64, 8, 0, 8},
        {"u64 + rows", true, true, false, false, 64, 12, 0, 16},
        {"u64 + rows", true, true, false, false, 64, 8, 12288, 16}};
    static const uint32_t items[] = {8, 12, 20, 24, 32}, parts[] = {512, 1024, 4096, 8192};
    size_t i, k;
    for (i = 0; i < TNI_COUNT_OF(cases); i++) {
        run_sort(&cases[i]);
    }
    for (k = 0; tune && k < 4; k++) { /* of the first four cases */
        sort_case c = cases[k];
        for (i = 0; i < TNI_COUNT_OF(items); i++) {
            c.items = items[i];
            run_sort(&c);
        }
        c.items = 0;
        for (i = 0; i < TNI_COUNT_OF(parts); i++) {
            c.parts = parts[i];
            run_sort(&c);
        }
    }
}

/* ------------------------------------------------------------------------------ top-k --- */

static void run_top(bool wide, uint32_t k, uint32_t bits) {
    sort_case c = {"", false, false, false, false, 0, 0, 0, 0};
    uint32_t width = wide ? 8 : 4, found = 0, row, i;
    uint64_t bytes = rows * width, r, below = 0, key, last = 0;
    uint8_t *keys = (uint8_t *)room(bytes);
    const uint8_t *out;
    double compute[RUNS], wall[RUNS], build_ms = 0;
    char name[96];
    tni_gpu_scratch scratch, work;
    tni_gpu_slice slice;
    tni_gpu_top_k top;
    tni_error error;
    bool ok = true;
    int run;
    c.bits = bits;
    tni_error_clear(&error);
    for (r = 0; r < rows; r++) {
        key = key_of(&c, r);
        memcpy(keys + r * width, &key, width);
    }
    tni_gpu_scratch_init(&scratch, device);
    tni_gpu_scratch_init(&work, device);
    put(&scratch, keys, bytes, &slice);
    warm_up();
    for (run = -1; run < RUNS; run++) {
        double begin = now_ms();
        tni_gpu_scratch_free(&work);
        tni_gpu_scratch_init(&work, device);
        memset(&top, 0, sizeof top);
        top.keys = slice;
        top.count = rows;
        top.wide = wide;
        top.varying = UINT64_MAX;
        top.k = k;
        must(tni_gpu_top_k_run(&work, &top, &error), &error);
        build_ms += work.compile_ms;
        if (run >= 0) {
            compute[run] = top.compute_ms;
            wall[run] = now_ms() - begin;
        }
    }
    out = (const uint8_t *)get(&top.sorted_rows, (uint64_t)top.found * 4);
    for (i = 0; i < top.found; i++, found++) { /* ascending, no row twice */
        uint32_t before = 0;
        memcpy(&row, out + (size_t)i * 4, 4);
        key = row < rows ? key_of(&c, row) : 0;
        if (i > 0) {
            memcpy(&before, out + (size_t)(i - 1) * 4, 4);
        }
        ok = ok && row < rows && (i == 0 || last < key || (last == key && before < row));
        last = key;
    }
    for (r = 0; r < rows; r++) { /* and nothing smaller is left out */
        below += key_of(&c, r) < last ? 1 : 0;
    }
    ok = ok && found == TNI_MIN(k, rows) && below < found;
    (void)snprintf(name, sizeof name, "top %u of u%u, %u random bits, %u sorted", k, width * 8,
                   bits, top.candidates);
    print_line(name, build_ms, compute, wall, rows, (double)bytes, ok);
    tni_gpu_scratch_free(&work);
    tni_gpu_scratch_free(&scratch);
    free(keys);
}

/* ----------------------------------------------------------------------------- a table --- */

enum { VALUE, GROUP, COLUMNS };

typedef struct table_data {
    int32_t *values[COLUMNS];
    tni_segment *segments[COLUMNS];
    const tni_segment **pointers[COLUMNS];
    const tni_segment *const *columns[COLUMNS];
    tni_gpu_layout layouts[COLUMNS];
    tni_gpu_table table;
} table_data;

static void make_table(table_data *t) {
    uint32_t count = (uint32_t)((rows + TNI_SEGMENT_ROWS - 1) / TNI_SEGMENT_ROWS), s;
    tni_error error;
    uint64_t i;
    int c;
    tni_error_clear(&error);
    memset(t, 0, sizeof *t);
    for (c = 0; c < COLUMNS; c++) {
        t->values[c] = (int32_t *)room(rows * 4);
        t->segments[c] = (tni_segment *)calloc(count, sizeof **t->segments);
        t->pointers[c] = (const tni_segment **)calloc(count, sizeof **t->pointers);
        for (i = 0; i < rows; i++) {
            uint64_t h = tni_hash_u64(i * COLUMNS + (uint64_t)c);
            t->values[c][i] = (int32_t)(h % (c == VALUE ? 1000000 : 1000)) - 500;
        }
        for (s = 0; s < count; s++) {
            tni_segment *g = &t->segments[c][s];
            uint64_t first = (uint64_t)s * TNI_SEGMENT_ROWS;
            g->type = tni_type_make(TRUENO_TYPE_INTEGER);
            g->rows = (uint32_t)TNI_MIN(rows - first, TNI_SEGMENT_ROWS);
            g->encoding = TNI_ENCODING_PLAIN;
            g->code_width = 4;
            g->data = (const uint8_t *)(t->values[c] + first);
            t->pointers[c][s] = g;
        }
        t->columns[c] = t->pointers[c];
        must(tni_gpu_layout_of(t->columns[c], count, &t->layouts[c], &error), &error);
    }
    t->table.owner = 1;
    t->table.column_count = COLUMNS;
    t->table.columns = t->columns;
    t->table.segment_count = count;
    t->table.rows = rows;
}

static void free_table(table_data *t) {
    int c;
    tni_gpu_cache_drop(device, t->table.owner);
    for (c = 0; c < COLUMNS; c++) {
        free(t->values[c]);
        free(t->segments[c]);
        free(t->pointers[c]);
    }
}

typedef struct order_case {
    const char *name;
    int32_t below;         /* WHERE value < below; INT32_MAX: all */
    uint32_t key_count;    /* ORDER BY group DESC, value; or value; or nothing */
    uint64_t limit;
} order_case;

static bool passes(const table_data *t, const order_case *c, uint64_t row) {
    return c->below == INT32_MAX || t->values[VALUE][row] < c->below;
}

static bool in_order(const table_data *t, const order_case *c, uint32_t a, uint32_t b) {
    const int32_t *value = t->values[VALUE], *group = t->values[GROUP];
    if (c->key_count == 2 && group[a] != group[b]) {
        return group[a] > group[b];
    }
    return c->key_count > 0 && value[a] != value[b] ? value[a] < value[b] : a < b;
}

static bool check_order(const table_data *t, const order_case *c, const tni_gpu_order_result *r) {
    uint64_t i, selected = 0, before_last = 0;
    bool ok = true;
    for (i = 0; i < r->row_count; i++) {
        ok = ok && r->rows[i] < rows && passes(t, c, r->rows[i]) &&
             (i == 0 || in_order(t, c, r->rows[i - 1], r->rows[i]));
    }
    for (i = 0; i < rows; i++) {
        bool is_in = passes(t, c, i);
        selected += is_in ? 1 : 0;
        before_last += is_in && r->row_count > 0 &&
                               !in_order(t, c, r->rows[r->row_count - 1], (uint32_t)i)
                           ? 1 : 0;
    }
    return ok && r->selected == selected && r->row_count == TNI_MIN(selected, c->limit) &&
           before_last == r->row_count;
}

static void start_query(tni_gpu_order_shape *shape, tni_program *values, tni_program *filter,
                        tni_ir_node *nodes, uint32_t *outputs, const table_data *t,
                        const order_case *c) {
    uint32_t i;
    memset(shape, 0, sizeof *shape);
    memset(values, 0, sizeof *values);
    memset(filter, 0, sizeof *filter);
    memset(nodes, 0, 5 * sizeof *nodes);
    for (i = 0; i < 5; i++) {
        nodes[i].type = tni_type_make(TRUENO_TYPE_INTEGER);
        nodes[i].predicate = TNI_IR_NONE;
        nodes[i].op = TNI_IR_COLUMN;
        nodes[i].column = i == GROUP ? GROUP : VALUE;
        outputs[i] = i;
    }
    nodes[3].op = TNI_IR_CONSTANT; /* 2 < 3, with 2 the column VALUE */
    nodes[3].constant = tni_value_i64(nodes[3].type, c->below);
    nodes[4].op = TNI_IR_LESS;
    nodes[4].type = tni_type_make(TRUENO_TYPE_BOOLEAN);
    nodes[4].argument_count = 2;
    outputs[5] = 0;
    outputs[6] = 1;
    nodes[4].arguments = outputs + 5;
    outputs[7] = 2;
    values->nodes = nodes;
    values->count = 2;
    values->outputs = outputs;
    values->output_count = 2;
    filter->nodes = nodes + 2;
    filter->count = 3;
    filter->outputs = outputs + 7;
    filter->output_count = 1;
    shape->shape.columns = t->layouts;
    shape->shape.column_count = COLUMNS;
    shape->shape.filter = c->below == INT32_MAX ? NULL : filter;
    shape->shape.values = values;
    shape->key_count = c->key_count;
    shape->keys[0].output = c->key_count == 2 ? GROUP : VALUE;
    shape->keys[0].descending = c->key_count == 2;
    shape->keys[1].output = VALUE;
    shape->limit = c->limit;
}

static void run_order(const table_data *t, const order_case *c) {
    tni_ir_node nodes[5];
    uint32_t outputs[8];
    tni_program values, filter;
    tni_gpu_order_shape shape;
    tni_gpu_order_code *code;
    tni_gpu_order_result r;
    tni_arena arena;
    tni_error error;
    double compute[RUNS], wall[RUNS], build_ms = 0;
    bool ok = false;
    int run;
    tni_error_clear(&error);
    tni_arena_init(&arena, &memory);
    start_query(&shape, &values, &filter, nodes, outputs, t, c);
    must(tni_gpu_order_emit(device->info, &shape, &arena, &code, &error), &error);
    warm_up();
    for (run = -1; run < RUNS; run++) {
        double begin = now_ms();
        must(tni_gpu_order(device, &shape, code, &t->table, &r, &error), &error);
        build_ms += r.compile_ms;
        if (run >= 0) {
            compute[run] = r.compute_ms;
            wall[run] = now_ms() - begin;
        }
        if (run == RUNS - 1) {
            ok = !r.overflowed && check_order(t, c, &r);
        }
        tni_gpu_order_free(&r);
    }
    print_line(c->name, build_ms, compute, wall, rows, (double)rows * 4, ok);
    tni_arena_free(&arena);
}

static void run_table(void) {
    static const order_case cases[] = {
        {"row ids where value < 1%", 9500, 0, UINT64_MAX},
        {"row ids where value < 10%", 99500, 0, UINT64_MAX},
        {"row ids where value < 50%", 499500, 0, UINT64_MAX},
        {"order by value", INT32_MAX, 1, UINT64_MAX},
        {"order by value limit 10", INT32_MAX, 1, 10},
        {"order by group desc, value", INT32_MAX, 2, UINT64_MAX},
        {"order by group desc, value limit 1000", INT32_MAX, 2, 1000},
        {"where value < 10% order by group desc, value", 99500, 2, UINT64_MAX},
        {"where value < 10% order by value limit 100", 99500, 1, 100}};
    table_data t;
    size_t i;
    make_table(&t);
    for (i = 0; i < TNI_COUNT_OF(cases); i++) {
        run_order(&t, &cases[i]);
    }
    free_table(&t);
}

int main(int argc, char **argv) {
    tni_gpu_options options;
    tni_gpu *gpu;
    tni_error error;
    tni_text text;
    bool tune = false;
    int i;
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    memset(&options, 0, sizeof options);
    rows = 100000000;
    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--software") == 0) {
            options.software = true;
        } else if (strcmp(argv[i], "--tune") == 0) {
            tune = true;
        } else {
            rows = strtoull(argv[i], NULL, 10);
        }
    }
    tni_error_clear(&error);
    tni_memory_init(&memory, NULL, UINT64_MAX);
    must(tni_gpu_open(&memory, &options, &gpu, &error), &error);
    tni_text_init(&text, &memory);
    tni_gpu_describe(gpu, &text);
    printf("%s", text.data);
    tni_text_free(&text);
    if (tni_gpu_best(gpu) == NULL) {
        printf("nothing to measure (--software takes software devices too)\n");
        return 0;
    }
    must(tni_gpu_device_open(gpu, tni_gpu_best(gpu), &device, &error), &error);
    rows = TNI_MIN(rows, TNI_MIN(device->info->storage_range / 8 - 2, (UINT64_C(1) << 30) - 1));
    measure_copy();
    printf("copy within the device: %.0f GB/s; %llu rows\n\n", copy_rate * 1e-9,
           (unsigned long long)rows);
    print_head();
    run_prefix(false);
    run_prefix(true);
    run_sorts(tune);
    run_top(false, 10, 32);
    run_top(true, 1000, 64);
    run_top(true, 100, 4);
    run_table();
    tni_gpu_device_close(device);
    tni_gpu_close(gpu);
    printf("\n%s\n", wrong ? "SOME ANSWERS ARE WRONG" : "every answer is right");
    return wrong ? 1 : 0;
}
