# The declarations of csrc/kernels. No code.
from libc.stdint cimport int64_t, uint8_t, uint32_t, uint64_t

from allcores._native.c_sched cimport ac_exec

cdef extern from "kernels/ac_dtype.h" nogil:
    ctypedef enum ac_dtype:
        AC_I8
        AC_U8
        AC_I16
        AC_U16
        AC_I32
        AC_U32
        AC_I64
        AC_U64
        AC_F32
        AC_F64
    ctypedef int64_t ac_i64_at
    ctypedef uint32_t ac_u32_at
    ctypedef uint64_t ac_u64_at

cdef extern from "kernels/ac_sum.h" nogil:
    ctypedef union ac_number:
        int64_t i64
        uint64_t u64
        double f64
    int ac_sum(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, ac_number *total)

cdef extern from "kernels/ac_minmax.h" nogil:
    int ac_minmax(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, ac_number *least,
                  ac_number *most)

cdef extern from "kernels/ac_moments.h" nogil:
    ctypedef struct ac_moments:
        double mean
        double deviations
    int ac_moments_of(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, bint deviations,
                      ac_moments *moments)

cdef extern from "kernels/ac_dot.h" nogil:
    int ac_dot(const ac_exec *ex, ac_dtype dtype, const void *x, const void *y, int64_t n,
               ac_number *result)

cdef extern from "kernels/ac_cumsum.h" nogil:
    int ac_cumsum(const ac_exec *ex, ac_dtype dtype, const void *x, void *out, int64_t n)

cdef extern from "kernels/ac_bincount.h" nogil:
    int ac_bincount(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, int64_t bins,
                    int64_t *out)

cdef extern from "kernels/ac_histogram.h" nogil:
    bint ac_histogram_edges(double first, double last, int64_t bins, bint narrow, double *edges)
    int ac_histogram(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n,
                     const double *edges, int64_t bins, bint equal, int64_t *out)

cdef extern from "kernels/ac_searchsorted.h" nogil:
    int ac_searchsorted(const ac_exec *ex, ac_dtype dtype, const void *sorted, int64_t n,
                        const void *v, int64_t count, bint right, ac_i64_at *out)

cdef extern from "kernels/ac_isin.h" nogil:
    int ac_isin(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, const void *tests,
                int64_t count, bint invert, uint8_t *out)

cdef extern from "kernels/ac_sort.h" nogil:
    int ac_sort(const ac_exec *ex, ac_dtype dtype, const void *x, void *out, int64_t n)
    int ac_argsort(const ac_exec *ex, ac_dtype dtype, const void *x, ac_i64_at *out, int64_t n)

cdef extern from "kernels/ac_unique.h" nogil:
    ctypedef struct ac_unique:
        pass
    int ac_unique_find(const ac_exec *ex, ac_dtype dtype, const void *x, int64_t n, bint counted,
                       bint equal_nan, ac_unique **result)
    int64_t ac_unique_size(const ac_unique *u)
    int ac_unique_write(ac_unique *u, const ac_exec *ex, void *numbers, ac_i64_at *counts)
    void ac_unique_free(ac_unique *u)

cdef extern from "kernels/ac_crc32.h" nogil:
    int ac_crc32(const ac_exec *ex, const uint8_t *bytes, int64_t n, uint32_t *crc)

cdef extern from "kernels/ac_grep.h" nogil:
    int ac_grep_count(const ac_exec *ex, const uint8_t *bytes, int64_t n, const uint8_t *pattern,
                      int64_t m, int64_t *count)

cdef extern from "kernels/ac_mandelbrot.h" nogil:
    ctypedef struct ac_mandelbrot_grid:
        int64_t width
        int64_t height
        double xmin
        double xmax
        double ymin
        double ymax
        uint32_t max_iter
    int ac_mandelbrot(const ac_exec *ex, const ac_mandelbrot_grid *grid, ac_u32_at *counts)

cdef extern from "kernels/ac_primes.h" nogil:
    uint64_t AC_PRIMES_MAX_STOP
    ctypedef struct ac_primes:
        pass
    int ac_primes_sieve(const ac_exec *ex, uint64_t start, uint64_t stop, bint keep,
                        ac_primes **primes)
    uint64_t ac_primes_count(const ac_primes *primes)
    int ac_primes_write(const ac_primes *primes, const ac_exec *ex, ac_u64_at *out)
    void ac_primes_free(ac_primes *primes)

cdef extern from "kernels/ac_words.h" nogil:
    ctypedef struct ac_text:
        const uint8_t *bytes
        int64_t size
    ctypedef struct ac_word:
        const uint8_t *bytes
        uint64_t length
        uint64_t count
    ctypedef struct ac_words:
        pass
    int ac_words_count(const ac_exec *ex, const ac_text *texts, int64_t count, uint64_t shortest,
                       uint64_t longest, uint64_t seed, ac_words **result)
    ac_words *ac_words_new(uint64_t seed)
    void ac_words_free(ac_words *w)
    uint64_t ac_words_distinct(const ac_words *w)
    uint64_t ac_words_total(const ac_words *w)
    uint64_t ac_words_get(const ac_words *w, const uint8_t *bytes, uint64_t length)
    uint64_t ac_words_of_length(const ac_words *w, uint64_t length)
    bint ac_words_add(ac_words *w, const uint8_t *bytes, uint64_t length, uint64_t count)
    bint ac_words_next(const ac_words *w, uint64_t *cursor, ac_word *word)
    uint64_t ac_words_top(const ac_words *w, uint64_t most, ac_word *top)
