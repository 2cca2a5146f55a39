# The pool of the process, for Cython modules of other projects. Manual: docs/extensions.md.
from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.stdint cimport int32_t, int64_t

cdef extern from "wait/ac_wait_linux.h":
    pass

cdef extern from "sched/ac_client.h" nogil:
    ctypedef int (*range_fn "ac_range_fn")(void *ctx, int64_t lo, int64_t hi, int32_t worker) noexcept nogil
    ctypedef enum schedule_t "ac_schedule":
        DYNAMIC "AC_DYNAMIC"
        GUIDED "AC_GUIDED"
        STATIC "AC_STATIC"
    int NOT_ATTACHED "AC_CLIENT_NOT_ATTACHED"
    int STOPPED "AC_CLIENT_STOPPED"
    bint attach "ac_client_attach"(const void *table)
    int parallel_for "ac_client_parallel_for"(
        range_fn fn, void *ctx, int64_t n, int64_t grain, schedule_t schedule, int32_t threads)

    # Trees of tasks. A task is a struct of yours that begins with a task_t.
    ctypedef struct member_t "ac_member":
        int32_t number
    ctypedef struct task_t "ac_task":
        pass
    ctypedef void (*task_fn "ac_task_fn")(member_t *me, task_t *task) noexcept nogil
    ctypedef void (*root_fn "ac_root_fn")(member_t *me, void *ctx) noexcept nogil
    void spawn "ac_task_spawn"(member_t *me, task_t *task, task_fn fn)
    void sync "ac_task_sync"(member_t *me, task_t *task)
    int run_tasks "ac_client_run_tasks"(root_fn root, void *ctx, int32_t threads)


# Once, when your module is imported; before it parallel_for returns NOT_ATTACHED.
cdef inline int import_allcores() except -1:
    runtime = __import__("allcores._native.runtime", None, None, ["api"])
    if not attach(PyCapsule_GetPointer(runtime.api, "allcores._native.runtime.api")):
        raise ImportError(
            "this module was compiled against the headers of another version of allcores; "
            "compile it again (allcores.get_include())"
        )
    return 0


# Raises what a result of parallel_for or run_tasks stands for; returns a function's own code.
cdef inline int check_result(int rc) except? -1:
    if rc == STOPPED:
        return -1  # a signal handler raised; its exception is set
    if rc == NOT_ATTACHED:
        raise RuntimeError("call import_allcores() when your module is imported")
    return rc
