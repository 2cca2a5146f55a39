# The declarations of csrc/shm that the queues between processes need. No code.
from libc.stdint cimport int64_t, uint16_t, uint32_t, uint64_t, uint8_t

cdef extern from "base/ac_base.h" nogil:
    const char *AC_VERSION

cdef extern from "base/ac_clock.h" nogil:
    int64_t AC_FOREVER
    int64_t ac_now_ns()
    int64_t ac_deadline_after(int64_t timeout_ns)

cdef extern from "wait/ac_slices.h" nogil:
    ctypedef struct ac_slices:
        int64_t length_ns
    int64_t ac_slices_end(ac_slices *s, int64_t deadline_ns)
    void ac_slices_slept(ac_slices *s, bint whole)

cdef extern from "shm/ac_shm_bell.h" nogil:
    ctypedef struct ac_shm_ear:
        int fd

    int AC_SHM_NO_BELL
    int ac_shm_bell_of_file(int fd)
    bint ac_shm_bell_is_file(int bell)
    int ac_shm_bell_create()
    ac_shm_ear ac_shm_ear_none()
    int ac_shm_ear_open(ac_shm_ear *ear, int bell)
    void ac_shm_ear_close(ac_shm_ear *ear)
    bint ac_shm_ear_is_ours(const ac_shm_ear *ear)

cdef extern from "shm/ac_shm_queue.h" nogil:
    int64_t AC_SHM_TRY
    int64_t AC_SHM_NOWAIT
    uint16_t AC_SHM_MARK
    int AC_SHM_SMALL_BYTES

    ctypedef enum ac_shm_status:
        AC_SHM_OK
        AC_SHM_EMPTY
        AC_SHM_FULL
        AC_SHM_CLOSED
        AC_SHM_BUSY
        AC_SHM_BIG
        AC_SHM_LIMIT
        AC_SHM_NOMEM
        AC_SHM_CORRUPT
        AC_SHM_INTERRUPTED

    ctypedef struct ac_shm_record:
        uint64_t bytes
        uint16_t kind
        uint16_t mark

    size_t ac_shm_record_size(uint64_t payload)

    ctypedef struct ac_shm_part:
        const void *data
        size_t bytes

    ctypedef struct ac_shm_image:
        void *front
        size_t front_bytes
        const void *body
        size_t body_bytes
        uint64_t count
        const ac_shm_part *parts
        size_t part_count
        size_t parts_bytes
        int64_t held_up_ns

    ctypedef struct ac_shm_lease:
        uint64_t bytes

    ctypedef struct ac_shm_batch:
        void *small
        size_t small_bytes
        void *exact
        size_t exact_bytes
        size_t wanted
        uint16_t wanted_kind
        void *large
        const uint8_t *data
        size_t bytes
        uint64_t count
        bint untidy
        ac_shm_lease *lease

    ctypedef struct ac_shm_region:
        uint8_t *base
        int fd

    void ac_shm_region_expect(void *at, size_t bytes)

    ctypedef struct ac_shm_queue:
        ac_shm_region region
        int bell
        uint64_t maxsize
        uint32_t flags

    ctypedef struct ac_shm_queue_options:
        uint64_t maxsize
        uint64_t limit_bytes
        uint32_t shift
        uint32_t spares
        uint32_t lanes
        uint32_t flags
        int file

    ctypedef struct ac_shm_queue_stats:
        uint64_t puts
        uint64_t gets
        uint64_t done
        uint64_t bytes
        uint64_t waiting_bytes
        uint64_t memory_bytes
        uint64_t limit_bytes
        uint64_t deaths
        uint64_t lost
        uint64_t lanes

    int ac_shm_queue_create(ac_shm_queue *q, const ac_shm_queue_options *options)
    int ac_shm_queue_attach(ac_shm_queue *q, int fd)
    void ac_shm_queue_close(ac_shm_queue *q)
    ac_shm_status ac_shm_queue_put(ac_shm_queue *q, ac_shm_image *image, int64_t deadline_ns,
                                   uint64_t *count, size_t *bytes)
    ac_shm_status ac_shm_queue_take(ac_shm_queue *q, uint64_t most, ac_shm_batch *batch,
                                    int64_t deadline_ns)
    void ac_shm_queue_pass_on(ac_shm_queue *q)
    void ac_shm_queue_mend(ac_shm_queue *q)
    ac_shm_status ac_shm_queue_look(ac_shm_queue *q, int64_t deadline_ns)
    bint ac_shm_queue_listen(ac_shm_queue *q, ac_shm_ear *ear)
    ac_shm_status ac_shm_queue_shutdown(ac_shm_queue *q, bint discard)
    bint ac_shm_queue_is_shut_down(const ac_shm_queue *q)
    bint ac_shm_queue_done(ac_shm_queue *q)
    ac_shm_status ac_shm_queue_join(ac_shm_queue *q, int64_t deadline_ns)
    void ac_shm_queue_tidy(ac_shm_queue *q)
    void ac_shm_queue_stat(ac_shm_queue *q, ac_shm_queue_stats *out)
    uint64_t ac_shm_queue_depth(const ac_shm_queue *q)
    bint ac_shm_queue_is_empty(const ac_shm_queue *q)

cdef extern from "shm/ac_shm_lease.h" nogil:
    int ac_shm_lease_map(ac_shm_queue *q, ac_shm_lease *lease, const uint8_t **data)
    bint ac_shm_lease_copy(ac_shm_queue *q, const ac_shm_lease *lease, void *to)
    bint ac_shm_lease_release(ac_shm_queue *q, ac_shm_lease *lease)

cdef extern from "shm/ac_shm_party.h" nogil:
    uint32_t AC_SHM_OPENED
    uint32_t AC_SHM_PUTS
    uint32_t AC_SHM_TAKES

    ctypedef struct ac_shm_party:
        uint64_t peer
        uint32_t roles
        bint dead

    bint ac_shm_party_enlist(ac_shm_queue *q)
    void ac_shm_party_delist(ac_shm_queue *q)
    size_t ac_shm_party_list(const ac_shm_queue *q, ac_shm_party *out, size_t most)
    bint ac_shm_party_all_dead(const ac_shm_queue *q)
