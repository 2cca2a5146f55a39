/* ac_minmax.h - the least and the greatest number of a buffer.
 *
 * A NaN anywhere makes both NaN (the one with the sign bit clear and no payload). Of 0.0 and -0.0,
 * which are equal, one place of the buffer gives always the same one, whatever the number of
 * threads and the instruction set.
 *
 *     ac_number least, most;
 *     int rc = ac_minmax(&ex, AC_F64, x, n, &least, &most);   // least.f64
 */
#ifndef AC_MINMAX_H
#define AC_MINMAX_H

#include "kernels/ac_sum.h"

/* n >= 1; x may have any alignment; `least` or `most` may be NULL. Numbers come in the member of
 * ac_number that their kind has. Returns 0, AC_STOPPED_BY_POLL or AC_EXEC_NOMEM. */
int ac_minmax(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, ac_number *least,
              ac_number *most);

#endif
