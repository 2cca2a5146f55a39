/* ac_client.h - the process's pool from an extension module of somebody else.
 *
 * The module compiles our headers, links nothing of ours, and shares the one pool of the process: it
 * takes the table out of the capsule "allcores._native.runtime.api" once, and calls through it.
 *
 *   PyObject *runtime = PyImport_ImportModule("allcores._native.runtime");       in its init
 *   PyObject *api = PyObject_GetAttrString(runtime, "api");
 *   ac_client_attach(PyCapsule_GetPointer(api, "allcores._native.runtime.api"));
 *
 *   rc = ac_client_parallel_for(fn, ctx, n, 1, AC_GUIDED, 0);                    anywhere, without the GIL
 *
 * Cython modules: `from allcores.c_sched cimport import_allcores, parallel_for`. Include it from one file
 * of the module, or attach in each.
 */
#ifndef AC_CLIENT_H
#define AC_CLIENT_H

#include "sched/ac_range.h"
#include "sched/ac_task.h"

#define AC_CLIENT_NOT_ATTACHED (-3) /* ac_client_attach was not called, or was refused */
#define AC_CLIENT_STOPPED AC_STOPPED_BY_POLL

AC_UNUSED static const ac_sched_api *ac_client_api; /* written once, by ac_client_attach */

/* False: the installed allcores is of another version than these headers, and was not attached. */
AC_UNUSED static bool ac_client_attach(const void *table) {
    const ac_sched_api *const api = (const ac_sched_api *)table;
    if (api == NULL || api->version != AC_SCHED_API_VERSION) return false;
    /* Fields are only ever added at the end: a newer table is longer. */
    if (api->size < sizeof(ac_sched_api) || api->exec_init == NULL) return false;
    ac_client_api = api;
    return true;
}

/* Calls fn over [0, n) on up to `threads` threads, the caller included; 0 or less: as many as
 * allcores.cpu_count(). `grain` is 1 or more; see ac_exec_loop for what it means to a schedule.
 *
 * Returns 0; what fn returned, if that was not 0 (let it be positive, to tell it from what follows);
 * AC_CLIENT_NOT_ATTACHED; or AC_CLIENT_STOPPED: a signal handler raised, the exception is set in the calling
 * (main) thread, and the module must return it. Needs no GIL. */
AC_UNUSED static int ac_client_parallel_for(ac_range_fn fn, void *ctx, int64_t n, int64_t grain,
                                            ac_schedule schedule, int32_t threads) {
    ac_exec ex;
    ac_range range = {0};
    if (ac_client_api == NULL) return AC_CLIENT_NOT_ATTACHED;
    ac_client_api->exec_init(&ex, threads);
    range.fn = fn;
    range.ctx = ctx;
    const int rc = ac_range_run(&range, &ex, n, grain, schedule);
    return rc == AC_RANGE_FAILED ? range.code : rc;
}

/* A tree of tasks (ac_task.h) on the same threads; results as above. */
AC_UNUSED static int ac_client_run_tasks(ac_root_fn root, void *ctx, int32_t threads) {
    ac_exec ex;
    if (ac_client_api == NULL) return AC_CLIENT_NOT_ATTACHED;
    ac_client_api->exec_init(&ex, threads);
    return ac_tasks_run(&ex, root, ctx);
}

#endif
