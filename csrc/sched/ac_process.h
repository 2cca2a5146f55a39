/* ac_process.h - what a process has once: its pool, its shelf for scratch memory, and the
 * instruction set it may use.
 *
 * ac_process.c is the only file of csrc with mutable globals, and is linked into one module alone
 * (allcores._native.runtime); all others reach it through the table of ac_exec.h, so that a second
 * copy of csrc in another extension does not make a second pool.
 */
#ifndef AC_PROCESS_H
#define AC_PROCESS_H

#include "sched/ac_keeper.h"
#include "sched/ac_pool.h"

/* The table for the other modules. Constant address, constant content. */
const ac_sched_api *ac_process_api(void);

ac_pool *ac_process_pool(void);
ac_keeper *ac_process_keeper(void);

/* The best instruction set that this processor and operating system offer. Asks every time (about
 * a hundred instructions); writes nothing. */
ac_simd ac_simd_detect(void);

/* A name for people: "avx512". */
const char *ac_simd_name(ac_simd simd);

#endif
