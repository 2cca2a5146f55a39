"""Runs the tests of one of CPython's TestCase classes; prints what came of each, as JSON.

``python ported_mp_child.py CASE SECONDS [TEST...]``, the tests that are not to be run; see `ported_mp_classes` for the environment.
"""

import faulthandler
import json
import os
import sys
import unittest


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")  # the tests print to stdout
    os.dup2(2, 1)
    case, seconds, *not_run = sys.argv[1:]
    faulthandler.dump_traceback_later(float(seconds), exit=True)
    import ported_mp_classes as classes

    classes.subject.set_start_method(classes.METHOD, force=True)
    classes.cpython.util.get_temp_dir()
    if classes.SUBJECT == "ours":
        classes.refuse_the_standard_ones()
    cls = getattr(classes, case.lstrip("_"))
    found = {}
    for name in unittest.TestLoader().getTestCaseNames(cls):
        if name in not_run:
            found[name] = ["not run", ""]
            continue
        outcome = unittest.TestResult()
        unittest.TestSuite([cls(name)]).run(outcome)
        wrong = outcome.failures + outcome.errors
        if wrong:
            found[name] = ["failed", "\n".join(text for _, text in wrong)]
        elif outcome.skipped:
            found[name] = ["skipped", outcome.skipped[0][1]]
        else:
            found[name] = ["passed", ""]
        print(json.dumps(found), file=answers, flush=True)
    for process in classes.subject.active_children():
        process.kill()
        process.join()


if __name__ == "__main__":
    main()
