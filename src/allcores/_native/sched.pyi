from typing import Any

class HeldBuffer:
    address: int
    def __init__(self, buffer: Any) -> None: ...
    def release(self) -> None: ...

def capsule_name(capsule: object) -> str | None: ...
def capsule_address(capsule: object) -> int: ...
def run_range(
    fn: int,
    ctx: int,
    n: int,
    threads: int | None,
    schedule: str,
    grain: int | None,
    deadline: float | None,
) -> tuple[int, int, int] | None: ...
