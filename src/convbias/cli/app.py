"""The verbs, in the order of the stages, and how they end."""

from __future__ import annotations

from collections.abc import Sequence

from cyclopts import App, CycloptsError, Parameter, UnknownCommandError

from convbias import __version__
from convbias.cli.console import print_error
from convbias.errors import ConvbiasError, InputError, did_you_mean

# As the first line of each verb's docstring says.
VERBS = {
    "eda": "Explore the images before anything is trained.",
    "train": "Train one model with some seeds; runs that are stored are not trained again.",
    "study": "Train what a study lacks, then report what was found.",
    "experiment": "Train and measure what one experiment lacks, then report what was found.",
    "report": "Rebuild a study's report from its stored runs; nothing is trained.",
    "claims": "Hold the original study's statements against the stored runs of a study.",
    "explain": "Explain what dense baseline and CNN make of one image, side by side.",
    "export": "Export a run's network as SavedModel and ONNX, each checked after it is loaded.",
    "card": "Write the model card of a run's network: uses, errors, calibration, limits.",
    "package": "Pack an export as one archive to serve, and verify archives.",
    "serve": "Serve an archive until interrupted; requests in progress are answered first.",
    "predict": "Ask an archive, a server or a SageMaker endpoint which class images belong to.",
    "deploy": "Put an archive behind a SageMaker endpoint; without a further word, plan it.",
    "runs": "List, show and verify stored runs.",
    "data": "Download and verify the images.",
    "tune": "Search for each model's learning rate on validation images; no test image is used.",
}


def make_app(*, overview: bool) -> App:
    """Put the command line together; a verb's module is imported when the verb is used.

    Args:
        overview: Whether verbs are only listed, for which their summaries above suffice, rather
            than one of them used, which brings its own help.
    """
    app = App(
        name="convbias",
        help=(
            "What the inductive bias of convolution buys on images: measured, shown, shipped.\n\n"
            "Example: `convbias study quick`"
        ),
        version=__version__,
        help_format="markdown",
        default_parameter=Parameter(negative=()),
        suppress_keyboard_interrupt=False,
    )
    for order, (verb, summary) in enumerate(VERBS.items()):
        module = f"convbias.cli.{verb}:{verb}"
        app.command(module, name=verb, help=summary if overview else None, sort_key=order)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run a verb.

    Args:
        arguments: What stands behind `convbias`.

    Returns:
        The exit code, see `convbias.cli.main`.
    """
    app = make_app(overview=VERBS.keys().isdisjoint(arguments))
    try:
        result = app(
            arguments, exit_on_error=False, print_error=False, result_action="return_value"
        )
    except CycloptsError as error:
        mistake = _as_input_error(error, app)
        print_error(mistake)
        return mistake.exit_code
    except ConvbiasError as error:
        print_error(error)
        return error.exit_code
    return result if isinstance(result, int) else 0


def _as_input_error(error: CycloptsError, app: App) -> InputError:
    help_command = " ".join(["convbias", *(error.command_chain or ()), "--help"])
    if isinstance(error, UnknownCommandError) and error.unused_tokens:
        # The library's own message would import every verb for its suggestion.
        word = error.unused_tokens[0]
        known = [name for name in error.app or app if not name.startswith("-")]
        return InputError(
            f"there is no command {word!r}", "one of the commands", did_you_mean(word, known)
        )
    return InputError(str(error), fix=f"see {help_command}")
