# What programs reach for inside a queue.Queue, and the way there: the switch of a queue to its locked
# form (queues_locked.pxi), and the base class with the attributes and hooks of the standard one.

HOOK_NAMES = ("_init", "_qsize", "_put", "_get")

cdef LockedQueue side_of(Queue q):
    # Of a queue whose channel says AC_ELSEWHERE.
    cdef LockedQueue side = q.locked
    if side is None:
        raise RuntimeError(f"this {type(q).__name__} is being torn down by the collector")
    return side


cdef LockedQueue settled(Queue q):
    # The same, for who reads numbers without the mutex: not before they are written down.
    cdef LockedQueue side = side_of(q)
    if not side.ready and not side.mutex._is_owned():
        side.acquire()
        try:
            if not side.ready:
                side.fill(q)
        finally:
            side.mutex.release()
    return side


cdef LockedQueue new_side(Queue q):
    cdef LockedQueue side = LockedQueue.__new__(LockedQueue)
    side.keep = KEEP_DEQUE
    if isinstance(q, PriorityQueue):
        side.keep = KEEP_HEAP
    elif isinstance(q, LifoQueue):
        side.keep = KEEP_STACK
    every_locked.add(side)
    return side


cdef LockedQueue locked_form(Queue q):
    # Makes a queue a locked one, unless it is; see queues_locked.pxi.
    cdef LockedQueue side, made
    if q.ch == NULL:
        not_initialised(q)
    if isinstance(q, ShardedQueue):
        raise AttributeError(
            f"a {type(q).__name__} keeps its items in parts: it has no mutex, no conditions and no "
            "container to reach into; use a Queue where a program needs them"
        )
    with cython.critical_section(q):
        side = q.locked
    if side is None:
        made = new_side(q)
        with cython.critical_section(q):
            if q.locked is None:
                q.locked = made
            side = q.locked
    if side.ready or side.mutex._is_owned():
        return side
    side.acquire()
    side.busy = True
    try:
        if not side.ready:
            side.fill(q)
    finally:
        side.leave(q)
    return side


cdef bint overrides(object self, type native) except -1:
    cls = type(self)
    if cls is native:
        return False
    for name in HOOK_NAMES:
        if getattr(cls, name) is not getattr(native, name):
            return True
    return False


cdef int begin_locked(Queue self, bint hooks, object maxsize) except -1:
    cdef LockedQueue side
    begin(self, AC_STORE_LIFO, limit_of(maxsize))  # a stack takes no memory before the first item
    remember(self, maxsize)
    side = locked_form(self)
    if hooks:
        side.hooks = True
        side.replace_items(None)
        self._init(maxsize)
    return 0


# -- maxsize, as it was given ---------------------------------------------------------------------

cdef int remember(Queue self, object maxsize) except -1:
    with cython.critical_section(self):
        self.given = maxsize
    return 0


cdef object maxsize_of(Queue self):
    cdef uint64_t limit = ac_store_limit(&self.ch.store)
    if ac_store_is_elsewhere(&self.ch.store):
        limit = settled(self).limit
    with cython.critical_section(self):
        given = self.given
    if given is not None and limit_of(given) == limit:
        return given
    return limit


cdef int set_maxsize(Queue self, object value) except -1:
    cdef uint64_t limit = limit_of(value)
    cdef ac_status status = ac_channel_set_limit(self.ch, limit)
    if status == AC_MISUSE:
        raise ValueError(
            f"the maxsize of this {type(self).__name__} cannot become {value}: one that has a "
            "single producer and consumer keeps its room, a ShardedQueue has no bound"
        )
    if status == AC_ELSEWHERE:
        side_of(self).set_limit(self, limit)
    return remember(self, value)


# -- for the slow paths of queues_moves.pxi: the channel said AC_ELSEWHERE ------------------------

cdef Queue owner_of(ac_channel *ch):
    return <Queue><object><PyObject *>ch.owner


cdef int put_elsewhere(ac_channel *ch, object item, int64_t deadline) except -1:
    cdef Queue q = owner_of(ch)
    return side_of(q).put(q, item, deadline)


cdef object get_elsewhere(ac_channel *ch, int64_t deadline):
    cdef Queue q = owner_of(ch)
    return side_of(q).get(q, deadline)


cdef int put_all_elsewhere(ac_channel *ch, tuple items, Py_ssize_t at, int64_t deadline) except -1:
    cdef Queue q = owner_of(ch)
    return side_of(q).put_many(q, items, at, deadline)


cdef list get_some_elsewhere(ac_channel *ch, Py_ssize_t most, int64_t deadline):
    cdef Queue q = owner_of(ch)
    return side_of(q).get_many(q, most, deadline)


cdef uint64_t clear_elsewhere(ac_channel *ch) except? 0xFFFFFFFFFFFFFFFF:
    cdef Queue q = owner_of(ch)
    return side_of(q).clear(q)


cdef int finish(ac_channel *ch, uint64_t count, bint strict) except -1:
    # Counts tasks as done, wherever they are counted; `strict`: no more than there are.
    cdef ac_status status = ac_channel_finish(ch, count)
    if status == AC_ELSEWHERE:
        q = owner_of(ch)
        return side_of(q).finish(q, count, strict)
    if status != AC_OK and strict:
        raise ValueError("task_done() called too many times")
    return 0


cdef uint64_t size_of(Queue q) except? 0xFFFFFFFFFFFFFFFF:
    # The size first: if the items left meanwhile, the look after it notices.
    cdef uint64_t size = ac_store_size(&q.ch.store)
    if ac_store_is_elsewhere(&q.ch.store):
        return side_of(q).qsize(q)
    return size


cdef uint64_t unfinished_of(Queue q) except? 0xFFFFFFFFFFFFFFFF:
    cdef uint64_t count = ac_channel_unfinished(q.ch)
    if ac_store_is_elsewhere(&q.ch.store):
        return settled(q).unfinished
    return count


cdef bint is_closed(Queue q) except -1:
    cdef bint closed = ac_store_is_closed(&q.ch.store)
    if ac_store_is_elsewhere(&q.ch.store):
        return settled(q).closed
    return closed


# -- the base class of Queue: what is inside ------------------------------------------------------

@cython.trashcan(True)
cdef class Inside(Listened):
    """Attributes and hooks of `queue.Queue` for programs that reach inside; the base of `Queue`.

    Notes
    -----
    The first look at `mutex`, `queue`, `not_empty`, `not_full` or `all_tasks_done`, the first
    assignment to `unfinished_tasks` and the first call of a hook make a queue a locked one, once and
    for good: at one instant, with its items in order, whatever other threads do meanwhile. It goes on
    as before, at the speed of a lock. A subclass that overrides ``_init _qsize _put _get`` is locked
    from the beginning. After a fork the child's mutex is free, unless the forking thread holds it.
    """

    cdef object locked  # None, or for good a LockedQueue; stored before the channel says AC_ELSEWHERE
    cdef object given   # the maxsize as it was given: -1, 1.5; under a critical section

    @property
    def mutex(self):
        """The lock that every operation holds; free to be taken by ``with q.mutex:``."""
        return locked_form(self).mutex

    @property
    def not_empty(self):
        """A `threading.Condition` over `mutex`: notified when an item goes in."""
        return locked_form(self).not_empty

    @property
    def not_full(self):
        """A `threading.Condition` over `mutex`: notified when an item comes out."""
        return locked_form(self).not_full

    @property
    def all_tasks_done(self):
        """A `threading.Condition` over `mutex`: notified when no task is unfinished."""
        return locked_form(self).all_tasks_done

    @property
    def queue(self):
        """What holds the items, a `collections.deque` or a list; for use under `mutex`."""
        items = locked_form(self).items()
        if items is None:
            raise AttributeError(f"the _init of {type(self).__name__} has set no queue", name="queue")
        return items

    @queue.setter
    def queue(self, value):
        locked_form(self).replace_items(value)

    def _init(self, maxsize):
        """Make the container of the items; called by ``__init__``. To be overridden."""
        cdef LockedQueue side = locked_form(self)
        side.start([])

    def _qsize(self):
        """Return how many items there are; called with `mutex` held. To be overridden."""
        return len(self.queue)

    def _put(self, item):
        """Put an item into the container; called with `mutex` held. To be overridden."""
        locked_form(self).keep_item(item)

    def _get(self):
        """Take an item out of the container; called with `mutex` held. To be overridden."""
        return locked_form(self).give_item()
