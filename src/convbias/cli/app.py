"""The command line's verbs and exit codes."""

from __future__ import annotations

import ast
import errno
import sys
from collections.abc import Sequence
from pathlib import Path

from cyclopts import App, CycloptsError, Parameter

from convbias import __version__
from convbias.cli.console import discard, print_error
from convbias.cli.words import check_words
from convbias.errors import ConvbiasError, InputError, StorageError, did_you_mean

# In the order of the stages.
VERBS = (
    *("eda", "train", "study", "experiment", "report", "page", "claims", "explain", "measure"),
    *("export", "card", "package", "serve", "predict", "deploy"),
    *("runs", "data", "tune"),
)


def make_app(*, overview: bool) -> App:
    """Build the command line; the module of a verb is imported only when the verb is used.

    Args:
        overview: whether to list the verbs with their summaries, instead of using one of them,
            which needs its module.
    """
    app = App(
        name="convbias",
        help=(
            "Measure what convolution's inductive bias buys on images, explain it, and deploy the"
            " classifier.\n\nExample: `convbias study first`"
        ),
        version=__version__,
        help_format="markdown",
        default_parameter=Parameter(negative=()),
        suppress_keyboard_interrupt=False,
        config=check_words,
    )
    for order, verb in enumerate(VERBS):
        module = f"convbias.cli.{verb}:{verb}"
        app.command(module, name=verb, help=summary(verb) if overview else None, sort_key=order)
    return app


def summary(verb: str) -> str:
    """The first line of a verb's help, read from its source, because importing all takes seconds.

    Args:
        verb: name of a function with a docstring, or of an `App` with a help text.
    """
    source = Path(__file__).with_name(f"{verb}.py").read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        text = None
        if isinstance(node, ast.FunctionDef) and node.name == verb:
            text = ast.get_docstring(node)
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == verb:
            [text] = (
                each.value.value
                for each in ast.walk(node)
                if isinstance(each, ast.keyword) and each.arg == "help"
                if isinstance(each.value, ast.Constant)
            )
        if isinstance(text, str):
            return text.splitlines()[0]
    raise LookupError(verb)


def run(arguments: Sequence[str]) -> int:
    """Run a verb.

    Args:
        arguments: the words after `convbias`.

    Returns:
        The exit code, as for `convbias.cli.main`.
    """
    app = make_app(overview=set(VERBS).isdisjoint(arguments))
    try:
        result = app(
            arguments, exit_on_error=False, print_error=False, result_action="return_value"
        )
    except CycloptsError as error:
        mistake = _as_input_error(error, app, arguments)
        print_error(mistake)
        return mistake.exit_code
    except ConvbiasError as error:
        print_error(error)
        return error.exit_code
    except OSError as error:
        refusal = _as_storage_error(error)
        if refusal is None:
            raise
        print_error(refusal)
        return refusal.exit_code
    return result if isinstance(result, int) else 0


def _as_storage_error(error: OSError) -> StorageError | None:
    """What the user can do about a file or the output; None for other errors, as of a network."""
    if error.filename is not None:
        return StorageError(
            f"{error.filename}: {error.strerror}",
            "a file or folder that may be read or written",
            "check its permissions, or name another one",
        )
    # The package names the files that it writes, so what is left is the output.
    if error.errno not in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EIO):
        return None
    discard(sys.stdout)  # otherwise Python complains once more when it ends
    return StorageError(
        f"the output cannot be written: {error.strerror}",
        "a terminal, a pipe, or a file on a disk with free space",
        "send the output somewhere else; what was stored before is unchanged",
    )


def _as_input_error(error: CycloptsError, app: App, arguments: Sequence[str]) -> InputError:
    chain = tuple(error.command_chain or ())
    group = app
    for name in chain:
        group = group[name]
    known = [name for name in group if not name.startswith("-")]
    following = arguments[len(chain) :]
    # The message of cyclopts would import every verb for its suggestion, and of a group that does
    # something by itself it would say which of its options are missing.
    if known and following and not following[0].startswith("-"):
        word = following[0]
        return InputError(f"there is no command {word!r}", "a command", did_you_mean(word, known))
    return InputError(str(error), fix=f"see {' '.join(['convbias', *chain, '--help'])}")
