/*
 * result.c - results: their life, and their cells as numbers.
 *
 * Positions outside the result and NULLs read as zero: a caller's loop needs no checks. Numbers
 * convert as CAST would (floats and decimals round), but saturate where CAST would fail.
 */
#include "db/result.h"

/* -------------------------------------------------------------------------------- account --- */

TNI_FN trueno_status tni_account_new(const trueno_allocator *allocator, uint64_t limit,
                                     tni_account **out) {
    tni_memory memory;
    tni_memory_init(&memory, allocator, limit);
    *out = (tni_account *)tni_alloc_zero(&memory, sizeof **out);
    if (!*out) {
        return TRUENO_ERROR_MEMORY;
    }
    tni_atomic_store_i32(&(*out)->references, 1);
    (*out)->memory = memory; /* the account counts itself */
#if !defined(__SANITIZE_ADDRESS__) /* kept blocks would hide what the sanitizer looks for */
    if (allocator == NULL || allocator->alloc == NULL) {
        tni_memory_cache_start(&(*out)->memory, &(*out)->cache);
    }
#endif
    return TRUENO_OK;
}

TNI_FN tni_account *tni_account_retain(tni_account *account) {
    if (account) {
        (void)tni_atomic_add_i32(&account->references, 1);
    }
    return account;
}

TNI_FN void tni_account_release(tni_account *account) {
    if (account && tni_atomic_add_i32(&account->references, -1) == 1) {
        tni_memory memory;
        tni_memory_cache_stop(&account->memory);
        memory = account->memory;
        tni_free(&memory, account, sizeof *account);
    }
}

static void tni_account_release_keeper(void *account) {
    tni_account_release((tni_account *)account);
}

/* ----------------------------------------------------------------------------------- life --- */

/* What there is when nothing can be allocated, and without a database. Nobody writes to it. */
static trueno_result *tni_result_constant(trueno_status why) {
    static const trueno_result constants[3] = {
#define TNI_RESULT_CONSTANT(status, message)                                                       \
    {                                                                                              \
        NULL, NULL, status, TNI_NO_POSITION, message, NULL, 0, NULL, {NULL, NULL, NULL, 0, 0},     \
            NULL, NULL, NULL, NULL, 0, {                                                           \
            0, NULL, 0, 0, 0, 0, 0, 0                                                              \
        }                                                                                          \
    }
        TNI_RESULT_CONSTANT(TRUENO_ERROR_MEMORY, "out of memory"),
        TNI_RESULT_CONSTANT(TRUENO_ERROR_MISUSE, "the database handle is NULL"),
        TNI_RESULT_CONSTANT(TRUENO_ERROR_MEMORY_LIMIT, "memory_limit leaves no room for a result")
#undef TNI_RESULT_CONSTANT
    };
    return (trueno_result *)(uintptr_t)&constants[why == TRUENO_ERROR_MEMORY   ? 0
                                                 : why == TRUENO_ERROR_MISUSE ? 1
                                                                              : 2];
}

TNI_FN bool tni_result_is_constant(const trueno_result *result) {
    return !result->account;
}

TNI_FN trueno_result *tni_result_new(tni_account *account) {
    trueno_result *result;
    if (!account) {
        return tni_result_constant(TRUENO_ERROR_MISUSE);
    }
    result = (trueno_result *)tni_alloc_zero(&account->memory, sizeof *result);
    if (!result) {
        return tni_result_constant(tni_memory_cause(&account->memory));
    }
    result->account = tni_account_retain(account);
    result->memory = &account->memory;
    result->position = TNI_NO_POSITION;
    result->message = "";
    tni_arena_init(&result->arena, result->memory);
    return result;
}

static void tni_result_drop_rows(trueno_result *result) {
    tni_collection_release(result->rows);
    result->rows = NULL;
    result->cache = NULL; /* arena memory, freed with the result */
}

static void tni_result_drop_sql(trueno_result *result) {
    tni_free(result->memory, result->sql, result->sql ? result->sql_length + 1 : 0);
    tni_free(result->memory, result->report, result->report ? strlen(result->report) + 1 : 0);
    result->sql = NULL;
    result->sql_length = 0;
    result->report = NULL;
}

TRUENO_API void trueno_result_free(trueno_result *result) {
    tni_account *account;
    if (!result || tni_result_is_constant(result)) {
        return;
    }
    account = result->account;
    tni_result_drop_rows(result);
    tni_result_drop_sql(result);
    tni_arena_free(&result->arena);
    tni_free(&account->memory, result, sizeof *result);
    tni_account_release(account);
}

TNI_FN void tni_result_fail(trueno_result *result, const tni_error *error, const char *sql,
                            size_t length) {
    if (tni_result_is_constant(result)) {
        return;
    }
    tni_result_drop_rows(result);
    tni_result_drop_sql(result);
    result->status = error->status == TRUENO_OK ? TRUENO_ERROR_INTERNAL : error->status;
    result->position = error->position;
    result->message = tni_arena_text(&result->arena, error->message, strlen(error->message));
    if (!result->message || !*result->message) {
        result->message = trueno_status_name(result->status);
    }
    if (sql && length < SIZE_MAX) {
        result->sql = (char *)tni_alloc(result->memory, length + 1);
        if (result->sql) { /* without it the report is only the message */
            if (length) {
                memcpy(result->sql, sql, length);
            }
            result->sql[length] = '\0';
            result->sql_length = length;
        }
    }
}

static trueno_status tni_result_copy_names(trueno_result *result, const char *const *names,
                                           tni_error *error) {
    uint32_t count = result->rows->column_count, c;
    size_t size = count * sizeof(char *);
    result->names = (const char **)tni_arena_alloc(&result->arena, size);
    result->type_names = (const char **)tni_arena_alloc(&result->arena, size);
    if (!result->names || !result->type_names) {
        return tni_memory_fail(result->memory, size, error);
    }
    for (c = 0; c < count; c++) {
        char type[40];
        size_t length = tni_type_print(result->rows->types[c], type);
        result->names[c] = tni_arena_text(&result->arena, names[c], strlen(names[c]));
        result->type_names[c] = tni_arena_text(&result->arena, type, length);
        if (!result->names[c] || !result->type_names[c]) {
            return tni_memory_fail(result->memory, strlen(names[c]), error);
        }
    }
    return TRUENO_OK;
}

TNI_FN trueno_status tni_result_set_rows(trueno_result *result, tni_collection *rows,
                                         const char *const *names, tni_error *error) {
    trueno_status status;
    if (tni_result_is_constant(result)) {
        tni_collection_release(rows);
        return tni_fail(error, result->status, "%s", result->message);
    }
    tni_result_drop_rows(result);
    tni_collection_seal(rows);
    if (!rows->release_keeper) {
        rows->keeper = tni_account_retain(result->account);
        rows->release_keeper = tni_account_release_keeper;
    }
    result->rows = rows;
    status = tni_result_copy_names(result, names, error);
    if (status != TRUENO_OK) {
        tni_result_drop_rows(result);
    }
    return status;
}

TNI_FN void tni_result_set_changed(trueno_result *result, uint64_t rows) {
    if (!tni_result_is_constant(result)) {
        result->rows_changed = rows;
    }
}

/* ----------------------------------------------------------------------------------- info --- */

static const char *tni_result_copy_text(trueno_result *result, const char *text) {
    return text ? tni_arena_text(&result->arena, text, strlen(text)) : "";
}

TNI_FN trueno_status tni_result_set_info(trueno_result *result, const trueno_info *info,
                                         tni_error *error) {
    size_t size = info->pipeline_count * sizeof *info->pipelines;
    trueno_pipeline_info *pipelines;
    uint32_t i;
    if (tni_result_is_constant(result)) {
        return tni_fail_memory(error, sizeof *result);
    }
    pipelines = (trueno_pipeline_info *)tni_arena_alloc(&result->arena, size);
    if (!pipelines) {
        return tni_memory_fail(result->memory, size, error);
    }
    for (i = 0; i < info->pipeline_count; i++) {
        pipelines[i] = info->pipelines[i];
        pipelines[i].name = tni_result_copy_text(result, info->pipelines[i].name);
        pipelines[i].backend = tni_result_copy_text(result, info->pipelines[i].backend);
        pipelines[i].reason = tni_result_copy_text(result, info->pipelines[i].reason);
        if (!pipelines[i].name || !pipelines[i].backend || !pipelines[i].reason) {
            return tni_memory_fail(result->memory, size, error);
        }
    }
    result->info = *info;
    result->info.pipelines = pipelines;
    return TRUENO_OK;
}

TRUENO_API const trueno_info *trueno_result_info(const trueno_result *result) {
    return result ? &result->info : &tni_result_constant(TRUENO_ERROR_MISUSE)->info;
}

/* ------------------------------------------------------------------------------- describing --- */

TRUENO_API trueno_status trueno_result_status(const trueno_result *result) {
    return result ? result->status : TRUENO_ERROR_MISUSE;
}

TRUENO_API const char *trueno_result_error(const trueno_result *result) {
    return result ? result->message : "the result is NULL";
}

TRUENO_API size_t trueno_result_error_position(const trueno_result *result) {
    bool placed = result && result->status != TRUENO_OK && result->position != TNI_NO_POSITION;
    return placed ? result->position : SIZE_MAX;
}

TRUENO_API uint64_t trueno_result_row_count(const trueno_result *result) {
    return result && result->rows ? result->rows->rows : 0;
}

TRUENO_API uint32_t trueno_result_column_count(const trueno_result *result) {
    return result && result->rows ? result->rows->column_count : 0;
}

TRUENO_API const char *trueno_result_column_name(const trueno_result *result, uint32_t column) {
    return column < trueno_result_column_count(result) ? result->names[column] : "";
}

TRUENO_API trueno_type trueno_result_column_type(const trueno_result *result, uint32_t column) {
    return column < trueno_result_column_count(result) ? (trueno_type)result->rows->types[column].id
                                                       : TRUENO_TYPE_NULL;
}

TRUENO_API const char *trueno_result_column_type_name(const trueno_result *result,
                                                      uint32_t column) {
    return column < trueno_result_column_count(result) ? result->type_names[column] : "";
}

TRUENO_API uint64_t trueno_result_rows_changed(const trueno_result *result) {
    return result ? result->rows_changed : 0;
}

/* ---------------------------------------------------------------------------------- cells --- */

TNI_FN const void *tni_result_cell(const trueno_result *result, uint64_t row, uint32_t column,
                                   tni_type *type) {
    const tni_block *block;
    uint32_t offset;
    *type = tni_type_make(TRUENO_TYPE_NULL);
    if (column >= trueno_result_column_count(result)) {
        return NULL;
    }
    *type = result->rows->types[column];
    block = tni_collection_block(result->rows, row, &offset);
    if (!block || type->id == TRUENO_TYPE_NULL ||
        (block->validity[column] && !tni_bit_get(block->validity[column], offset))) {
        return NULL;
    }
    return (const uint8_t *)block->data[column] + (size_t)tni_type_width(*type) * offset;
}

TRUENO_API bool trueno_get_is_null(const trueno_result *result, uint64_t row, uint32_t column) {
    tni_type type;
    return tni_result_cell(result, row, column, &type) == NULL;
}

static int64_t tni_result_saturate(tni_i128 value) {
    if (tni_i128_fits_i64(value)) {
        return (int64_t)value.low;
    }
    return value.high < 0 ? INT64_MIN : INT64_MAX;
}

static int64_t tni_result_round(double value) {
    if (tni_is_nan(value)) {
        return 0;
    }
    value = tni_round_even(value);
    if (value >= 9223372036854775808.0) {
        return INT64_MAX;
    }
    return value < -9223372036854775808.0 ? INT64_MIN : (int64_t)value;
}

static int64_t tni_result_parse_int64(const tni_string *string) {
    const char *text = (const char *)tni_string_data(string);
    int64_t integer;
    double number;
    if (tni_parse_i64(text, string->length, &integer)) {
        return integer;
    }
    return tni_parse_double(text, string->length, &number) ? tni_result_round(number) : 0;
}

/* The decimal or integer in 128 bits; *scale says which. */
static tni_i128 tni_result_exact(const tni_value *value, uint8_t *scale) {
    tni_physical physical = tni_type_physical(value->type);
    *scale = value->type.id == TRUENO_TYPE_DECIMAL ? value->type.scale : 0;
    if (physical == TNI_PHYSICAL_I128) {
        return value->as.huge;
    }
    if (physical >= TNI_PHYSICAL_U8 && physical <= TNI_PHYSICAL_U64) {
        return tni_i128_from_u64(value->as.natural);
    }
    return tni_i128_from_i64(value->as.integer);
}

TRUENO_API int64_t trueno_get_int64(const trueno_result *result, uint64_t row, uint32_t column) {
    tni_type type;
    const void *cell = tni_result_cell(result, row, column, &type);
    tni_value value;
    tni_i128 exact;
    uint8_t scale;
    if (!cell) {
        return 0;
    }
    value = tni_value_load(type, cell);
    switch (tni_type_physical(type)) {
    case TNI_PHYSICAL_BOOL: return value.as.boolean;
    case TNI_PHYSICAL_F32:
    case TNI_PHYSICAL_F64: return tni_result_round(value.as.number);
    case TNI_PHYSICAL_STRING:
        return type.id == TRUENO_TYPE_VARCHAR ? tni_result_parse_int64(&value.as.string) : 0;
    case TNI_PHYSICAL_INTERVAL: return 0;
    default: break;
    }
    exact = tni_result_exact(&value, &scale);
    if (scale) {
        (void)tni_i128_rescale(exact, scale, 0, &exact); /* to fewer digits: never overflows */
    }
    return tni_result_saturate(exact);
}

/* Correctly rounded: one division of exact operands where there are such, else by its digits. */
static double tni_result_decimal(tni_i128 value, uint8_t scale) {
    char text[48];
    double number = 0;
    if (!scale) {
        return tni_i128_to_double(value);
    }
    if (scale <= 22 && tni_i128_fits_i64(value) && (int64_t)value.low < (INT64_C(1) << 53) &&
        (int64_t)value.low > -(INT64_C(1) << 53)) {
        return (double)(int64_t)value.low / tni_i128_to_double(tni_i128_power10(scale));
    }
    (void)tni_parse_double(text, tni_print_decimal(value, scale, text), &number);
    return number;
}

TRUENO_API double trueno_get_double(const trueno_result *result, uint64_t row, uint32_t column) {
    tni_type type;
    const void *cell = tni_result_cell(result, row, column, &type);
    tni_value value;
    double number = 0;
    tni_i128 exact;
    uint8_t scale;
    if (!cell) {
        return 0;
    }
    value = tni_value_load(type, cell);
    switch (tni_type_physical(type)) {
    case TNI_PHYSICAL_BOOL: return value.as.boolean ? 1 : 0;
    case TNI_PHYSICAL_F32:
    case TNI_PHYSICAL_F64: return value.as.number;
    case TNI_PHYSICAL_STRING:
        if (type.id == TRUENO_TYPE_VARCHAR &&
            tni_parse_double((const char *)tni_string_data(&value.as.string),
                             value.as.string.length, &number)) {
            return number;
        }
        return 0;
    case TNI_PHYSICAL_INTERVAL: return 0;
    default: break;
    }
    exact = tni_result_exact(&value, &scale);
    return tni_result_decimal(exact, scale);
}

TRUENO_API bool trueno_get_bool(const trueno_result *result, uint64_t row, uint32_t column) {
    tni_type type;
    const void *cell = tni_result_cell(result, row, column, &type);
    bool truth = false;
    if (!cell) {
        return false;
    }
    if (type.id == TRUENO_TYPE_VARCHAR) {
        tni_string string;
        memcpy(&string, cell, sizeof string);
        return tni_parse_bool((const char *)tni_string_data(&string), string.length, &truth) &&
               truth;
    }
    if (tni_type_is_numeric(type)) { /* not get_int64: 0.25 is true */
        double number = trueno_get_double(result, row, column);
        return number < 0 || number > 0 || tni_is_nan(number);
    }
    return trueno_get_int64(result, row, column) != 0;
}

TRUENO_API const void *trueno_get_bytes(const trueno_result *result, uint64_t row, uint32_t column,
                                        size_t *length) {
    tni_type type;
    const void *cell = tni_result_cell(result, row, column, &type);
    const tni_string *string = (const tni_string *)cell;
    bool found = cell && tni_type_is_string(type);
    if (length) {
        *length = found ? string->length : 0;
    }
    if (!found) {
        return NULL;
    }
    return tni_string_data(string);
}

TRUENO_API trueno_status trueno_result_to_arrow(trueno_result *result,
                                                struct ArrowArrayStream *out) {
    if (!out) {
        return TRUENO_ERROR_MISUSE;
    }
    memset(out, 0, sizeof *out);
    if (trueno_result_status(result) != TRUENO_OK) {
        return trueno_result_status(result);
    }
    if (!result->rows) {
        return TRUENO_ERROR_MISUSE;
    }
    return tni_collection_to_arrow(result->rows, result->names, out, NULL);
}
