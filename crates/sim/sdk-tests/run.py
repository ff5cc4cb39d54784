"""Checks a running simulator with the vendors' official Python packages.

Usage: run.py BASE_URL, where BASE_URL is that of a simulator serving scenario.toml, such as
http://127.0.0.1:8080. Needs the packages openai, anthropic and google-genai. Prints one line for
each check and exits with 1 when one fails.
"""

import sys
import time
import traceback

import checks
import suite_anthropic
import suite_gemini
import suite_openai


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    base = sys.argv[1].rstrip("/")
    for suite in (suite_openai, suite_anthropic, suite_gemini):
        suite.connect(base)
    failed = 0
    for function in checks.CHECKS:
        name = f"{function.__module__.removeprefix('suite_')}: {function.__name__}"
        started = time.monotonic()
        try:
            function()
            word = "ok"
        except Exception:
            failed += 1
            word = "FAILED"
            traceback.print_exc()
        print(f"{word:6} {name} ({time.monotonic() - started:.2f} s)", flush=True)
    print(f"{len(checks.CHECKS) - failed} passed, {failed} failed")
    return 1 if failed or not checks.CHECKS else 0


if __name__ == "__main__":
    sys.exit(main())
