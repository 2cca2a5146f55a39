"""Operations of one object on one thread: each contender an object and a loop of its own."""

from collections.abc import Callable, Mapping
from typing import Any

from bench.harness.comparison import Comparison
from bench.harness.contender import Call, Contender, Work, WrongAnswer, own_copy


def compare(
    unit: str,
    makers: Mapping[str, Callable[[], Any]],
    loop: Callable[[Any, int], bool],
    detail: str = "",
    absent: Mapping[str, str] | None = None,
) -> Comparison:
    """Return a comparison of the same loop on an object of each maker.

    Parameters
    ----------
    unit : str
    makers : mapping of str to callable
        By name; the first is ours.
    loop : callable
        ``loop(thing, n)`` does the operations n times and returns whether they did their work.
    detail : str
    absent : mapping of str to str
    """
    contenders: list[Contender] = [_contender(name, make, loop) for name, make in makers.items()]
    return Comparison(unit, contenders, detail, dict(absent or {}))


def _contender(name: str, make: Callable[[], Any], loop: Callable[[Any, int], bool]) -> Call:
    thing, own_loop = make(), own_copy(loop)

    def check(fine: bool) -> str:
        if not fine:
            raise WrongAnswer(f"{name}: it did not do what it was asked to")
        return "as it should be"

    return Call(name, Work(lambda n: own_loop(thing, n), check))
