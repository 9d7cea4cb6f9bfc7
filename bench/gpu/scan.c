/*
 * scan.c - times the fused scan of the GPU backend, shape by shape, and checks every answer.
 *
 *     gpu_scan [rows] [--software]
 *
 * One line a shape: bytes the kernel reads; the first run (columns uploaded, pipeline built) and
 * its upload rate; then, columns resident, the median wall time of a whole run with submission
 * and result copy, the device's own time and its rate. "cpu" is one thread of the CPU kernels over the same data.
 *
 * It uses the library's internals, so it is linked with the modules of src/.
 */
#include "base/hash.h"
#include "gpu/scan.h"

#include <stdio.h>

#include <stdlib.h>

#define RUNS 15
#define WARM_MS 300.0 /* of work before the timed runs: an idle device clocks itself down */
#define MOST_ARGUMENTS 8

static tni_memory memory;
static const tni_kernels *kernels;
static tni_gpu_device *device;
static unsigned wrong;

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

/* ------------------------------------------------------------------------------- data --- */

enum { INT32, FLOAT32, FLOAT64, CODES8, CODES16, NULLABLE64, DATES, DISCOUNTS, QUANTITIES, PRICES,
       COLUMN_COUNT };

typedef struct column {
    tni_type type;
    uint32_t width;
    bool narrow;
    int64_t base;
    uint8_t *data;
    uint64_t *validity;
    tni_segment *segments;
    const tni_segment **pointers;
    tni_gpu_layout layout;
} column;

static column columns[COLUMN_COUNT];
static uint64_t row_count;
static uint32_t segment_count;

static uint64_t mixed(uint64_t i) {
    return tni_hash_u64(i + 1);
}

static void make_value(int c, uint64_t i, uint8_t *out) {
    uint64_t h = mixed(i * COLUMN_COUNT + (uint64_t)c);
    int32_t word = (int32_t)(h % 1000000);
    uint16_t half = (uint16_t)(h % 50000);
    uint32_t price = (uint32_t)(h % 10000000);
    double d = (double)(int64_t)(h >> 12) * 1e-9 - 1e6;
    float f = (float)d;
    switch (c) {
    case INT32: memcpy(out, &word, 4); break;
    case FLOAT32: memcpy(out, &f, 4); break;
    case FLOAT64:
    case NULLABLE64: memcpy(out, &d, 8); break;
    case CODES16: memcpy(out, &half, 2); break;
    case DATES: half = (uint16_t)(h % 2526); memcpy(out, &half, 2); break;
    case DISCOUNTS: *out = (uint8_t)(h % 11); break;
    case QUANTITIES: *out = (uint8_t)(h % 50); break;
    case PRICES: memcpy(out, &price, 4); break;
    default: *out = (uint8_t)h;
    }
}

static void make_column(int number, tni_type type, uint32_t width, bool narrow, int64_t base,
                        bool nulls) {
    column *c = &columns[number];
    uint64_t i;
    uint32_t s;
    tni_error error;
    tni_error_clear(&error);
    c->type = type;
    c->width = width;
    c->narrow = narrow;
    c->base = base;
    c->data = (uint8_t *)malloc(row_count * width + 64);
    c->segments = (tni_segment *)calloc(segment_count, sizeof *c->segments);
    c->pointers = (const tni_segment **)calloc(segment_count, sizeof *c->pointers);
    c->validity = nulls ? (uint64_t *)calloc(row_count / 64 + 2, 8) : NULL;
    if (c->data == NULL || c->segments == NULL || c->pointers == NULL) {
        printf("out of memory\n");
        exit(1);
    }
    /* a pattern of 2^20 rows, repeated: making data is no part of what is measured */
    for (i = 0; i < row_count && i < (1u << 20); i++) {
        make_value(number, i, c->data + i * width);
    }
    for (; i < row_count; i += 1u << 20) {
        uint64_t n = TNI_MIN(row_count - i, (uint64_t)1 << 20);
        memcpy(c->data + i * width, c->data, n * width);
    }
    for (i = 0; nulls && i < row_count / 64 + 1; i++) {
        c->validity[i] = mixed(i) | mixed(i + 7);
    }
    for (s = 0; s < segment_count; s++) {
        tni_segment *g = &c->segments[s];
        uint64_t first = (uint64_t)s * TNI_SEGMENT_ROWS;
        g->type = type;
        g->rows = (uint32_t)TNI_MIN(row_count - first, TNI_SEGMENT_ROWS);
        g->encoding = narrow ? TNI_ENCODING_NARROW : TNI_ENCODING_PLAIN;
        g->code_width = (uint8_t)width;
        g->base = base;
        g->data = c->data + first * width;
        g->validity = nulls ? c->validity + first / 64 : NULL;
        c->pointers[s] = g;
    }
    if (tni_gpu_layout_of(c->pointers, segment_count, &c->layout, &error) != TRUENO_OK) {
        printf("%s\n", error.message);
        exit(1);
    }
}

/* ----------------------------------------------------------------------------- shapes --- */

typedef struct program {
    tni_ir_node nodes[32];
    uint32_t arguments[32][MOST_ARGUMENTS];
    uint32_t outputs[TNI_GPU_SLOTS];
    tni_program ir;
} program;

static uint32_t add_node(program *p, tni_ir_op op, tni_type type, uint32_t count, uint32_t a,
                         uint32_t b) {
    uint32_t r = p->ir.count++;
    p->ir.nodes = p->nodes;
    p->ir.outputs = p->outputs;
    p->nodes[r].op = (uint16_t)op;
    p->nodes[r].type = type;
    p->nodes[r].predicate = TNI_IR_NONE;
    p->nodes[r].argument_count = count;
    p->nodes[r].arguments = p->arguments[r];
    p->arguments[r][0] = a;
    p->arguments[r][1] = b;
    return r;
}

static uint32_t add_column(program *p, int c) {
    uint32_t r = add_node(p, TNI_IR_COLUMN, columns[c].type, 0, 0, 0);
    p->nodes[r].column = (uint32_t)c;
    return r;
}

/* column op literal */
static uint32_t add_test(program *p, tni_ir_op op, int c, int64_t literal) {
    uint32_t a = add_column(p, c), b = add_node(p, TNI_IR_CONSTANT, columns[c].type, 0, 0, 0);
    p->nodes[b].constant = tni_value_i64(columns[c].type, literal);
    return add_node(p, op, tni_type_make(TRUENO_TYPE_BOOLEAN), 2, a, b);
}

static uint32_t add_both(program *p, uint32_t a, uint32_t b) {
    return add_node(p, TNI_IR_AND, tni_type_make(TRUENO_TYPE_BOOLEAN), 2, a, b);
}

static uint32_t add_product(program *p, uint32_t a, uint32_t b, tni_type type) {
    const tni_function *f = tni_functions_operator();
    uint32_t r = add_node(p, TNI_IR_CALL, type, 2, a, b);
    while (f->device != TNI_DEVICE_MULTIPLY) {
        f++;
    }
    p->nodes[r].function = f;
    return r;
}

typedef struct shape {
    const char *name;
    program filter, values;
    bool filtered;
    int column;           /* what the first slot sums on the CPU */
    int64_t below;        /* rows whose INT32 is below; INT64_MAX: all */
    uint32_t slot_count;
    tni_gpu_slot slots[TNI_GPU_SLOTS];
    bool is_q6;
} shape;

static void start(shape *s, const char *name, int c) {
    memset(s, 0, sizeof *s);
    s->name = name;
    s->column = c;
    s->below = INT64_MAX;
    s->values.outputs[0] = add_column(&s->values, c);
    s->values.ir.output_count = 1;
    s->slot_count = 1;
    s->slots[0].aggregate = TNI_GPU_SUM;
}

static void start_filtered(shape *s, const char *name, int c, int64_t below) {
    start(s, name, c);
    s->filtered = true;
    s->below = below;
    s->filter.outputs[0] = add_test(&s->filter, TNI_IR_LESS, INT32, below);
    s->filter.ir.output_count = 1;
}

static void start_q6(shape *s) {
    tni_type money = tni_type_decimal(18, 4);
    uint32_t r, a, b;
    start(s, "Q6: sum(price * discount), 3 filters", PRICES);
    memset(&s->values, 0, sizeof s->values);
    a = add_column(&s->values, PRICES);
    b = add_column(&s->values, DISCOUNTS);
    s->values.outputs[0] = add_product(&s->values, a, b, money);
    s->filtered = true;
    r = add_both(&s->filter, add_test(&s->filter, TNI_IR_GREATER_EQUAL, DATES, 8766),
                 add_test(&s->filter, TNI_IR_LESS, DATES, 9131));
    a = add_both(&s->filter, add_test(&s->filter, TNI_IR_GREATER_EQUAL, DISCOUNTS, 5),
                 add_test(&s->filter, TNI_IR_LESS_EQUAL, DISCOUNTS, 7));
    r = add_both(&s->filter, r, a);
    s->filter.outputs[0] =
        add_both(&s->filter, r, add_test(&s->filter, TNI_IR_LESS, QUANTITIES, 2400));
    s->filter.ir.output_count = 1;
    s->is_q6 = true;
}

/* ------------------------------------------------------------------- answers of the CPU --- */

static int64_t code_at(const column *c, uint64_t i) {
    uint16_t half;
    uint32_t word;
    switch (c->width) {
    case 1: return c->data[i] + c->base;
    case 2: memcpy(&half, c->data + i * 2, 2); return half + c->base;
    default: memcpy(&word, c->data + i * 4, 4); return (int64_t)word + c->base;
    }
}

static bool check_q6(const tni_gpu_scan_result *r) {
    int64_t sum = 0;
    uint64_t i, count = 0;
    for (i = 0; i < row_count; i++) {
        int64_t day = code_at(&columns[DATES], i), discount = code_at(&columns[DISCOUNTS], i);
        if (day >= 8766 && day < 9131 && discount >= 5 && discount <= 7 &&
            code_at(&columns[QUANTITIES], i) < 2400) {
            sum += code_at(&columns[PRICES], i) * discount;
            count++;
        }
    }
    return r->slots[0].count == count &&
           tni_i128_compare(r->slots[0].sum, tni_i128_from_i64(sum)) == 0;
}

static bool check(const shape *s, const tni_gpu_scan_result *r) {
    const column *c = &columns[s->column];
    static uint64_t mask[64];
    uint64_t first, count = 0;
    int64_t sum = 0;
    bool same = true;
    for (first = 0; first < row_count; first += TNI_SUM_BLOCK) {
        uint32_t n = (uint32_t)TNI_MIN(row_count - first, TNI_SUM_BLOCK), w;
        const uint8_t *at = c->data + first * c->width;
        double lanes[TNI_SUM_LANES] = {0}, folded;
        tni_bitmap_fill(mask, n, true);
        if (s->below != INT64_MAX) {
            kernels->range_i32((const int32_t *)(const void *)columns[INT32].data + first, n,
                               INT32_MIN, (int32_t)(s->below - 1), mask);
        }
        for (w = 0; c->validity != NULL && w < tni_bitmap_words(n); w++) {
            mask[w] &= c->validity[first / 64 + w];
        }
        count += tni_bitmap_count(mask, n);
        switch (s->column) {
        case INT32: sum += kernels->sum_i32((const int32_t *)(const void *)at, n, mask); break;
        case CODES8: sum += kernels->sum_u8(at, n, mask); break;
        case CODES16:
            sum += kernels->sum_u16((const uint16_t *)(const void *)at, n, mask);
            break;
        default:
            if (s->column == FLOAT32) {
                kernels->lanes_f32((const float *)(const void *)at, n, mask, lanes);
            } else {
                kernels->lanes_f64((const double *)(const void *)at, n, mask, lanes);
            }
            folded = tni_sum_fold(lanes);
            if (r->slots[0].blocks != NULL) {
                same = same &&
                       memcmp(&folded, &r->slots[0].blocks[first / TNI_SUM_BLOCK], 8) == 0;
            }
        }
    }
    sum += (int64_t)count * c->base;
    return same && r->slots[0].count == count &&
           (r->slots[0].blocks != NULL || s->slots[0].aggregate == TNI_GPU_COUNT ||
            tni_i128_compare(r->slots[0].sum, tni_i128_from_i64(sum)) == 0);
}

/* ------------------------------------------------------------------------------- runs --- */

static void run_shape(const shape *s) {
    tni_gpu_layout layouts[COLUMN_COUNT];
    const tni_segment *const *pointers[COLUMN_COUNT];
    tni_gpu_table table = {0};
    tni_gpu_shape work = {0};
    tni_gpu_scan_result r;
    tni_gpu_code code;
    tni_arena arena;
    tni_error error;
    trueno_status status;
    double wall[RUNS], compute[RUNS], cold, cpu = 0, begin, emit_ms, bytes = 0;
    double upload_ms = 0, upload_bytes = 0, compile_ms = 0, awake = 0;
    bool ok = false;
    int i;
    for (i = 0; i < COLUMN_COUNT; i++) {
        layouts[i] = columns[i].layout;
        pointers[i] = columns[i].pointers;
    }
    tni_gpu_cache_drop(device, 1);
    table.owner = 1;
    table.column_count = COLUMN_COUNT;
    table.columns = pointers;
    table.segment_count = segment_count;
    table.rows = row_count;
    work.columns = layouts;
    work.column_count = COLUMN_COUNT;
    work.filter = s->filtered ? &s->filter.ir : NULL;
    work.values = &s->values.ir;
    work.slot_count = s->slot_count;
    memcpy(work.slots, s->slots, sizeof work.slots);
    tni_error_clear(&error);
    tni_arena_init(&arena, &memory);
    begin = now_ms();
    status = tni_gpu_emit(device->info, &work, &arena, &code, &error);
    emit_ms = now_ms() - begin;
    for (i = -2; i < RUNS && status == TRUENO_OK; i++) {
        if (i == 0 && now_ms() - awake < WARM_MS) {
            i = -1;
        }
        begin = now_ms();
        status = tni_gpu_scan(device, &work, &code, &table, &r, &error);
        cold = now_ms() - begin;
        if (status != TRUENO_OK) {
            break;
        }
        bytes = (double)r.read_bytes;
        if (i == -2) {
            compile_ms = r.compile_ms;
            upload_ms = r.upload_ms;
            upload_bytes = (double)r.uploaded_bytes;
            begin = now_ms();
            ok = s->is_q6 ? check_q6(&r) : check(s, &r);
            cpu = now_ms() - begin;
            awake = now_ms();
        } else if (i >= 0) {
            wall[i] = cold;
            compute[i] = r.compute_ms;
        }
        tni_gpu_scan_free(device, &r);
    }
    if (status != TRUENO_OK) {
        printf("%-38s %s\n", s->name, error.message);
        wrong++;
    } else {
        double w = median(wall, RUNS), c = median(compute, RUNS);
        double rate = c > 0 ? bytes / c * 1e-6 : 0;
        printf("%-38s %7.0f %7.3f %8.2f %8.1f %6.1f %9.3f %9.3f %7.0f %8.1f  %s\n",
               s->name, bytes * 1e-6, emit_ms, compile_ms, upload_ms,
               upload_ms > 0 ? upload_bytes / upload_ms * 1e-6 : 0, w, c, rate, cpu,
               ok ? "same bits" : "WRONG");
        wrong += ok ? 0 : 1;
    }
    tni_arena_free(&arena);
}

static void run_all(void) {
    shape s;
    uint32_t i;
    printf("%-38s %7s %7s %8s %8s %6s %9s %9s %7s %8s\n", "shape", "MB", "emit ms", "build ms",
           "load ms", "GB/s", "wall ms", "device ms", "GB/s", "cpu ms");
    start(&s, "sum(INTEGER)", INT32);
    run_shape(&s);
    start(&s, "sum(FLOAT)", FLOAT32);
    run_shape(&s);
    start(&s, "sum(DOUBLE)", FLOAT64);
    run_shape(&s);
    start(&s, "sum(DOUBLE), NULLs", NULLABLE64);
    run_shape(&s);
    start(&s, "sum(BIGINT of 1-byte codes)", CODES8);
    run_shape(&s);
    start(&s, "sum, min, max (BIGINT of 2-byte codes)", CODES16);
    s.slot_count = 3;
    s.slots[1].aggregate = TNI_GPU_MIN;
    s.slots[2].aggregate = TNI_GPU_MAX;
    run_shape(&s);
    start_filtered(&s, "count(*) where INTEGER < 10%", INT32, 100000);
    s.slots[0].aggregate = TNI_GPU_COUNT;
    run_shape(&s);
    start_filtered(&s, "sum(FLOAT), count where INTEGER < 50%", FLOAT32, 500000);
    s.slot_count = 2;
    s.slots[1].aggregate = TNI_GPU_COUNT;
    s.slots[1].output = TNI_IR_NONE;
    run_shape(&s);
    start(&s, "8 sums of one INTEGER", INT32);
    s.slot_count = TNI_GPU_SLOTS;
    for (i = 1; i < TNI_GPU_SLOTS; i++) {
        s.slots[i] = s.slots[0];
    }
    run_shape(&s);
    start_q6(&s);
    run_shape(&s);
}

int main(int argc, char **argv) {
    tni_gpu_options options = {0};
    tni_gpu *gpu;
    tni_error error;
    tni_text text;
    double begin;
    int i;
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    row_count = 100000000;
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
    kernels = tni_kernels_pick(TRUENO_BACKEND_SIMD);
    begin = now_ms();
    if (tni_gpu_open(&memory, &options, &gpu, &error) != TRUENO_OK) {
        printf("%s\n", error.message);
        return 1;
    }
    tni_text_init(&text, &memory);
    tni_gpu_describe(gpu, &text);
    printf("%sinstance and devices: %.1f ms\n", text.data, now_ms() - begin);
    if (tni_gpu_best(gpu) == NULL) {
        printf("nothing to measure (--software takes software devices too)\n");
        return 0;
    }
    begin = now_ms();
    if (tni_gpu_device_open(gpu, tni_gpu_best(gpu), &device, &error) != TRUENO_OK) {
        printf("%s\n", error.message);
        return 1;
    }
    printf("device: %.1f ms; storage range %llu MiB, %u bytes shared, denormals kept %d, "
           "round to even %d\n",
           now_ms() - begin, (unsigned long long)(device->info->storage_range >> 20),
           (unsigned)device->info->shared_bytes, device->info->denormals,
           device->info->round_to_even);
    printf("CPU kernels: %s; %llu rows\n\n",
           kernels->name, (unsigned long long)row_count);
    make_column(INT32, tni_type_make(TRUENO_TYPE_INTEGER), 4, false, 0, false);
    make_column(FLOAT32, tni_type_make(TRUENO_TYPE_FLOAT), 4, false, 0, false);
    make_column(FLOAT64, tni_type_make(TRUENO_TYPE_DOUBLE), 8, false, 0, false);
    make_column(CODES8, tni_type_make(TRUENO_TYPE_BIGINT), 1, true, -100, false);
    make_column(CODES16, tni_type_make(TRUENO_TYPE_BIGINT), 2, true, 1000000, false);
    make_column(NULLABLE64, tni_type_make(TRUENO_TYPE_DOUBLE), 8, false, 0, true);
    make_column(DATES, tni_type_make(TRUENO_TYPE_DATE), 2, true, 8036, false);
    make_column(DISCOUNTS, tni_type_decimal(15, 2), 1, true, 0, false);
    make_column(QUANTITIES, tni_type_decimal(15, 2), 1, true, 2350, false);
    make_column(PRICES, tni_type_decimal(15, 2), 4, true, 90000, false);
    run_all();
    tni_gpu_device_close(device);
    tni_gpu_close(gpu);
    printf("\n%s\n", wrong ? "SOME ANSWERS ARE WRONG" : "every answer has the bits of the CPU");
    return wrong ? 1 : 0;
}
