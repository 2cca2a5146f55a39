/* lazy_dict.h - an instance's __dict__ that exists only once somebody has set an attribute.
 *
 * Cython makes the dictionary with the instance. Then every method call looks into it first, and
 * the interpreter's specialised call of a method (LOAD_ATTR_METHOD_LAZY_DICT, 3.11 and later)
 * refuses: together 10 ns of a put that takes 25. A NULL in the slot is what object.__new__ leaves
 * there too; PyObject_GenericGetDict and PyObject_GenericSetAttr make the dictionary when it is
 * asked for.
 */
#ifndef AC_LAZY_DICT_H
#define AC_LAZY_DICT_H

#include <Python.h>

/* To be called in __cinit__, before anybody else has the instance. */
static void ac_lazy_dict(PyObject *self) {
    const Py_ssize_t offset = Py_TYPE(self)->tp_dictoffset;
    if (offset > 0) Py_CLEAR(*(PyObject **)((char *)self + offset));
}

#endif
