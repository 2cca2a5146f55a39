/* ac_peer.h - who a process is, and whether it is dead; the kernel's word, never a heartbeat.
 *
 *   ac_store_release(&slot->owner, ac_peer_self());       in the one process
 *   if (ac_peer_is_dead(ac_load_acquire(&slot->owner)))   in another
 *       ...what it held is nobody's now
 *
 * A peer is a process number and a hash of the instant at which the process was started, so that a
 * number which the system has given away again is not mistaken for the one that was. A stopped
 * process is not dead; a killed one whose parent has not yet waited for it is (kill(pid, 0) would
 * succeed for it). Peers of different process namespaces do not know each other: whoever shares
 * memory across them must not ask here.
 *
 * Both functions make system calls: some 20 us. A forked child is another peer.
 * Linux (ac_peer_linux.c: pidfd and /proc).
 */
#ifndef AC_PEER_H
#define AC_PEER_H

#include <stdbool.h>

#include "base/ac_base.h"

/* This process; never 0. */
uint64_t ac_peer_self(void);

/* Whether the process has ended. What cannot be found out counts as alive. */
bool ac_peer_is_dead(uint64_t peer);

#endif
