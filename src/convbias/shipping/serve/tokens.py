"""The bearer token that clients of a server must send."""

from __future__ import annotations

from collections.abc import Mapping

from convbias.errors import InputError
from convbias.shipping.serve import TOKEN_VARIABLE


def token_from(environment: Mapping[str, str]) -> str | None:
    """The token in the environment, without blanks around it; None if the variable is not set.

    Args:
        environment: environment variables.

    Raises:
        InputError: The variable is empty, or has characters that HTTP clients cannot send.
    """
    given = environment.get(TOKEN_VARIABLE)
    if given is None:
        return None
    token = given.strip()
    if not token:
        raise InputError(
            f"the environment variable {TOKEN_VARIABLE} is empty",
            "a long random text, or no such variable",
            f"set {TOKEN_VARIABLE} to a token, or unset it",
        )
    if not (token.isascii() and token.isprintable()):
        raise InputError(
            f"the token in {TOKEN_VARIABLE} has characters that cannot be sent in a header",
            "letters, digits and punctuation of ASCII",
            f"set {TOKEN_VARIABLE} to such a token, here and for the clients",
        )
    return token
