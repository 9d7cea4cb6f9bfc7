/*
 * test_dispatch.c - the cost model and the policies, with rates that are made up.
 */
#include "plan/cost.h"
#include "tests/test.h"

/* A device ten times as fast as the processor, behind a bus as slow as the processor. */
static void machine(tni_cost_gpu *gpu, tni_cost_cpu *cpu) {
    tni_cost_gpu_default(gpu);
    tni_cost_cpu_default(cpu, 4);
    gpu->submit_ms = 0.05;
    gpu->build_ms = 20;
    gpu->upload = 10e6;
    gpu->download = 10e6;
    gpu->memory = 1000e6;
    gpu->rows = 1000e6;
    cpu->memory = 40e6;
    cpu->start_ms = 0;
}

static tni_cost_work sum_of(double rows) {
    tni_cost_work work;
    memset(&work, 0, sizeof work);
    work.kind = TNI_COST_SCAN;
    work.rows = rows;
    work.bytes = rows * 4;
    work.aggregates = 1;
    work.operations = 1;
    work.cpu_share = 1;
    work.passes = 1;
    work.submissions = 1;
    work.result_bytes = 64;
    work.fits = true;
    return work;
}

static bool chosen(const tni_cost_work *work, const tni_cost_gpu *gpu, const tni_cost_cpu *cpu,
                   tni_policy policy, tni_cost *cost) {
    tni_cost_predict(work, gpu, cpu, cost);
    return tni_cost_choose(policy, work, cost);
}

static void test_terms_add_up(void) {
    tni_cost_gpu gpu;
    tni_cost_cpu cpu;
    tni_cost cost;
    tni_cost_work work = sum_of(100e6);
    machine(&gpu, &cpu);
    work.missing_bytes = work.bytes;
    work.builds = 2;
    tni_cost_predict(&work, &gpu, &cpu, &cost);
    TNI_CHECK(cost.build_ms == 40);
    TNI_CHECK(cost.upload_ms > 39.9 && cost.upload_ms < 40.1);
    TNI_CHECK(cost.kernel_ms > 0.39 && cost.kernel_ms < 0.5);
    TNI_CHECK(cost.gpu_ms > cost.build_ms + cost.upload_ms);
    TNI_CHECK(cost.cpu_ms > 9.9 && cost.cpu_ms < 10.1); /* the memory bus */
    TNI_CHECK(cost.memory_ms > cost.arithmetic_ms);
    TNI_CHECK(cost.credit_ms == 0);
    TNI_CHECK(tni_cost_predict_cpu(&work, &cpu) == cost.cpu_ms);
}

static void test_resident_data_runs_on_the_gpu(void) {
    tni_cost_gpu gpu;
    tni_cost_cpu cpu;
    tni_cost cost;
    tni_cost_work work = sum_of(100e6);
    machine(&gpu, &cpu);
    TNI_CHECK(chosen(&work, &gpu, &cpu, TNI_POLICY_AUTO, &cost));
    TNI_CHECK(strcmp(tni_cost_term(&cost, true), "memory of the processor") == 0);
    work = sum_of(1000);
    TNI_CHECK(!chosen(&work, &gpu, &cpu, TNI_POLICY_AUTO, &cost));
    TNI_CHECK(strcmp(tni_cost_term(&cost, false), "waiting for the device") == 0);
}

static void test_cold_data_stays(void) {
    tni_cost_gpu gpu;
    tni_cost_cpu cpu;
    tni_cost cost;
    tni_cost_work work = sum_of(100e6);
    machine(&gpu, &cpu);
    work.missing_bytes = work.bytes;
    TNI_CHECK(!chosen(&work, &gpu, &cpu, TNI_POLICY_AUTO, &cost));
    TNI_CHECK(strcmp(tni_cost_term(&cost, false), "transfer to the device") == 0);
    work.missed_ms = cost.upload_ms / 2; /* not lost enough yet for the transfer to pay */
    TNI_CHECK(!chosen(&work, &gpu, &cpu, TNI_POLICY_AUTO, &cost));
    work.missed_ms = cost.upload_ms * 2;
    TNI_CHECK(chosen(&work, &gpu, &cpu, TNI_POLICY_AUTO, &cost));
    TNI_CHECK(cost.credit_ms == cost.upload_ms);
    work.fits = false; /* it would not stay */
    TNI_CHECK(!chosen(&work, &gpu, &cpu, TNI_POLICY_AUTO, &cost));
}

static void test_a_new_shape_is_built_while_the_processor_answers(void) {
    tni_cost_gpu gpu;
    tni_cost_cpu cpu;
    tni_cost cost;
    tni_cost_work work = sum_of(100e6);
    machine(&gpu, &cpu);
    work.builds = 1;
    TNI_CHECK(!chosen(&work, &gpu, &cpu, TNI_POLICY_AUTO, &cost));
    TNI_CHECK(strcmp(tni_cost_term(&cost, false), "building the kernel") == 0);
    work = sum_of(1000e6); /* so long on the processor that building pays at once */
    work.builds = 1;
    TNI_CHECK(chosen(&work, &gpu, &cpu, TNI_POLICY_AUTO, &cost));
}

static void test_policies(void) {
    tni_cost_gpu gpu;
    tni_cost_cpu cpu;
    tni_cost cost;
    tni_cost_work small = sum_of(10), large = sum_of(100e6);
    machine(&gpu, &cpu);
    TNI_CHECK(chosen(&small, &gpu, &cpu, TNI_POLICY_GPU, &cost));
    TNI_CHECK(!chosen(&large, &gpu, &cpu, TNI_POLICY_CPU, &cost));
    /* the published rule: one addition a value of 4 bytes never pays for its transfer */
    TNI_CHECK(!chosen(&large, &gpu, &cpu, TNI_POLICY_SPEC, &cost));
    large.operations = 80; /* 81 / 100e6 against 5 * 4 / 32e6 */
    TNI_CHECK(chosen(&large, &gpu, &cpu, TNI_POLICY_SPEC, &cost));
    large.operations = 61; /* 62 / 100e6 < 62.5 / 100e6 */
    TNI_CHECK(!chosen(&large, &gpu, &cpu, TNI_POLICY_SPEC, &cost));
    large.operations = 62;
    TNI_CHECK(chosen(&large, &gpu, &cpu, TNI_POLICY_SPEC, &cost));
    large.rows = 2e6; /* 8 MB */
    large.bytes = 8e6;
    TNI_CHECK(!tni_cost_spec_rule(&large));
    large = sum_of(100e6); /* grouping counts ten times */
    large.operations = 0;
    large.aggregates = 7;
    TNI_CHECK(!tni_cost_spec_rule(&large));
    large.kind = TNI_COST_GROUP_HASH;
    TNI_CHECK(tni_cost_spec_rule(&large));
}

static void test_the_choice_has_one_crossover(void) {
    tni_cost_gpu gpu;
    tni_cost_cpu cpu;
    tni_cost cost;
    bool before = false;
    int changes = 0;
    double rows;
    machine(&gpu, &cpu);
    for (rows = 16; rows < 1e10; rows *= 1.5) {
        tni_cost_work work = sum_of(rows);
        bool now = chosen(&work, &gpu, &cpu, TNI_POLICY_AUTO, &cost);
        changes += now != before;
        before = now;
    }
    TNI_CHECK(before && changes == 1);
}

static void test_more_groups_cost_more(void) {
    tni_cost_gpu gpu;
    tni_cost_cpu cpu;
    tni_cost scan, dense, hash;
    tni_cost_work work = sum_of(10e6);
    machine(&gpu, &cpu);
    tni_cost_predict(&work, &gpu, &cpu, &scan);
    work.kind = TNI_COST_GROUP_DENSE;
    work.keys = 1;
    tni_cost_predict(&work, &gpu, &cpu, &dense);
    work.kind = TNI_COST_GROUP_HASH;
    work.groups = 1e6;
    tni_cost_predict(&work, &gpu, &cpu, &hash);
    TNI_CHECK(scan.cpu_ms < dense.cpu_ms && dense.cpu_ms < hash.cpu_ms);
    TNI_CHECK(scan.kernel_ms < dense.kernel_ms && dense.kernel_ms < hash.kernel_ms);
    work.passes = 3;
    tni_cost_predict(&work, &gpu, &cpu, &dense);
    TNI_CHECK(dense.submit_ms > 2.9 * hash.submit_ms);
}

static tni_cost_factor unknown_factor(void) {
    tni_cost_factor factor;
    memset(&factor, 0, sizeof factor);
    factor.now = factor.usual = 1;
    return factor;
}

/* Morsels under way: what is brought over hides behind the kernel, or the kernel behind it. */
static void test_transfers_hide_behind_kernels(void) {
    tni_cost_gpu gpu;
    tni_cost_cpu cpu;
    tni_cost cost;
    tni_cost_work work = sum_of(100e6);
    machine(&gpu, &cpu);
    gpu.factor[TNI_COST_SCAN][6].now = 60;
    gpu.factor[TNI_COST_SCAN][6].seen = 9;
    work.missing_bytes = work.bytes;
    tni_cost_predict(&work, &gpu, &cpu, &cost); /* one morsel: one after the other */
    TNI_CHECK(cost.hidden_ms == 0 && cost.gpu_ms > cost.upload_ms + cost.kernel_ms);
    TNI_CHECK(cost.upload_ms > 39 && cost.kernel_ms > 20 && cost.kernel_ms < 39);
    work.submissions = 10;
    tni_cost_predict(&work, &gpu, &cpu, &cost);
    TNI_CHECK(cost.gpu_ms > cost.upload_ms + cost.kernel_ms / 10);
    TNI_CHECK(cost.gpu_ms < cost.upload_ms + cost.kernel_ms / 10 + 0.5);
    work.missed_ms = 1000; /* what is hidden is no loss to make up for */
    tni_cost_predict(&work, &gpu, &cpu, &cost);
    TNI_CHECK(cost.credit_ms < cost.upload_ms && cost.credit_ms > cost.upload_ms / 4);
    gpu.upload *= 100;
    tni_cost_predict(&work, &gpu, &cpu, &cost);
    TNI_CHECK(cost.gpu_ms < cost.kernel_ms + cost.upload_ms / 10 + 0.5);
    work.kind = TNI_COST_TOP; /* goes through its morsels one by one */
    tni_cost_predict(&work, &gpu, &cpu, &cost);
    TNI_CHECK(cost.hidden_ms == 0);
}

/* A device that slept takes several times as long at first. */
static void test_one_slow_run_is_no_evidence(void) {
    tni_cost_factor factor = unknown_factor();
    int i;
    tni_cost_learn(&factor, 1.0, 6.0);
    TNI_CHECK(factor.now == 1);
    tni_cost_learn(&factor, 1.0, 0.8); /* the next one says what it really takes */
    TNI_CHECK(factor.now > 0.79 && factor.now < 0.81);
    for (i = 0; i < 20; i++) { /* slow after each pause, fast in between */
        tni_cost_learn(&factor, factor.now, 5.0);
        tni_cost_learn(&factor, factor.now, 0.8);
        tni_cost_learn(&factor, factor.now, 0.8);
    }
    TNI_CHECK(factor.now > 0.79 && factor.now < 0.81 && factor.usual < 0.9);
    tni_cost_learn(&factor, factor.now, 4.0);
    tni_cost_learn(&factor, factor.now, 2.0); /* two: the better one of them, for a part */
    TNI_CHECK(factor.now > 0.9 && factor.now < 1.3);
    for (i = 0; i < 30; i++) {
        tni_cost_learn(&factor, factor.now, 2.0);
    }
    TNI_CHECK(factor.now > 1.9 && factor.now < 2.1);
}

/* At a million rows the two sides are near each other: the first run after a pause must not leave
 * the device unasked. */
static void test_a_pause_does_not_drive_queries_away(void) {
    tni_cost_gpu gpu;
    tni_cost_cpu cpu;
    tni_cost cost;
    tni_cost_work work = sum_of(1e6);
    tni_cost_factor *factor;
    int pause, i;
    machine(&gpu, &cpu);
    cpu.memory = 20e6; /* 0.2 ms on the processor, 0.06 on the device */
    factor = tni_cost_factor_at(gpu.factor[TNI_COST_SCAN], work.rows);
    for (pause = 0; pause < 10; pause++) {
        for (i = 0; i < 5; i++) {
            double slow = i == 0 ? 6 : 1;
            TNI_CHECK(chosen(&work, &gpu, &cpu, TNI_POLICY_AUTO, &cost));
            tni_cost_learn(factor, cost.kernel_ms, 0.005 * slow);
            tni_cost_learn(&gpu.submit, cost.submit_ms, 0.05 * slow);
        }
    }
}

static void test_rates_follow_measurements(void) {
    tni_cost_factor factor = unknown_factor();
    double rate = 10e6, before;
    int i;
    tni_cost_learn(&factor, 1.0, 50.0);
    tni_cost_learn(&factor, 1.0, 50.0); /* the first measurements count in full */
    TNI_CHECK(factor.now > 49.9 && factor.now < 50.1);
    for (i = 0; i < 60; i++) { /* runs take 2 ms where 1 ms was predicted with factor 1 */
        tni_cost_learn(&factor, factor.now * 1.0, 2.0);
    }
    TNI_CHECK(factor.now > 1.99 && factor.now < 2.01);
    for (i = 0; i < 40; i++) {
        tni_cost_learn_rate(&rate, 48e6, 1.0);
    }
    TNI_CHECK(rate > 47.9e6 && rate < 48.1e6);
    before = factor.now;
    tni_cost_learn(&factor, 1, 1e9);
    tni_cost_learn(&factor, 1, 1e9); /* outliers move it by less than a doubling */
    TNI_CHECK(factor.now > before && factor.now < 2 * before);
    for (i = 0; i < 200; i++) { /* and is forgotten while the other side is chosen */
        tni_cost_relax(&factor);
    }
    TNI_CHECK(factor.now < 1.4 * before);
    before = factor.now;
    tni_cost_learn(&factor, 0, 1);
    tni_cost_learn(&factor, 1, -1);
    tni_cost_learn_rate(&rate, 0, 0);
    TNI_CHECK(factor.now == before && rate > 47.9e6);
}

/* The cut of `work` at one of 8 parts. */
static tni_cost_split cut_of(const tni_cost_work *work, double resident, const tni_cost_gpu *gpu,
                             const tni_cost_cpu *cpu) {
    tni_cost_split split;
    tni_cost cost;
    tni_cost_predict(work, gpu, cpu, &cost);
    tni_cost_share(work, resident, gpu, cpu, 8, TNI_MIN(cost.gpu_ms, cost.cpu_ms), &split);
    return split;
}

static void test_cold_data_is_shared_over_a_slow_bus(void) {
    tni_cost_gpu gpu;
    tni_cost_cpu cpu;
    tni_cost cost;
    tni_cost_split split;
    tni_cost_work work = sum_of(400e6);
    machine(&gpu, &cpu);
    gpu.upload = 20e6;
    work.operations = 10; /* arithmetic: the processor takes 160 ms, the transfer 80 ms */
    work.missing_bytes = work.bytes;
    tni_cost_predict(&work, &gpu, &cpu, &cost);
    TNI_CHECK(cost.cpu_ms > 159 && cost.cpu_ms < 161 && cost.gpu_ms > 80 && cost.gpu_ms < 90);
    split = cut_of(&work, 0, &gpu, &cpu);
    TNI_CHECK_EQ_UINT(split.parts, 6); /* 3 threads beside the transfer: 213 ms alone */
    TNI_CHECK(split.ms < 0.9 * cost.gpu_ms && split.gpu_ms <= split.ms && split.cpu_ms <= split.ms);
    /* half of it there already: the device does more */
    work.missing_bytes = work.bytes / 2;
    split = cut_of(&work, work.bytes / 2, &gpu, &cpu);
    TNI_CHECK_EQ_UINT(split.parts, 7);
    /* all of it: the processor would only be waited for */
    work.missing_bytes = 0;
    split = cut_of(&work, work.bytes, &gpu, &cpu);
    TNI_CHECK_EQ_UINT(split.parts, 0);
}

static void test_what_is_not_worth_sharing(void) {
    tni_cost_gpu gpu;
    tni_cost_cpu cpu;
    tni_cost_split split;
    tni_cost_work work = sum_of(400e6), part;
    machine(&gpu, &cpu);
    work.missing_bytes = work.bytes; /* memory bound: the transfer takes what the processor reads */
    cpu.memory = 10e6;
    split = cut_of(&work, 0, &gpu, &cpu);
    TNI_CHECK_EQ_UINT(split.parts, 0);
    tni_cost_share(&work, 0, &gpu, &cpu, 1, 1e9, &split); /* one morsel cannot be cut */
    TNI_CHECK_EQ_UINT(split.parts, 0);
    /* groups that both sides have must be put together */
    machine(&gpu, &cpu);
    gpu.upload = 20e6;
    work.operations = 10;
    work.kind = TNI_COST_GROUP_DIRECT;
    work.keys = 1;
    work.groups = 1000;
    TNI_CHECK(cut_of(&work, 0, &gpu, &cpu).parts > 0);
    work.groups = 100e6;
    TNI_CHECK_EQ_UINT(cut_of(&work, 0, &gpu, &cpu).parts, 0);
    tni_cost_part(&work, 0.25, &part);
    TNI_CHECK(part.rows == 100e6 && part.bytes == 400e6 && part.groups == 100e6 &&
              part.result_bytes == work.result_bytes);
}

int main(void) {
    test_terms_add_up();
    test_resident_data_runs_on_the_gpu();
    test_cold_data_stays();
    test_a_new_shape_is_built_while_the_processor_answers();
    test_policies();
    test_the_choice_has_one_crossover();
    test_more_groups_cost_more();
    test_transfers_hide_behind_kernels();
    test_one_slow_run_is_no_evidence();
    test_a_pause_does_not_drive_queries_away();
    test_rates_follow_measurements();
    test_cold_data_is_shared_over_a_slow_bus();
    test_what_is_not_worth_sharing();
    return tni_test_report();
}
