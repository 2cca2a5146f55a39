/* compact.h - small tuples, lists and dicts of small built-in values as bytes, and back.
 *
 * A pickler costs half a microsecond before it has written a byte, which is more than all the rest of a
 * message of a few numbers. What is built of exact built-in types alone, has at most AC_COMPACT_NODES
 * values and fits into AC_COMPACT_BYTES is written by this instead, in one pass: a tag for each value,
 * then its bytes, in the machine's own order (both parties run on it). A list or dict that occurs twice
 * is left to the pickler, which keeps what is one object one object.
 *
 * The reader trusts nothing: who can write to the memory may have written to it. It stays within the
 * payload, and within AC_COMPACT_DEPTH calls of itself. Both run attached. With the GIL no Python code
 * runs and no list can change meanwhile; without it lists and dicts are read through a copy.
 */
#ifndef AC_COMPACT_H
#define AC_COMPACT_H

#include <Python.h>

#include <stdint.h>
#include <string.h>

#include "base/ac_base.h"

enum {
    AC_COMPACT_BYTES = 1024, /* of a message; arbitrary: past it the pickler's start costs little */
    AC_COMPACT_NODES = 128,  /* values; at most 255, which a count has room for */
    AC_COMPACT_DEPTH = 8,
    AC_COMPACT_SHARED = 16, /* lists and dicts in one message */
};

enum ac_compact_tag {
    AC_TAG_NONE = 0,
    AC_TAG_TRUE = 1,
    AC_TAG_FALSE = 2,
    AC_TAG_INT16 = 3,
    AC_TAG_INT32 = 4,
    AC_TAG_INT64 = 5,
    AC_TAG_FLOAT = 6,
    AC_TAG_ASCII = 7, /* two bytes of length */
    AC_TAG_UTF8 = 8,
    AC_TAG_BYTES = 9,
    AC_TAG_TUPLE = 10, /* one byte of count */
    AC_TAG_LIST = 11,
    AC_TAG_DICT = 12,
    AC_TAG_SMALL = 128, /* 128 + n is the int n, up to 127 */
};

/* ---- to bytes ---- */

typedef struct ac_compact {
    uint8_t *at, *end;
    int nodes; /* that may still come */
    int shared;
    PyObject *seen[AC_COMPACT_SHARED]; /* borrowed: lists and dicts, compared by address alone */
} ac_compact;

static int ac_compact_write(ac_compact *w, PyObject *obj, int depth);

AC_INLINE int ac_compact_put(ac_compact *w, int tag, const void *data, size_t n) {
    if ((size_t)(w->end - w->at) < n + 1) return 0;
    *w->at++ = (uint8_t)tag;
    memcpy(w->at, data, n);
    w->at += n;
    return 1;
}

AC_INLINE int ac_compact_put_text(ac_compact *w, int tag, const void *data, Py_ssize_t n) {
    if (n > AC_COMPACT_BYTES || w->end - w->at < n + 3) return 0;
    const uint16_t length = (uint16_t)n;
    (void)ac_compact_put(w, tag, &length, sizeof length);
    memcpy(w->at, data, (size_t)n);
    w->at += n;
    return 1;
}

AC_INLINE int ac_compact_put_int(ac_compact *w, PyObject *obj) {
    int overflow;
    const int64_t number = PyLong_AsLongLongAndOverflow(obj, &overflow);
    if (overflow != 0) return 0;
    if (number >= 0 && number < 128) return ac_compact_put(w, AC_TAG_SMALL + (int)number, NULL, 0);
    if (number == (int16_t)number) {
        const int16_t half = (int16_t)number;
        return ac_compact_put(w, AC_TAG_INT16, &half, sizeof half);
    }
    if (number == (int32_t)number) {
        const int32_t word = (int32_t)number;
        return ac_compact_put(w, AC_TAG_INT32, &word, sizeof word);
    }
    return ac_compact_put(w, AC_TAG_INT64, &number, sizeof number);
}

AC_INLINE int ac_compact_put_str(ac_compact *w, PyObject *obj) {
    if (PyUnicode_IS_COMPACT_ASCII(obj))
        return ac_compact_put_text(w, AC_TAG_ASCII, PyUnicode_1BYTE_DATA(obj),
                                   PyUnicode_GET_LENGTH(obj));
    if (PyUnicode_GET_LENGTH(obj) > AC_COMPACT_BYTES) return 0;
    Py_ssize_t n;
    const char *const text = PyUnicode_AsUTF8AndSize(obj, &n);
    if (text == NULL) { /* surrogates: the pickler knows how */
        PyErr_Clear();
        return 0;
    }
    return ac_compact_put_text(w, AC_TAG_UTF8, text, n);
}

AC_INLINE int ac_compact_put_items(ac_compact *w, int tag, PyObject *const *items, Py_ssize_t n,
                                   int depth) {
    if (n > w->nodes) return 0;
    const uint8_t count = (uint8_t)n;
    if (!ac_compact_put(w, tag, &count, 1)) return 0;
    for (Py_ssize_t i = 0; i < n; i++)
        if (!ac_compact_write(w, items[i], depth + 1)) return 0;
    return 1;
}

/* Whether a list or dict is here for the first time. */
AC_INLINE int ac_compact_first(ac_compact *w, PyObject *obj) {
    for (int i = 0; i < w->shared; i++)
        if (w->seen[i] == obj) return 0;
    if (w->shared == AC_COMPACT_SHARED) return 0;
    w->seen[w->shared++] = obj;
    return 1;
}

AC_UNUSED static int ac_compact_put_list(ac_compact *w, PyObject *list, int depth) {
    if (!ac_compact_first(w, list)) return 0;
#ifdef Py_GIL_DISABLED
    PyObject *const copy = PyList_AsTuple(list);
    if (copy == NULL) {
        PyErr_Clear();
        return 0;
    }
    const int done = ac_compact_put_items(w, AC_TAG_LIST, ((PyTupleObject *)copy)->ob_item,
                                          PyTuple_GET_SIZE(copy), depth);
    Py_DECREF(copy); /* the list, or whoever has it, may be gone: its items may end here */
    return done;
#else
    return ac_compact_put_items(w, AC_TAG_LIST, ((PyListObject *)list)->ob_item, PyList_GET_SIZE(list),
                                depth);
#endif
}

AC_UNUSED static int ac_compact_put_dict(ac_compact *w, PyObject *dict, int depth) {
    if (!ac_compact_first(w, dict) || 2 * PyDict_GET_SIZE(dict) > w->nodes) return 0;
#ifdef Py_GIL_DISABLED
    PyObject *const from = PyDict_Copy(dict);
    if (from == NULL) {
        PyErr_Clear();
        return 0;
    }
#else
    PyObject *const from = dict;
#endif
    PyObject *key, *value;
    Py_ssize_t at = 0;
    const Py_ssize_t n = PyDict_GET_SIZE(from);
    const uint8_t count = (uint8_t)n;
    int done = 2 * n <= w->nodes && ac_compact_put(w, AC_TAG_DICT, &count, 1);
    while (done && PyDict_Next(from, &at, &key, &value))
        done = ac_compact_write(w, key, depth + 1) && ac_compact_write(w, value, depth + 1);
#ifdef Py_GIL_DISABLED
    Py_DECREF(from);
#endif
    return done;
}

/* 1, or 0 where the pickler must do it. No exception is set. */
AC_UNUSED static int ac_compact_write(ac_compact *w, PyObject *obj, int depth) {
    if (--w->nodes < 0) return 0;
    if (PyLong_CheckExact(obj)) return ac_compact_put_int(w, obj);
    if (PyUnicode_CheckExact(obj)) return ac_compact_put_str(w, obj);
    if (PyFloat_CheckExact(obj)) {
        const double real = PyFloat_AS_DOUBLE(obj);
        return ac_compact_put(w, AC_TAG_FLOAT, &real, sizeof real);
    }
    if (obj == Py_None) return ac_compact_put(w, AC_TAG_NONE, NULL, 0);
    if (PyBool_Check(obj))
        return ac_compact_put(w, obj == Py_True ? AC_TAG_TRUE : AC_TAG_FALSE, NULL, 0);
    if (PyBytes_CheckExact(obj))
        return ac_compact_put_text(w, AC_TAG_BYTES, PyBytes_AS_STRING(obj), PyBytes_GET_SIZE(obj));
    if (depth >= AC_COMPACT_DEPTH) return 0;
    if (PyTuple_CheckExact(obj))
        return ac_compact_put_items(w, AC_TAG_TUPLE, ((PyTupleObject *)obj)->ob_item,
                                    PyTuple_GET_SIZE(obj), depth);
    if (PyList_CheckExact(obj)) return ac_compact_put_list(w, obj, depth);
    if (PyDict_CheckExact(obj)) return ac_compact_put_dict(w, obj, depth);
    return 0;
}

/* Writes a tuple, list or dict into `to`, of AC_COMPACT_BYTES; returns how many bytes, or 0. */
AC_UNUSED static size_t ac_compact_dump(PyObject *obj, uint8_t *to) {
    ac_compact w;
    w.at = to;
    w.end = to + AC_COMPACT_BYTES;
    w.nodes = AC_COMPACT_NODES;
    w.shared = 0;
    return ac_compact_write(&w, obj, 0) ? (size_t)(w.at - to) : 0;
}

/* ---- to objects ---- */

typedef struct ac_compact_reader {
    const uint8_t *at, *end;
} ac_compact_reader;

/* NULL with an exception, or NULL without one: the payload is not what ac_compact_dump writes. */
static PyObject *ac_compact_read(ac_compact_reader *r, int depth);

AC_INLINE const void *ac_compact_skip(ac_compact_reader *r, size_t n) {
    if ((size_t)(r->end - r->at) < n) return NULL;
    const void *const found = r->at;
    r->at += n;
    return found;
}

AC_UNUSED static PyObject *ac_compact_read_text(ac_compact_reader *r, int tag) {
    uint16_t length;
    const void *const head = ac_compact_skip(r, sizeof length);
    if (head == NULL) return NULL;
    memcpy(&length, head, sizeof length);
    const char *const text = ac_compact_skip(r, length);
    if (text == NULL) return NULL;
    if (tag == AC_TAG_BYTES) return PyBytes_FromStringAndSize(text, length);
    if (tag == AC_TAG_UTF8) return PyUnicode_DecodeUTF8(text, length, NULL);
    return PyUnicode_DecodeASCII(text, length, NULL);
}

AC_UNUSED static PyObject *ac_compact_read_items(ac_compact_reader *r, int tag, int depth) {
    const uint8_t *const count = ac_compact_skip(r, 1);
    if (count == NULL || depth >= AC_COMPACT_DEPTH) return NULL;
    const Py_ssize_t n = *count;
    PyObject *const made = tag == AC_TAG_TUPLE ? PyTuple_New(n) : PyList_New(n);
    for (Py_ssize_t i = 0; made != NULL && i < n; i++) {
        PyObject *const item = ac_compact_read(r, depth + 1);
        if (item == NULL) {
            Py_DECREF(made);
            return NULL;
        }
        if (tag == AC_TAG_TUPLE) PyTuple_SET_ITEM(made, i, item);
        else PyList_SET_ITEM(made, i, item);
    }
    return made;
}

AC_UNUSED static PyObject *ac_compact_read_dict(ac_compact_reader *r, int depth) {
    const uint8_t *const count = ac_compact_skip(r, 1);
    if (count == NULL || depth >= AC_COMPACT_DEPTH) return NULL;
    PyObject *const made = PyDict_New();
    for (Py_ssize_t left = made == NULL ? 0 : *count; left > 0; left--) {
        PyObject *const key = ac_compact_read(r, depth + 1);
        PyObject *const value = key == NULL ? NULL : ac_compact_read(r, depth + 1);
        const int rc = value == NULL ? -1 : PyDict_SetItem(made, key, value);
        Py_XDECREF(key);
        Py_XDECREF(value);
        if (rc != 0) {
            Py_DECREF(made);
            return NULL;
        }
    }
    return made;
}

#define AC_COMPACT_NUMBER(type, make)                             \
    {                                                             \
        type number;                                              \
        const void *const data = ac_compact_skip(r, sizeof number); \
        if (data == NULL) return NULL;                            \
        memcpy(&number, data, sizeof number);                     \
        return make(number);                                      \
    }

AC_UNUSED static PyObject *ac_compact_read(ac_compact_reader *r, int depth) {
    const uint8_t *const tag = ac_compact_skip(r, 1);
    if (tag == NULL) return NULL;
    const int kind = *tag; /* once: it may change under us */
    if (kind >= AC_TAG_SMALL) return PyLong_FromLong(kind - AC_TAG_SMALL);
    switch (kind) {
    case AC_TAG_INT16: AC_COMPACT_NUMBER(int16_t, PyLong_FromLong)
    case AC_TAG_INT32: AC_COMPACT_NUMBER(int32_t, PyLong_FromLong)
    case AC_TAG_INT64: AC_COMPACT_NUMBER(int64_t, PyLong_FromLongLong)
    case AC_TAG_FLOAT: AC_COMPACT_NUMBER(double, PyFloat_FromDouble)
    case AC_TAG_NONE: return Py_NewRef(Py_None);
    case AC_TAG_TRUE: return Py_NewRef(Py_True);
    case AC_TAG_FALSE: return Py_NewRef(Py_False);
    case AC_TAG_ASCII:
    case AC_TAG_UTF8:
    case AC_TAG_BYTES: return ac_compact_read_text(r, kind);
    case AC_TAG_TUPLE:
    case AC_TAG_LIST: return ac_compact_read_items(r, kind, depth);
    case AC_TAG_DICT: return ac_compact_read_dict(r, depth);
    default: return NULL;
    }
}

/* The object. ValueError or TypeError: the payload is not what ac_compact_dump writes. */
AC_UNUSED static PyObject *ac_compact_load(const uint8_t *from, size_t n) {
    ac_compact_reader r = {from, from + n};
    PyObject *const made = ac_compact_read(&r, 0);
    if (made != NULL && r.at == r.end) return made;
    Py_XDECREF(made);
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_ValueError, "not a message of allcores");
    return NULL;
}

#endif
