/* Tests of csrc/shm/ac_shm_region.h. */
#include "shm/ac_shm_region.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static uint64_t memory_of(const ac_shm_region *r) {
    struct stat st;
    CHECK(fstat(r->fd, &st) == 0);
    return (uint64_t)st.st_blocks * 512;
}

static void a_new_region_is_zero_and_takes_no_memory(void) {
    ac_shm_region r;
    CHECK(ac_shm_region_create(&r, (size_t)1 << 32) == 0);
    CHECK(r.bytes == (size_t)1 << 32);
    CHECK(memory_of(&r) == 0);
    CHECK(r.base[12345678] == 0);
    ac_shm_region_close(&r);
    CHECK(r.base == NULL);
    ac_shm_region_close(&r);
}

static void backing_takes_memory_and_dropping_gives_it_back(void) {
    ac_shm_region r;
    CHECK(ac_shm_region_create(&r, 1 << 20) == 0);
    CHECK(ac_shm_region_back(&r, 65536, 65536) == 0);
    CHECK(memory_of(&r) == 65536);
    r.base[65536] = 7;
    CHECK(ac_shm_region_back(&r, 65536, 65536) == 0);
    CHECK(r.base[65536] == 7);
    CHECK(ac_shm_region_drop(&r, 65536, 65536) == 0);
    CHECK(memory_of(&r) == 0);
    CHECK(r.base[65536] == 0);
    ac_shm_region_close(&r);
}

static void another_mapping_sees_the_same_bytes(void) {
    ac_shm_region r, other;
    CHECK(ac_shm_region_create(&r, 5000) == 0);
    CHECK(ac_shm_region_attach(&other, dup(r.fd)) == 0);
    CHECK(other.bytes == r.bytes && other.base != r.base);
    r.base[4999] = 42;
    CHECK(other.base[4999] == 42);
    CHECK(fcntl(other.fd, F_GETFD) & FD_CLOEXEC);
    ac_shm_region_close(&r);
    CHECK(other.base[4999] == 42);
    ac_shm_region_close(&other);
}

static void the_size_is_sealed(void) {
    ac_shm_region r;
    CHECK(ac_shm_region_create(&r, 8192) == 0);
    CHECK(ftruncate(r.fd, 4096) != 0 && errno == EPERM);
    ac_shm_region_close(&r);
}

static void a_descriptor_of_something_else_is_refused_and_stays_open(void) {
    ac_shm_region r;
    int ends[2];
    CHECK(pipe(ends) == 0);
    CHECK(ac_shm_region_attach(&r, ends[0]) == EINVAL);
    CHECK(fcntl(ends[0], F_GETFD) >= 0);
    const int unsealed = memfd_create("x", 0);
    CHECK(ftruncate(unsealed, 4096) == 0);
    CHECK(ac_shm_region_attach(&r, unsealed) == EINVAL);
    CHECK(ac_shm_region_attach(&r, 9999) == EBADF);
    close(ends[0]);
    close(ends[1]);
    close(unsealed);
}

static void a_limit_of_address_space_is_an_error_code(void) {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    const pid_t child = fork();
    if (child == 0) {
        const struct rlimit limit = {1 << 30, 1 << 30};
        ac_shm_region r;
        if (setrlimit(RLIMIT_AS, &limit) != 0) _exit(2);
        _exit(ac_shm_region_create(&r, (size_t)1 << 34) == ENOMEM ? 0 : 1);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
#endif
}

int main(void) {
    RUN(a_new_region_is_zero_and_takes_no_memory);
    RUN(backing_takes_memory_and_dropping_gives_it_back);
    RUN(another_mapping_sees_the_same_bytes);
    RUN(the_size_is_sealed);
    RUN(a_descriptor_of_something_else_is_refused_and_stays_open);
    RUN(a_limit_of_address_space_is_an_error_code);
    return 0;
}
