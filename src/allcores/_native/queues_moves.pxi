from math import ceil
from numbers import Real

# Moving and waiting, for the classes of queues.pyx, which includes this file: one loop to sleep, one
# place where a status of the core becomes an exception, one rule for references.

cdef uint64_t limit_of(object maxsize) except? 0xFFFFFFFFFFFFFFFF:
    # 0: no bound. A maxsize of zero or less means none, and a fraction the next whole number, as
    # queue.Queue's "qsize() >= maxsize" has it.
    if hasattr(maxsize, "__index__"):
        number = maxsize.__index__()
    elif isinstance(maxsize, Real):
        if not maxsize > 0 or maxsize >= 1 << 62:  # NaN, too: it bounds nothing
            return 0
        number = ceil(maxsize)
    else:
        raise TypeError(f"maxsize must be a number, not {type(maxsize).__name__}")
    if number <= 0:
        return 0
    return min(number, 1 << 62)


# -- statuses and waits ----------------------------------------------------------------------------

cdef int raise_status(ac_status status) except -1:
    # The one place where a status of the core becomes an exception.
    if status == AC_EMPTY:
        raise Empty
    if status == AC_FULL:
        raise Full
    if status == AC_CLOSED:
        raise ShutDown
    if status == AC_MISUSE:
        raise RuntimeError(
            "this queue is for one producer and one consumer, and another thread is the one; "
            "leave out spsc=True for a queue that any thread may use"
        )
    if status == AC_NOMEM:
        raise MemoryError("no memory for another block of the queue; the item was not put")
    return 0


cdef ac_status wait_put(ac_channel *ch, uintptr_t item, int64_t deadline) except *:
    # After a first try that found the queue full. AC_FULL at the deadline.
    cdef ac_status status
    cdef uint32_t key
    cdef bint slept = False
    cdef ac_slices slices = ac_slices(length_ns=0)
    with nogil:
        ac_channel_spin(ch, False, deadline)
    ac_entry_turn_again(&ch.turn, deadline)
    while True:
        key = ac_ec_prepare(&ch.not_full)
        status = ac_channel_push(ch, item)
        if status != AC_FULL:
            break
        if ac_now_ns() >= deadline:
            break
        if not slept:
            slept = True
            ac_channel_count_wait(ch)
        try:
            sleep_on(&ch.not_full, key, deadline, &slices)
            ac_entry_turn_again(&ch.turn, deadline)
        except BaseException:
            ac_channel_pass_put(ch)  # a wake that chose us goes to another
            raise
    if slept:
        ac_channel_pass_put(ch)
    return status


cdef ac_status wait_get(ac_channel *ch, uintptr_t *item, int64_t deadline) except *:
    cdef ac_status status
    cdef uint32_t key
    cdef bint slept = False
    cdef ac_slices slices = ac_slices(length_ns=0)
    with nogil:
        ac_channel_spin(ch, True, deadline)
    ac_entry_turn_again(&ch.turn, deadline)
    while True:
        key = ac_ec_prepare(&ch.not_empty)
        status = ac_channel_pop(ch, item)
        if status != AC_EMPTY:
            break
        if ac_now_ns() >= deadline:
            break
        if not slept:
            slept = True
            ac_channel_count_wait(ch)
        try:
            sleep_on(&ch.not_empty, key, deadline, &slices)
            ac_entry_turn_again(&ch.turn, deadline)
        except BaseException:
            ac_channel_pass_get(ch)
            raise
    if slept:
        ac_channel_pass_get(ch)
    return status


# -- what all classes do --------------------------------------------------------------------------

cdef int not_initialised(object self) except -1:
    raise RuntimeError(
        f"{type(self).__name__}.__init__ was not called; a subclass that has its own "
        "must call super().__init__()"
    )


cdef int put_slow(ac_channel *ch, object item, int64_t deadline, ac_status status) except -1:
    # The caller's INCREF is taken back unless the item went in.
    try:
        if status == AC_FULL and deadline != 0:
            status = wait_put(ch, <uintptr_t><PyObject *>item, deadline)
    except BaseException:
        Py_DECREF(item)
        raise
    if status != AC_OK:
        Py_DECREF(item)
        if status == AC_ELSEWHERE:
            return put_elsewhere(ch, item, deadline)
        raise_status(status)
    return 0


cdef inline int put_one(ac_channel *ch, object item, object block, object timeout) except -1:
    cdef ac_status status
    cdef int64_t deadline = 0
    if timeout is not None:
        deadline = deadline_of(block, timeout)
    Py_INCREF(item)  # the fifo's reference
    status = ac_channel_push(ch, <uintptr_t><PyObject *>item)
    if status == AC_OK:
        return 0
    if timeout is None:
        deadline = AC_FOREVER if block else 0
    return put_slow(ch, item, deadline, status)


cdef inline object take(uintptr_t item):
    # The fifo's reference becomes the caller's.
    result = <object><PyObject *>item
    Py_DECREF(result)
    return result


cdef object get_slow(ac_channel *ch, object block, object timeout, ac_status status):
    cdef uintptr_t item
    cdef int64_t deadline = deadline_of(block, timeout)
    if status == AC_EMPTY and deadline != 0:
        status = wait_get(ch, &item, deadline)
        if status == AC_OK:
            return take(item)
    if status == AC_ELSEWHERE:
        return get_elsewhere(ch, deadline)
    raise_status(status)


cdef inline object get_one(ac_channel *ch, object block, object timeout):
    cdef uintptr_t item
    cdef ac_status status
    if timeout is not None:
        deadline_of(block, timeout)  # a bad timeout raises also when there is an item
    status = ac_channel_pop(ch, &item)
    if status == AC_OK:
        return take(item)
    return get_slow(ch, block, timeout, status)


cdef int put_all(ac_channel *ch, object items, int64_t deadline) except -1:
    # Raises with .count, the number that went in.
    cdef tuple batch = tuple(items)
    cdef bint own = batch is not items  # then its references become the queue's, else new ones
    cdef Py_ssize_t total = len(batch), at = 0, n, end
    cdef uint64_t done
    cdef ac_status status
    while at < total:
        n = min(total - at, BATCH)
        end = at + n
        if not own:
            ac_tuple_add_refs(batch, at, end)
        status = ac_store_try_push_many(&ch.store, ac_tuple_items(batch) + at, n, &done)
        at += <Py_ssize_t>done
        if own:
            ac_tuple_forget(batch, at - <Py_ssize_t>done, at)
        else:
            ac_tuple_drop_refs(batch, at, end)
        ac_channel_pushed(ch, done)  # may run anything
        if status == AC_OK:
            continue
        if status == AC_ELSEWHERE:
            return put_all_elsewhere(ch, batch, at, deadline)
        try:
            if status == AC_FULL and deadline != 0:
                item = batch[at]
                Py_INCREF(item)
                put_slow(ch, item, deadline, AC_FULL)
                at += 1
                continue
            raise_status(status)
        except BaseException as error:
            error.count = at
            raise
    return 0


cdef list pop_list(ac_channel *ch, Py_ssize_t most, ac_status *status):
    # Up to `most` items without waiting. Everything that can fail is done before one is taken.
    cdef uint64_t done = 0
    cdef Py_ssize_t size = <Py_ssize_t>ac_store_size(&ch.store)
    cdef Py_ssize_t room = min(most, max(size, 1))
    cdef list result = PyList_New(room)
    status[0] = ac_store_try_pop_many(&ch.store, ac_list_items(result), room, &done)
    ac_list_cut(result, <Py_ssize_t>done)
    ac_channel_popped(ch, done)  # may run anything
    return result


cdef list get_some(ac_channel *ch, object n, object block, object timeout):
    cdef uintptr_t first
    cdef ac_status status, more
    cdef list result
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise TypeError(f"n must be an int, not {type(n).__name__}")
    number = n.__index__()
    if number < 1:
        raise ValueError(f"n must be at least 1, not {number}")
    cdef int64_t deadline = deadline_of(block, timeout)
    cdef Py_ssize_t most = min(number, 1 << 40)
    result = pop_list(ch, most, &status)
    if status == AC_EMPTY and deadline != 0:
        status = wait_get(ch, &first, deadline)
    elif status != AC_ELSEWHERE:
        raise_status(status)
        return result
    if status == AC_ELSEWHERE:
        return get_some_elsewhere(ch, most, deadline)
    raise_status(status)
    result = [take(first)]
    if most > 1 and ac_store_size(&ch.store) > 0:
        try:
            result += pop_list(ch, most - 1, &more)
        except MemoryError:
            pass  # what was taken is returned; the rest is still inside
    return result


cdef object throw_away(ac_channel *ch, uint64_t most):
    # Up to `most` items, counted as done; returns how many. Each is dropped when the queue is settled:
    # its end may run any code.
    cdef uintptr_t item
    cdef uint64_t count = 0
    cdef ac_status status = AC_OK
    while count < most:
        status = ac_channel_pop(ch, &item)
        if status != AC_OK:
            break
        held = take(item)
        finish(ch, 1, False)
        count += 1
        held = None
    if status == AC_ELSEWHERE:
        return count + clear_elsewhere(ch)
    if status == AC_MISUSE:
        raise_status(status)
    return count


cdef int throw_rest_away(ac_channel *ch) except -1:
    # Everything in a queue that is shut down, whoever its consumer is.
    cdef uint64_t count = 0, i
    cdef uintptr_t *rest = ac_store_take_rest(&ch.store, &count)
    if rest == NULL:
        if count > 0:
            raise MemoryError("no memory to empty the queue; it is shut down")
        throw_away(ch, UINT64_MAX)
        return 0
    finish(ch, count, False)
    for i in range(count):
        take(rest[i])
    free(rest)
    return 0


cdef dict stats_of(ac_channel *ch):
    cdef uint64_t high = ac_channel_watch(ch)
    cdef uint64_t depth = ac_store_size(&ch.store)
    cdef uint64_t puts = ac_store_pushed(&ch.store)
    return {
        "depth": depth,
        "high_water": max(high, depth),
        "puts": puts,
        "gets": puts - depth if puts > depth else 0,
        "waits": ac_channel_waits(ch),
    }


cdef ac_channel *new_channel(ac_store_kind kind, uint64_t number) except NULL:
    cdef ac_channel *ch = ac_channel_new(kind, number)
    if ch == NULL:
        raise MemoryError(f"no memory for a queue of {number} slots")
    return ch


cdef void end_channel(ac_channel *ch) noexcept:
    ac_gc_drain(ch)
    ac_channel_free(ch)


cdef object refuse_pickle(object self):
    raise TypeError(
        f"cannot pickle a {type(self).__name__}: it belongs to the threads of one process. "
        "Between processes use allcores.multiprocessing.Queue"
    )
