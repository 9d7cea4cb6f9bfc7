/*
 * scheduler.h - who runs the work: the host's job system, or own threads started when a query
 * first has work for more than one. Tasks are coarse (a worker's share of a pipeline, a
 * partition); the caller's thread works too. Nested use runs the inner tasks on the caller.
 */
#ifndef TNI_EXEC_SCHEDULER_H
#define TNI_EXEC_SCHEDULER_H

#include "column/env.h"

typedef struct tni_scheduler tni_scheduler;

TNI_FN trueno_status tni_scheduler_new(tni_memory *memory, const trueno_jobs *jobs,
                                       uint32_t threads, tni_scheduler **out, tni_error *error);
TNI_FN void tni_scheduler_free(tni_scheduler *scheduler); /* joins its threads */
TNI_FN uint32_t tni_scheduler_workers(const tni_scheduler *scheduler); /* >= 1 */
/* Run task(context, i) for i in [0, count); returns when all are done. Without a scheduler (NULL)
 * the caller runs them. */
TNI_FN void tni_scheduler_run(tni_scheduler *scheduler, uint32_t count,
                              void (*task)(void *context, uint32_t index), void *context);

#endif
