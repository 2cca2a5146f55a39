# Once and call_once: exactly one call.

cdef class Once:
    """Once()\n--\n
    What `call_once` remembers: whether the call was made, and what it returned.

    Notes
    -----
    Thread-safe throughout. A fork's child has its own copy; a call that another thread was making at
    that moment counts as not made there. Pickling is refused.
    """

    cdef ac_once core
    cdef object result  # written by the runner before the state is DONE
    cdef object __weakref__
    cdef dict __dict__

    def __cinit__(self, *args, **kwargs):
        ac_lazy_dict(self)

    def __init__(self):
        pass

    def __reduce_ex__(self, protocol):
        return refuse_pickle(self)

    def __repr__(self):
        return described(self, "done" if ac_once_is_done(&self.core) else "not done")

    @property
    def done(self):
        """Whether the call was made and returned."""
        return ac_once_is_done(&self.core)


cdef object once_call(Once self, object fn, tuple args, dict kwargs):
    cdef ac_once_step step
    cdef uint32_t key
    cdef ac_slices slices = ac_slices(length_ns=0)
    while not ac_once_is_done(&self.core):
        key = ac_ec_prepare(&self.core.ended)
        step = ac_once_begin(&self.core, this_thread(), survivor, forks)
        if step == AC_ONCE_DONE:
            break
        if step == AC_ONCE_WAIT:
            sleep_on(&self.core.ended, key, AC_FOREVER, &slices)
            continue
        if step == AC_ONCE_RECURSION:
            raise RuntimeError(
                f"call_once was called by the call that it makes ({fn!r}): it would wait for itself"
            )
        try:
            self.result = fn(*args, **kwargs)
        except BaseException:
            ac_once_end(&self.core, False)
            raise
        ac_once_end(&self.core, True)
    return self.result


def call_once(once, /, *args, **kwargs):
    """call_once(once, fn, /, *args, **kwargs)\n--\n
    Call a function exactly once, whichever thread comes first; the others wait for it.

    Parameters
    ----------
    once : Once
        What the calls that are one have in common.
    fn : callable
        Called as ``fn(*args, **kwargs)`` unless a call under this `once` has returned before.

    Returns
    -------
    object
        What the one call returned; the same object for everybody. ``call_once(fn)``, with a function and
        nothing else, is a decorator: it returns a function that calls `fn` once, with the arguments of the
        call that came first.

    Raises
    ------
    RuntimeError
        The function that is being called calls `call_once` with the same `once`.

    Notes
    -----
    A call that raises does not count: the exception goes to its caller, and one of those who wait tries
    next, with its own function and arguments. After C++'s ``std::call_once``.

    Examples
    --------
    >>> from allcores.threading import Once, call_once
    >>> once = Once()
    >>> call_once(once, print, "ready"); call_once(once, print, "ready")
    ready
    >>> @call_once
    ... def settings():
    ...     return {"size": 1}
    >>> settings() is settings()
    True
    """
    if isinstance(once, Once):
        if not args:
            raise TypeError("call_once(once, fn, ...) needs the function to call")
        if not callable(args[0]):
            raise TypeError(f"fn must be callable, not {type(args[0]).__name__}")
        return once_call(once, args[0], args[1:], kwargs)
    if args or kwargs or not callable(once):
        raise TypeError(
            f"the first argument of call_once must be a Once, not {type(once).__name__}; "
            "call_once(fn) alone makes a function that calls fn once"
        )
    fn = once
    own = Once()

    @wraps(fn)
    @cython.binding(True)  # a function with a name and a dict of its own
    def caller(*args, **kwargs):
        return once_call(own, fn, args, kwargs)

    return caller
