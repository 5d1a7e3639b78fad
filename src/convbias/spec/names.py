"""Names that tell apart the arms of a table or log, by no more settings than are needed."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import get_args

from convbias.spec.arms import Arm, DataVariant, Recipe
from convbias.spec.beyond.arms import AnyArm, Task, TaskRecipe
from convbias.spec.description import Description

# A setting is used only where those before it do not suffice.
SETTINGS = tuple(
    dict.fromkeys(
        name
        for part in (DataVariant, Recipe, *get_args(Task), *get_args(TaskRecipe))
        for name in part.model_fields
    )
)


def arm_names(
    arms: Iterable[AnyArm], shown: Callable[[AnyArm], Hashable] = lambda arm: arm.model
) -> dict[str, str]:
    """Name arms: by their models, and by settings where several look alike.

    Args:
        arms: Arms that are shown together.
        shown: What is seen of an arm anyhow, its model included.

    Returns:
        Hash of each arm to its name. Names of different arms differ, unless what is shown does.

    Example:
        >>> from convbias.spec.arms import Dense
        >>> from convbias.spec.recipes import classic
        >>> variants = DataVariant(), DataVariant(canvas=40)
        >>> arms = [Arm(data=data, model=Dense(), recipe=classic(9)) for data in variants]
        >>> list(arm_names(arms).values())
        ['dense', 'dense (canvas 40)']
    """
    by_hash = {arm.hash: arm for arm in arms}
    alike: dict[Hashable, dict[str, dict[str, object]]] = {}
    for key, arm in by_hash.items():
        # Without what is at its default, which needs no words.
        settings = (part.model_dump(exclude_defaults=True) for part in _parts(arm))
        alike.setdefault(shown(arm), {})[key] = {
            name: value for part in settings for name, value in part.items()
        }
    words = {key: of_key for group in alike.values() for key, of_key in _differences(group).items()}
    return {
        key: arm.name + (f" ({', '.join(words[key])})" if words[key] else "")
        for key, arm in by_hash.items()
    }


def _parts(arm: AnyArm) -> tuple[Description, Description]:
    return (arm.data if isinstance(arm, Arm) else arm.task, arm.recipe)


def _differences(settings: dict[str, dict[str, object]]) -> dict[str, list[str]]:
    for name in SETTINGS:
        groups: dict[object, dict[str, dict[str, object]]] = {}
        for key, of_key in settings.items():
            groups.setdefault(of_key.get(name), {})[key] = of_key
        if len(groups) > 1:
            return {
                key: [*_words(name, value), *words]
                for value, group in groups.items()
                for key, words in _differences(group).items()
            }
    return {key: [] for key in settings}


def _words(name: str, value: object) -> list[str]:
    if value is None:
        return []  # at its default
    if name in ("dataset", "name", "table", "rule"):
        return [str(value)]
    words = name.replace("_", " ")
    return [words if value is True else f"{words} {value}"]
