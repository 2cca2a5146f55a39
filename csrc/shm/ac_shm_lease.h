/* ac_shm_lease.h - messages that are read where they lie.
 *
 *   ac_shm_lease lease;
 *   ac_shm_batch got = {.small = ..., .lease = &lease};
 *   ac_shm_queue_take(&q, 1, &got, AC_SHM_TRY);
 *   if (lease.bytes != 0) {
 *       const uint8_t *data;
 *       int err = ac_shm_lease_map(&q, &lease, &data);      lease.bytes bytes from data
 *       ...
 *       ac_shm_lease_release(&q, &lease);                   data is gone
 *   }
 *
 * A leased message is one that is claimed and not yet copied: the claim's intent keeps it, and all that
 * was put into its lane after it, from being recycled. So a lane from which a view is held grows; a
 * killed holder's intent is withdrawn by the reaper, and counted as one message that may be lost.
 * No other trace: nothing new can be left wrong by a kill.
 *
 * Any thread may release; a lease is one thread's at a time. In a forked child the copy of a lease holds
 * nothing: what it shows may change when the parent lets go.
 */
#ifndef AC_SHM_LEASE_H
#define AC_SHM_LEASE_H

#include "shm/ac_shm_queue.h"

/* Where the payload lies, in one piece: in the queue's mapping if its segments are neighbours, else in
 * one of its own, which is read-only. 0; ENOMEM or another errno of mmap: copy it instead; EPROTO: a
 * peer wrote over the table. */
int ac_shm_lease_map(ac_shm_queue *q, ac_shm_lease *lease, const uint8_t **data);

/* Copies the payload; false if a peer wrote over the table. */
bool ac_shm_lease_copy(ac_shm_queue *q, const ac_shm_lease *lease, void *to);

/* Ends the lease, and its mapping. Returns whether drained segments wait for ac_shm_queue_tidy. */
bool ac_shm_lease_release(ac_shm_queue *q, ac_shm_lease *lease);

#endif
