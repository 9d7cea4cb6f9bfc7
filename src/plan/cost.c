/*
 * cost.c - the arithmetic of cost.h.
 *
 * Costs of operations are in nanoseconds a row and thread, from measurements of this engine's own
 * kernels; the factors absorb what they miss on another machine. Uses: base/.
 */
#include "plan/cost.h"

#define TNI_COST_HYSTERESIS 0.9
#define TNI_COST_MORSEL 65536.0    /* rows a thread takes at a time */
#define TNI_COST_NEXT_SUBMIT 0.01  /* milliseconds a further submission adds */
#define TNI_COST_WEIGHT 0.3        /* of the newest measurement */
#define TNI_COST_SLOW 0.05
#define TNI_COST_WILD 4.0
#define TNI_COST_FIRST 2u
#define TNI_COST_JOIN 50e-6          /* milliseconds to put two results of a group together */
#define TNI_COST_CUTS 64u            /* most that are tried */
#define TNI_COST_SPEC_TRANSFER 32e6  /* bytes a millisecond */
#define TNI_COST_SPEC_COMPUTE 100e6  /* operations a millisecond */
#define TNI_COST_SPEC_BYTES 10e6

static void tni_cost_factor_reset(tni_cost_factor *factor) {
    factor->now = factor->usual = 1;
    factor->doubt = 0;
    factor->seen = 0;
}

static void tni_cost_factors_reset(tni_cost_factor (*factors)[TNI_COST_SIZES]) {
    uint32_t kind, size;
    for (kind = 0; kind < TNI_COST_KINDS; kind++) {
        for (size = 0; size < TNI_COST_SIZES; size++) {
            tni_cost_factor_reset(&factors[kind][size]);
        }
    }
}

TNI_FN void tni_cost_gpu_default(tni_cost_gpu *out) {
    out->submit_ms = 0.03;
    tni_cost_factor_reset(&out->submit);
    out->build_ms = 20;
    out->upload = 20e6;
    out->download = 10e6;
    out->memory = 400e6;
    out->rows = 200e6;
    tni_cost_factors_reset(out->factor);
}

TNI_FN void tni_cost_cpu_default(tni_cost_cpu *out, uint32_t threads) {
    out->threads = TNI_MAX(threads, 1u);
    out->start_ms = 0.02;
    out->memory = TNI_MIN(10e6 * out->threads, 200e6);
    tni_cost_factors_reset(out->factor);
}

static uint32_t tni_cost_size(double rows) {
    double limit = 65536;
    uint32_t size = 0;
    while (size + 1 < TNI_COST_SIZES && rows > limit) {
        limit *= 4;
        size++;
    }
    return size;
}

/* The factor of this size, or of the nearest size that was measured. Smaller ones may say that it
 * is faster than the formulas, never that it is slower: there it was starting that took the time.
 * Who is thought too fast is tried, and then measured. */
static double tni_cost_factor_now(const tni_cost_factor *factors, double rows) {
    uint32_t size = tni_cost_size(rows), i;
    for (i = size; i < TNI_COST_SIZES; i++) {
        if (factors[i].seen > 0) {
            return factors[i].now;
        }
    }
    for (i = size; i-- > 0;) {
        if (factors[i].seen > 0) {
            return TNI_MIN(factors[i].now, 1.0);
        }
    }
    return 1;
}

TNI_FN tni_cost_factor *tni_cost_factor_at(tni_cost_factor *factors, double rows) {
    tni_cost_factor *factor = &factors[tni_cost_size(rows)];
    if (factor->seen == 0) {
        factor->now = factor->usual = tni_cost_factor_now(factors, rows);
    }
    return factor;
}

/* Nanoseconds a row of one thread. */
static double tni_cost_cpu_row(const tni_cost_work *work) {
    double ns = 0.15 * work->operations + 0.1 * work->aggregates;
    switch (work->kind) {
    case TNI_COST_GROUP_DENSE: ns += 0.6 * work->keys + 0.7 * work->aggregates; break;
    case TNI_COST_GROUP_DIRECT:
        ns += 0.8 * work->keys + 1.2 * work->aggregates + (work->groups > 65536 ? 5 : 0);
        break;
    case TNI_COST_GROUP_HASH:
        ns += 1.5 * work->keys + 1.0 * work->aggregates + (work->groups > 65536 ? 20 : 6);
        break;
    case TNI_COST_TOP: ns += 0.2 + 0.2 * work->keys; break;
    default: break;
    }
    return ns;
}

/* Operations a row of the device's kernels. */
static double tni_cost_gpu_row(const tni_cost_work *work) {
    double count = 1 + 0.1 * work->operations + 0.3 * work->aggregates;
    switch (work->kind) {
    case TNI_COST_GROUP_DENSE: count += 2 + work->keys; break;
    case TNI_COST_GROUP_DIRECT: count += 4 + work->keys; break;
    case TNI_COST_GROUP_HASH: count += (work->groups > 1e6 ? 40 : 15) + work->keys; break;
    case TNI_COST_TOP: count += 4 + 2 * work->keys; break;
    default: break;
    }
    return count;
}

static double tni_cost_cpu_parts(const tni_cost_work *work, const tni_cost_cpu *cpu,
                                 double *memory, double *arithmetic) {
    double factor = tni_cost_factor_now(cpu->factor[work->kind], work->rows);
    double threads = TNI_MAX(TNI_MIN(cpu->threads, work->rows / TNI_COST_MORSEL), 1.0);
    double share = TNI_MAX(TNI_MIN(work->cpu_share, 1.0), 0.0);
    *memory = share * work->bytes / cpu->memory * (cpu->threads / threads) * factor;
    *arithmetic = share * work->rows * tni_cost_cpu_row(work) * 1e-6 / threads * factor;
    return cpu->start_ms + TNI_MAX(*memory, *arithmetic);
}

TNI_FN double tni_cost_predict_cpu(const tni_cost_work *work, const tni_cost_cpu *cpu) {
    double memory, arithmetic;
    return tni_cost_cpu_parts(work, cpu, &memory, &arithmetic);
}

TNI_FN void tni_cost_predict(const tni_cost_work *work, const tni_cost_gpu *gpu,
                             const tni_cost_cpu *cpu, tni_cost *out) {
    double passes = TNI_MAX(work->passes, 1u), devices = TNI_MAX(work->devices, 1u);
    double submissions = TNI_MAX(work->submissions, 1u);
    double memory = work->bytes * passes / gpu->memory;
    double arithmetic = work->rows * tni_cost_gpu_row(work) / gpu->rows;
    /* the first is waited for, the next ones are prepared meanwhile */
    out->submit_ms = work->queue_ms + passes * gpu->submit_ms * gpu->submit.now +
                     passes * (submissions - 1) * TNI_COST_NEXT_SUBMIT;
    out->build_ms = work->builds * gpu->build_ms;
    out->upload_ms = work->missing_bytes / gpu->upload / devices;
    out->kernel_ms = TNI_MAX(memory, arithmetic) / devices *
                     tni_cost_factor_now(gpu->factor[work->kind], work->rows);
    out->hidden_ms = work->kind == TNI_COST_TOP /* waits for each morsel */
                         ? 0
                         : TNI_MIN(out->upload_ms, out->kernel_ms) * (1 - 1 / submissions);
    out->download_ms = work->result_bytes / gpu->download;
    out->gpu_ms = out->submit_ms + out->build_ms + out->upload_ms + out->kernel_ms -
                  out->hidden_ms + out->download_ms;
    out->credit_ms = work->fits ? TNI_MIN(work->missed_ms, out->upload_ms - out->hidden_ms +
                                                               out->build_ms)
                                : 0;
    out->cpu_ms = tni_cost_cpu_parts(work, cpu, &out->memory_ms, &out->arithmetic_ms);
}

TNI_FN void tni_cost_part(const tni_cost_work *work, double share, tni_cost_work *out) {
    *out = *work;
    out->rows *= share;
    out->bytes *= share;
    out->missing_bytes *= share;
    out->groups = TNI_MIN(work->groups, TNI_MAX(out->rows, 1.0));
    out->submissions = 1 + (uint32_t)((TNI_MAX(work->submissions, 1u) - 1) * share);
    if (work->kind == TNI_COST_SCAN) {
        out->result_bytes *= share; /* sums of blocks; groups are all met soon */
    }
}

TNI_FN void tni_cost_share(const tni_cost_work *work, double resident, const tni_cost_gpu *gpu,
                           const tni_cost_cpu *cpu, double parts, double alone_ms,
                           tni_cost_split *out) {
    double image = work->missing_bytes + resident;
    double join = work->keys > 0 ? work->groups * TNI_COST_JOIN : 0;
    uint32_t step = (uint32_t)(parts / TNI_COST_CUTS) + 1, p;
    tni_cost_cpu fewer = *cpu;
    memset(out, 0, sizeof *out);
    fewer.threads = TNI_MAX(cpu->threads - 1, 1.0); /* one fills transfers and waits */
    for (p = step; p < parts; p += step) {
        double share = p / parts, gpu_ms, cpu_ms, ms;
        tni_cost_work there, here;
        tni_cost cost;
        tni_cost_part(work, share, &there);
        tni_cost_part(work, 1 - share, &here);
        there.missing_bytes = TNI_MAX(image * share - resident, 0.0);
        here.bytes += there.missing_bytes; /* the transfer reads the same memory */
        tni_cost_predict(&there, gpu, cpu, &cost);
        gpu_ms = cost.gpu_ms;
        cpu_ms = tni_cost_predict_cpu(&here, &fewer);
        ms = TNI_MAX(gpu_ms, cpu_ms) + join;
        if (ms < TNI_COST_HYSTERESIS * alone_ms && (out->parts == 0 || ms < out->ms)) {
            out->parts = p;
            out->gpu_ms = gpu_ms;
            out->cpu_ms = cpu_ms;
            out->ms = ms;
        }
    }
}

/* Operations by the published rule: one a row and aggregate, ten when grouped. */
TNI_FN bool tni_cost_spec_rule(const tni_cost_work *work) {
    double each = work->kind == TNI_COST_SCAN ? 1 : 10;
    double operations = work->rows * (work->operations + each * work->aggregates);
    double transfer = work->bytes / TNI_COST_SPEC_TRANSFER;
    double compute = operations / TNI_COST_SPEC_COMPUTE;
    return compute > 5 * transfer && work->bytes > TNI_COST_SPEC_BYTES;
}

TNI_FN bool tni_cost_choose(tni_policy policy, const tni_cost_work *work, const tni_cost *cost) {
    switch (policy) {
    case TNI_POLICY_GPU: return true;
    case TNI_POLICY_CPU: return false;
    case TNI_POLICY_SPEC: return tni_cost_spec_rule(work);
    default: return cost->gpu_ms - cost->credit_ms < TNI_COST_HYSTERESIS * cost->cpu_ms;
    }
}

TNI_FN const char *tni_cost_term(const tni_cost *cost, bool gpu) {
    double most = cost->submit_ms;
    const char *term = "waiting for the device";
    if (gpu) {
        return cost->memory_ms > cost->arithmetic_ms ? "memory of the processor"
                                                     : "arithmetic of the processor";
    }
    if (cost->build_ms > most) {
        most = cost->build_ms;
        term = "building the kernel";
    }
    if (cost->upload_ms > most) {
        most = cost->upload_ms;
        term = "transfer to the device";
    }
    if (cost->kernel_ms > most) {
        most = cost->kernel_ms;
        term = "the kernel";
    }
    return cost->download_ms > most ? "transfer of the result" : term;
}

/* What to believe of a measurement: slower ones need a second witness. */
static double tni_cost_believe(tni_cost_factor *factor, double implied) {
    double before = factor->doubt;
    if (implied <= factor->now) {
        factor->doubt = 0;
        return implied;
    }
    factor->doubt = implied;
    return before > 0 ? TNI_MIN(before, implied) : factor->now;
}

TNI_FN void tni_cost_learn(tni_cost_factor *factor, double predicted_ms, double measured_ms) {
    double implied, usual;
    if (!(predicted_ms > 0) || !(measured_ms > 0)) {
        return;
    }
    implied = factor->now * (measured_ms / predicted_ms);
    implied = TNI_MAX(TNI_MIN(implied, 1e5), 1e-5);
    implied = tni_cost_believe(factor, implied);
    if (factor->seen++ < TNI_COST_FIRST) {
        factor->now = factor->usual = implied;
        return;
    }
    usual = TNI_MAX(TNI_MIN(implied, factor->usual * TNI_COST_WILD),
                    factor->usual / TNI_COST_WILD);
    implied = TNI_MAX(TNI_MIN(implied, factor->now * TNI_COST_WILD), factor->now / TNI_COST_WILD);
    factor->now += TNI_COST_WEIGHT * (implied - factor->now);
    factor->usual += TNI_COST_SLOW * (usual - factor->usual);
}

TNI_FN void tni_cost_relax(tni_cost_factor *factor) {
    if (factor->now > factor->usual) {
        factor->now += TNI_COST_SLOW * (factor->usual - factor->now);
    } else if (factor->now > 1) { /* who is never taken is tried again, now and then */
        factor->now *= 1 - TNI_COST_SLOW;
        factor->usual *= 1 - TNI_COST_SLOW;
    }
}

TNI_FN void tni_cost_learn_rate(double *rate, double amount, double milliseconds) {
    double seen, ratio;
    if (!(milliseconds > 0) || !(amount > 0)) {
        return;
    }
    seen = amount / milliseconds;
    ratio = TNI_MAX(TNI_MIN(seen / *rate, TNI_COST_WILD), 1 / TNI_COST_WILD);
    *rate *= 1 + TNI_COST_WEIGHT * (ratio - 1);
}

#undef TNI_COST_HYSTERESIS
#undef TNI_COST_MORSEL
#undef TNI_COST_NEXT_SUBMIT
#undef TNI_COST_WEIGHT
#undef TNI_COST_SLOW
#undef TNI_COST_WILD
#undef TNI_COST_FIRST
#undef TNI_COST_JOIN
#undef TNI_COST_CUTS
#undef TNI_COST_SPEC_TRANSFER
#undef TNI_COST_SPEC_COMPUTE
#undef TNI_COST_SPEC_BYTES
