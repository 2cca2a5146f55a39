/* ac_atomic_int.h - a signed 64-bit number that is changed in one step and never wraps.
 *
 * Each change is one sequentially consistent compare-and-swap; an addition that would pass 64 bits
 * changes nothing and says so. (A fetch-and-add could not be taken back: another thread would have
 * seen the wrapped number.) With AC_GUARDED_BY_LOCK the caller's lock serialises everything.
 * Progress: lock-free.
 */
#ifndef AC_ATOMIC_INT_H
#define AC_ATOMIC_INT_H

#include "base/ac_guarded.h"

typedef struct ac_atomic_int {
    ac_atomic_i64 value;
} ac_atomic_int;

AC_INLINE int64_t ac_atomic_int_load(ac_atomic_int *a) { return ac_load_seq_cst(&a->value); }
AC_INLINE void ac_atomic_int_store(ac_atomic_int *a, int64_t v) {
#ifdef AC_GUARDED_BY_LOCK
    ac_store_relaxed(&a->value, v);
#else
    ac_store_seq_cst(&a->value, v);
#endif
}

typedef enum ac_int_op {
    AC_INT_ADD,
    AC_INT_SUB,
    AC_INT_AND,
    AC_INT_OR,
    AC_INT_XOR,
    AC_INT_SET,
} ac_int_op;

/* value = value op v; the value before goes to *before. False, and nothing changed, past 64 bits. */
AC_INLINE bool ac_atomic_int_apply(ac_atomic_int *a, ac_int_op op, int64_t v, int64_t *before) {
    int64_t seen = ac_gload_relaxed(&a->value), next = 0;
    do {
        switch (op) {
        case AC_INT_ADD:
            if (AC_UNLIKELY(__builtin_add_overflow(seen, v, &next))) return false;
            break;
        case AC_INT_SUB:
            if (AC_UNLIKELY(__builtin_sub_overflow(seen, v, &next))) return false;
            break;
        case AC_INT_AND: next = seen & v; break;
        case AC_INT_OR: next = seen | v; break;
        case AC_INT_XOR: next = seen ^ v; break;
        case AC_INT_SET: next = v; break;
        }
    } while (AC_UNLIKELY(!ac_gcas_i64_seq_cst(&a->value, &seen, next)));
    *before = seen;
    return true;
}

/* If the value is `expected` it becomes `desired`; returns whether it was. */
AC_INLINE bool ac_atomic_int_cas(ac_atomic_int *a, int64_t expected, int64_t desired) {
    return ac_gcas_i64_seq_cst(&a->value, &expected, desired);
}

#endif
