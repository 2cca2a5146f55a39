/* fast_calls.h - the two calls that nearly every program makes, without argument parsing.
 *
 * `q.put(item)` and `q.get()` with nothing else said are most of all calls of a queue. Cython's
 * wrapper parses three possible arguments, by position or keyword, and counts references to each: a
 * quarter of the call. So the entry of the two methods is ours: the bare call that succeeds at once
 * ends here; every other call (more arguments, keywords, a queue that is full, empty, shut down or
 * not initialised) goes on to Cython's wrapper as if we had not been here.
 */
#ifndef AC_FAST_CALLS_H
#define AC_FAST_CALLS_H

#include <Python.h>

#include "entries.h"
#include "gc_slots.h" /* the offset of the channel in an instance */

typedef PyObject *(*ac_fastcall)(PyObject *self, PyObject *const *args, Py_ssize_t nargs,
                                 PyObject *kwnames);

/* Cython's wrappers, one pair a class; written once, while the module is initialised. */
static ac_fastcall ac_slow_put[AC_GC_CLASSES], ac_slow_get[AC_GC_CLASSES];

AC_INLINE PyObject *ac_fast_put(PyObject *self, PyObject *const *args, Py_ssize_t nargs,
                                PyObject *kwnames, int which) {
    if (AC_LIKELY(nargs == 1 && kwnames == NULL)) {
        ac_channel *const ch = ac_gc_channel(self, &ac_gc_classes[which]);
        if (AC_LIKELY(ch != NULL)) {
            PyObject *const item = args[0];
            ac_entry_turn(&ch->turn);
            Py_INCREF(item); /* the queue's reference */
            if (AC_LIKELY(ac_channel_push(ch, (uintptr_t)item) == AC_OK)) Py_RETURN_NONE;
            Py_DECREF(item); /* the caller still holds one */
        }
    }
    return ac_slow_put[which](self, args, nargs, kwnames);
}

AC_INLINE PyObject *ac_fast_get(PyObject *self, PyObject *const *args, Py_ssize_t nargs,
                                PyObject *kwnames, int which) {
    if (AC_LIKELY(nargs == 0 && kwnames == NULL)) {
        ac_channel *const ch = ac_gc_channel(self, &ac_gc_classes[which]);
        if (AC_LIKELY(ch != NULL)) {
            uintptr_t item;
            ac_entry_turn(&ch->turn);
            if (AC_LIKELY(ac_channel_pop(ch, &item) == AC_OK))
                return (PyObject *)item; /* the queue's reference becomes the caller's */
        }
    }
    return ac_slow_get[which](self, args, nargs, kwnames);
}

#define AC_FAST_CALL(verb, name, which)                                                          \
    static PyObject *ac_fast_##verb##_##name(PyObject *self, PyObject *const *args,              \
                                             Py_ssize_t nargs, PyObject *kwnames) {              \
        return ac_fast_##verb(self, args, nargs, kwnames, which);                                \
    }
AC_FAST_CALL(put, queue, AC_GC_QUEUE)
AC_FAST_CALL(get, queue, AC_GC_QUEUE)
AC_FAST_CALL(put, simple, AC_GC_SIMPLE)
AC_FAST_CALL(get, simple, AC_GC_SIMPLE)

/* After ac_gc_install of the same class. */
static void ac_fast_install(PyObject *type, int which) {
    const bool queue = which == AC_GC_QUEUE;
    ac_slow_put[which] = (ac_fastcall)ac_entry_exchange(
        type, "put", (void *)(queue ? ac_fast_put_queue : ac_fast_put_simple));
    ac_slow_get[which] = (ac_fastcall)ac_entry_exchange(
        type, "get", (void *)(queue ? ac_fast_get_queue : ac_fast_get_simple));
}

#endif
