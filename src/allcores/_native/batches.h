/* batches.h - references that move between a queue and a tuple or list without being counted.
 *
 * A reference that stands in a tuple of our own can become the queue's, and one that leaves the queue
 * can become a new list's: nothing is added and nothing taken away. Counting both ways cost a batch
 * more than the queue did. Nobody else sees such a tuple or list, but for the collector, which only
 * looks while our thread is at a safe point: never between a push and ac_tuple_forget.
 */
#ifndef AC_BATCHES_H
#define AC_BATCHES_H

#include <Python.h>

#include "base/ac_base.h"

AC_INLINE uintptr_t *ac_tuple_items(PyObject *tuple) {
    return (uintptr_t *)((PyTupleObject *)tuple)->ob_item;
}

/* The references from..to belong to someone else now. */
AC_INLINE void ac_tuple_forget(PyObject *tuple, Py_ssize_t from, Py_ssize_t to) {
    for (Py_ssize_t i = from; i < to; i++) PyTuple_SET_ITEM(tuple, i, NULL);
}

/* Adds a reference to each, or takes it back (the tuple holds another: no object ends here). */
AC_INLINE void ac_tuple_add_refs(PyObject *tuple, Py_ssize_t from, Py_ssize_t to) {
    for (Py_ssize_t i = from; i < to; i++) Py_INCREF(PyTuple_GET_ITEM(tuple, i));
}
AC_INLINE void ac_tuple_drop_refs(PyObject *tuple, Py_ssize_t from, Py_ssize_t to) {
    for (Py_ssize_t i = from; i < to; i++) Py_DECREF(PyTuple_GET_ITEM(tuple, i));
}

/* Of a list that PyList_New has made and nobody has seen; its items are NULL until they are written. */
AC_INLINE uintptr_t *ac_list_items(PyObject *list) {
    return (uintptr_t *)((PyListObject *)list)->ob_item;
}

/* Such a list ends before its items from `size` on, which are still NULL. */
AC_INLINE void ac_list_cut(PyObject *list, Py_ssize_t size) {
    if (size < PyList_GET_SIZE(list)) Py_SET_SIZE(list, size);
}

#endif
