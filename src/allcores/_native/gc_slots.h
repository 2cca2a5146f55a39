/* gc_slots.h - shows the contents of a C structure to the interpreter's cycle collector.
 *
 * Cython fills tp_traverse and tp_clear of a class from its object attributes and offers no hook
 * (cython#2737), but our queues own references that stand in C memory. So the slots are wrapped
 * when the module is initialised, before a subclass can copy them: ours calls Cython's first, then
 * visits the items of the ac_channel that the instance points to.
 *
 * Why a traverse may walk the queue: with a GIL it holds it, and no queue operation lets go of the
 * GIL between claim and publish. Without one the collector has stopped the world: every thread
 * stands at a safe point or is detached, and a queue operation is neither. It counts no
 * reference, allocates nothing and takes no lock.
 */
#ifndef AC_GC_SLOTS_H
#define AC_GC_SLOTS_H

#include <Python.h>

#include "queues/ac_channel.h"

typedef struct ac_gc_class {
    traverseproc traverse; /* Cython's */
    inquiry clear;
    Py_ssize_t offset; /* of the ac_channel pointer in an instance */
} ac_gc_class;

/* One entry a class; written once, while the module is initialised. */
enum { AC_GC_QUEUE, AC_GC_SIMPLE, AC_GC_LIFO, AC_GC_SHARDED, AC_GC_PRIORITY, AC_GC_CLASSES };
static ac_gc_class ac_gc_classes[AC_GC_CLASSES];

typedef struct ac_gc_visit {
    visitproc visit;
    void *arg;
} ac_gc_visit;

static int ac_gc_visit_item(uintptr_t item, void *arg) {
    const ac_gc_visit *const v = (const ac_gc_visit *)arg;
    return v->visit((PyObject *)item, v->arg);
}

static ac_channel *ac_gc_channel(PyObject *self, const ac_gc_class *cls) {
    return *(ac_channel **)((char *)self + cls->offset);
}

static int ac_gc_traverse(PyObject *self, visitproc visit, void *arg, const ac_gc_class *cls) {
    const int rc = cls->traverse != NULL ? cls->traverse(self, visit, arg) : 0;
    if (rc != 0) return rc;
    ac_channel *const ch = ac_gc_channel(self, cls);
    if (ch == NULL) return 0;
    ac_gc_visit v = {visit, arg};
    return ac_store_visit(&ch->store, ac_gc_visit_item, &v);
}

/* For ac_store_peek: counts a reference, and calls nothing. */
static void ac_gc_keep(uintptr_t item) { Py_INCREF((PyObject *)item); }

/* Takes out what is inside and drops it. An item's end may run any code, also code that puts into
 * this queue again: each reference is dropped after the queue is settled. */
static void ac_gc_drain(ac_channel *ch) {
    uintptr_t item;
    uint64_t count;
    if (ch == NULL) return;
    /* one consumer's queue may end on another thread, which must not pop */
    uintptr_t *const rest = ac_store_take_rest(&ch->store, &count);
    for (uint64_t i = 0; rest != NULL && i < count; i++) Py_DECREF((PyObject *)rest[i]);
    free(rest);
    while (ac_store_try_pop(&ch->store, &item) == AC_OK || ac_store_pop_left(&ch->store, &item) == AC_OK)
        Py_DECREF((PyObject *)item);
}

static int ac_gc_clear(PyObject *self, const ac_gc_class *cls) {
    ac_gc_drain(ac_gc_channel(self, cls));
    return cls->clear != NULL ? cls->clear(self) : 0;
}

/* A slot is told nothing but the instance, which may be of a subclass: so each class has its pair. */
#define AC_GC_PAIR(name, which)                                                                  \
    static int ac_gc_traverse_##name(PyObject *self, visitproc visit, void *arg) {               \
        return ac_gc_traverse(self, visit, arg, &ac_gc_classes[which]);                          \
    }                                                                                            \
    static int ac_gc_clear_##name(PyObject *self) {                                              \
        return ac_gc_clear(self, &ac_gc_classes[which]);                                         \
    }
AC_GC_PAIR(queue, AC_GC_QUEUE)
AC_GC_PAIR(simple, AC_GC_SIMPLE)
AC_GC_PAIR(lifo, AC_GC_LIFO)
AC_GC_PAIR(sharded, AC_GC_SHARDED)
AC_GC_PAIR(priority, AC_GC_PRIORITY)

static const traverseproc ac_gc_traverses[AC_GC_CLASSES] = {
    ac_gc_traverse_queue, ac_gc_traverse_simple, ac_gc_traverse_lifo, ac_gc_traverse_sharded,
    ac_gc_traverse_priority};
static const inquiry ac_gc_clears[AC_GC_CLASSES] = {ac_gc_clear_queue, ac_gc_clear_simple,
                                                    ac_gc_clear_lifo, ac_gc_clear_sharded,
                                                    ac_gc_clear_priority};

/* Wraps the slots of `type`; `channel_at` is the address of the channel pointer in `instance`. A
 * subclass made by Cython calls Cython's slots of its base, not ours: each class is to be wrapped. */
static void ac_gc_install(PyObject *type, int which, PyObject *instance, void *channel_at) {
    PyTypeObject *const cls = (PyTypeObject *)type;
    ac_gc_classes[which].traverse = cls->tp_traverse;
    ac_gc_classes[which].clear = cls->tp_clear;
    ac_gc_classes[which].offset = (char *)channel_at - (char *)instance;
    cls->tp_traverse = ac_gc_traverses[which];
    cls->tp_clear = ac_gc_clears[which];
    PyType_Modified(cls);
}

#endif
