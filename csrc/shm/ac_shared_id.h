/* ac_shared_id.h - which process, in one number that is never another's: process id and start time.
 *
 *   const uint64_t me = ac_shared_id_self();            once a process, and again after a fork
 *   if (ac_shared_id_dead(owner, true)) ...             nobody will ever act under this number again
 *
 * id = { start time : 41, process id : 22 }: 63 bits, so that a lock has one bit beside it, and never
 * zero. The start time is /proc's, in ticks since boot: a process id that was given to another process
 * since has another one. Where /proc cannot be read it is zero and not compared.
 *
 * Alive is what the kernel says (pidfd), never a heartbeat: a stopped process is alive, and so is one
 * whose first thread has ended; a killed one is dead before anybody has waited for it. A thread is no
 * process: its end is no death. Valid within one PID namespace. Any thread may call; nothing is kept
 * open. Linux (ac_shared_id_linux.c: pidfd_open, 5.3; before that what /proc says).
 */
#ifndef AC_SHARED_ID_H
#define AC_SHARED_ID_H

#include "base/ac_base.h"

#include <stdbool.h>

#define AC_SHARED_PID_BITS 22u /* the kernel's PID_MAX_LIMIT is 2^22 */
#define AC_SHARED_START_BITS 41u

AC_INLINE uint64_t ac_shared_id_make(uint64_t pid, uint64_t start) {
    const uint64_t mask = (UINT64_C(1) << AC_SHARED_START_BITS) - 1;
    return (start & mask) << AC_SHARED_PID_BITS | pid;
}
AC_INLINE uint32_t ac_shared_id_pid(uint64_t id) {
    return (uint32_t)(id & ((UINT64_C(1) << AC_SHARED_PID_BITS) - 1));
}
AC_INLINE uint64_t ac_shared_id_start(uint64_t id) { return id >> AC_SHARED_PID_BITS; }

/* The calling process's. Reads a file of /proc: 10 us. */
uint64_t ac_shared_id_self(void);

/* Whether the process has ended. 2 us; `thorough` also compares the start time (10 us more): without
 * it, a process id that was given to another process since counts as alive. */
bool ac_shared_id_dead(uint64_t id, bool thorough);

#endif
