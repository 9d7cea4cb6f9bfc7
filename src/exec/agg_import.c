/*
 * agg_import.c - parts of an aggregation computed elsewhere; see agg_import.h.
 *
 * The accumulators are planned as always. Of each the import sets the state it would have reached,
 * and keys are packed into words (or group numbers, in direct mode) as agg_keys.c packs them.
 */
#include "exec/agg_import.h"
#include "exec/aggregate.h"

#define TNI_IMPORT_BLOCKS 16u /* blocks of 4,096 rows in a row group */
#define TNI_IMPORT_PIECE 32768u

/* ------------------------------------------------------------------------------- parts --- */

static uint32_t tni_import_output(const tni_agg *agg, uint32_t input) {
    return input == TNI_IR_NONE ? TNI_IR_NONE : agg->inputs[input].column;
}

static trueno_status tni_import_refuse(const char *what, tni_error *error) {
    return tni_fail(error, TRUENO_ERROR_UNSUPPORTED, "the GPU does not compute %s", what);
}

static trueno_status tni_import_part(const tni_agg *agg, const tni_accumulator *acc,
                                     tni_part *out, tni_error *error) {
    const tni_agg_input *input =
        acc->arguments[0] == TNI_IR_NONE ? NULL : &agg->inputs[acc->arguments[0]];
    out->value = tni_import_output(agg, acc->arguments[0]);
    out->filter = tni_import_output(agg, acc->filter);
    if (acc->feed != 0) {
        return tni_import_refuse("DISTINCT aggregates", error);
    }
    if (acc->arguments[1] != TNI_IR_NONE || acc->power > 1) {
        return tni_import_refuse("variances, products and aggregates of two values", error);
    }
    switch (acc->kind) {
    case TNI_AGG_COUNT: out->kind = TNI_PART_COUNT; return TRUENO_OK;
    case TNI_AGG_SUM_I64:
    case TNI_AGG_SUM_I128: out->kind = TNI_PART_INTEGER; break;
    case TNI_AGG_SUM_F64:
        if (agg->key_count == 0 && !acc->ordered_sum) {
            return tni_import_refuse("variances", error);
        }
        out->kind = acc->ordered_sum ? TNI_PART_BLOCKS : TNI_PART_LIMBS;
        return TRUENO_OK;
    case TNI_AGG_MIN: out->kind = TNI_PART_MIN; break;
    case TNI_AGG_MAX: out->kind = TNI_PART_MAX; break;
    default: return tni_import_refuse("such aggregates", error);
    }
    if (tni_type_physical(input->type) == TNI_PHYSICAL_I128 ||
        input->class_id == TNI_CLASS_STRING) {
        return tni_import_refuse("aggregates of text and of 128-bit numbers", error);
    }
    return TRUENO_OK;
}

static trueno_status tni_import_key(const tni_agg *agg, uint32_t k, tni_part_key *out,
                                    tni_error *error) {
    const tni_agg_key *key = &agg->keys[k];
    memset(out, 0, sizeof *out);
    out->output = k;
    out->nullable = !tni_agg_never_null(agg, k);
    switch (key->mode) {
    case TNI_KEY_DICT:
        out->dictionary = key->dictionary;
        out->range = key->null_code;
        return TRUENO_OK;
    case TNI_KEY_RANGE:
        out->minimum = key->minimum;
        out->range = key->null_code;
        return TRUENO_OK;
    case TNI_KEY_WORD:
        return tni_type_is_float(key->type) ? tni_import_refuse("GROUP BY of floats", error)
                                            : TRUENO_OK;
    case TNI_KEY_INTERN:
        return tni_import_refuse("GROUP BY of text without one dictionary", error);
    default: return tni_import_refuse("GROUP BY of 128-bit values", error);
    }
}

TNI_FN trueno_status tni_aggregate_parts(const tni_operator *sink, tni_arena *arena,
                                         tni_part_list *out, tni_error *error) {
    const tni_agg *agg = (const tni_agg *)sink;
    uint32_t parts = agg->accumulator_count, i;
    tni_part *part = (tni_part *)tni_arena_alloc(arena, TNI_MAX(parts, 1u) * sizeof *part);
    tni_part_key *key =
        (tni_part_key *)tni_arena_alloc(arena, TNI_MAX(agg->key_count, 1u) * sizeof *key);
    memset(out, 0, sizeof *out);
    if (part == NULL || key == NULL) {
        return tni_fail_memory(error, TNI_MAX(parts, 1u) * sizeof *part);
    }
    if (agg->distinct_count > 0) {
        return tni_import_refuse("DISTINCT aggregates", error);
    }
    for (i = 0; i < parts; i++) {
        TNI_TRY(tni_import_part(agg, &agg->accumulators[i], &part[i], error));
    }
    for (i = 0; i < agg->key_count; i++) {
        TNI_TRY(tni_import_key(agg, i, &key[i], error));
    }
    out->parts = part;
    out->part_count = parts;
    out->keys = key;
    out->key_count = agg->key_count;
    return TRUENO_OK;
}

/* ------------------------------------------------------------------------------ import --- */

/* The state of MIN or MAX for a value's bits. */
static int64_t tni_import_extreme(const tni_agg_input *input, uint64_t bits) {
    double number;
    float single;
    uint32_t word = (uint32_t)bits;
    if (input->class_id != TNI_CLASS_F64) {
        return (int64_t)(input->type.id == TRUENO_TYPE_UBIGINT ? bits ^ (UINT64_C(1) << 63)
                                                               : bits);
    }
    if (input->type.id == TRUENO_TYPE_FLOAT) {
        memcpy(&single, &word, sizeof single);
        number = (double)single;
    } else {
        memcpy(&number, &bits, sizeof number);
    }
    return tni_float_key(number);
}

/* The blocks of float sums: the whole sum, or what one more worker found. */
static trueno_status tni_import_blocks(tni_agg *agg, uint32_t a, const tni_part_values *values,
                                       tni_error *error) {
    tni_memory *memory = agg->run->env->memory;
    size_t count = (size_t)values->block_count, i;
    tni_block_sum *all = (tni_block_sum *)tni_alloc_array(memory, TNI_MAX(count, 1u), sizeof *all);
    if (all == NULL) {
        return tni_memory_fail(memory, count * sizeof *all, error);
    }
    for (i = 0; i < count; i++) {
        all[i].order = i / TNI_IMPORT_BLOCKS;
        all[i].block = (uint32_t)(i % TNI_IMPORT_BLOCKS);
        all[i].sum = values->blocks[i];
    }
    if (agg->join != NULL) {
        tni_block_sums *sums = &agg->workers[agg->worker_count - 1].sums[a];
        sums->done = all;
        sums->count = count;
        sums->capacity = TNI_MAX(count, 1u);
        return TRUENO_OK;
    }
    agg->ordered_sums[a] = tni_combine_blocks(all, count);
    tni_free(memory, all, TNI_MAX(count, 1u) * sizeof *all);
    return TRUENO_OK;
}

/* Set the states of accumulator `a` in the rows of `groups`. */
static trueno_status tni_import_states(tni_agg *agg, tni_agg_table *table, uint32_t a,
                                       const tni_part_values *values, const uint32_t *groups,
                                       uint64_t from, uint64_t to, tni_error *error) {
    const tni_accumulator *acc = &agg->accumulators[a];
    uint64_t g;
    switch (acc->kind) {
    case TNI_AGG_COUNT:
        for (g = from; g < to; g++) {
            *TNI_STATE(int64_t, table, acc, groups[g]) = (int64_t)values->counts[g];
        }
        return TRUENO_OK;
    case TNI_AGG_SUM_I64:
        for (g = from; g < to; g++) {
            *TNI_STATE(int64_t, table, acc, groups[g]) = (int64_t)values->sums[g].low;
        }
        return TRUENO_OK;
    case TNI_AGG_SUM_I128:
        for (g = from; g < to; g++) {
            *TNI_STATE(tni_i128, table, acc, groups[g]) = values->sums[g];
        }
        return TRUENO_OK;
    case TNI_AGG_SUM_F64:
        if (acc->ordered_sum) {
            return tni_import_blocks(agg, a, values, error);
        }
        for (g = from; g < to; g++) {
            memcpy(TNI_STATE(tni_float_state, table, acc, groups[g]),
                   (const uint8_t *)values->limbs + g * TNI_PART_LIMBS_BYTES,
                   TNI_PART_LIMBS_BYTES);
        }
        return TRUENO_OK;
    default:
        for (g = from; g < to; g++) {
            if (values->counts[g] > 0) {
                *TNI_STATE(int64_t, table, acc, groups[g]) =
                    tni_import_extreme(&agg->inputs[acc->arguments[0]], values->bits[g]);
            }
        }
        return TRUENO_OK;
    }
}

/* Direct mode: the group numbers of groups [from, to). */
static bool tni_import_direct(const tni_agg *agg, const tni_part_import *import, uint64_t from,
                              uint64_t to, uint32_t *groups) {
    uint64_t g;
    uint32_t k;
    for (g = from; g < to; g++) {
        uint64_t number = 0;
        for (k = 0; k < agg->key_count; k++) {
            const tni_agg_key *key = &agg->keys[k];
            uint64_t code = import->nulls[k][g] != 0 ? key->null_code : import->codes[k][g];
            if (code > key->null_code) {
                return false;
            }
            number += code * key->stride;
        }
        groups[g] = (uint32_t)number;
    }
    return true;
}

/* Hash mode: key words, group numbers as they come. */
static bool tni_import_words(const tni_agg *agg, tni_agg_table *table,
                             const tni_part_import *import, uint64_t from, uint64_t to,
                             uint32_t *groups) {
    uint64_t g;
    uint32_t k;
    for (g = from; g < to; g++) {
        uint64_t *words = table->keys + (size_t)g * agg->word_count;
        memset(words, 0, agg->word_count * sizeof *words);
        for (k = 0; k < agg->key_count; k++) {
            const tni_agg_key *key = &agg->keys[k];
            bool is_null = import->nulls[k][g] != 0;
            uint64_t code = import->codes[k][g];
            if (key->mode == TNI_KEY_WORD) {
                words[key->word] = is_null ? 0 : code;
                words[key->null_word] |= (uint64_t)is_null << key->null_shift;
                continue;
            }
            code = is_null ? key->null_code : code;
            if (code > key->null_code) {
                return false;
            }
            words[key->word] |= code << key->shift;
        }
        groups[g] = (uint32_t)g;
    }
    return true;
}

/* Groups are taken over in pieces, by all workers when there are many. */
typedef struct tni_import_task {
    tni_agg *agg;
    tni_agg_table *table;
    const tni_part_import *import;
    uint32_t *groups;
    tni_atomic_i32 failed;
} tni_import_task;

static trueno_status tni_import_range(tni_import_task *task, uint64_t from, uint64_t to,
                                      tni_error *error) {
    tni_agg *agg = task->agg;
    const tni_part_import *import = task->import;
    bool fine = agg->direct
                    ? tni_import_direct(agg, import, from, to, task->groups)
                    : tni_import_words(agg, task->table, import, from, to, task->groups);
    uint32_t a;
    if (!fine) {
        return tni_fail(error, TRUENO_ERROR_INTERNAL, "a group key out of its range");
    }
    for (a = 0; a < agg->accumulator_count; a++) {
        TNI_TRY(tni_import_states(agg, task->table, a, &import->parts[a], task->groups, from, to,
                                  error));
    }
    return TRUENO_OK;
}

static void tni_import_piece(void *context, uint32_t index) {
    tni_import_task *task = (tni_import_task *)context;
    uint64_t from = (uint64_t)index * TNI_IMPORT_PIECE;
    tni_error error;
    tni_error_clear(&error);
    if (tni_import_range(task, from, TNI_MIN(from + TNI_IMPORT_PIECE, task->import->group_count),
                         &error) != TRUENO_OK) {
        tni_atomic_store_i32(&task->failed, 1);
    }
}

static trueno_status tni_import_table(tni_agg *agg, tni_agg_table *table,
                                      const tni_part_import *import, uint32_t *groups,
                                      tni_error *error) {
    uint64_t capacity = agg->direct ? agg->domain : TNI_MAX(import->group_count, 1u);
    tni_import_task task;
    TNI_TRY(tni_agg_table_init(agg, table, (uint32_t)capacity, error));
    memset(&task, 0, sizeof task);
    task.agg = agg;
    task.table = table;
    task.import = import;
    task.groups = groups;
    if (!agg->direct) {
        table->count = (uint32_t)import->group_count;
    }
    if (import->group_count <= TNI_IMPORT_PIECE) {
        return tni_import_range(&task, 0, import->group_count, error);
    }
    tni_scheduler_run(
        agg->run->scheduler,
        (uint32_t)((import->group_count + TNI_IMPORT_PIECE - 1) / TNI_IMPORT_PIECE),
        tni_import_piece, &task);
    return tni_atomic_load_i32(&task.failed) == 0
               ? TRUENO_OK
               : tni_fail(error, TRUENO_ERROR_INTERNAL, "a group key out of its range");
}

/* The groups become the result. */
static trueno_status tni_import_result(tni_agg *agg, const tni_part_import *import,
                                       uint32_t *groups, tni_error *error) {
    tni_memory *memory = agg->run->env->memory;
    agg->results = (tni_agg_table *)tni_alloc_zero(memory, sizeof *agg->results);
    if (agg->results == NULL) {
        return tni_memory_fail(memory, sizeof *agg->results, error);
    }
    agg->result_count = 1;
    TNI_TRY(tni_import_table(agg, &agg->results[0], import, groups, error));
    agg->unit_count = (agg->results[0].count + agg->unit - 1) / agg->unit;
    return TRUENO_OK;
}

/* The groups become what one more worker has found; finishing puts them together with the rest. */
static trueno_status tni_import_worker(tni_agg *agg, const tni_part_import *import,
                                       uint32_t *groups, tni_error *error) {
    tni_agg_table *table = &agg->workers[agg->worker_count - 1].table;
    TNI_TRY(tni_import_table(agg, table, import, groups, error));
    table->rows = TNI_MAX(import->group_count, 1u); /* it is not empty */
    return agg->direct || table->count == 0 ? TRUENO_OK : tni_agg_hash_groups(agg, table, error);
}

TNI_FN trueno_status tni_aggregate_import(tni_operator *sink, const tni_part_import *import,
                                          tni_error *error) {
    tni_agg *agg = (tni_agg *)sink;
    tni_memory *memory = agg->run->env->memory;
    size_t room = (size_t)TNI_MAX(import->group_count, 1u);
    uint32_t *groups;
    trueno_status status;
    if (import->group_count >= UINT32_MAX || agg->results != NULL) {
        return tni_fail(error, TRUENO_ERROR_INTERNAL, "an import of too many groups, or twice");
    }
    groups = (uint32_t *)tni_alloc_array(memory, room, sizeof *groups);
    if (groups == NULL) {
        return tni_memory_fail(memory, room * sizeof *groups, error);
    }
    status = agg->join != NULL ? tni_import_worker(agg, import, groups, error)
                               : tni_import_result(agg, import, groups, error);
    tni_free(memory, groups, room * sizeof *groups);
    return status;
}

TNI_FN void tni_aggregate_share(tni_operator *sink, tni_aggregate_join join, void *user) {
    tni_agg *agg = (tni_agg *)sink;
    agg->join = join;
    agg->join_user = user;
}

#undef TNI_IMPORT_BLOCKS
#undef TNI_IMPORT_PIECE
