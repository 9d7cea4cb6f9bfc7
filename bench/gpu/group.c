/*
 * group.c - times GROUP BY on the GPU over a sweep of group counts, and checks every answer against
 * the engine on the processor.
 *
 *     gpu_group [rows] [--software]      default 10,000,000
 *
 * One line a query: the form taken; the first run (columns uploaded, kernels built); then, columns
 * resident, the median wall time of a whole run with submission and result copy, the device's own
 * time, and the rate at which columns were read. "cpu" is the engine's one timed run of the same
 * query, every thread. Keys are INTEGERs below the number of groups ("index"), or BIGINTs spread
 * over 40 bits, for which only hashing serves. "direct", "hashed" and "partitioned" name the form;
 * otherwise the library chooses.
 *
 * It uses the library's internals, so it is linked with the modules of src/.
 */
#include "base/hash.h"
#include "exec/aggregate.h"
#include "gpu/group.h"
#include "trueno.h"

#include <stdio.h>

#include <stdlib.h>

#define RUNS 20
#define WARM_MS 100.0
#define SPREAD 1048583u /* odd: keys stay apart */

enum { KEY, SPREAD_KEY, AMOUNT, PRICE, COLUMN_COUNT };

static tni_memory memory;
static tni_gpu_device *device;
static uint64_t row_count;
static uint32_t segment_count;
static void *data[COLUMN_COUNT];
static tni_segment *segments[COLUMN_COUNT];
static const tni_segment **pointers[COLUMN_COUNT];
static tni_gpu_layout layouts[COLUMN_COUNT];
static uint64_t owner;
static unsigned wrong;
static trueno_db *db;

static const trueno_type types[] = {TRUENO_TYPE_INTEGER, TRUENO_TYPE_BIGINT, TRUENO_TYPE_INTEGER,
                                    TRUENO_TYPE_DOUBLE};
static const uint32_t widths[] = {4, 8, 4, 8};

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

static void fail(const char *message) {
    printf("%s\n", message);
    exit(1);
}

/* ------------------------------------------------------------------------------- data --- */

static void make_columns(void) {
    uint64_t i;
    uint32_t c, s;
    tni_error error;
    tni_error_clear(&error);
    for (c = 0; c < COLUMN_COUNT; c++) {
        data[c] = malloc(row_count * widths[c] + 64);
        segments[c] = (tni_segment *)calloc(segment_count, sizeof **segments);
        pointers[c] = (const tni_segment **)calloc(segment_count, sizeof **pointers);
        if (data[c] == NULL || segments[c] == NULL || pointers[c] == NULL) {
            fail("out of memory");
        }
    }
    for (i = 0; i < row_count; i++) {
        uint64_t h = tni_hash_u64(i + 1);
        ((int32_t *)data[AMOUNT])[i] = (int32_t)(h % 1000000);
        ((double *)data[PRICE])[i] = (double)(h >> 40) * 0.01;
    }
    for (c = 0; c < COLUMN_COUNT; c++) {
        for (s = 0; s < segment_count; s++) {
            tni_segment *g = &segments[c][s];
            uint64_t first = (uint64_t)s * TNI_SEGMENT_ROWS;
            g->type = tni_type_make(types[c]);
            g->rows = (uint32_t)TNI_MIN(row_count - first, TNI_SEGMENT_ROWS);
            g->encoding = TNI_ENCODING_PLAIN;
            g->data = (uint8_t *)data[c] + first * widths[c];
            pointers[c][s] = g;
        }
        if (tni_gpu_layout_of(pointers[c], segment_count, &layouts[c], &error) != TRUENO_OK) {
            fail(error.message);
        }
    }
}

/* Keys of so many groups, skewed or not; the table is another one from now on. */
static void make_keys(uint64_t groups, bool skewed) {
    trueno_column columns[COLUMN_COUNT];
    static const char *const names[] = {"k", "s", "amount", "price"};
    uint64_t i;
    uint32_t c;
    if (owner != 0) {
        tni_gpu_cache_drop(device, owner);
    }
    owner++;
    for (i = 0; i < row_count; i++) {
        uint64_t h = tni_hash_u64(i * 7 + 3), k = skewed && (h >> 63) != 0 ? 7 : h % groups;
        ((int32_t *)data[KEY])[i] = (int32_t)k;
        ((int64_t *)data[SPREAD_KEY])[i] = (int64_t)(k * SPREAD);
    }
    memset(columns, 0, sizeof columns);
    for (c = 0; c < COLUMN_COUNT; c++) {
        columns[c].name = names[c];
        columns[c].type = types[c];
        columns[c].data = data[c];
    }
    (void)trueno_drop(db, "t");
    if (trueno_register_columns(db, "t", columns, COLUMN_COUNT, row_count) != TRUENO_OK) {
        fail(trueno_error(db));
    }
}

/* ---------------------------------------------------------------------------- queries --- */

typedef struct question {
    const char *name;
    int key, value;
    tni_gpu_group_form form;
    const char *sql;
} question;

typedef struct plan { /* SELECT key, count(*), sum(value) GROUP BY key */
    tni_ir_node nodes[2];
    uint32_t outputs[2];
    tni_program program;
    tni_gpu_group_shape shape;
} plan;

static void make_plan(const question *q, uint64_t groups, plan *p) {
    int i;
    memset(p, 0, sizeof *p);
    for (i = 0; i < 2; i++) {
        int c = i == 0 ? q->key : q->value;
        p->nodes[i].op = TNI_IR_COLUMN;
        p->nodes[i].type = tni_type_make(types[c]);
        p->nodes[i].predicate = TNI_IR_NONE;
        p->nodes[i].column = (uint32_t)c;
        p->outputs[i] = (uint32_t)i;
    }
    p->program.nodes = p->nodes;
    p->program.count = 2;
    p->program.outputs = p->outputs;
    p->program.output_count = 2;
    p->shape.shape.columns = layouts;
    p->shape.shape.column_count = COLUMN_COUNT;
    p->shape.shape.values = &p->program;
    p->shape.shape.slot_count = 2;
    p->shape.shape.slots[0].aggregate = TNI_GPU_COUNT;
    p->shape.shape.slots[0].output = TNI_IR_NONE;
    p->shape.shape.slots[1].aggregate = TNI_GPU_SUM;
    p->shape.shape.slots[1].output = 1;
    p->shape.key_count = 1;
    p->shape.keys[0].range = q->key == KEY ? groups : (groups - 1) * SPREAD + 1;
    p->shape.groups_expected = groups;
    p->shape.form = q->form;
}

static bool same_sum(const tni_gpu_group_result *r, uint64_t g, const trueno_result *wanted,
                     uint64_t row) {
    if (r->sums[1] != NULL) {
        return tni_i128_equal(r->sums[1][g],
                              tni_i128_from_i64(trueno_get_int64(wanted, row, 2)));
    } else {
        tni_float_state state;
        double a, b = trueno_get_double(wanted, row, 2);
        memcpy(state.limbs, r->floats[1][g].limbs, sizeof state.limbs);
        state.flags = r->floats[1][g].flags;
        state.grid = r->floats[1][g].grid;
        a = tni_float_state_value(&state);
        return memcmp(&a, &b, sizeof a) == 0;
    }
}

/* The engine's answer; `ms` the time it took. */
static bool check(const question *q, const tni_gpu_group_result *r, double *ms) {
    trueno_result *wanted;
    double begin = now_ms();
    uint64_t g;
    bool same;
    wanted = trueno_query(db, q->sql);
    *ms = now_ms() - begin;
    same = trueno_result_status(wanted) == TRUENO_OK && !r->overflowed &&
           trueno_result_row_count(wanted) == r->group_count;
    for (g = 0; same && g < r->group_count; g++) {
        same = (uint64_t)trueno_get_int64(wanted, g, 0) == r->keys[g] &&
               (uint64_t)trueno_get_int64(wanted, g, 1) == r->counts[0][g] &&
               same_sum(r, g, wanted, g);
    }
    trueno_result_free(wanted);
    return same;
}

static void ask(const question *q, uint64_t groups) {
    double wall[RUNS], compute[RUNS], begin, ms, cpu = 0, first = 0, compile = 0, awake = 0;
    double bytes = 0;
    tni_gpu_table table;
    tni_gpu_group_result r;
    tni_gpu_group_code *code = NULL;
    const tni_segment *const *columns[COLUMN_COUNT];
    const char *form = "";
    uint64_t found = 0;
    uint32_t passes = 0;
    tni_arena arena;
    tni_error error;
    trueno_status status;
    bool ok = false;
    plan p;
    int i;
    memset(&table, 0, sizeof table);
    for (i = 0; i < COLUMN_COUNT; i++) {
        columns[i] = pointers[i];
    }
    table.owner = owner;
    table.column_count = COLUMN_COUNT;
    table.columns = columns;
    table.segment_count = segment_count;
    table.rows = row_count;
    make_plan(q, groups, &p);
    tni_error_clear(&error);
    tni_arena_init(&arena, &memory);
    status = tni_gpu_group_emit(device->info, &p.shape, &arena, &code, &error);
    for (i = -2; i < RUNS && status == TRUENO_OK; i++) {
        if (i == 0 && now_ms() - awake < WARM_MS) {
            i = -1;
        }
        begin = now_ms();
        status = tni_gpu_group(device, &p.shape, code, &table, &r, &error);
        ms = now_ms() - begin;
        if (status != TRUENO_OK) {
            break;
        }
        if (i == -2) {
            first = ms;
            compile = r.compile_ms;
            form = r.form;
            found = r.group_count;
            passes = r.passes;
            bytes = (double)r.read_bytes;
            ok = check(q, &r, &cpu);
            awake = now_ms();
        } else if (i >= 0) {
            wall[i] = ms;
            compute[i] = r.compute_ms;
        }
        tni_gpu_group_free(&r);
    }
    if (status != TRUENO_OK) {
        printf("%-26s %10llu %s\n", q->name, (unsigned long long)groups, error.message);
        wrong++;
    } else {
        double w = median(wall, RUNS), c = median(compute, RUNS);
        printf("%-26s %10llu %-12s %6u %8.1f %8.1f %9.3f %9.3f %7.0f %9.1f  %s\n", q->name,
               (unsigned long long)found, form, passes, first, compile, w, c,
               c > 0 ? bytes / c * 1e-6 : 0, cpu, ok ? "same bits" : "WRONG");
        wrong += ok ? 0 : 1;
    }
    tni_arena_free(&arena);
}

static void ask_all(void) {
    static const uint64_t counts[] = {4, 1000, 4096, 100000, 1000000, 10000000};
    static const char index_sum[] = "SELECT k, count(*), sum(amount) FROM t GROUP BY k ORDER BY k";
    static const char index_real[] = "SELECT k, count(*), sum(price) FROM t GROUP BY k ORDER BY k";
    static const char hash_sum[] = "SELECT s, count(*), sum(amount) FROM t GROUP BY s ORDER BY s";
    static const question questions[] = {
        {"index, sum(INTEGER)", KEY, AMOUNT, TNI_GPU_GROUP_AUTO, index_sum},
        {"index, sum(DOUBLE)", KEY, PRICE, TNI_GPU_GROUP_AUTO, index_real},
        {"direct, sum(INTEGER)", KEY, AMOUNT, TNI_GPU_GROUP_DIRECT, index_sum},
        {"spread, sum(INTEGER)", SPREAD_KEY, AMOUNT, TNI_GPU_GROUP_AUTO, hash_sum},
        {"spread, hashed", SPREAD_KEY, AMOUNT, TNI_GPU_GROUP_HASH, hash_sum},
        {"spread, partitioned", SPREAD_KEY, AMOUNT, TNI_GPU_GROUP_PARTITIONED, hash_sum}};
    size_t i, j;
    printf("%-26s %10s %-12s %6s %8s %8s %9s %9s %7s %9s\n", "query", "groups", "form", "passes",
           "first ms", "build ms", "wall ms", "device ms", "GB/s", "cpu ms");
    for (i = 0; i < TNI_COUNT_OF(counts); i++) {
        if (counts[i] > row_count) {
            continue;
        }
        make_keys(counts[i], false);
        for (j = 0; j < TNI_COUNT_OF(questions); j++) {
            ask(&questions[j], counts[i]);
        }
    }
    printf("\nhalf of the rows in one group\n");
    make_keys(TNI_MIN(row_count, 100000), true);
    for (j = 0; j < TNI_COUNT_OF(questions); j++) {
        ask(&questions[j], TNI_MIN(row_count, 100000));
    }
}

int main(int argc, char **argv) {
    tni_gpu_options options;
    trueno_config config;
    tni_gpu *gpu;
    tni_error error;
    tni_text text;
    int i;
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    memset(&options, 0, sizeof options);
    memset(&config, 0, sizeof config);
    row_count = 10000000;
    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--software") == 0) {
            options.software = true;
        } else {
            row_count = strtoull(argv[i], NULL, 10);
        }
    }
    segment_count = (uint32_t)((row_count + TNI_SEGMENT_ROWS - 1) / TNI_SEGMENT_ROWS);
    tni_error_clear(&error);
    tni_memory_init(&memory, NULL, UINT64_MAX);
    config.backend = TRUENO_BACKEND_SIMD;
    if (trueno_open(&config, &db) != TRUENO_OK) {
        fail("the engine does not open");
    }
    if (tni_gpu_open(&memory, &options, &gpu, &error) != TRUENO_OK) {
        fail(error.message);
    }
    tni_text_init(&text, &memory);
    tni_gpu_describe(gpu, &text);
    printf("%s", text.data);
    if (tni_gpu_best(gpu) == NULL) {
        printf("nothing to measure (--software takes software devices too)\n");
        return 0;
    }
    if (tni_gpu_device_open(gpu, tni_gpu_best(gpu), &device, &error) != TRUENO_OK) {
        fail(error.message);
    }
    printf("GROUP BY, %llu rows\n\n", (unsigned long long)row_count);
    make_columns();
    ask_all();
    tni_gpu_device_close(device);
    tni_gpu_close(gpu);
    trueno_close(db);
    printf("\n%s\n", wrong ? "SOME ANSWERS ARE WRONG" : "every answer has the bits of the CPU");
    return wrong ? 1 : 0;
}
