/* ac_primes.h - the primes from one number up to below another, or how many there are.
 *
 *     ac_primes *primes;
 *     rc = ac_primes_sieve(&ex, start, stop, true, &primes);
 *     if (rc == 0) rc = ac_primes_write(primes, &ex, out);     // ac_primes_count(primes) numbers
 *     ac_primes_free(primes);                                  // NULL is allowed
 */
#ifndef AC_PRIMES_H
#define AC_PRIMES_H

#include <stdbool.h>

#include "kernels/ac_dtype.h"
#include "sched/ac_exec.h"

#define AC_PRIMES_MAX_STOP ((uint64_t)1 << 53) /* squares and multiples then fit in 64 bits */

typedef struct ac_primes ac_primes;

/* Sieves the numbers from start to below stop <= AC_PRIMES_MAX_STOP, which may be none; `keep` if they
 * will be written, which takes (stop - start) / 30 bytes. Returns 0, AC_STOPPED_BY_POLL or
 * AC_EXEC_NOMEM. */
int ac_primes_sieve(const ac_exec *ex, uint64_t start, uint64_t stop, bool keep,
                    ac_primes **primes);

uint64_t ac_primes_count(const ac_primes *primes);

/* Writes them upwards. Returns 0 or AC_STOPPED_BY_POLL. */
int ac_primes_write(const ac_primes *primes, const ac_exec *ex, ac_u64_at *out);

void ac_primes_free(ac_primes *primes);

#endif
