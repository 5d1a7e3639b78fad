"""What comes back, whoever was asked."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from convbias.errors import RunError

_Share = Annotated[float, Field(ge=0, le=1)]


class Answer(BaseModel, frozen=True):
    """What the network makes of one image.

    Args:
        chosen: The class with the largest probability; `class` in JSON.
        confidence: That probability.
        probabilities: Of each class.
    """

    chosen: str = Field(alias="class")
    confidence: _Share
    probabilities: dict[str, _Share]


# One image is answered by an object, several by a list of them.
_ANSWERS = TypeAdapter(Answer | Annotated[list[Answer], Field(min_length=1)])


def read_answers(body: bytes, name: str) -> dict[str, Answer]:
    """Read the answer to one request.

    Args:
        body: JSON.
        name: Of what was asked about.

    Returns:
        Image to its answer: `name`, or `name[0]`, `name[1]` and so on where it holds several.

    Raises:
        RunError: It is no such answer.
    """
    try:
        answers = _ANSWERS.validate_json(body)
    except ValidationError as error:
        raise RunError(
            f"what came back for {name} cannot be read: {body[:80].decode(errors='replace')!r}",
            "JSON with class, confidence and probabilities",
            "check what answers there: `convbias serve`, or a container with an archive",
        ) from error
    if isinstance(answers, Answer):
        return {name: answers}
    return {f"{name}[{number}]": answer for number, answer in enumerate(answers)}
