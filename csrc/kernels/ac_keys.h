/* ac_keys.h - numbers as unsigned 64-bit keys whose order is the order of the numbers.
 *
 * Integers: the sign bit is flipped. Floats: positive ones get the sign bit set, negative ones are
 * complemented, and the whole is rotated so that negative infinity is 0 and every NaN, of
 * either sign, comes after positive infinity. Two forms:
 *
 *   AC_KEYS_EXACT  one key for each bit pattern, so that ac_keys_store gives the numbers back.
 *                  -0.0 comes before 0.0, NaNs are ordered by their bits. For sort.
 *   AC_KEYS_TIES   -0.0 and 0.0 have one key, all NaNs have one key: numbers that compare equal
 *                  cannot be told apart. For argsort, which keeps their order.
 */
#ifndef AC_KEYS_H
#define AC_KEYS_H

#include "kernels/ac_dtype.h"
#include "sched/ac_exec.h"

typedef enum ac_keys_form { AC_KEYS_EXACT = 0, AC_KEYS_TIES = 1 } ac_keys_form;

/* keys[i] = key of x[first + i], 0 <= i < n. */
void ac_keys_load(ac_simd simd, ac_dtype dtype, ac_keys_form form, const void *x, int64_t first,
                  int64_t n, ac_u64_at *keys);

/* x[first + i] = the number whose exact key is keys[i]. For dtypes of 8 bytes keys may be x +
 * first: then the change is in place. Every instruction set gives the same. */
void ac_keys_store(ac_simd simd, ac_dtype dtype, const ac_u64_at *keys, int64_t n, void *x,
                   int64_t first);

/* The same with keys of 32 bits, in exact form, for dtypes of 4 bytes and less: keys[i] is what
 * ac_keys_load gives. With 4 bytes keys may be x + first here too, in both directions. */
void ac_keys_load32(ac_simd simd, ac_dtype dtype, const void *x, int64_t first, int64_t n,
                    ac_u32_at *keys);
void ac_keys_store32(ac_simd simd, ac_dtype dtype, const ac_u32_at *keys, int64_t n, void *x,
                     int64_t first);

#endif
