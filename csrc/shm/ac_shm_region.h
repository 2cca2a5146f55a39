/* ac_shm_region.h - memory shared between processes that has no name and cannot be left behind,
 * unless it is given a name.
 *
 *   ac_shm_region r;
 *   int err = ac_shm_region_create(&r, 1 << 30);      address space; no memory yet
 *   err = ac_shm_region_back(&r, 0, 65536);           these bytes have memory: no fault can fail
 *   ... a child inherits the mapping, or attaches through the descriptor ...
 *   ac_shm_region_close(&r);
 *
 * The region is a descriptor and a mapping. The kernel frees it when the last process that has
 * either of them ends, however it ends. Its size is sealed, so that no peer can shrink it under
 * us; memory is given to a range before it is touched, so that a full machine is an error code and
 * not SIGBUS. All functions return 0 or an errno. Linux (ac_shm_region_linux.c: memfd).
 */
#ifndef AC_SHM_REGION_H
#define AC_SHM_REGION_H

#include "base/ac_base.h"

typedef struct ac_shm_region {
    uint8_t *base; /* NULL: closed */
    size_t bytes;
    int fd;
} ac_shm_region;

/* A region of `bytes` (rounded up to pages), zero-filled, of which nothing is backed. */
int ac_shm_region_create(ac_shm_region *r, size_t bytes);

/* The same in an empty file of a memory file system, which is how a region gets a name; takes the
 * descriptor over (on failure it stays the caller's). Such a file has no seals: that nobody shrinks it
 * rests on its mode. */
int ac_shm_region_create_in(ac_shm_region *r, int fd, size_t bytes);

/* Maps the region behind `fd` and takes the descriptor over (on failure it stays the caller's).
 * EBADF or EINVAL where the descriptor is neither that of a sealed region nor of a file that is this
 * user's and nobody else can open. */
int ac_shm_region_attach(ac_shm_region *r, int fd);

/* Gives memory to [offset, offset + bytes) or fails with nothing promised. Idempotent. */
int ac_shm_region_back(const ac_shm_region *r, size_t offset, size_t bytes);

/* Hands the memory of the range back; the bytes read as zero and are not backed any more. */
int ac_shm_region_drop(const ac_shm_region *r, size_t offset, size_t bytes);

/* Says of private memory that all of it is about to be written: the system gives it at once, from 4 MB on in
 * huge pages where it has them. A fault for each page costs more than the copy that follows. A hint. */
void ac_shm_region_expect(void *at, size_t bytes);

/* Unmaps and closes; nobody may be inside. Closing twice is harmless. */
void ac_shm_region_close(ac_shm_region *r);

#endif
