/* entries.h - the entry of a method of ours, without argument parsing.
 *
 * The calls that nearly every program makes (`q.put(item)`, `lock.acquire()`, `a.fetch_add(1)`) end in
 * an entry of our own when they succeed at once; every other call (more arguments, keywords, something to
 * wait for or to complain of) goes on to Cython's wrapper as if we had not been there.
 */
#ifndef AC_ENTRIES_H
#define AC_ENTRIES_H

#include <Python.h>

#include "sync/ac_turn.h"

/* Puts `fast` in the place of the entry of `type`'s own method and returns the old one: a method descriptor
 * calls through its PyMethodDef each time. It is done once, while the module is initialised, before
 * anybody can call. Where the method is not of the kind that Cython makes today it changes nothing
 * and returns NULL: then the method is only slower, and `fast` is never called. */
static void *ac_entry_exchange(PyObject *type, const char *name, void *fast) {
    PyObject *const method = PyDict_GetItemString(((PyTypeObject *)type)->tp_dict, name);
    if (method == NULL || !Py_IS_TYPE(method, &PyMethodDescr_Type)) return NULL;
    PyMethodDef *const def = ((PyMethodDescrObject *)method)->d_method;
    if (def->ml_flags != (METH_FASTCALL | METH_KEYWORDS)) return NULL;
    void *const slow = (void *)def->ml_meth;
    def->ml_meth = (PyCFunction)fast;
    return slow;
}

/* Before an operation that many threads may be making: without a GIL, threads that hammer one object take
 * turns (ac_turn.h). With it one thread runs at a time anyway. */
#ifdef Py_GIL_DISABLED
AC_UNUSED AC_COLD static void ac_entry_wait_(ac_turn *turn, uint64_t me) {
    Py_BEGIN_ALLOW_THREADS
    ac_turn_wait(turn, me);
    Py_END_ALLOW_THREADS
}

AC_INLINE void ac_entry_turn(ac_turn *turn) {
    const uint64_t me = (uint64_t)_Py_ThreadId();
    if (AC_UNLIKELY(ac_turn_is_anothers(turn, me)) && AC_UNLIKELY(ac_turn_look(turn, me)))
        ac_entry_wait_(turn, me);
}

/* After a spin or a sleep, and before the operation is tried again. Where it comes too late for a deadline
 * it does nothing. */
AC_INLINE void ac_entry_turn_again(ac_turn *turn, int64_t deadline_ns) {
    if (AC_UNLIKELY(ac_turn_is_crowded(turn)) && ac_now_ns() + AC_TURN_NS < deadline_ns)
        ac_entry_wait_(turn, (uint64_t)_Py_ThreadId());
}
#else
AC_INLINE void ac_entry_turn(ac_turn *turn) { (void)turn; }
AC_INLINE void ac_entry_turn_again(ac_turn *turn, int64_t deadline_ns) {
    (void)turn;
    (void)deadline_ns;
}
#endif

#endif
