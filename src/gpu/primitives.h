/*
 * primitives.h - prefix sums, selection, radix sort and top-k on arrays in device memory.
 *
 * Each function adds commands to a batch; what it computes is there when the batch has run. The
 * working memory comes from a scratch, which lives until then. Answers never depend on the device,
 * on its subgroups or on the schedule: sorts are stable and equal keys stay in the order of rows.
 *
 * Arrays are slices of 32- or 64-bit elements, readable to the next multiple of 16 bytes, which
 * ranges of tni_gpu_take are. A descriptor of the device must hold each (UNSUPPORTED otherwise).
 */
#ifndef TNI_GPU_PRIMITIVES_H
#define TNI_GPU_PRIMITIVES_H

#include "gpu/kernel.h"

#if !defined(TRUENO_NO_VULKAN)

#define TNI_GPU_SCRATCH 64u

/* Working memory of a batch. */
typedef struct tni_gpu_scratch {
    tni_gpu_device *device;
    uint32_t count;
    tni_gpu_range ranges[TNI_GPU_SCRATCH];
    double compile_ms;       /* of the kernels that had to be built */
    tni_gpu_kernel_list *list; /* not NULL: kernels are put on it instead, and ranges are empty; for
                                  batches that list */
} tni_gpu_scratch;

TNI_FN void tni_gpu_scratch_init(tni_gpu_scratch *scratch, tni_gpu_device *device);
/* Room for `size` bytes; the slice is the whole of it. */
TNI_FN trueno_status tni_gpu_scratch_take(tni_gpu_scratch *scratch, uint64_t size,
                                          tni_gpu_slice *out, tni_error *error);
/* The batch has run, or was dropped. */
TNI_FN void tni_gpu_scratch_free(tni_gpu_scratch *scratch);

/* A kernel, got or listed. */
TNI_FN trueno_status tni_gpu_scratch_kernel(tni_gpu_scratch *scratch,
                                            const tni_gpu_kernel_want *want, tni_gpu_kernel **out,
                                            tni_error *error);
/* A kernel of trueno_db_spirv.h with `binding_count` buffers. */
TNI_FN trueno_status tni_gpu_primitive(tni_gpu_scratch *scratch, const char *name,
                                       uint32_t binding_count, const uint32_t *constants,
                                       uint32_t constant_count, tni_gpu_kernel **out,
                                       tni_error *error);

/* Whether kernels may use ballots of whole subgroups of info->subgroup_size lanes. */
TNI_FN bool tni_gpu_has_ballots(const tni_gpu_info *info);

/* out[i] = first + i, 32 bits. */
TNI_FN trueno_status tni_gpu_row_numbers(tni_gpu_batch *batch, tni_gpu_scratch *scratch,
                                         const tni_gpu_slice *out, uint32_t count,
                                         uint32_t first);

/* out[i] = in[0] + ... + in[i - 1] (inclusive: + in[i]), modulo 2^32 (`wide`: 2^64). `out` may be
 * `in`. */
TNI_FN trueno_status tni_gpu_prefix(tni_gpu_batch *batch, tni_gpu_scratch *scratch,
                                    const tni_gpu_slice *in, const tni_gpu_slice *out,
                                    uint64_t count, bool wide, bool inclusive);

/* ---- radix sort ---- */

/* Ask which bits differ among `count` keys; after the run, tni_gpu_varying_bits(device, *at) says.
 * 16 bytes of device->download. */
TNI_FN trueno_status tni_gpu_varying(tni_gpu_batch *batch, tni_gpu_scratch *scratch,
                                     const tni_gpu_slice *keys, uint64_t count, bool wide,
                                     uint64_t *at);
TNI_FN uint64_t tni_gpu_varying_bits(const tni_gpu_device *device, uint64_t at);

/* Unsigned keys of 32 or 64 bits, ascending, equal ones in their order, 8 bits a pass. */
typedef struct tni_gpu_sort {
    uint64_t count;          /* below 2^30 */
    bool wide;               /* 64-bit keys */
    bool has_payload;        /* 32 bits go with each key */
    bool rows;               /* the payload starts as 0, 1, 2 ...: payload[0] is not read */
    uint64_t varying;        /* the bits in which keys may differ; 0: none */
    tni_gpu_slice keys[2], payload[2]; /* input in [0]; both are overwritten */
    /* tuning, 0 = by the device */
    uint32_t items;          /* keys a thread */
    uint32_t subgroups;      /* of a workgroup: 8 or 16 */
    uint32_t parts;          /* at most so many workgroups */
    bool plain;              /* without subgroups */
    /* results */
    uint32_t place;          /* sorted: keys[place], payload[place] */
    uint32_t passes;
} tni_gpu_sort;

TNI_FN trueno_status tni_gpu_sort_record(tni_gpu_batch *batch, tni_gpu_scratch *scratch,
                                         tni_gpu_sort *sort);

/* ---- selection ---- */

#define TNI_GPU_STRIPE_ROWS 8192u /* rows of a bitmap that are counted together: 1 KiB */

/* Bytes of a bitmap of `rows` rows: whole stripes. Bits past the last row must be 0. */
TNI_FN uint64_t tni_gpu_bitmap_bytes(uint64_t rows);
/* upto[s] = the bits set in stripes 0 ... s of a bitmap. */
TNI_FN trueno_status tni_gpu_stripes_record(tni_gpu_batch *batch, tni_gpu_scratch *scratch,
                                            const tni_gpu_slice *bits, uint64_t rows,
                                            tni_gpu_slice *upto);
/* out[at + i] = first + the number of the i-th row whose bit is set, for i < room, in order. */
typedef struct tni_gpu_compact {
    tni_gpu_slice bits, upto, out;
    uint64_t rows;
    uint32_t first, at, room;
} tni_gpu_compact;
TNI_FN trueno_status tni_gpu_compact_record(tni_gpu_batch *batch, tni_gpu_scratch *scratch,
                                            const tni_gpu_compact *compact);
/* out[i] = in[rows[i]], i < count; elements of 32 or 64 bits, `in_count` of them. */
TNI_FN trueno_status tni_gpu_gather_record(tni_gpu_batch *batch, tni_gpu_scratch *scratch,
                                           const tni_gpu_slice *in, uint64_t in_count,
                                           const tni_gpu_slice *rows, const tni_gpu_slice *out,
                                           uint64_t count, bool wide);

/* ---- top-k ---- */

/* The k smallest of unsigned keys and their numbers, ascending, equal keys by number. */
typedef struct tni_gpu_top_k {
    tni_gpu_slice keys;      /* stay as they are */
    uint64_t count;
    bool wide;
    uint64_t varying;        /* as for tni_gpu_sort */
    uint32_t k;
    /* results, in the scratch: */
    tni_gpu_slice sorted_keys, sorted_rows;
    uint32_t found;          /* min(k, count) */
    uint32_t candidates;     /* keys that were sorted */
    double compute_ms;
} tni_gpu_top_k;

/* List the kernels of a run whose keys are these. */
TNI_FN trueno_status tni_gpu_top_k_list(tni_gpu_batch *batch, tni_gpu_scratch *scratch,
                                        tni_gpu_top_k *top);
/* Runs batches of its own. */
TNI_FN trueno_status tni_gpu_top_k_run(tni_gpu_scratch *scratch, tni_gpu_top_k *top,
                                       tni_error *error);

#endif /* TRUENO_NO_VULKAN */

#endif
