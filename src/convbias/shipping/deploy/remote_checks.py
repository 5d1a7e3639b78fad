"""Check a plan against an AWS account, without changing anything."""

from __future__ import annotations

from typing import Any

from convbias.errors import ConvbiasError
from convbias.shipping.aws import Aws
from convbias.shipping.deploy.checks import ROLE_ARN, Check, failed_check
from convbias.shipping.deploy.plan import Plan
from convbias.shipping.deploy.resources import UNMANAGED, Resource, find_existing
from convbias.shipping.foreign import ForeignResponseError


def remote_checks(plan: Plan, aws: Aws) -> tuple[list[Check], dict[str, Resource]]:
    """Check a plan against an AWS account.

    Args:
        plan: plan of the endpoint.
        aws: account and region.

    Returns:
        The checks, and the plan's existing resources by kind, as far as they could be looked up.
    """
    checks = [_credentials(plan, aws), _bucket(plan, aws)]
    if any(check.passed is False for check in checks):
        return checks, {}
    try:
        existing = find_existing(plan, aws)
    except ConvbiasError as error:
        failed = failed_check("resources", error.what, error.fix or "check the permissions")
        return [*checks, failed], {}
    return [*checks, _ownership(plan, existing)], existing


def _credentials(plan: Plan, aws: Aws) -> Check:
    try:
        with aws.translate_errors("the credentials cannot be used"):
            response = aws.client("sts").get_caller_identity()
            if "Account" not in response:  # botocore requires no member
                raise ForeignResponseError("lacks Account")
    except ConvbiasError as error:
        return failed_check("credentials", error.what, error.fix or "check the credentials")
    account = response["Account"]
    role = ROLE_ARN.fullmatch(plan.settings.role)
    if role is not None and role["account"] != account:
        message = f"belong to the account {account}, the role to {role['account']}"
        return failed_check("credentials", message, "use a role of the same account")
    return Check("credentials", f"account {account}")


def _bucket(plan: Plan, aws: Aws) -> Check:
    bucket = plan.settings.bucket
    try:
        with aws.translate_errors(f"the bucket {bucket} cannot be used"):
            response = aws.client("s3").head_bucket(Bucket=bucket)
    except ConvbiasError as error:
        if _status(error) == 404:
            fix = f"create it (aws s3 mb s3://{bucket} --region {plan.region}), or name another"
            return failed_check("bucket", f"there is no bucket {bucket}", fix)
        return failed_check("bucket", error.what, error.fix or "check the bucket's policy")
    region = response.get("BucketRegion")
    if region is None:
        return Check("bucket", f"{bucket}, in an unknown region", passed=None)
    if region != plan.region:
        message = f"{bucket} is in {region}, the endpoint in {plan.region}"
        return failed_check(
            "bucket", message, f"use a bucket in {plan.region}, or --region {region}"
        )
    return Check("bucket", f"{bucket} in {region}")


def _status(error: ConvbiasError) -> Any:  # noqa: ANN401 - from botocore's response
    response = getattr(error.__cause__, "response", {})
    return response.get("ResponseMetadata", {}).get("HTTPStatusCode")


def _ownership(plan: Plan, existing: dict[str, Resource]) -> Check:
    unmanaged = [
        each.name
        for each in existing.values()
        if each.state == UNMANAGED
        and (each.kind != "autoscaling" or plan.scaling_target is not None)
    ]
    if unmanaged:
        message = f"{', '.join(unmanaged)} exists and was not created by convbias"
        fix = f"choose another name than {plan.settings.name} with --name"
        return failed_check("resources", message, fix)
    return Check("resources", "no conflict with resources not created by convbias")
