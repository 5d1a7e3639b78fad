"""Run several commands of an installed `convbias` in one process, as importing it takes seconds.

Usage: `python several_commands.py < commands.json`, a list of lists of words. Prints a list of
[exit code, standard output, standard error].
"""

import contextlib
import io
import json
import sys


def run_all() -> None:
    from convbias.cli import main

    answers = []
    for words in json.load(sys.stdin):
        with (
            contextlib.redirect_stdout(io.StringIO()) as output,
            contextlib.redirect_stderr(io.StringIO()) as errors,
        ):
            try:
                code = main(words)
            except SystemExit as ended:
                code = ended.code
        answers.append((code, output.getvalue(), errors.getvalue()))
    json.dump(answers, sys.stdout)


if __name__ == "__main__":  # not in the processes that train, which import this module
    run_all()
