/*
 * scheduler.c - a small pool that lends its threads to jobs.
 *
 * A job is a task and a count; it lives on its caller's stack and in the pool's list while it has
 * unclaimed indices. Callers work on their own job first and last, so a nested or concurrent run
 * always makes progress even when every thread is busy elsewhere. Tasks are coarse (a worker's
 * share of a pipeline), so one mutex for claims is enough. May use: base, column/env.
 */
#include "exec/scheduler.h"

typedef struct tni_job {
    void (*task)(void *context, uint32_t index);
    void *context;
    uint32_t count;
    uint32_t claimed;
    uint32_t finished;
    struct tni_job *next;
} tni_job;

struct tni_scheduler {
    tni_memory *memory;
    trueno_jobs jobs;      /* parallel_for set: the host runs everything */
    uint32_t workers;      /* threads used at once, the caller's included */
    tni_mutex mutex;
    tni_condition work;    /* a job was added, or the pool closes */
    tni_condition done;    /* a job's last index finished */
    tni_job *first;
    tni_thread **threads;  /* [workers - 1], started when first needed */
    uint32_t started;
    bool closing;
};

/* Take the next index of a job; drops it from the list with its last one. Mutex held. */
static bool tni_scheduler_claim(tni_scheduler *scheduler, tni_job *job, uint32_t *index) {
    if (job->claimed == job->count) {
        return false;
    }
    *index = job->claimed++;
    if (job->claimed == job->count) {
        tni_job **link = &scheduler->first;
        while (*link != NULL && *link != job) {
            link = &(*link)->next;
        }
        if (*link == job) {
            *link = job->next;
        }
    }
    return true;
}

/* Run one claimed index with the mutex released. Mutex held on entry and return. */
static void tni_scheduler_step(tni_scheduler *scheduler, tni_job *job, uint32_t index) {
    tni_mutex_unlock(&scheduler->mutex);
    job->task(job->context, index);
    tni_mutex_lock(&scheduler->mutex);
    job->finished++;
    if (job->finished == job->count) {
        tni_condition_signal_all(&scheduler->done);
    }
}

static void tni_scheduler_thread(void *argument) {
    tni_scheduler *scheduler = (tni_scheduler *)argument;
    tni_mutex_lock(&scheduler->mutex);
    while (!scheduler->closing) {
        tni_job *job = scheduler->first;
        uint32_t index;
        if (job == NULL) {
            tni_condition_wait(&scheduler->work, &scheduler->mutex);
        } else if (tni_scheduler_claim(scheduler, job, &index)) {
            tni_scheduler_step(scheduler, job, index);
        }
    }
    tni_mutex_unlock(&scheduler->mutex);
}

TNI_FN trueno_status tni_scheduler_new(tni_memory *memory, const trueno_jobs *jobs,
                                       uint32_t threads, tni_scheduler **out, tni_error *error) {
    tni_scheduler *scheduler;
    *out = NULL;
    scheduler = (tni_scheduler *)tni_alloc_zero(memory, sizeof *scheduler);
    if (scheduler == NULL) {
        return tni_memory_fail(memory, sizeof *scheduler, error);
    }
    scheduler->memory = memory;
    if (jobs != NULL && jobs->parallel_for != NULL) {
        scheduler->jobs = *jobs;
        threads = jobs->workers;
    }
    scheduler->workers = TNI_MAX(threads, 1u);
    if (!tni_mutex_init(&scheduler->mutex)) {
        tni_free(memory, scheduler, sizeof *scheduler);
        return tni_fail(error, TRUENO_ERROR_MEMORY, "cannot create a mutex");
    }
    if (!tni_condition_init(&scheduler->work)) {
        tni_mutex_free(&scheduler->mutex);
        tni_free(memory, scheduler, sizeof *scheduler);
        return tni_fail(error, TRUENO_ERROR_MEMORY, "cannot create a condition variable");
    }
    if (!tni_condition_init(&scheduler->done)) {
        tni_condition_free(&scheduler->work);
        tni_mutex_free(&scheduler->mutex);
        tni_free(memory, scheduler, sizeof *scheduler);
        return tni_fail(error, TRUENO_ERROR_MEMORY, "cannot create a condition variable");
    }
    *out = scheduler;
    return TRUENO_OK;
}

TNI_FN void tni_scheduler_free(tni_scheduler *scheduler) {
    uint32_t i;
    if (scheduler == NULL) {
        return;
    }
    tni_mutex_lock(&scheduler->mutex);
    scheduler->closing = true;
    tni_condition_signal_all(&scheduler->work);
    tni_mutex_unlock(&scheduler->mutex);
    for (i = 0; i < scheduler->started; i++) {
        tni_thread_join(scheduler->threads[i]);
    }
    tni_free(scheduler->memory, scheduler->threads,
             (scheduler->workers - 1) * sizeof *scheduler->threads);
    tni_condition_free(&scheduler->done);
    tni_condition_free(&scheduler->work);
    tni_mutex_free(&scheduler->mutex);
    tni_free(scheduler->memory, scheduler, sizeof *scheduler);
}

TNI_FN uint32_t tni_scheduler_workers(const tni_scheduler *scheduler) {
    return scheduler != NULL ? scheduler->workers : 1;
}

/* Start threads up to `wanted`; fewer are fine, the caller works anyway. Mutex held. */
static void tni_scheduler_start(tni_scheduler *scheduler, uint32_t wanted) {
    wanted = TNI_MIN(wanted, scheduler->workers - 1);
    if (scheduler->threads == NULL && wanted > 0) {
        scheduler->threads = (tni_thread **)tni_alloc_zero(
            scheduler->memory, (scheduler->workers - 1) * sizeof *scheduler->threads);
        if (scheduler->threads == NULL) {
            return;
        }
    }
    while (scheduler->started < wanted) {
        tni_thread *thread = tni_thread_start(tni_scheduler_thread, scheduler);
        if (thread == NULL) {
            return;
        }
        scheduler->threads[scheduler->started++] = thread;
    }
}

TNI_FN void tni_scheduler_run(tni_scheduler *scheduler, uint32_t count,
                              void (*task)(void *context, uint32_t index), void *context) {
    tni_job job;
    uint32_t index;
    if (scheduler != NULL && scheduler->jobs.parallel_for != NULL && count > 1) {
        scheduler->jobs.parallel_for(scheduler->jobs.user, count, task, context);
        return;
    }
    if (count <= 1 || tni_scheduler_workers(scheduler) == 1) {
        for (index = 0; index < count; index++) {
            task(context, index);
        }
        return;
    }
    job.task = task;
    job.context = context;
    job.count = count;
    job.claimed = 0;
    job.finished = 0;
    tni_mutex_lock(&scheduler->mutex);
    tni_scheduler_start(scheduler, count - 1);
    job.next = scheduler->first;
    scheduler->first = &job;
    tni_condition_signal_all(&scheduler->work);
    while (tni_scheduler_claim(scheduler, &job, &index)) {
        tni_scheduler_step(scheduler, &job, index);
    }
    while (job.finished < job.count) {
        tni_condition_wait(&scheduler->done, &scheduler->mutex);
    }
    tni_mutex_unlock(&scheduler->mutex);
}
