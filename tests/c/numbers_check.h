/* numbers_check.h - buffers of every type for the tests of kernels: filled in many shapes, at any
 * address, and read back one number at a time. */
#ifndef AC_NUMBERS_CHECK_H
#define AC_NUMBERS_CHECK_H

#include <math.h>

#include "kernels_check.h"

#define CHECK_FLOATS 4 /* more shapes for floats: around zero, with infinities, denormals, NaNs */

AC_UNUSED static bool check_is_float(int dtype) { return dtype == AC_F32 || dtype == AC_F64; }

AC_UNUSED static bool check_is_signed(int dtype) { return !check_is_float(dtype) && dtype % 2 == 0; }

/* Writes number i: floats from the pattern's words, or from those of its own kind of shapes. */
AC_UNUSED static void check_put(int dtype, char *x, int64_t i, uint64_t word, int shape) {
    const size_t size = ac_dtype_size((ac_dtype)dtype);
    if (!check_is_float(dtype)) {
        memcpy(x + (size_t)i * size, &word, size);
        return;
    }
    double value = (double)(int64_t)word / 1048576.0;
    if (shape == 1) value = word % 3 == 0 ? 0.0 : word % 3 == 1 ? -0.0 : (double)(word % 5) - 2;
    if (shape == 2 && word % 17 == 0) value = word % 2 ? (double)INFINITY : -(double)INFINITY;
    if (shape == 3) value = ldexp((double)(int64_t)(word % 99) - 49, dtype == AC_F32 ? -149 : -1074);
    if (shape == 4 && word % 501 == 0) value = word % 2 ? (double)NAN : -(double)NAN;
    if (dtype == AC_F32) {
        const float narrow = (float)value;
        memcpy(x + (size_t)i * 4, &narrow, 4);
    } else {
        memcpy(x + (size_t)i * 8, &value, 8);
    }
}

/* Number i as a double, rounded where it has more than 53 bits. */
AC_UNUSED static double check_get_f64(int dtype, const char *x, int64_t i) {
    const size_t size = ac_dtype_size((ac_dtype)dtype);
    uint64_t word = 0;
    memcpy(&word, x + (size_t)i * size, size);
    if (dtype == AC_F32) {
        float f;
        memcpy(&f, x + (size_t)i * size, 4);
        return (double)f;
    }
    if (dtype == AC_F64) {
        double d;
        memcpy(&d, &word, 8);
        return d;
    }
    const int drop = 64 - 8 * (int)size;
    return check_is_signed(dtype) ? (double)((int64_t)(word << drop) >> drop) : (double)word;
}

/* Number i of integers, widened as its kind says. */
AC_UNUSED static uint64_t check_get_u64(int dtype, const char *x, int64_t i) {
    const size_t size = ac_dtype_size((ac_dtype)dtype);
    const int drop = 64 - 8 * (int)size;
    uint64_t word = 0;
    memcpy(&word, x + (size_t)i * size, size);
    return check_is_signed(dtype) ? (uint64_t)((int64_t)(word << drop) >> drop) : word;
}

/* A buffer of n numbers, `off` bytes from an even address; free *base. */
AC_UNUSED static char *check_numbers(int dtype, int64_t n, size_t off, int pattern, int shape,
                                     uint64_t *state, void **base) {
    char *const x = check_room(base, (size_t)n * ac_dtype_size((ac_dtype)dtype), off);
    for (int64_t i = 0; i < n; i++)
        check_put(dtype, x, i, check_pattern(pattern, i, n, state), shape);
    return x;
}

#endif
