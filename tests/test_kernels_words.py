"""count_words: against collections.Counter, on any bytes, files and lists; and its mapping."""

import collections
import copy
import os
import pickle
import random
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from allcores import kernels
from allcores.kernels import WordCounts, count_words

Counter = collections.Counter


def random_text(rng: random.Random, n: int) -> bytes:
    kind = rng.randrange(5)
    if kind == 0:
        return bytes(rng.choices(b"abcd \n", k=n))
    if kind == 1:
        return rng.randbytes(n)
    if kind == 2:
        return bytes(rng.choices(b"\x00\xff\x85\xa0 \t\x0b\x0c\r\x1c\x1f", k=n))
    if kind == 3:
        return b" ".join(b"word%d" % rng.randrange(n + 1) for _ in range(n // 8))
    return b"x" * n


def test_counts_are_counters(seed: int) -> None:
    rng = random.Random(seed)
    for round_ in range(300):
        text = random_text(rng, rng.randrange(200_000 if round_ % 10 == 0 else 2000))
        want = Counter(text.split())
        got = count_words(text, threads=1 + round_ % 3)
        assert got == want
        assert dict(got) == dict(want)
        assert got.total == want.total()
        assert len(got) == len(want)


def test_the_standard_library_is_counted_right() -> None:
    """Real input: the interpreter's own sources, some megabytes of them."""
    folder = Path(os.__file__).parent
    paths = sorted(folder.glob("*.py"))[:80]
    texts = [path.read_bytes() for path in paths]
    want = Counter[bytes]()
    for text in texts:
        want.update(text.split())
    assert count_words(paths) == want
    assert count_words([str(path) for path in paths], threads=1) == want
    assert count_words(tuple(texts), threads=2) == want
    assert count_words([texts[0], paths[1], bytearray(texts[2])]) == Counter(
        texts[0].split() + texts[1].split() + texts[2].split()
    )
    seven = sum(count for word, count in want.items() if len(word) == 7)
    assert count_words(paths).count_of_length(7) == seven
    assert count_words(paths, length=7).total == seven


def test_words_at_the_seams_of_chunks(seed: int) -> None:
    chunk = 256 * 1024
    for filler in (b"x", b" "):
        text = bytearray(filler * (3 * chunk))
        for at in (chunk - 1, chunk, chunk + 1, 2 * chunk - 3, 3 * chunk - 1):
            text[at : at + 1] = b"y" if filler == b" " else b"\n"
        for threads in (1, 3):
            assert count_words(text, threads=threads) == Counter(bytes(text).split())


def test_one_gigantic_word_and_none() -> None:
    word = b"z" * 5_000_000
    for text in (word, b" " + word, word + b"\n", word + b" " + word):
        assert count_words(text, threads=2) == Counter(text.split())
    for text in (b"", b" ", b" \t\n\r\x0b\x0c" * 100_000):
        counts = count_words(text)
        assert counts == {}
        assert counts.total == 0
        assert counts.most_common() == []
        assert list(counts) == []
        assert counts.count_of_length(1) == 0


def test_a_file_by_path(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"a b a")
    assert count_words(str(path)) == count_words(path) == {b"a": 2, b"b": 1}
    path.write_bytes(b"")
    assert count_words(path) == {}
    assert count_words([path, path, b"c"]) == {b"c": 1}
    with pytest.raises(FileNotFoundError):
        count_words(tmp_path / "missing")
    with pytest.raises(IsADirectoryError):
        count_words(tmp_path)


@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="needs Linux's /proc")
def test_a_file_that_cannot_be_mapped_is_read() -> None:
    assert count_words("/proc/self/status")[b"Name:"] == 1


def test_lengths_and_top() -> None:
    text = b"a bb bb ccc ccc ccc dddd dd"
    want = Counter(text.split())
    for length, accepts in [
        (2, lambda n: n == 2),
        (range(2, 4), lambda n: 2 <= n < 4),
        ((2, 3), lambda n: 2 <= n <= 3),
        ((3, None), lambda n: n >= 3),
        (range(5, 5), lambda n: False),
        (0, lambda n: False),
        (range(-3, 2), lambda n: n < 2),
        ((0, 10**30), lambda n: True),
    ]:
        expected = {word: count for word, count in want.items() if accepts(len(word))}
        got = count_words(text, length=length)
        assert got == expected
        assert got.total == sum(expected.values())
    got = count_words(text, top=2)
    assert list(got.items()) == [(b"ccc", 3), (b"bb", 2)]
    assert list(got) == [b"ccc", b"bb"]
    assert list(got.values()) == [3, 2]
    assert got.total == 8
    assert list(count_words(text, top=4)) == [b"ccc", b"bb", b"a", b"dd"]  # ties by their bytes
    assert count_words(text, top=0) == {}
    assert count_words(text, top=10**20) == want


def test_top_is_the_same_for_every_thread_count(seed: int) -> None:
    rng = random.Random(seed)
    text = b" ".join(b"w%d" % min(rng.randrange(500), rng.randrange(500)) for _ in range(200_000))
    want = sorted(Counter(text.split()).items(), key=lambda pair: (-pair[1], pair[0]))
    for threads in (1, 2, 5):
        assert count_words(text, threads=threads).most_common() == want
        assert list(count_words(text, threads=threads, top=17).items()) == want[:17]


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(TypeError, match="data must be a buffer"):
        count_words(5)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="data must be a buffer"):
        count_words([b"a", None])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="contiguous"):
        count_words(memoryview(b"abcd")[::2])
    for bad in (1.0, "7", True, [1, 2]):
        with pytest.raises(TypeError, match="length must be an int"):
            count_words(b"a", length=bad)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="length must be 0 or more"):
        count_words(b"a", length=-1)
    with pytest.raises(ValueError, match="range of step 1"):
        count_words(b"a", length=range(1, 9, 2))
    with pytest.raises(ValueError, match="tuple of 3"):
        count_words(b"a", length=(1, 2, 3))  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="top must be an int"):
        count_words(b"a", top=1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="top must be 0 or more"):
        count_words(b"a", top=-1)


# -- the mapping -----------------------------------------------------------------------------------


def test_it_reads_like_a_counter() -> None:
    text = b"to be or not to be, that is a-word-of-more-than-sixteen-bytes"
    want, got = Counter(text.split()), count_words(text)
    assert isinstance(got, Mapping)
    assert set(got) == set(want)
    assert set(got.keys()) == set(want.keys())
    assert sorted(got.values()) == sorted(want.values())
    assert set(got.items()) == set(want.items())
    assert (b"to", 2) in got.items()
    assert (b"to", 3) not in got.items()
    assert len(got.items()) == len(got.keys()) == len(want)
    for word, count in want.items():
        assert word in got
        assert got[word] == got.get(word) == count
    assert b"missing" not in got
    assert b"" not in got
    assert "to" not in got
    assert got[b"missing"] == 0
    assert got.get(b"missing") is None
    assert got.get(b"missing", 7) == 7
    assert Counter(got) == want
    assert got == want
    assert want == got
    assert got == dict(want)
    assert got != {**want, b"x": 1}
    assert got != {b"to": 2}
    assert got != 5
    assert got == count_words(text, threads=1)
    assert got.most_common(2) == [(b"to", 2), (b"a-word-of-more-than-sixteen-bytes", 1)]
    assert got.most_common(-1) == []
    assert got.count_of_length(2) == 5
    assert got.count_of_length(0) == got.count_of_length(-1) == got.count_of_length(1 << 70) == 0
    assert repr(got).startswith("<WordCounts: 9 words, 8 different: {b'to': 2, b'a-word")
    with pytest.raises(TypeError):
        hash(got)
    with pytest.raises(AttributeError):
        got.total = 3  # type: ignore[misc]


def test_it_adds_up_and_travels() -> None:
    a, b = count_words(b"x y x"), count_words(b"y " + b"long" * 9)
    both = a + b
    assert both == Counter(b"x y x".split()) + Counter([b"y", b"long" * 9])
    assert both.total == 5
    assert sum([a, b, a], start=WordCounts()).total == 8  # type: ignore[call-overload]
    for twin in (pickle.loads(pickle.dumps(both)), copy.copy(both), copy.deepcopy(both)):
        assert type(twin) is WordCounts
        assert twin == both
        assert twin.total == 5
    ranked = pickle.loads(pickle.dumps(count_words(b"c b b a a a", top=2)))
    assert list(ranked.items()) == [(b"a", 3), (b"b", 2)]
    assert ranked.total == 6
    with pytest.raises(TypeError):
        a + {b"x": 1}  # type: ignore[operator]


def test_one_can_be_made_of_pairs_and_subclassed() -> None:
    assert WordCounts() == {}
    assert WordCounts({b"a": 2}) == {b"a": 2}
    assert WordCounts([(b"a", 2), (b"a", 1)]) == {b"a": 3}
    for bad in ([(b"", 1)], [("a", 1)], [(b"a", 0)], [(b"a", -1)]):
        with pytest.raises(ValueError, match="expected a word"):
            WordCounts(bad)  # type: ignore[arg-type]

    class Mine(WordCounts):
        def shout(self) -> list[bytes]:
            return [word.upper() for word in self]

    assert Mine({b"a": 1}).shout() == [b"A"]


def test_the_table_by_itself_is_empty_and_harmless() -> None:
    table = kernels.WordTable()
    assert len(table) == table.total == table.get(b"x") == table.of_length(1) == 0
    assert list(table.pairs()) == table.most_common(5) == []


def test_the_seed_of_the_hash_changes_nothing() -> None:
    code = """
from allcores.kernels import count_words
text = b" ".join(b"%d" % (i * i % 7919) for i in range(50000))
print(sorted(count_words(text, threads=2).items())[:50])
"""
    results = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("0", "1", "random")
    }
    assert len(results) == 1


def test_threads_that_share_an_iterator_get_each_pair_once() -> None:
    words = [b"w%d" % number for number in range(20_000)]
    pairs = iter(kernels.count_words(b" ".join(words)).items())
    got: list[list[tuple[bytes, int]]] = [[] for _ in range(4)]
    threads = [threading.Thread(target=part.extend, args=(pairs,)) for part in got]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(word for part in got for word, _ in part) == sorted(words)
