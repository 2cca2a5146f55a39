/* ac_crc32.h - the CRC-32 of zlib, gzip and PNG (polynomial 0x04C11DB7, bits reflected). */
#ifndef AC_CRC32_H
#define AC_CRC32_H

#include "sched/ac_exec.h"

/* *crc: in, the value of what came before (0 at first); out, the value with bytes[0..n) behind it.
 * Returns 0, AC_STOPPED_BY_POLL or AC_EXEC_NOMEM (then *crc is unchanged). */
int ac_crc32(const ac_exec *ex, const uint8_t *bytes, int64_t n, uint32_t *crc);

/* The value of A followed by B from those of A and B alone, and the length of B. */
uint32_t ac_crc32_combine(uint32_t a, uint32_t b, uint64_t b_length);

/* The same as ac_crc32 in one thread with a given instruction set: for the tests. */
uint32_t ac_crc32_serial_(ac_simd simd, const uint8_t *bytes, int64_t n, uint32_t crc);

#endif
