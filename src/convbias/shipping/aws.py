"""AWS, only where a person named credentials, and with errors that hold none of them."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from convbias.errors import ConvbiasError, InputError, RunError
from convbias.shipping.extras import check_installed

if TYPE_CHECKING:
    import boto3

CONNECTION_SECONDS = 10.0
ANSWER_SECONDS = 70.0  # SageMaker gives a container 60
LONGEST_WORDS = 500  # letters; an error of AWS may quote the whole request
HIDDEN = "(hidden)"

_SIGNED = re.compile(r"(x-amz-security-token:|Signature=|Credential=)[^\s&,;]+", re.IGNORECASE)
_NOT_ALLOWED = {
    "403", "AccessDenied", "AccessDeniedException", "ExpiredToken", "ExpiredTokenException",
    "Forbidden", "InvalidAccessKeyId", "InvalidClientTokenId", "InvalidSignatureException",
    "SignatureDoesNotMatch", "UnrecognizedClientException",
}  # fmt: skip
_TOO_FAST = {
    "RequestLimitExceeded", "SlowDown", "Throttling", "ThrottlingException",
    "TooManyRequestsException",
}  # fmt: skip


class NoCredentialsNamedError(InputError):
    """Nobody said whose account is meant."""


class Aws:
    """An account, a region, and clients for its services.

    boto3 would go on to look for credentials in files and at addresses of the machine it runs on.
    Here only those count that somebody named: a profile, or the environment's variables.

    Args:
        profile: Of ~/.aws; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY when absent.
        region: Such as eu-central-1; the profile's, or AWS_DEFAULT_REGION, when absent.

    Raises:
        NoCredentialsNamedError: There are neither.
        InputError: boto3 is not installed, there is no region, or no such profile.
    """

    def __init__(self, profile: str | None = None, region: str | None = None) -> None:
        check_installed("aws", ["boto3"])
        import boto3
        from botocore.exceptions import BotoCoreError

        try:
            self.session: boto3.Session = boto3.Session(
                profile_name=profile, region_name=region, **({} if profile else _from_environment())
            )
        except BotoCoreError as error:  # no such profile
            raise self.refusal(error, "AWS cannot be asked") from error
        if self.session.region_name is None:
            raise InputError(
                "no region is named",
                "a region such as eu-central-1",
                "set AWS_DEFAULT_REGION, or name it with --region",
            )
        self.region: str = self.session.region_name
        self._clients: dict[str, Any] = {}

    @property
    def partition(self) -> str:
        """The part of AWS that the region belongs to: aws, aws-cn or aws-us-gov."""
        from botocore.exceptions import UnknownRegionError

        try:
            return self.session.get_partition_for_region(self.region)
        except UnknownRegionError as error:
            raise InputError(
                f"there is no region {self.region!r}", "a region such as eu-central-1"
            ) from error

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes the class when it runs
        """The client of one service; AWS_ENDPOINT_URL_... lead it elsewhere, as boto3 has it.

        Args:
            service: By boto3's name.

        Raises:
            InputError: A variable AWS_... holds what it cannot.
        """
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        # Three attempts, or AWS_MAX_ATTEMPTS of them, where trying again can help.
        config = Config(
            connect_timeout=CONNECTION_SECONDS,
            read_timeout=ANSWER_SECONDS,
            retries={"mode": "standard"},
        )
        try:
            if service not in self._clients:  # making one takes a tenth of a second
                self._clients[service] = self.session.client(service, config=config)
            return self._clients[service]
        except (BotoCoreError, ValueError) as error:
            # A ValueError, where AWS_ENDPOINT_URL_... is no address.
            raise self.refusal(error, f"{service} cannot be asked") from error

    @contextmanager
    def told(self, what: str) -> Iterator[None]:
        """Raise errors of boto3 as ours.

        Args:
            what: Has not been done, as a sentence's beginning.

        Raises:
            InputError: Credentials, names or limits are in the way.
            RunError: AWS fails, or has had enough for now.
        """
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, Boto3Error, ClientError) as error:
            raise self.refusal(error, what) from error

    def refusal(self, error: Exception, what: str) -> ConvbiasError:
        """Turn an error of boto3 into one that says what to do, and holds no secret.

        Args:
            error: Of boto3 or botocore.
            what: Has not been done.
        """
        response = getattr(error, "response", None) or _behind(error)
        if not response:
            return _not_answered(
                type(error).__name__, f"{what}: {self.without_secrets(str(error))}"
            )
        code = str(response["Error"].get("Code"))
        message = self.without_secrets(str(response["Error"].get("Message")))
        words = f"{what}: {code}: {message}"
        if code in _TOO_FAST:
            return RunError(words, fix="wait a minute, then run the same command again")
        if code in _NOT_ALLOWED:
            return InputError(
                words,
                "credentials of this account, with the permissions that docs/deploy.md lists",
                "check the credentials, the profile and the policies",
            )
        if code == "ResourceLimitExceeded":
            return InputError(
                words,
                "a quota of the account that allows it",
                "choose another instance type, or ask for a higher quota in AWS's console",
            )
        if response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            return RunError(words, fix="run the same command again later")
        return InputError(
            words,
            "what exists in this region, and requests that AWS allows",
            "fix what the message names; check the name, the region and the account",
        )

    def without_secrets(self, text: str) -> str:
        """Take out of a text what signs requests, and shorten it.

        Args:
            text: Such as an error, which may quote the signed request.
        """
        for secret in self._secrets():
            text = text.replace(secret, HIDDEN)
        return textwrap.shorten(_SIGNED.sub(rf"\1{HIDDEN}", text), LONGEST_WORDS)

    def _secrets(self) -> list[str]:
        from botocore.exceptions import BotoCoreError

        try:
            credentials = self.session.get_credentials() if hasattr(self, "session") else None
            frozen = credentials.get_frozen_credentials() if credentials else None
        except BotoCoreError:  # a profile that promises what it cannot get
            return []
        return [] if frozen is None else [value for value in frozen[:3] if value]


def _from_environment() -> dict[str, str | None]:
    """Credentials of the environment, as boto3's session takes them."""
    key, secret = (os.environ.get(f"AWS_{name}") for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"))
    if not key or not secret:
        profile = os.environ.get("AWS_PROFILE", "NAME")
        raise NoCredentialsNamedError(
            "no credentials of AWS are named",
            "a profile, or the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; others that"
            " this machine may have are not looked for",
            f"name a profile with --profile {profile}, or set the variables",
        )
    return {
        "aws_access_key_id": key,
        "aws_secret_access_key": secret,
        "aws_session_token": os.environ.get("AWS_SESSION_TOKEN"),
    }


def _behind(error: Exception) -> dict[str, Any]:
    """The answer behind an error of boto3's transfers, which hide it."""
    cause = error.__cause__ or error.__context__
    return getattr(cause, "response", None) or {}


def _not_answered(kind: str, words: str) -> InputError:
    fixes = {
        "NoCredentialsError": "name a profile with --profile, or set AWS_ACCESS_KEY_ID and"
        " AWS_SECRET_ACCESS_KEY",
        "ProfileNotFound": "check --profile and AWS_PROFILE; `aws configure list-profiles` lists"
        " what there is",
    }
    return InputError(
        words,
        "credentials and a region, and a connection",
        fixes.get(kind, "check the network, the variables AWS_... and the files in ~/.aws"),
    )
