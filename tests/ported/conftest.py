"""Make a pytest test of each of CPython's tests, on our classes and on the standard library's."""

from collections.abc import Iterator
from dataclasses import dataclass

import left_out
import pytest
from ported_worker import LIMIT, Worker, listing, no_test_package

#: These stand in for what the interpreter's own `test` package lacks before 3.13.
PORT_ORIGIN = "test_queue_shutdown_313."


@dataclass
class Ported:
    """One test of CPython on one subject's classes."""

    subject: str
    case: str
    test: str
    needs: tuple[str, ...]
    worker: Worker | None = None

    @property
    def name(self) -> str:
        return f"{self.case}.{self.test}"

    def check(self) -> None:
        """Run it; pass, skip or fail as `left_out` says."""
        lacking = [name for name in self.needs if name in left_out.NOT_YET]
        if self.subject == "ours" and lacking:
            pytest.skip(f"not written yet: {', '.join(lacking)}")
        entry = left_out.left_out(self.name, self.subject)
        if entry and entry.how == "not run":
            pytest.skip(entry.reason)
        answer = self.worker.run(self.subject, self.case, self.test, LIMIT)
        if entry and entry.how == "fails":
            assert answer.outcome in ("failed", "hung", "crashed"), (
                f"left_out.py says that {self.name} fails ({entry.reason}), and it {answer.outcome}: "
                f"delete the entry"
            )
            pytest.xfail(entry.reason)
        if answer.outcome == "skipped":
            assert entry, f"CPython's test skips itself ({answer.text}): list it in left_out.py"
            pytest.skip(answer.text)
        assert not entry, f"left_out.py says that {self.name} skips itself, and it {answer.outcome}"
        assert answer.outcome == "passed", f"{self.name} {answer.outcome}\n{answer.text}"


def subjects(case: str) -> tuple[str, ...]:
    """Return on whose classes a case is run here."""
    if not listing()["origins"][case].startswith(PORT_ORIGIN):
        return ("ours", "std")
    # The port: where the interpreter has these tests itself, it is only shown to be sound.
    return ("std",) if listing()["shutdown"] else ("ours",)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "ported" not in metafunc.fixturenames:
        return
    reason = no_test_package()
    if reason:
        mark = pytest.mark.skip(reason=reason)
        metafunc.parametrize("ported", [pytest.param(None, id="none", marks=mark)], indirect=True)
        return
    found = []
    for case in metafunc.module.PORTED:
        for subject in subjects(case):
            for test, needs in listing()["cases"][case].items():
                one = Ported(subject, case, test, tuple(needs))
                found.append(pytest.param(one, id=f"{subject}-{one.name}"))
    metafunc.parametrize("ported", found, indirect=True)


@pytest.fixture(scope="session")
def worker() -> Iterator[Worker]:
    """The child process that tests run in, replaced when one of them goes wrong."""
    one = Worker()
    yield one
    one.stop()


@pytest.fixture
def ported(request: pytest.FixtureRequest, worker: Worker) -> Ported:
    """One of CPython's tests, ready to `check`."""
    request.param.worker = worker
    return request.param
