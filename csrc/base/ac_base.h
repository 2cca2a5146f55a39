/* ac_base.h - the compiler: inlining, likelihood, cache lines, the pause instruction.
 *
 * Everything in csrc may include this; it includes only the C standard library. No file in
 * csrc ever includes Python.h: the core moves uintptr_t and bytes.
 */
#ifndef AC_BASE_H
#define AC_BASE_H

/* -std=c11 hides clock_gettime and the thread names. Our headers are included before the
 * system's in every file, so that this comes first. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#if defined(_WIN32)
#include <malloc.h>
#endif

/* Must equal allcores._common.version.VERSION; a test compares the two. A compiled module that
 * carries another version than the Python files beside it refuses to load. */
#define AC_VERSION "0.1.0"

/* Two fields with different writers stand at least this far apart. 64 is the line of x86-64 and
 * of most aarch64; Apple's cores have 128. */
#if defined(__APPLE__) && defined(__aarch64__)
#define AC_CACHE_LINE 128
#else
#define AC_CACHE_LINE 64
#endif
#define AC_ALIGNED_LINE _Alignas(AC_CACHE_LINE)

/* Memory on a line of its own; `bytes` is a multiple of the line. Windows frees such memory apart. */
#if defined(_WIN32)
#define ac_alloc_lines(bytes) _aligned_malloc((bytes), AC_CACHE_LINE)
#define ac_free_lines(p) _aligned_free(p)
#else
#define ac_alloc_lines(bytes) aligned_alloc(AC_CACHE_LINE, (bytes))
#define ac_free_lines(p) free(p)
#endif

#if defined(__GNUC__) || defined(__clang__)
#define AC_INLINE static inline __attribute__((always_inline, unused))
#define AC_UNUSED __attribute__((unused))
#define AC_COLD __attribute__((noinline, cold))
#define AC_LIKELY(x) __builtin_expect(!!(x), 1)
#define AC_UNLIKELY(x) __builtin_expect(!!(x), 0)
#define AC_RESTRICT __restrict__
#else
#define AC_INLINE static inline
#define AC_UNUSED
#define AC_COLD
#define AC_LIKELY(x) (x)
#define AC_UNLIKELY(x) (x)
#define AC_RESTRICT
#endif

/* One value for every try-operation of every structure. */
typedef enum ac_status {
    AC_OK = 0,     /* done */
    AC_EMPTY = 1,  /* nothing to take: head == tail at one instant of the call */
    AC_FULL = 2,   /* no room: tail - head >= limit at one instant of the call */
    AC_CLOSED = 3, /* the structure takes nothing more */
    AC_NOMEM = 4,  /* malloc failed; nothing was changed */
    AC_MISUSE = 5, /* a second producer or consumer on a single-producer single-consumer ring */
    AC_ELSEWHERE = 6, /* what was inside has been handed over, and the structure is no longer used */
} ac_status;

/* The processor's hint that this thread spins. Never spin without it: on a core with two hardware
 * threads the sibling is usually the one that is waited for. */
AC_INLINE void ac_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("isb" ::: "memory"); /* longer than yield, close to x86's pause */
#elif defined(__riscv)
    __asm__ __volatile__(".word 0x0100000f" ::: "memory"); /* pause, a hint on every core */
#endif
}

AC_INLINE uint64_t ac_ceil_pow2_u64(uint64_t x) {
    uint64_t p = 1;
    while (p < x) p <<= 1;
    return p;
}

#endif
