/* sync_glue.h - what sync.pyx needs of the interpreter that Cython has no word for.
 *
 * 1. The entry of a method is exchanged for one without argument parsing (entries.h).
 * 2. An instance begins without a dict (Cython makes one at once): it is made when it is first needed, and
 *    until then the interpreter specialises the look-up of methods, which is half of a short call.
 * 3. The reference inside an AtomicRef is exchanged under a lock that runs no Python.
 */
#ifndef AC_SYNC_GLUE_H
#define AC_SYNC_GLUE_H

#include <Python.h>

#include "entries.h"
#include "sync/ac_mutex.h"

typedef PyObject *(*ac_entry)(PyObject *self, PyObject **args, Py_ssize_t nargs, PyObject *kwnames);

/* With a GIL it is the lock. Without one: between lock and unlock there is no call that could detach,
 * run Python or wait for a stopped world, so that the collector, which stops the world, finds the
 * slot settled and its reference counted. The count of the object that is replaced falls after the
 * unlock: its end may run any code, also code that uses this AtomicRef. */
AC_INLINE void ac_ref_lock(ac_mutex *m) {
#ifdef Py_GIL_DISABLED
    ac_mutex_lock(m);
#else
    (void)m;
#endif
}
AC_INLINE void ac_ref_unlock(ac_mutex *m) {
#ifdef Py_GIL_DISABLED
    ac_mutex_unlock(m);
#else
    (void)m;
#endif
}

/* A new reference. The count grows before the unlock: after it, another thread may drop the last. */
AC_INLINE PyObject *ac_ref_load(PyObject **slot, ac_mutex *m) {
    ac_ref_lock(m);
    PyObject *const value = *slot;
    Py_INCREF(value);
    ac_ref_unlock(m);
    return value;
}

/* The slot's reference becomes the caller's. */
AC_INLINE PyObject *ac_ref_exchange(PyObject **slot, ac_mutex *m, PyObject *value) {
    Py_INCREF(value);
    ac_ref_lock(m);
    PyObject *const before = *slot;
    *slot = value;
    ac_ref_unlock(m);
    return before;
}

AC_INLINE int ac_ref_compare_exchange(PyObject **slot, ac_mutex *m, PyObject *expected,
                                      PyObject *value) {
    Py_INCREF(value);
    ac_ref_lock(m);
    const int same = *slot == expected;
    if (same) *slot = value;
    ac_ref_unlock(m);
    Py_DECREF(same ? expected : value); /* the caller holds one of each: nothing ends here */
    return same;
}

#endif
