"""What must be right before anything is created, as far as only AWS knows; nothing is changed."""

from __future__ import annotations

from typing import Any

from convbias.errors import ConvbiasError
from convbias.shipping.aws import Aws
from convbias.shipping.deploy.checks import ROLE_ARN, Check, wrong
from convbias.shipping.deploy.plan import Plan
from convbias.shipping.deploy.resources import OTHERS, Resource, find


def remote_checks(plan: Plan, aws: Aws) -> tuple[list[Check], dict[str, Resource]]:
    """Check what only AWS knows; nothing is changed.

    Args:
        plan: Of the endpoint.
        aws: Account and region.

    Returns:
        The checks; and what is there of the plan, by kind, where that could be looked up.
    """
    checks = [_credentials(plan, aws), _bucket(plan, aws)]
    if any(check.fine is False for check in checks):
        return checks, {}
    try:
        existing = find(plan, aws)
    except ConvbiasError as error:
        failed = wrong("what is there", error.what, error.fix or "check the permissions")
        return [*checks, failed], {}
    return [*checks, _owned(plan, existing)], existing


def _credentials(plan: Plan, aws: Aws) -> Check:
    try:
        with aws.told("the credentials cannot be used"):
            account = aws.client("sts").get_caller_identity()["Account"]
    except ConvbiasError as error:
        return wrong("credentials", error.what, error.fix or "check the credentials")
    role = ROLE_ARN.fullmatch(plan.settings.role)
    if role is not None and role["account"] != account:
        words = f"are of the account {account}, the role is of {role['account']}"
        return wrong("credentials", words, "name a role of the same account")
    return Check("credentials", f"of the account {account}")


def _bucket(plan: Plan, aws: Aws) -> Check:
    bucket = plan.settings.bucket
    try:
        with aws.told(f"the bucket {bucket} cannot be used"):
            answer = aws.client("s3").head_bucket(Bucket=bucket)
    except ConvbiasError as error:
        if _status(error) == 404:
            fix = f"make it (aws s3 mb s3://{bucket} --region {plan.region}), or name another"
            return wrong("bucket", f"there is no bucket {bucket}", fix)
        return wrong("bucket", error.what, error.fix or "check the bucket's policy")
    region = answer.get("BucketRegion")
    if region is None:
        return Check("bucket", f"{bucket}; its region is not told", fine=None)
    if region != plan.region:
        words = f"{bucket} lies in {region}, the endpoint in {plan.region}"
        return wrong("bucket", words, f"name a bucket in {plan.region}, or --region {region}")
    return Check("bucket", f"{bucket} in {region}")


def _status(error: ConvbiasError) -> Any:  # noqa: ANN401 - of botocore's answer
    response = getattr(error.__cause__, "response", {})
    return response.get("ResponseMetadata", {}).get("HTTPStatusCode")


def _owned(plan: Plan, existing: dict[str, Resource]) -> Check:
    others = [
        each.name
        for each in existing.values()
        if each.state == OTHERS and (each.kind != "autoscaling" or plan.scaling_target is not None)
    ]
    if others:
        words = f"{', '.join(others)} exists, and convbias did not make it"
        fix = f"choose another name than {plan.settings.name} with --name"
        return wrong("what is there", words, fix)
    return Check("what is there", "nothing of others' is in the way")
