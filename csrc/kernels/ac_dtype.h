/* ac_dtype.h - the ten number types of the kernels, and access to numbers at any address.
 *
 * Buffers may start anywhere (a view into a packed file, say), so every pointer to a caller's
 * numbers has one of the _at types below: the compiler then emits loads that need no alignment.
 */
#ifndef AC_DTYPE_H
#define AC_DTYPE_H

#include "base/ac_base.h"

typedef enum ac_dtype {
    AC_I8 = 0,
    AC_U8 = 1,
    AC_I16 = 2,
    AC_U16 = 3,
    AC_I32 = 4,
    AC_U32 = 5,
    AC_I64 = 6,
    AC_U64 = 7,
    AC_F32 = 8,
    AC_F64 = 9,
} ac_dtype;

#define AC_ANY_ALIGN __attribute__((aligned(1), may_alias))
typedef int16_t ac_i16_at AC_ANY_ALIGN;
typedef uint16_t ac_u16_at AC_ANY_ALIGN;
typedef int32_t ac_i32_at AC_ANY_ALIGN;
typedef uint32_t ac_u32_at AC_ANY_ALIGN;
typedef int64_t ac_i64_at AC_ANY_ALIGN;
typedef uint64_t ac_u64_at AC_ANY_ALIGN;
typedef float ac_f32_at AC_ANY_ALIGN;
typedef double ac_f64_at AC_ANY_ALIGN;

/* Bytes of one number. */
AC_INLINE size_t ac_dtype_size(ac_dtype dtype) {
    switch (dtype) {
    case AC_I8:
    case AC_U8:
        return 1;
    case AC_I16:
    case AC_U16:
        return 2;
    case AC_I32:
    case AC_U32:
    case AC_F32:
        return 4;
    default:
        return 8;
    }
}

#endif
