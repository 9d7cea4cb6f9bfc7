/*
 * agg_keys.c - group keys to integer codes, codes to 64-bit words, and back.
 *
 * The plan phase asks the source what it knows of each key (a shared dictionary, bounds) and
 * packs codes as tightly as that allows; six h2o keys fit one word. Encoding works on a vector at
 * a time: codes are read from DICT and NARROW vectors as they lie.
 */
#include "exec/aggregate.h"

/* ------------------------------------------------------------------------- planning --- */

/* The scan column behind output `output` of the aggregate's program, if it is a bare one. */
static bool tni_agg_source_column(const tni_plan *plan, uint32_t output, const tni_plan **scan,
                                  uint32_t *field) {
    const tni_ir_node *node = &plan->program->nodes[plan->program->outputs[output]];
    const tni_plan *input = plan->input;
    uint32_t column = node->column;
    if (node->op != TNI_IR_COLUMN) {
        return false;
    }
    while (input->kind == TNI_PLAN_FILTER || input->kind == TNI_PLAN_PROJECT) {
        if (input->kind == TNI_PLAN_PROJECT) {
            node = &input->program->nodes[input->program->outputs[column]];
            if (node->op != TNI_IR_COLUMN) {
                return false;
            }
            column = node->column;
        }
        input = input->input;
    }
    if (input->kind != TNI_PLAN_SCAN) {
        return false;
    }
    *scan = input;
    *field = input->source_columns[column];
    return true;
}

static uint8_t tni_bit_length(uint64_t v) {
    return (uint8_t)(v == 0 ? 1 : 64 - tni_clz64(v));
}

static bool tni_key_is_integer_like(tni_type type) {
    tni_physical p = tni_type_physical(type);
    return p <= TNI_PHYSICAL_U64;
}

static int64_t tni_key_read(tni_physical physical, const void *data, uint32_t row) {
    switch (physical) {
    case TNI_PHYSICAL_I8: return ((const int8_t *)data)[row];
    case TNI_PHYSICAL_I16: return ((const int16_t *)data)[row];
    case TNI_PHYSICAL_I32: return ((const int32_t *)data)[row];
    case TNI_PHYSICAL_U16: return ((const uint16_t *)data)[row];
    case TNI_PHYSICAL_U32: return ((const uint32_t *)data)[row];
    case TNI_PHYSICAL_I64:
    case TNI_PHYSICAL_U64: return ((const int64_t *)data)[row];
    default: return ((const uint8_t *)data)[row];
    }
}

static int64_t tni_key_value(const tni_value *value) {
    uint64_t storage[2] = {0, 0};
    tni_value_store(value, storage);
    return tni_key_read(tni_type_physical(value->type), storage, 0);
}

TNI_FN bool tni_agg_never_null(const tni_agg *agg, uint32_t output) {
    const tni_plan *scan;
    uint32_t field;
    tni_zone zone;
    memset(&zone, 0, sizeof zone);
    return tni_agg_source_column(agg->plan, output, &scan, &field) &&
           scan->source->ops->zone != NULL &&
           scan->source->ops->zone(scan->source, field, &zone) && !zone.has_nulls &&
           zone.null_count == 0;
}

TNI_FN bool tni_agg_bounded(const tni_agg *agg, uint32_t output) {
    const tni_plan *scan;
    uint32_t field;
    tni_zone zone;
    int64_t low, high;
    memset(&zone, 0, sizeof zone);
    if (!tni_agg_source_column(agg->plan, output, &scan, &field) ||
        scan->source->ops->zone == NULL ||
        !scan->source->ops->zone(scan->source, field, &zone) || !zone.has_bounds ||
        tni_type_physical(zone.min.type) > TNI_PHYSICAL_U32 || scan->source->rows > UINT32_MAX) {
        return false;
    }
    low = tni_key_value(&zone.min);
    high = tni_key_value(&zone.max);
    return low > -(INT64_C(1) << 30) && high < INT64_C(1) << 30;
}

/* Bounds a type has by itself: a byte or two is a small domain anyway. */
static bool tni_key_type_range(tni_type type, int64_t *low, int64_t *high) {
    switch (tni_type_physical(type)) {
    case TNI_PHYSICAL_BOOL: *low = 0; *high = 1; return true;
    case TNI_PHYSICAL_I8: *low = INT8_MIN; *high = INT8_MAX; return true;
    case TNI_PHYSICAL_U8: *low = 0; *high = UINT8_MAX; return true;
    case TNI_PHYSICAL_I16: *low = INT16_MIN; *high = INT16_MAX; return true;
    case TNI_PHYSICAL_U16: *low = 0; *high = UINT16_MAX; return true;
    case TNI_PHYSICAL_I32: *low = INT32_MIN; *high = INT32_MAX; return true;
    case TNI_PHYSICAL_U32: *low = 0; *high = UINT32_MAX; return true;
    default: return false;
    }
}

static void tni_agg_key_integer(const tni_plan *plan, uint32_t output, tni_agg_key *key) {
    const tni_plan *scan;
    uint32_t field;
    int64_t low, high;
    tni_zone zone;
    bool known = tni_key_type_range(key->type, &low, &high);
    memset(&zone, 0, sizeof zone);
    if (tni_agg_source_column(plan, output, &scan, &field) && scan->source->ops->zone != NULL &&
        scan->source->ops->zone(scan->source, field, &zone) && zone.has_bounds) {
        low = tni_key_value(&zone.min);
        high = tni_key_value(&zone.max);
        known = true;
    }
    key->mode = TNI_KEY_WORD;
    key->bits = 64;
    if (known && (uint64_t)high - (uint64_t)low < UINT64_MAX / 4) {
        key->mode = TNI_KEY_RANGE;
        key->minimum = low;
        key->null_code = (uint64_t)high - (uint64_t)low + 1;
        key->bits = tni_bit_length(key->null_code);
    }
}

static void tni_agg_key_string(const tni_plan *plan, uint32_t output, tni_agg_key *key) {
    const tni_plan *scan;
    uint32_t field;
    key->mode = TNI_KEY_INTERN;
    key->null_code = UINT32_MAX;
    key->bits = 32;
    if (tni_agg_source_column(plan, output, &scan, &field) &&
        scan->source->ops->dictionary != NULL) {
        const tni_dictionary *dictionary = scan->source->ops->dictionary(scan->source, field);
        if (dictionary != NULL && dictionary->unique) {
            key->mode = TNI_KEY_DICT;
            key->dictionary = dictionary;
            key->null_code = dictionary->count;
            key->bits = tni_bit_length(dictionary->count);
        }
    }
}

/* Bits of the words that mean the same whoever numbered the strings. */
static trueno_status tni_agg_keys_mask(tni_agg *agg, tni_error *error) {
    uint32_t k, w;
    agg->plain_bits = (uint64_t *)tni_alloc_array(agg->run->env->memory, agg->word_count,
                                                  sizeof *agg->plain_bits);
    if (agg->plain_bits == NULL) {
        return tni_memory_fail(agg->run->env->memory, agg->word_count * 8, error);
    }
    for (w = 0; w < agg->word_count; w++) {
        agg->plain_bits[w] = 0;
    }
    for (k = 0; k < agg->key_count; k++) {
        const tni_agg_key *key = &agg->keys[k];
        bool whole = key->mode == TNI_KEY_WORD || key->mode == TNI_KEY_WIDE;
        if (whole) {
            agg->plain_bits[key->word] = UINT64_MAX;
            agg->plain_bits[key->null_word] |= UINT64_C(1) << key->null_shift;
        } else if (key->mode != TNI_KEY_INTERN) {
            agg->plain_bits[key->word] |= tni_low_bits(key->bits) << key->shift;
        }
        if (key->mode == TNI_KEY_WIDE) {
            agg->plain_bits[key->word + 1] = UINT64_MAX;
        }
    }
    return TRUENO_OK;
}

/* Give every code its bits in the words, first fit. */
static void tni_agg_keys_pack(tni_agg *agg) {
    uint8_t used[256];
    uint32_t words = 0, k, w;
    memset(used, 0, sizeof used);
    for (k = 0; k < agg->key_count; k++) {
        tni_agg_key *key = &agg->keys[k];
        if (key->mode == TNI_KEY_WORD || key->mode == TNI_KEY_WIDE) {
            key->word = (uint8_t)words;
            used[words++] = 64;
            if (key->mode == TNI_KEY_WIDE) {
                used[words++] = 64;
            }
        }
    }
    for (k = 0; k < agg->key_count; k++) {
        tni_agg_key *key = &agg->keys[k];
        bool whole = key->mode == TNI_KEY_WORD || key->mode == TNI_KEY_WIDE;
        uint8_t bits = whole ? 1 : key->bits;
        for (w = 0; w < words && used[w] + bits > 64; w++) {
        }
        if (w == words) {
            used[words++] = 0;
        }
        if (whole) {
            key->null_word = (uint8_t)w;
            key->null_shift = used[w];
        } else {
            key->word = (uint8_t)w;
            key->shift = used[w];
        }
        used[w] = (uint8_t)(used[w] + bits);
    }
    agg->word_count = words;
}

/* Direct tables cannot go to files: each must be small beside the memory there is, and so must the
 * lists of collected values. The number of threads must not matter, nor may the order of groups. */
static bool tni_agg_direct_fits(const tni_agg *agg, uint64_t domain) {
    double limit = (double)agg->run->env->memory->limit;
    double rows = agg->plan->input->rows > 0 ? agg->plan->input->rows : 1e6;
    return agg->key_count == 0 ||
           ((double)domain * (agg->state_size + 8.0) < limit / 64 &&
            (agg->collect_count == 0 || rows * 64 * agg->collect_count < limit / 4));
}

TNI_FN trueno_status tni_agg_keys_plan(tni_agg *agg, tni_error *error) {
    const tni_plan *plan = agg->plan;
    uint64_t domain = 1;
    bool direct = true;
    uint32_t k;
    double rows = plan->input->rows > 0 ? plan->input->rows : 1e6;
    uint64_t most = TNI_AGG_DIRECT_LIMIT;
    if (agg->key_count > 100) {
        return tni_fail(error, TRUENO_ERROR_LIMIT, "GROUP BY of %u columns; the most is 100",
                        agg->key_count);
    }
    if (rows < (double)most) {
        most = TNI_MAX((uint64_t)rows, UINT64_C(4096));
    }
    for (k = 0; k < agg->key_count; k++) {
        tni_agg_key *key = &agg->keys[k];
        tni_physical physical;
        key->type = plan->types[k];
        physical = tni_type_physical(key->type);
        if (physical == TNI_PHYSICAL_STRING) {
            tni_agg_key_string(plan, k, key);
        } else if (tni_key_is_integer_like(key->type)) {
            tni_agg_key_integer(plan, k, key);
        } else {
            bool wide = physical == TNI_PHYSICAL_I128 || physical == TNI_PHYSICAL_INTERVAL;
            key->mode = wide ? TNI_KEY_WIDE : TNI_KEY_WORD;
            key->bits = 64;
        }
        agg->interned_count += key->mode == TNI_KEY_INTERN ? 1u : 0u;
        direct = direct && (key->mode == TNI_KEY_DICT || key->mode == TNI_KEY_RANGE) &&
                 key->null_code < most && domain * (key->null_code + 1) <= most;
        key->stride = domain;
        domain *= direct ? key->null_code + 1 : 1;
    }
    direct = direct && tni_agg_direct_fits(agg, domain);
    agg->direct = direct;
    agg->domain = domain;
    /* lists of collected values need tuples, so words */
    agg->lone = agg->key_count == 1 && agg->interned_count == 1 && agg->collect_count == 0;
    if (!direct && !agg->lone) {
        tni_agg_keys_pack(agg);
        TNI_TRY(tni_agg_keys_mask(agg, error));
    }
    return TRUENO_OK;
}

/* ---------------------------------------------------------------------------- strings --- */

TNI_FN void tni_agg_caches_free(tni_agg *agg, tni_agg_worker *worker) {
    tni_memory *memory = agg->run->env->memory;
    uint32_t k;
    for (k = 0; worker->caches != NULL && k < agg->key_count; k++) {
        tni_agg_string_cache *cache = &worker->caches[k];
        tni_interner_free(&cache->shared);
        tni_free(memory, cache->translated, cache->translated_capacity * sizeof(uint64_t));
    }
    tni_free(memory, worker->caches, TNI_MAX(agg->key_count, 1u) * sizeof *worker->caches);
    worker->caches = NULL;
}

/* Make `translated` ready for a vector's dictionary. */
static trueno_status tni_agg_translation(tni_agg *agg, tni_agg_string_cache *cache,
                                         const tni_dictionary *dictionary, tni_error *error) {
    void *items = cache->translated;
    trueno_status status;
    if (cache->dictionary == dictionary->id) {
        return TRUENO_OK;
    }
    status = tni_grow(agg->run->env->memory, &items, &cache->translated_capacity,
                      TNI_MAX(dictionary->count, 1u), sizeof(uint64_t), error);
    cache->translated = (uint64_t *)items;
    TNI_TRY(status);
    memset(cache->translated, 0xff, TNI_MAX(dictionary->count, 1u) * sizeof(uint64_t));
    cache->dictionary = dictionary->id;
    return TRUENO_OK;
}

#define TNI_UNSEEN UINT64_MAX

/* Number the dictionary entries of a vector that were not met yet. */
static trueno_status tni_agg_translate_new(tni_agg_string_cache *cache, tni_agg_strings *strings,
                                           const tni_vector *v, uint32_t rows,
                                           tni_error *error) {
    tni_string fresh[256];
    uint64_t hashes[256];
    uint32_t entries[256];
    uint32_t codes[256];
    uint32_t i, count = 0, j;
    for (i = 0; i < rows; i++) {
        uint64_t code = tni_vector_code(v, i);
        if (cache->translated[code] == TNI_UNSEEN &&
            (v->validity == NULL || tni_bit_get(v->validity, i))) {
            cache->translated[code] = 0; /* once is enough */
            fresh[count] = v->dictionary->values[code];
            entries[count] = (uint32_t)code;
            hashes[count] = tni_agg_string_hash(&fresh[count]);
            count++;
        }
        if (count == TNI_COUNT_OF(fresh) || (count > 0 && i + 1 == rows)) {
            trueno_status status =
                tni_agg_strings_add(strings, fresh, hashes, NULL, count, false, codes, error);
            if (status != TRUENO_OK) {
                cache->dictionary = 0; /* half done: begin again, if there is a next time */
                return status;
            }
            for (j = 0; j < count; j++) {
                cache->translated[entries[j]] = (hashes[j] >> 32 << 32) | codes[j];
            }
            count = 0;
        }
    }
    return TRUENO_OK;
}

#define TNI_TRANSLATE_LOOP(T)                                                                      \
    for (i = 0; i < rows; i++) {                                                                   \
        codes[i] = map[((const T *)v->data)[i]];                                                   \
        unseen |= codes[i] == TNI_UNSEEN;                                                          \
    }

/* codes[i] = map[code of row i]; true when one was not met yet. */
static bool tni_agg_translate(const tni_vector *v, const uint64_t *map, uint32_t rows,
                              uint64_t *codes) {
    bool unseen = false;
    uint32_t i;
    switch (v->code_width) {
    case 1: TNI_TRANSLATE_LOOP(uint8_t) break;
    case 2: TNI_TRANSLATE_LOOP(uint16_t) break;
    default: TNI_TRANSLATE_LOOP(uint32_t)
    }
    return unseen;
}

#undef TNI_TRANSLATE_LOOP

/* Codes of the worker's strings under 32 bits of their hashes; NULL rows get anything. */
static trueno_status tni_agg_intern_codes(tni_agg *agg, tni_agg_worker *worker, uint32_t k,
                                          const tni_vector *v, uint32_t rows, uint64_t *codes,
                                          tni_error *error) {
    tni_agg_string_cache *cache = &worker->caches[k];
    tni_agg_strings *strings = &worker->table.strings[k];
    uint32_t i;
    if (v->form == TNI_FORM_DICT) {
        TNI_TRY(tni_agg_translation(agg, cache, v->dictionary, error));
        if (tni_agg_translate(v, cache->translated, rows, codes)) {
            TNI_TRY(tni_agg_translate_new(cache, strings, v, rows, error));
            (void)tni_agg_translate(v, cache->translated, rows, codes);
        }
        return TRUENO_OK;
    }
    for (i = 0; i < rows; i++) {
        worker->hashes[i] = v->validity == NULL || tni_bit_get(v->validity, i)
                                ? tni_agg_string_hash(&((const tni_string *)v->data)[i])
                                : 0;
    }
    TNI_TRY(tni_agg_strings_add(strings, (const tni_string *)v->data, worker->hashes, v->validity,
                                rows, false, worker->groups, error));
    for (i = 0; i < rows; i++) {
        codes[i] = (worker->hashes[i] >> 32 << 32) | worker->groups[i];
    }
    return TRUENO_OK;
}

#undef TNI_UNSEEN

/* Index the shared dictionary by value: its strings in order, so that codes stay the same. */
static trueno_status tni_agg_index_shared(tni_agg_string_cache *cache,
                                          const tni_dictionary *dictionary, tni_error *error) {
    uint32_t i, code;
    for (i = cache->shared.count; i < dictionary->count; i++) {
        const tni_string *s = &dictionary->values[i];
        TNI_TRY(tni_interner_add(&cache->shared, s, tni_hash_string(s), &code, error));
    }
    return TRUENO_OK;
}

/* A plain string where the shared dictionary's code is wanted (constant segments and such). */
static trueno_status tni_agg_shared_code(tni_agg_string_cache *cache, const tni_agg_key *key,
                                         const tni_string *string, uint64_t *out,
                                         tni_error *error) {
    uint32_t code;
    if (!cache->has_last || !tni_string_equal(&cache->last, string)) {
        TNI_TRY(tni_agg_index_shared(cache, key->dictionary, error));
        if (!tni_interner_find(&cache->shared, string, tni_hash_string(string), &code)) {
            return tni_fail(error, TRUENO_ERROR_INTERNAL,
                            "a group key is missing from its column's dictionary");
        }
        cache->last = key->dictionary->values[code];
        cache->last_code = code;
        cache->has_last = true;
    }
    *out = cache->last_code;
    return TRUENO_OK;
}

/* ---------------------------------------------------------------------------- codes --- */

static void tni_agg_copy_codes(const tni_vector *v, uint32_t rows, uint64_t add, uint64_t *codes) {
    uint32_t i;
    switch (v->code_width) {
    case 1:
        for (i = 0; i < rows; i++) {
            codes[i] = ((const uint8_t *)v->data)[i] + add;
        }
        break;
    case 2:
        for (i = 0; i < rows; i++) {
            codes[i] = ((const uint16_t *)v->data)[i] + add;
        }
        break;
    case 4:
        for (i = 0; i < rows; i++) {
            codes[i] = ((const uint32_t *)v->data)[i] + add;
        }
        break;
    default:
        for (i = 0; i < rows; i++) {
            codes[i] = ((const uint64_t *)v->data)[i] + add;
        }
    }
}

#define TNI_KEY_LOOP(T)                                                                            \
    for (i = 0; i < rows; i++) {                                                                   \
        codes[i] = (uint64_t)(int64_t)((const T *)v->data)[i] - minimum;                           \
    }

/* Integer-like values minus `minimum`, from FLAT or NARROW vectors. */
static void tni_agg_integer_codes(const tni_vector *v, uint32_t rows, uint64_t minimum,
                                  uint64_t *codes) {
    uint32_t i;
    if (v->form == TNI_FORM_NARROW) {
        tni_agg_copy_codes(v, rows, (uint64_t)v->base - minimum, codes);
        return;
    }
    switch (tni_type_physical(v->type)) {
    case TNI_PHYSICAL_I8: TNI_KEY_LOOP(int8_t) break;
    case TNI_PHYSICAL_I16: TNI_KEY_LOOP(int16_t) break;
    case TNI_PHYSICAL_U16: TNI_KEY_LOOP(uint16_t) break;
    case TNI_PHYSICAL_I32: TNI_KEY_LOOP(int32_t) break;
    case TNI_PHYSICAL_U32: TNI_KEY_LOOP(uint32_t) break;
    case TNI_PHYSICAL_I64:
    case TNI_PHYSICAL_U64: TNI_KEY_LOOP(int64_t) break;
    default: TNI_KEY_LOOP(uint8_t)
    }
}

#undef TNI_KEY_LOOP

/* Bits of a float with one NaN and one zero. */
static uint64_t tni_agg_float_bits(double v) {
    uint64_t bits;
    if (v != v) {
        return UINT64_C(0x7ff8000000000000);
    }
    if (v == 0.0) {
        return 0;
    }
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static void tni_agg_float_codes(const tni_vector *v, uint32_t rows, uint64_t *codes) {
    uint32_t i;
    if (v->type.id == TRUENO_TYPE_DOUBLE) {
        for (i = 0; i < rows; i++) {
            codes[i] = tni_agg_float_bits(((const double *)v->data)[i]);
        }
    } else {
        for (i = 0; i < rows; i++) {
            codes[i] = tni_agg_float_bits((double)((const float *)v->data)[i]);
        }
    }
}

/* One constant: its code for every row. */
static trueno_status tni_agg_constant_codes(tni_agg *agg, tni_agg_worker *worker, uint32_t k,
                                            const tni_vector *v, uint32_t rows, uint64_t *codes,
                                            tni_error *error) {
    const tni_agg_key *key = &agg->keys[k];
    tni_vector one = *v;
    uint32_t i;
    one.form = TNI_FORM_FLAT;
    one.validity = NULL;
    if (key->mode == TNI_KEY_DICT) {
        TNI_TRY(tni_agg_shared_code(&worker->caches[k], key, (const tni_string *)v->data,
                                    &codes[0], error));
    } else if (key->mode == TNI_KEY_INTERN) {
        TNI_TRY(tni_agg_intern_codes(agg, worker, k, &one, 1, codes, error));
    } else if (tni_type_is_float(key->type)) {
        tni_agg_float_codes(&one, 1, codes);
    } else {
        tni_agg_integer_codes(&one, 1,
                              key->mode == TNI_KEY_RANGE ? (uint64_t)key->minimum : 0, codes);
    }
    for (i = 1; i < rows; i++) {
        codes[i] = codes[0];
    }
    return TRUENO_OK;
}

static trueno_status tni_agg_key_codes(tni_agg *agg, tni_agg_worker *worker, uint32_t k,
                                       const tni_vector *v, uint32_t rows, uint64_t *codes,
                                       tni_error *error) {
    const tni_agg_key *key = &agg->keys[k];
    uint32_t i;
    if (v->form == TNI_FORM_CONSTANT) {
        if (v->is_null) {
            memset(codes, 0, rows * sizeof *codes);
            return TRUENO_OK;
        }
        return tni_agg_constant_codes(agg, worker, k, v, rows, codes, error);
    }
    if (key->mode == TNI_KEY_DICT) {
        if (v->form == TNI_FORM_DICT && v->dictionary == key->dictionary) {
            tni_agg_copy_codes(v, rows, 0, codes);
            return TRUENO_OK;
        }
        for (i = 0; i < rows; i++) {
            tni_value value = tni_vector_value(v, i);
            if (!value.is_null) {
                TNI_TRY(tni_agg_shared_code(&worker->caches[k], key, &value.as.string, &codes[i],
                                            error));
            }
        }
        return TRUENO_OK;
    }
    if (key->mode == TNI_KEY_INTERN) {
        return tni_agg_intern_codes(agg, worker, k, v, rows, codes, error);
    }
    if (tni_type_is_float(key->type)) {
        tni_agg_float_codes(v, rows, codes);
    } else {
        tni_agg_integer_codes(v, rows, key->mode == TNI_KEY_RANGE ? (uint64_t)key->minimum : 0,
                              codes);
    }
    return TRUENO_OK;
}

/* Overwrite the codes of NULL rows. */
static void tni_agg_null_codes(const tni_vector *v, uint32_t rows, uint64_t null_code,
                               uint64_t *codes) {
    uint32_t i;
    if (v->form == TNI_FORM_CONSTANT) {
        for (i = 0; v->is_null && i < rows; i++) {
            codes[i] = null_code;
        }
        return;
    }
    for (i = 0; v->validity != NULL && i < rows; i++) {
        if (!tni_bit_get(v->validity, i)) {
            codes[i] = null_code;
        }
    }
}

/* ---------------------------------------------------------------------------- words --- */

static void tni_agg_direct_groups(const tni_agg_key *key, bool first, const uint64_t *codes,
                                  uint32_t rows, uint32_t *groups) {
    uint32_t i, stride = (uint32_t)key->stride;
    if (first) {
        for (i = 0; i < rows; i++) {
            groups[i] = (uint32_t)codes[i];
        }
    } else {
        for (i = 0; i < rows; i++) {
            groups[i] += (uint32_t)codes[i] * stride;
        }
    }
}

#define TNI_DIRECT_LOOP(T)                                                                         \
    for (i = 0; i < rows; i++) {                                                                   \
        groups[i] = (first ? 0 : groups[i]) + ((uint32_t)((const T *)v->data)[i] + add) * stride;  \
    }

/* Codes of a NULL-free encoded vector straight into group numbers; false: the long way. */
static bool tni_agg_direct_encoded(const tni_agg_key *key, bool first, const tni_vector *v,
                                   uint32_t rows, uint32_t *groups) {
    uint32_t i, stride = (uint32_t)key->stride, add = 0;
    if (v->validity != NULL) {
        return false;
    }
    if (v->form == TNI_FORM_NARROW && key->mode == TNI_KEY_RANGE) {
        add = (uint32_t)((uint64_t)v->base - (uint64_t)key->minimum);
    } else if (v->form != TNI_FORM_DICT || v->dictionary != key->dictionary) {
        return false;
    }
    switch (v->code_width) {
    case 1: TNI_DIRECT_LOOP(uint8_t) return true;
    case 2: TNI_DIRECT_LOOP(uint16_t) return true;
    case 4: TNI_DIRECT_LOOP(uint32_t) return true;
    default: return false;
    }
}

#undef TNI_DIRECT_LOOP

/* WORD and WIDE keys own their words; a NULL has zero there and its bit elsewhere. */
static trueno_status tni_agg_whole_words(tni_agg *agg, tni_agg_worker *worker, uint32_t k,
                                         const tni_vector *v, uint32_t rows, tni_error *error) {
    const tni_agg_key *key = &agg->keys[k];
    uint64_t *word = worker->words + (size_t)key->word * TNI_VECTOR_ROWS;
    uint64_t *nulls = worker->words + (size_t)key->null_word * TNI_VECTOR_ROWS;
    uint32_t i;
    if (key->mode == TNI_KEY_WORD) {
        TNI_TRY(tni_agg_key_codes(agg, worker, k, v, rows, word, error));
    } else {
        for (i = 0; i < rows; i++) {
            const uint8_t *p = (const uint8_t *)v->data;
            if (v->form != TNI_FORM_CONSTANT) {
                p += (size_t)i * 16;
            } else if (v->is_null) {
                break;
            }
            memcpy(&word[i], p, 8);
            memcpy(&word[TNI_VECTOR_ROWS + i], p + 8, 8);
        }
    }
    if (v->form == TNI_FORM_CONSTANT ? !v->is_null : v->validity == NULL) {
        return TRUENO_OK;
    }
    for (i = 0; i < rows; i++) {
        if (tni_vector_is_null(v, i)) {
            nulls[i] |= UINT64_C(1) << key->null_shift;
            word[i] = 0;
            if (key->mode == TNI_KEY_WIDE) {
                word[TNI_VECTOR_ROWS + i] = 0;
            }
        }
    }
    return TRUENO_OK;
}

TNI_FN void tni_agg_hash_words(tni_agg *agg, const uint64_t *words, const uint64_t *extra,
                               uint64_t *scratch, uint32_t rows, uint64_t *hashes) {
    const tni_kernels *kernels = agg->run->env->kernels;
    bool first = true;
    uint32_t w, i;
    for (w = 0; w < agg->word_count; w++) {
        const uint64_t *word = words + (size_t)w * TNI_VECTOR_ROWS;
        uint64_t mask = agg->plain_bits[w];
        if (mask == 0) {
            continue;
        }
        if (agg->interned_count > 0 && mask != UINT64_MAX) {
            for (i = 0; i < rows; i++) {
                scratch[i] = word[i] & mask;
            }
            word = scratch;
        }
        if (first) {
            kernels->hash_u64(word, rows, hashes);
        } else {
            kernels->hash_mix(word, rows, hashes);
        }
        first = false;
    }
    if (agg->interned_count > 0 && first) {
        kernels->hash_u64(extra, rows, hashes);
    } else if (agg->interned_count > 0) {
        kernels->hash_mix(extra, rows, hashes);
    }
}

/* A lone string key: codes are group numbers. */
static trueno_status tni_agg_lone_groups(tni_agg *agg, tni_agg_worker *worker,
                                         const tni_vector *v, uint32_t rows, tni_error *error) {
    tni_agg_strings *strings = &worker->table.strings[0];
    uint32_t i, null_code = 0;
    bool constant = v->form == TNI_FORM_CONSTANT;
    if (constant ? v->is_null : v->validity != NULL) {
        TNI_TRY(tni_agg_strings_null(strings, &null_code, error));
    }
    if (constant && v->is_null) {
        for (i = 0; i < rows; i++) {
            worker->groups[i] = null_code;
        }
    } else {
        TNI_TRY(tni_agg_key_codes(agg, worker, 0, v, rows, worker->codes, error));
        for (i = 0; i < rows; i++) {
            worker->groups[i] = (uint32_t)worker->codes[i];
        }
        for (i = 0; !constant && v->validity != NULL && i < rows; i++) {
            if (!tni_bit_get(v->validity, i)) {
                worker->groups[i] = null_code;
            }
        }
    }
    TNI_TRY(tni_agg_table_reserve(agg, &worker->table, strings->count, error));
    worker->table.count = strings->count;
    return TRUENO_OK;
}

/* Codes in the low half go to their words, hashes in the upper half to `extra`. */
static void tni_agg_interned_word(const tni_agg_key *key, const uint64_t *codes, uint32_t rows,
                                  uint64_t *word, uint64_t *extra) {
    uint32_t i;
    for (i = 0; i < rows; i++) {
        word[i] |= (codes[i] & UINT32_MAX) << key->shift;
        extra[i] = extra[i] * UINT64_C(0xd6e8feb86659fd93) + (codes[i] >> 32);
    }
}

TNI_FN trueno_status tni_agg_keys_encode(tni_agg *agg, tni_agg_worker *worker,
                                         const tni_chunk *chunk, tni_error *error) {
    uint32_t k, i, rows = chunk->rows;
    if (agg->lone) {
        return tni_agg_lone_groups(agg, worker, &chunk->columns[0], rows, error);
    }
    for (i = 0; i < agg->word_count; i++) {
        memset(worker->words + (size_t)i * TNI_VECTOR_ROWS, 0, rows * sizeof(uint64_t));
    }
    if (agg->interned_count > 0) {
        memset(worker->extra, 0, rows * sizeof(uint64_t));
    }
    for (k = 0; k < agg->key_count; k++) {
        const tni_agg_key *key = &agg->keys[k];
        tni_vector v = chunk->columns[k];
        uint64_t *word;
        if (v.form == TNI_FORM_NARROW || v.form == TNI_FORM_CONSTANT || v.form == TNI_FORM_FLAT) {
            /* read as they are */
        } else if (key->mode != TNI_KEY_DICT && key->mode != TNI_KEY_INTERN) {
            TNI_TRY(tni_vector_flatten(agg->run->env, &chunk->columns[k], rows, &worker->scratch,
                                       &v, error));
        }
        if (key->mode == TNI_KEY_WORD || key->mode == TNI_KEY_WIDE) {
            TNI_TRY(tni_agg_whole_words(agg, worker, k, &v, rows, error));
            continue;
        }
        if (agg->direct && tni_agg_direct_encoded(key, k == 0, &v, rows, worker->groups)) {
            continue;
        }
        TNI_TRY(tni_agg_key_codes(agg, worker, k, &v, rows, worker->codes, error));
        tni_agg_null_codes(&v, rows, key->null_code, worker->codes);
        if (agg->direct) {
            tni_agg_direct_groups(key, k == 0, worker->codes, rows, worker->groups);
            continue;
        }
        word = worker->words + (size_t)key->word * TNI_VECTOR_ROWS;
        if (key->mode == TNI_KEY_INTERN) {
            tni_agg_interned_word(key, worker->codes, rows, word, worker->extra);
            continue;
        }
        for (i = 0; i < rows; i++) {
            word[i] |= worker->codes[i] << key->shift;
        }
    }
    if (!agg->direct) {
        tni_agg_hash_words(agg, worker->words, worker->extra, worker->codes, rows, worker->hashes);
    }
    return TRUENO_OK;
}

/* --------------------------------------------------------------------------- decoding --- */

/* Codes of a key by group, and which are NULL. */
static void tni_agg_decode_codes(const tni_agg *agg, const tni_agg_key *key,
                                 const tni_agg_table *table, const uint32_t *groups,
                                 uint32_t count, uint64_t *codes, uint64_t *validity) {
    size_t stride = agg->word_count;
    const uint64_t *word = agg->direct || agg->lone ? NULL : table->keys + key->word;
    uint32_t i;
    if (agg->lone) {
        uint32_t null_code = table->strings[0].null_code;
        for (i = 0; i < count; i++) {
            codes[i] = groups[i];
            if (groups[i] == null_code) {
                tni_bit_clear(validity, i);
            }
        }
        return;
    }
    if (!agg->direct && (key->mode == TNI_KEY_WORD || key->mode == TNI_KEY_WIDE)) {
        const uint64_t *nulls = table->keys + key->null_word;
        for (i = 0; i < count; i++) {
            codes[i] = word[(size_t)groups[i] * stride];
            if ((nulls[(size_t)groups[i] * stride] >> key->null_shift) & 1) {
                tni_bit_clear(validity, i);
            }
        }
        return;
    }
    for (i = 0; i < count; i++) {
        codes[i] = agg->direct ? groups[i] / key->stride % (key->null_code + 1)
                               : (word[(size_t)groups[i] * stride] >> key->shift) &
                                     tni_low_bits(key->bits);
        if (codes[i] == key->null_code) {
            tni_bit_clear(validity, i);
            codes[i] = 0;
        }
    }
}

#define TNI_WRITE_LOOP(T)                                                                          \
    for (i = 0; i < count; i++) {                                                                  \
        ((T *)out)[i] = (T)(codes[i] + add);                                                       \
    }

static void tni_key_write(tni_type type, const uint64_t *codes, uint64_t add, uint32_t count,
                          void *out) {
    uint32_t i;
    if (type.id == TRUENO_TYPE_FLOAT) {
        for (i = 0; i < count; i++) {
            double v;
            memcpy(&v, &codes[i], sizeof v);
            ((float *)out)[i] = (float)v;
        }
        return;
    }
    switch (tni_type_width(type)) {
    case 1: TNI_WRITE_LOOP(uint8_t) break;
    case 2: TNI_WRITE_LOOP(uint16_t) break;
    case 4: TNI_WRITE_LOOP(uint32_t) break;
    default: TNI_WRITE_LOOP(uint64_t)
    }
}

#undef TNI_WRITE_LOOP

static void tni_key_write_wide(const tni_agg *agg, const tni_agg_key *key,
                               const tni_agg_table *table, const uint32_t *groups, uint32_t count,
                               uint8_t *out) {
    uint32_t i;
    for (i = 0; i < count; i++) {
        memcpy(out + (size_t)i * 16,
               &table->keys[(size_t)groups[i] * agg->word_count + key->word], 16);
    }
}

TNI_FN trueno_status tni_agg_keys_decode(tni_agg *agg, uint32_t k, const tni_agg_table *table,
                                         const uint32_t *groups, uint32_t count, void *out,
                                         uint64_t *validity) {
    const tni_agg_key *key = &agg->keys[k];
    uint64_t codes[TNI_VECTOR_ROWS];
    uint32_t i, width = key->mode == TNI_KEY_DICT ? 4 : tni_type_width(key->type);
    codes[0] = 0;
    tni_bitmap_fill(validity, count, true);
    tni_agg_decode_codes(agg, key, table, groups, count, codes, validity);
    switch (key->mode) {
    case TNI_KEY_DICT:
        for (i = 0; i < count; i++) {
            ((uint32_t *)out)[i] = (uint32_t)codes[i];
        }
        break;
    case TNI_KEY_INTERN:
        for (i = 0; i < count; i++) {
            if (tni_bit_get(validity, i)) {
                ((tni_string *)out)[i] = table->strings[k].values[codes[i]];
            }
        }
        break;
    case TNI_KEY_WIDE:
        tni_key_write_wide(agg, key, table, groups, count, (uint8_t *)out);
        break;
    case TNI_KEY_RANGE:
        tni_key_write(key->type, codes, (uint64_t)key->minimum, count, out);
        break;
    case TNI_KEY_WORD: tni_key_write(key->type, codes, 0, count, out);
    }
    for (i = 0; i < count; i++) {
        if (!tni_bit_get(validity, i)) {
            memset((uint8_t *)out + (size_t)i * width, 0, width);
        }
    }
    return TRUENO_OK;
}
