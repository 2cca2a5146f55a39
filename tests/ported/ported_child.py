"""The process in which CPython's tests run: takes a request a line, gives an answer a line, as JSON.

``{"list": true}``, or ``{"subject": ..., "case": ..., "test": ..., "limit": seconds}``. A test that
outlives its limit ends this process, after the stacks of all threads went to stderr.
"""

import faulthandler
import json
import os
import sys
import time
import traceback


def main() -> None:
    # The tests print to stdout: the answers get a descriptor of their own.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    faulthandler.enable()
    for line in sys.stdin:
        request = json.loads(line)
        start = time.monotonic()
        try:
            if "limit" in request:
                faulthandler.dump_traceback_later(request["limit"], exit=True)
            import ported_cases

            if "list" in request:
                answer = ported_cases.list_tests()
            else:
                outcome, text = ported_cases.run(request["case"], request["test"], request["subject"])
                answer = {"outcome": outcome, "text": text}
        except BaseException:
            answer = {"outcome": "failed", "text": traceback.format_exc()}
        finally:
            faulthandler.cancel_dump_traceback_later()
        answer["seconds"] = time.monotonic() - start
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
