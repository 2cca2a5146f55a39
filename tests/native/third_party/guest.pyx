# cython: language_level=3, freethreading_compatible=True
"""A module of somebody else that uses allcores from C: what test_extensions.py compiles and runs."""

from libc.stdint cimport int32_t, int64_t, uint64_t

from allcores cimport c_queues, c_sched, c_sync

c_sched.import_allcores()


cdef int square(void *ctx, int64_t lo, int64_t hi, int32_t worker) noexcept nogil:
    cdef double *values = <double *>ctx
    cdef int64_t i
    for i in range(lo, hi):
        values[i] *= values[i]
    return 0


cdef int fail(void *ctx, int64_t lo, int64_t hi, int32_t worker) noexcept nogil:
    return 7


# Exported, so that __pyx_capi__ has a capsule of it.
cdef api int twice(void *ctx, int64_t lo, int64_t hi, int32_t worker) noexcept nogil:
    cdef double *values = <double *>ctx
    cdef int64_t i
    for i in range(lo, hi):
        values[i] *= 2
    return 0


def squares(double[::1] values, int threads=0):
    cdef int rc
    with nogil:
        rc = c_sched.parallel_for(square, &values[0], values.shape[0], 1, c_sched.GUIDED, threads)
    return c_sched.check_result(rc)


def failure():
    cdef int rc
    with nogil:
        rc = c_sched.parallel_for(fail, NULL, 1000, 10, c_sched.DYNAMIC, 3)
    return c_sched.check_result(rc)


ctypedef struct fib_task:
    c_sched.task_t task
    int n
    uint64_t result


cdef uint64_t fib_of(c_sched.member_t *me, int n) noexcept nogil:
    cdef fib_task left
    cdef uint64_t right
    if n < 2:
        return n
    left.n = n - 1
    c_sched.spawn(me, &left.task, fib_run)
    right = fib_of(me, n - 2)
    c_sched.sync(me, &left.task)
    return left.result + right


cdef void fib_run(c_sched.member_t *me, c_sched.task_t *task) noexcept nogil:
    cdef fib_task *f = <fib_task *>task
    f.result = fib_of(me, f.n)


cdef void fib_root(c_sched.member_t *me, void *ctx) noexcept nogil:
    fib_run(me, <c_sched.task_t *>ctx)


def fib(int n):
    cdef fib_task f
    cdef int rc
    f.n = n
    with nogil:
        rc = c_sched.run_tasks(fib_root, &f, 3)
    c_sched.check_result(rc)
    return f.result


ctypedef struct record:
    int64_t key
    double value


cdef c_queues.records_t line
cdef c_queues.pointers_t pointers
cdef c_sync.latch_t done


def pipeline_start():
    if c_queues.records_init(&line, sizeof(record), 16) != c_queues.OK:
        raise MemoryError
    c_sync.latch_init(&done, 1)


def produce(int64_t count):
    cdef record one
    cdef int64_t i
    with nogil:
        for i in range(count):
            one.key = i
            one.value = i * 0.5
            if c_queues.records_put(&line, &one, c_queues.FOREVER) != c_queues.OK:
                break
        c_queues.records_close(&line)


def consume():
    cdef record one
    cdef int64_t keys = 0
    cdef double values = 0
    with nogil:
        while c_queues.records_get(&line, &one, c_queues.FOREVER) == c_queues.OK:
            keys += one.key
            values += one.value
        c_sync.latch_count_down(&done, 1)
    return keys, values


def wait_for_end():
    cdef bint ended
    with nogil:
        ended = c_sync.latch_wait(&done, c_sync.deadline_after(60_000_000_000))
    return ended


def pointer_queue():
    cdef int numbers[3]
    cdef void *item = NULL
    cdef int i, total = 0
    if c_queues.pointers_init(&pointers, 3) != c_queues.OK:
        raise MemoryError
    with nogil:
        for i in range(3):
            numbers[i] = i + 1
            c_queues.pointers_put(&pointers, &numbers[i], c_queues.FOREVER)
        if c_queues.pointers_try_put(&pointers, &numbers[0]) != c_queues.FULL:
            total = 1000
        c_queues.pointers_close(&pointers)
        while c_queues.pointers_get(&pointers, &item, c_queues.FOREVER) == c_queues.OK:
            total += (<int *>item)[0]
    c_queues.pointers_destroy(&pointers)
    return total
