/* ac_width.h - one source for words of 32 and of 64 bits.
 *
 * A file that is included once for each width says first AC_BITS 32 or 64 (64 if nothing is said), then
 * includes this, names its functions AC_W(name), which is ac_name_32 or ac_name_64, its words ac_word
 * and ac_word_at, and ends with #undef AC_BITS. It has no guard against being included twice.
 */
#ifndef AC_BITS
#define AC_BITS 64
#endif

#ifndef AC_W
#include "kernels/ac_dtype.h"
#define AC_W_JOIN_(name, bits) ac_##name##_##bits
#define AC_W_(name, bits) AC_W_JOIN_(name, bits)
#define AC_W(name) AC_W_(name, AC_BITS)
typedef uint32_t ac_word_32;
typedef uint64_t ac_word_64;
typedef ac_u32_at ac_word_at_32;
typedef ac_u64_at ac_word_at_64;
#define ac_word AC_W(word)
#define ac_word_at AC_W(word_at)
#endif
