/* ac_shm_party.h - which processes have to do with a queue, and which of them are dead.
 *
 * A queue without a name needs no such list to live: the kernel frees it with its last process. One with
 * a name does: it stays when nobody has it open, and is rubbish when all who had it open were killed.
 * So whoever opens it by name is enlisted, and delisted when it leaves in order. Lanes and claims know
 * their owners too; these count as alive while they are, and as nothing when they are not, because
 * nobody takes a lane's owner out of it.
 *
 * Entries are taken by one CAS and cleared by their owner, or taken over by whoever finds their owner dead
 * and needs the place. A system call for each party: not for hot paths.
 */
#ifndef AC_SHM_PARTY_H
#define AC_SHM_PARTY_H

#include "shm/ac_shm_queue.h"

#define AC_SHM_OPENED 1u /* enlisted */
#define AC_SHM_PUTS 2u   /* has a lane */
#define AC_SHM_TAKES 4u  /* has slots in the table of claims */

typedef struct ac_shm_party {
    uint64_t peer; /* ac_peer.h: the process number is in the upper half */
    uint32_t roles;
    bool dead;
} ac_shm_party;

/* Says that this process has the queue open through `q`. False if there is no place. Each handle has an
 * entry of its own: to close one takes nothing from another of the same process. A second call for a
 * handle, and delist for one that is not enlisted, do nothing; so does delist in a forked child, for
 * which the handle is not enlisted. Any thread. */
bool ac_shm_party_enlist(ac_shm_queue *q);
void ac_shm_party_delist(ac_shm_queue *q);

/* Lists each process once, `most` at most; returns how many. */
size_t ac_shm_party_list(const ac_shm_queue *q, ac_shm_party *out, size_t most);

/* Whether somebody was killed who had the queue open, and nobody who has to do with it is alive. */
bool ac_shm_party_all_dead(const ac_shm_queue *q);

#endif
