"""AWS's own rules for values, from the descriptions of its services that come with boto3."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any

# Classes of characters in AWS's patterns that Python's regular expressions lack, by the first
# letter of the Unicode category. Characters are replaced by one of the class before matching.
_CLASSES = {"L": ("a-zA-Z", "a"), "Z": (" ", " "), "N": ("0-9", "0")}


def broken_rule(shape: str, value: str) -> str | None:
    """The rule of AWS that a value breaks.

    Args:
        shape: SageMaker's name of the kind of value, such as TagKey.
        value: the value.

    Returns:
        The rule as the end of a sentence "a value ..."; None if it breaks no rule.

    Example:
        >>> broken_rule("TagKey", "team")
        >>> broken_rule("KmsKeyId", "a key")
        "contains ' ', and AWS's pattern for KmsKeyId is [a-zA-Z0-9:/_-]*"
    """
    rules = _rules(shape)
    least, most = rules.get("min", 0), rules.get("max")
    if len(value) < least:
        return f"has {len(value)} characters, and AWS requires at least {least}"
    if most is not None and len(value) > most:
        return f"has {len(value):,} characters, and AWS allows {most:,}"
    pattern = rules.get("pattern", "")
    if pattern and not _matches(pattern, value):
        odd = sorted({character for character in value if not _matches(pattern, character)})
        found = f"contains {', '.join(map(repr, odd))}" if odd else f"is {value!r}"
        return f"{found}, and AWS's pattern for {shape} is {pattern}"
    return None


def most_items(shape: str) -> int:
    """How many items a list of AWS may have.

    Args:
        shape: SageMaker's name of the list, such as Subnets.

    Example:
        >>> most_items("Subnets"), most_items("VpcSecurityGroupIds")
        (16, 5)
    """
    return int(_rules(shape)["max"])


def hosting_instance_types() -> list[str]:
    """The instance types for hosting that this version of boto3 knows."""
    return list(_sagemaker().shape_for("ProductionVariantInstanceType").enum)


def _matches(pattern: str, value: str) -> bool:
    for letter, (allowed, _) in _CLASSES.items():
        pattern = pattern.replace(rf"\p{{{letter}}}", allowed)
    return re.fullmatch(pattern, "".join(map(_replacement, value)), re.ASCII) is not None


def _replacement(character: str) -> str:
    """An ASCII character of the same class; others stay as they are."""
    letter = unicodedata.category(character)[0]
    return character if character.isascii() or letter not in _CLASSES else _CLASSES[letter][1]


def _rules(shape: str) -> dict[str, Any]:
    return _sagemaker().shape_for(shape).metadata


@cache
def _sagemaker() -> Any:  # noqa: ANN401 - botocore has no types
    import botocore.session

    return botocore.session.Session().get_service_model("sagemaker")
