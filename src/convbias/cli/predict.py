"""`convbias predict`: which class images belong to, asked of an archive wherever it is served."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from convbias import data
from convbias.cli.console import messages, percent, print_table, results
from convbias.cli.serve import ARCHIVE
from convbias.errors import InputError
from convbias.shipping.aws import Aws
from convbias.shipping.export.archive import read
from convbias.shipping.predict.answers import Answer, read_answers
from convbias.shipping.predict.clients import Ask, at_endpoint, at_server, in_process
from convbias.shipping.predict.images import Question, RefusedError, questions
from convbias.shipping.serve import TOKEN
from convbias.spec.datasets import CLASS_NAMES

SOME_REFUSED = 2  # as for any input that cannot be used


def predict(
    image: tuple[str, ...],
    /,
    *,
    archive: Path | None = None,
    server: str | None = None,
    endpoint: str | None = None,
    profile: str | None = None,
    region: str | None = None,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
) -> int:
    """Ask an archive, a server or a SageMaker endpoint which class images belong to.

    Images that are refused are named on the standard error output; all others are answered, and
    the exit code is 2.

    Example: `convbias predict 0 1 2 --server http://127.0.0.1:8080`

    Args:
        image: PNG, JPEG and .npy files; folders of such files; whole numbers, the indices of
            test images of Fashion-MNIST, whose true classes are told as well.
        archive: As `convbias package` packed it; fashion_mnist_model.tar.gz when no place is
            named. Its code is run here: name only what you trust.
        server: Address of a server. Its token is read from the environment variable CONVBIAS_TOKEN.
        endpoint: Name of a SageMaker endpoint; AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME leads to
            `convbias serve`.
        profile: Of ~/.aws, for an endpoint; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY when
            absent.
        region: Of an endpoint; the profile's, or AWS_DEFAULT_REGION, when absent.
        as_json: Print a JSON array with all probabilities instead of a table.
    """
    name, place = _place(archive, server, endpoint, profile, region)
    asked = questions(image, partial(data.load, "fashion-mnist"))
    rows: list[tuple[str, Answer, int | None]] = []
    refused = 0
    try:
        with place as ask:
            for question in asked:
                answers = _answers(ask, question)
                refused += not answers
                rows += [(each, answer, question.label) for each, answer in answers.items()]
    finally:
        # Also where a connection breaks midway: what has been answered is not lost.
        if as_json:
            results().print(json.dumps([_record(*row) for row in rows]), soft_wrap=True)
        elif rows:
            _print(f"Answers of {name}", rows)
    return SOME_REFUSED if refused else 0


def _place(
    archive: Path | None,
    server: str | None,
    endpoint: str | None,
    profile: str | None,
    region: str | None,
) -> tuple[str, AbstractContextManager[Ask]]:
    """What is asked: what it is called, and what opens it."""
    given = {"--archive": archive, "--server": server, "--endpoint": endpoint}
    named = [option for option, value in given.items() if value is not None]
    if len(named) > 1:
        raise InputError(
            f"{' and '.join(named)} name several places", "one place to ask", "leave out the others"
        )
    if server is not None:
        return server, at_server(server, os.environ.get(TOKEN) or None)
    if endpoint is not None:
        return f"the endpoint {endpoint}", at_endpoint(endpoint, Aws(profile, region))
    verified = read(archive or ARCHIVE)
    return str(verified.path), in_process(verified)


def _answers(ask: Ask, question: Question) -> dict[str, Answer]:
    """Image to its answer; nothing where the request was refused, which is said."""
    try:
        return read_answers(ask(question.body(), question.content_type), question.name)
    except RefusedError as error:
        messages().print(f"{question.name}: {error}", style="red", soft_wrap=True)
        return {}


def _record(image: str, answer: Answer, label: int | None) -> dict[str, object]:
    record = {"image": image, **answer.model_dump(by_alias=True)}
    return record if label is None else {**record, "label": CLASS_NAMES[label]}


def _print(title: str, rows: Sequence[tuple[str, Answer, int | None]]) -> None:
    words = ["image", "class"]
    cells = [[image, answer.chosen, percent(answer.confidence)] for image, answer, _ in rows]
    labels = [label for *_, label in rows]
    columns = [*words, "confidence"]
    if any(label is not None for label in labels):
        columns.append("true class")
        for row, label in zip(cells, labels, strict=True):
            row.append("" if label is None else CLASS_NAMES[label])
    print_table(title, columns, cells, words=(*words, "true class"))
