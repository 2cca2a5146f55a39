"""The one figure of the README, out of a results document: nobody types it."""

from typing import Any

#: The bars that the sentence is made of, by name.
ONE_THREAD = "count_words, one thread"
CEILING = "count_words, share of the ceiling"


def headline(content: dict[str, Any]) -> str:
    """Return a sentence about counting words: the kernel's gain, and what the cores add.

    Raises
    ------
    ValueError
        The document may not be quoted, or lacks one of the two bars.
    """
    if not content["quotable"]:
        raise ValueError("only a run of full size and nine rounds or more may be quoted")
    bars = {bar["name"]: bar for case in content["cases"] for bar in case["bars"]}
    missing = [name for name in (ONE_THREAD, CEILING) if name not in bars or not bars[name]["value"]]
    if missing:
        raise ValueError(f"the document lacks the bars {', '.join(map(repr, missing))}")
    machine, settings = content["machine"], content["settings"]
    kernel, share = (bars[name]["value"]["median"] for name in (ONE_THREAD, CEILING))
    interpreter = " ".join(machine["interpreter"].split()[:2])
    gil = "with the GIL" if machine["gil"] else "free-threaded"
    return (
        f"**One figure:** counting the words of the standard library's sources takes "
        f"`collections.Counter(data.split())` **{kernel:.1f} times** as long as `count_words` on one "
        f"thread; on {settings['workers']} threads it reaches **{share:.1%}** of what "
        f"{settings['workers']} independent processes get done on that machine, which is its ceiling. "
        f"({machine['cpu']}, {machine['cpus_affinity']} processors, "
        f"{interpreter} {gil}, median of {settings['rounds']} alternating "
        f"rounds; [all figures](docs/performance.md), losses too.)"
    )
