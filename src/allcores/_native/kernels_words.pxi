# Included by kernels.pyx: the table of words, its iterator, and the two ways to make one.

@cython.final
cdef class WordTable:
    """What allcores.kernels.WordCounts is a view of. Never changes once it can be reached."""

    cdef ac_words *words
    cdef uint64_t total_words

    def __cinit__(self, *args, **kwargs):
        self.words = NULL

    def __dealloc__(self):
        ac_words_free(self.words)

    @property
    def total(self):
        """How many words were counted."""
        return self.total_words

    def __len__(self):
        return ac_words_distinct(self.words) if self.words != NULL else 0

    def get(self, word):
        """Return how often a word was counted; 0 for whatever is no bytes."""
        if self.words == NULL or not isinstance(word, bytes):
            return 0
        return ac_words_get(self.words, <const uint8_t *>PyBytes_AS_STRING(word),
                            PyBytes_GET_SIZE(word))

    def of_length(self, length):
        """Return how many of the words counted have a length in bytes."""
        cdef uint64_t wanted, found
        if self.words == NULL or not 0 < length < 1 << 63:
            return 0
        wanted = length
        with nogil:
            found = ac_words_of_length(self.words, wanted)
        return found

    def pairs(self):
        """Return an iterator of (word, count), in no particular order."""
        cdef WordPairs it = WordPairs.__new__(WordPairs)
        it.table = self
        return it

    def most_common(self, most):
        """Return a list of the (word, count) with the highest counts, ties by the words' bytes."""
        cdef uint64_t wanted, found, i
        cdef ac_word *top
        if self.words == NULL:
            return []
        wanted = ac_words_distinct(self.words)
        if most < wanted:
            wanted = most
        top = <ac_word *>calloc(wanted + 1, sizeof(ac_word))
        if top == NULL:
            raise MemoryError(f"no room for {wanted} words")
        try:
            with nogil:
                found = ac_words_top(self.words, wanted, top)
            words = []  # a loop, as in numbers_at
            for i in range(found):
                word = PyBytes_FromStringAndSize(<const char *>top[i].bytes, top[i].length)
                words.append((word, top[i].count))
            return words
        finally:
            free(top)


@cython.final
cdef class WordPairs:
    cdef WordTable table
    cdef uint64_t cursor

    def __iter__(self):
        return self

    def __next__(self):
        cdef ac_word word
        cdef bint more = False
        with cython.critical_section(self):  # two threads that share it get each pair once
            if self.table.words != NULL:
                more = ac_words_next(self.table.words, &self.cursor, &word)
        if not more:
            raise StopIteration
        return (PyBytes_FromStringAndSize(<const char *>word.bytes, word.length), word.count)


cdef uint64_t hash_seed() except? 0:
    # As random as the hashes of str are: PYTHONHASHSEED fixes both.
    return <uint64_t>(hash("allcores words") & 0xFFFFFFFFFFFFFFFF)


def count_words_in(texts, shortest, longest, threads):
    """Count the words of a tuple of buffers: a new WordTable."""
    cdef ac_exec ex
    cdef WordTable table = WordTable.__new__(WordTable)
    cdef Py_ssize_t count = len(texts), held = 0, i
    cdef uint64_t least = shortest, most = longest, seed = hash_seed()
    cdef Py_buffer *views
    cdef ac_text *spans
    cdef int rc = 0
    runtime_exec(&ex, threads)
    views = <Py_buffer *>calloc(count + 1, sizeof(Py_buffer))
    spans = <ac_text *>calloc(count + 1, sizeof(ac_text))
    try:
        if views == NULL or spans == NULL:
            raise MemoryError(f"no room for a list of {count} texts")
        for i in range(count):
            get_view(texts[i], &views[i], "data")
            held = i + 1
            spans[i].bytes = <const uint8_t *>views[i].buf
            spans[i].size = views[i].len
        with nogil:
            rc = ac_words_count(&ex, spans, count, least, most, seed, &table.words)
    finally:
        for i in range(held):
            PyBuffer_Release(&views[i])
        free(views)
        free(spans)
    runtime_raise(rc)
    table.total_words = ac_words_total(table.words)
    return table


_MOST_WORDS = 2**63 - 1  # a count's top bit is kept free
_tables = itertools.count(1)


def table_of_pairs(pairs, total=None):
    """Return a new WordTable of (word, count) pairs; counts of one word are added."""
    cdef WordTable table = WordTable.__new__(WordTable)
    cdef uint64_t count
    running = 0
    # Another seed for each table: pairs often come in the order of another table's slots, and with its
    # seed they would fill this one from one end, in quadratic time.
    cdef uint64_t number_of_table = next(_tables)
    table.words = ac_words_new(hash_seed() ^ (number_of_table << 32) ^ number_of_table)
    if table.words == NULL:
        raise MemoryError("no room for a table of words")
    for word, number in pairs:
        if not isinstance(word, bytes) or not word or number <= 0:
            raise ValueError(f"expected a word of at least one byte and its count, "
                             f"not {word!r} and {number!r}")
        running += number
        if running > _MOST_WORDS:
            raise OverflowError(f"the counts add up to more than {_MOST_WORDS}, the most a table holds")
        count = number
        if not ac_words_add(table.words, <const uint8_t *>PyBytes_AS_STRING(word),
                            PyBytes_GET_SIZE(word), count):
            raise MemoryError("no room for a table of words")
    if total is not None and total > _MOST_WORDS:
        raise OverflowError(f"a total of {total} words; the most a table holds is {_MOST_WORDS}")
    table.total_words = ac_words_total(table.words) if total is None else total
    return table
