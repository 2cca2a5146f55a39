/* ac_shm_region_linux.c - ac_shm_region.h on Linux: a sealed memfd. */
#include "shm/ac_shm_region.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3; older kernels answer EINVAL */
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

static int map(ac_shm_region *r, int fd, size_t bytes) {
    void *const at =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    if (at == MAP_FAILED) return errno;
    /* Huge pages would make 2 MB of every small queue resident. */
    (void)madvise(at, bytes, MADV_NOHUGEPAGE);
    *r = (ac_shm_region){.base = at, .bytes = bytes, .fd = fd};
    return 0;
}

int ac_shm_region_create(ac_shm_region *r, size_t bytes) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    bytes = (bytes + page - 1) / page * page;
    const unsigned flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
    int fd = memfd_create("allcores", flags | MFD_NOEXEC_SEAL);
    if (fd < 0 && errno == EINVAL) fd = memfd_create("allcores", flags);
    if (fd < 0) return errno;
    int err = ftruncate(fd, (off_t)bytes) != 0 ? errno : 0;
    if (err == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0) err = errno;
    if (err == 0) err = map(r, fd, bytes);
    if (err != 0) close(fd);
    return err;
}

int ac_shm_region_create_in(ac_shm_region *r, int fd, size_t bytes) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    bytes = (bytes + page - 1) / page * page;
    return ftruncate(fd, (off_t)bytes) != 0 ? errno : map(r, fd, bytes);
}

static bool is_private(const struct stat *st) {
    return S_ISREG(st->st_mode) && st->st_uid == geteuid() && (st->st_mode & 0177) == 0;
}

int ac_shm_region_attach(ac_shm_region *r, int fd) {
    struct stat st;
    if (fstat(fd, &st) != 0) return errno;
    const int seals = fcntl(fd, F_GET_SEALS);
    const bool sealed = seals >= 0 && (seals & F_SEAL_SHRINK);
    if (!(sealed || is_private(&st)) || st.st_size <= 0) return EINVAL;
    /* It came through an exec or a socket, and goes no further by itself. */
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    return map(r, fd, (size_t)st.st_size);
}

int ac_shm_region_back(const ac_shm_region *r, size_t offset, size_t bytes) {
    int err;
    /* Also fills this process's page table: a quarter of the cost of one fault a page. */
    do {
        err = madvise(r->base + offset, bytes, MADV_POPULATE_WRITE) != 0 ? errno : 0;
    } while (err == EINTR);
    if (err != EINVAL) return err == EFAULT ? ENOSPC : err;
    do {
        err = fallocate(r->fd, 0, (off_t)offset, (off_t)bytes) != 0 ? errno : 0;
    } while (err == EINTR);
    return err;
}

int ac_shm_region_drop(const ac_shm_region *r, size_t offset, size_t bytes) {
    return madvise(r->base + offset, bytes, MADV_REMOVE) != 0 ? errno : 0;
}

void ac_shm_region_expect(void *at, size_t bytes) {
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), huge = (uintptr_t)1 << 21;
    const uintptr_t start = ((uintptr_t)at + page - 1) / page * page;
    const uintptr_t end = ((uintptr_t)at + bytes) / page * page;
    if (end <= start) return;
    if (bytes >= 2 * huge) (void)madvise((void *)start, end - start, MADV_HUGEPAGE);
    (void)madvise((void *)start, end - start, MADV_POPULATE_WRITE);
}

void ac_shm_region_close(ac_shm_region *r) {
    if (r->base == NULL) return;
    munmap(r->base, r->bytes);
    if (r->fd >= 0) close(r->fd);
    r->base = NULL;
    r->fd = -1;
}
