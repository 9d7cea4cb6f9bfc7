/*
 * cost.h - predicted times of a pipeline on the processor and on a GPU, and the choice between
 * them. Arithmetic only: rates come from who measured them, so that tests can make them up.
 *
 *   GPU = waits + build + (upload of what is not resident beside max(memory, arithmetic)) + results
 *   CPU = start + max(memory, arithmetic / threads)
 *
 * While the device works on one morsel the next is brought over: of upload and kernel the shorter
 * one hides behind the longer, all but a morsel of it.
 *
 * Data that stays resident and kernels that stay built serve later queries: upload and build are
 * credited by what the processor has lost on this data so far beside a device that had both, so
 * that waiting and then paying cost at most twice the better of the two in hindsight (the
 * ski-rental argument). The GPU is taken when GPU - credit < 0.9 * CPU; the tenth keeps the choice
 * from swinging. Rates follow what runs really take (tni_cost_learn).
 *
 * Both at once: the device does the front of the table, where its cache is filled from, and the
 * processor the rest. The cut is where the later of the two ends soonest (tni_cost_share), and it
 * is made when that takes less than 0.9 of what the chosen side would take alone.
 */
#ifndef TNI_PLAN_COST_H
#define TNI_PLAN_COST_H

#include "base/core.h"

/* Kinds of pipelines, each with a factor of its own between prediction and measurement. */
typedef enum tni_cost_kind {
    TNI_COST_SCAN,         /* ungrouped aggregates */
    TNI_COST_GROUP_DENSE,  /* a few thousand groups: tables near the processors */
    TNI_COST_GROUP_DIRECT, /* an index into device memory */
    TNI_COST_GROUP_HASH,
    TNI_COST_TOP,          /* the first rows of an ORDER BY */
    TNI_COST_KINDS
} tni_cost_kind;

/* Sizes of inputs that have factors of their own: 2^16 rows, 2^18, ... What starting, filling
 * caches and few morsels cost depends on size more than any formula here would say. */
#define TNI_COST_SIZES 8u

/* What a pipeline has to do. */
typedef struct tni_cost_work {
    tni_cost_kind kind;
    double rows;
    double bytes;           /* encoded, of the columns it reads */
    double missing_bytes;   /* of those, not in device memory yet */
    double result_bytes;    /* copied back */
    double groups;
    uint32_t operations;    /* instructions of filter and values */
    uint32_t aggregates, keys;
    uint32_t passes;        /* over the data: the device takes few aggregates at a time */
    uint32_t submissions;
    uint32_t devices;       /* that share the work; 0 = 1 */
    uint32_t builds;        /* kernels of this shape that are not built yet */
    double cpu_share;       /* of the rows that zone maps leave to the processor */
    double queue_ms;        /* until the device is free */
    double missed_ms;       /* lost on the processor so far for want of this data on the device */
    bool fits;              /* the device's cache can keep it */
} tni_cost_work;

/* Measured / predicted. The first measurements count in full. Who is not chosen is not measured, so
 * one slow run must not speak forever: meanwhile the factor falls back to what is usual. Devices
 * slow their clocks down when nobody asks, and take several times as long at first: a run that was
 * slower than believed changes nothing until the next one was, too, and then the better of both
 * counts. Faster ones count at once. */
typedef struct tni_cost_factor {
    double now, usual;
    double doubt;           /* what the last measurement said if it was slower, else 0 */
    uint32_t seen;
} tni_cost_factor;

typedef struct tni_cost_gpu {
    double submit_ms;       /* a submission and waiting for it, as measured at first */
    tni_cost_factor submit; /* and what became of it since */
    double build_ms;        /* building a kernel */
    double upload, download, memory; /* bytes a millisecond */
    double rows;            /* rows a millisecond through one operation */
    tni_cost_factor factor[TNI_COST_KINDS][TNI_COST_SIZES]; /* of kernels */
} tni_cost_gpu;

typedef struct tni_cost_cpu {
    double threads;
    double start_ms;        /* getting workers going */
    double memory;          /* bytes a millisecond, all threads together */
    tni_cost_factor factor[TNI_COST_KINDS][TNI_COST_SIZES];
} tni_cost_cpu;

typedef struct tni_cost {
    double submit_ms, build_ms, upload_ms, kernel_ms, download_ms;
    double hidden_ms;       /* of upload and kernel, behind the other; the sum less this: gpu_ms */
    double gpu_ms, credit_ms;
    double memory_ms, arithmetic_ms; /* of the processor; the larger and the start: cpu_ms */
    double cpu_ms;
} tni_cost;

/* A run shared by the device, which does the front, and the processor, which does the rest. */
typedef struct tni_cost_split {
    uint32_t parts;         /* of the device; 0: one of them alone is as good */
    double gpu_ms, cpu_ms;  /* predicted, side by side */
    double ms;              /* of the whole */
} tni_cost_split;

typedef enum tni_policy {
    TNI_POLICY_AUTO,  /* the shorter prediction */
    TNI_POLICY_GPU,   /* whatever it can run */
    TNI_POLICY_CPU,
    TNI_POLICY_SPEC   /* computation > 5 x transfer at 32 GB/s and 100 GFLOP/s, and > 10 MB */
} tni_policy;

/* Rates of a machine nobody has measured: what a server's GPU and memory reach. */
TNI_FN void tni_cost_gpu_default(tni_cost_gpu *out);
TNI_FN void tni_cost_cpu_default(tni_cost_cpu *out, uint32_t threads);

TNI_FN void tni_cost_predict(const tni_cost_work *work, const tni_cost_gpu *gpu,
                             const tni_cost_cpu *cpu, tni_cost *out);
/* The processor's part of it, when no device is known. */
TNI_FN double tni_cost_predict_cpu(const tni_cost_work *work, const tni_cost_cpu *cpu);
/* What is left of `work` when it is done over `share` of the rows. */
TNI_FN void tni_cost_part(const tni_cost_work *work, double share, tni_cost_work *out);
/* The best cut of `work` between parts, when it is better than `alone_ms`. `parts`: how many the
 * rows make, the last of which may be a fraction of one. `resident`: bytes of its columns that the
 * device has, taken to be those of the first rows. */
TNI_FN void tni_cost_share(const tni_cost_work *work, double resident, const tni_cost_gpu *gpu,
                           const tni_cost_cpu *cpu, double parts, double alone_ms,
                           tni_cost_split *out);
/* True: the GPU. */
TNI_FN bool tni_cost_choose(tni_policy policy, const tni_cost_work *work, const tni_cost *cost);
/* The term that decided: the largest of the side that lost. */
TNI_FN const char *tni_cost_term(const tni_cost *cost, bool gpu);
/* The published rule, for its policy and for reports. */
TNI_FN bool tni_cost_spec_rule(const tni_cost_work *work);
/* Move a factor towards what was measured for a prediction made with it. Of later measurements,
 * wild ones count as four times off at most. See tni_cost_factor for slow ones. */
TNI_FN void tni_cost_learn(tni_cost_factor *factor, double predicted_ms, double measured_ms);
/* The other side was chosen. */
TNI_FN void tni_cost_relax(tni_cost_factor *factor);
/* The one of a kind's factors for `rows`, as it was used for a prediction, to learn with. */
TNI_FN tni_cost_factor *tni_cost_factor_at(tni_cost_factor *factors, double rows);
/* Move a rate (per millisecond) towards amount / milliseconds. */
TNI_FN void tni_cost_learn_rate(double *rate, double amount, double milliseconds);

#endif
