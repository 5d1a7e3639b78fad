"""Access AWS with credentials that the user named, and keep secrets out of error messages."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from convbias.errors import ConvbiasError, InputError, RunError
from convbias.shipping.foreign import ForeignResponseError, check_form, check_members
from convbias.spec.extras import check_installed

if TYPE_CHECKING:
    import boto3

CONNECTION_SECONDS = 10.0
ANSWER_SECONDS = 70.0  # SageMaker gives a container 60
LONGEST_MESSAGE = 500  # characters; an error of AWS may quote the whole request
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


class MissingCredentialsError(InputError):
    """The user named no AWS credentials."""


class Aws:
    """An AWS account and region, with clients for its services.

    Only credentials that the user named are used: a profile, or environment variables. By itself
    boto3 would also look in the default profile and ask the machine's metadata service.

    Args:
        profile: profile in ~/.aws; by default AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are used.
        region: AWS region, such as eu-central-1; by default the profile's, or AWS_DEFAULT_REGION.

    Raises:
        MissingCredentialsError: No profile is named, and the variables are not set.
        InputError: boto3 is not installed, no region is set, or the profile does not exist.
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
            raise self.translated(error, "AWS is unavailable") from error
        if self.session.region_name is None:
            raise InputError(
                "no AWS region is set",
                "a region such as eu-central-1",
                "set AWS_DEFAULT_REGION, or name it with --region",
            )
        self.region: str = self.session.region_name
        self._clients: dict[str, Any] = {}

    @property
    def partition(self) -> str:
        """The AWS partition of the region: aws, aws-cn or aws-us-gov."""
        from botocore.exceptions import UnknownRegionError

        try:
            return self.session.get_partition_for_region(self.region)
        except UnknownRegionError as error:
            raise InputError(
                f"there is no region {self.region!r}", "a region such as eu-central-1"
            ) from error

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes the class when it runs
        """The boto3 client of a service; boto3 reads other addresses from AWS_ENDPOINT_URL_...

        Args:
            service: boto3's name of the service.

        Raises:
            InputError: A variable AWS_... has an invalid value.
        """
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        # "standard": up to three attempts, or AWS_MAX_ATTEMPTS, for errors that may be temporary.
        config = Config(
            connect_timeout=CONNECTION_SECONDS,
            read_timeout=ANSWER_SECONDS,
            retries={"mode": "standard"},
        )
        try:
            if service not in self._clients:  # making one takes a tenth of a second
                client = self.session.client(service, config=config)
                client.meta.events.register("before-parse.*", check_form)
                client.meta.events.register("after-call.*", check_members)
                self._clients[service] = client
            return self._clients[service]
        except (BotoCoreError, ValueError) as error:
            # boto3 raises ValueError where AWS_ENDPOINT_URL_... is not a URL.
            raise self.translated(error, f"{service} is unavailable") from error

    @contextmanager
    def translate_errors(self, what: str) -> Iterator[None]:
        """Raise boto3's errors as errors of this package.

        Args:
            what: the beginning of the message: what was not done.

        Raises:
            InputError: Credentials, names or limits prevent the request.
            RunError: AWS failed, or throttles requests, or something else answers in its place.
        """
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError
        from botocore.parsers import ResponseParserError

        try:
            yield
        except ForeignResponseError as error:
            raise _not_aws(f"{what}: the response {error}") from error
        except ResponseParserError:
            # Its text quotes the whole response, and so would a chain of errors.
            raise _not_aws(f"{what}: the response cannot be parsed") from None
        except (BotoCoreError, Boto3Error, ClientError) as error:
            raise self.translated(error, what) from error

    def translated(self, error: Exception, what: str) -> ConvbiasError:
        """An error of boto3 as one that says what to do and contains no secrets.

        Args:
            error: an error of boto3 or botocore.
            what: the beginning of the message: what was not done.
        """
        response = getattr(error, "response", None) or _cause_response(error)
        if not response:
            return _connection_error(type(error).__name__, f"{what}: {self.redacted(str(error))}")
        code = str(response["Error"].get("Code"))
        message = self.redacted(str(response["Error"].get("Message")))
        text = f"{what}: {code}: {message}"
        if code in _TOO_FAST:
            return RunError(text, fix="wait a minute, then run the same command again")
        if code in _NOT_ALLOWED:
            return InputError(
                text,
                "credentials of this account with the permissions listed in docs/deploy.md",
                "check the credentials, the profile and the policies",
            )
        if code == "ResourceLimitExceeded":
            return InputError(
                text,
                "a sufficient quota of the account",
                "choose another instance type, or request a higher quota in the AWS console",
            )
        if response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            return RunError(text, fix="run the same command again later")
        return InputError(
            text,
            "existing resources of this region, and requests that AWS accepts",
            "correct what the message names; check the name, the region and the account",
        )

    def redacted(self, text: str) -> str:
        """A text without credentials and signatures, shortened.

        Args:
            text: for instance an error message, which may quote the signed request.
        """
        for secret in self._secrets():
            text = text.replace(secret, HIDDEN)
        return textwrap.shorten(_SIGNED.sub(rf"\1{HIDDEN}", text), LONGEST_MESSAGE)

    def _secrets(self) -> list[str]:
        from botocore.exceptions import BotoCoreError

        try:
            credentials = self.session.get_credentials() if hasattr(self, "session") else None
            frozen = credentials.get_frozen_credentials() if credentials else None
        except BotoCoreError:  # a profile whose credentials cannot be fetched
            return []
        return [] if frozen is None else [value for value in frozen[:3] if value]


def _from_environment() -> dict[str, str | None]:
    """Credentials from environment variables, as arguments of boto3's session."""
    key, secret = (os.environ.get(f"AWS_{name}") for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"))
    if not key or not secret:
        profile = os.environ.get("AWS_PROFILE", "NAME")
        raise MissingCredentialsError(
            "no AWS credentials are named",
            "a profile, or the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; other"
            " credentials of this machine are not used",
            f"name a profile with --profile {profile}, or set the variables",
        )
    return {
        "aws_access_key_id": key,
        "aws_secret_access_key": secret,
        "aws_session_token": os.environ.get("AWS_SESSION_TOKEN"),
    }


def _cause_response(error: Exception) -> dict[str, Any]:
    """The response of the error that caused this one; boto3's transfers raise such errors."""
    cause = error.__cause__ or error.__context__
    return getattr(cause, "response", None) or {}


def _not_aws(text: str) -> RunError:
    return RunError(
        text,
        "a response of AWS",
        "something else answers: check the proxy (HTTPS_PROXY), whether this network wants you to"
        " sign in first, and the variables AWS_ENDPOINT_URL...",
    )


def _connection_error(kind: str, text: str) -> InputError:
    fixes = {
        "NoCredentialsError": "name a profile with --profile, or set AWS_ACCESS_KEY_ID and"
        " AWS_SECRET_ACCESS_KEY",
        "ProfileNotFound": "check --profile and AWS_PROFILE; `aws configure list-profiles` lists"
        " all profiles",
    }
    return InputError(
        text,
        "credentials, a region and a network connection",
        fixes.get(kind, "check the network, the variables AWS_... and the files in ~/.aws"),
    )
