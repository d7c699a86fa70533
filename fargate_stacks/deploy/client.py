"""The one place of the deployer that speaks to AWS: CloudFormation's calls, paged, as plain values."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from fargate_stacks.deploy.answers import CallFailed, Event, StackState, event_of, state_of
from fargate_stacks.errors import DeployError

__all__ = [
    "LOCAL_ACCOUNT",
    "LOCAL_REGION",
    "CallFailed",
    "Client",
    "Event",
    "StackState",
    "call",
    "connect",
    "is_loopback",
    "local_api",
]

LOCAL_ACCOUNT = "000000000000"
"""The account of a local cloud; there the access key is the account."""
LOCAL_REGION = "us-east-1"


@dataclass(frozen=True)
class Client:
    """CloudFormation in one account and region. Every method raises CallFailed when AWS refuses."""

    api: Any
    """What botocore makes, or a fake with the same methods."""
    region: str = LOCAL_REGION
    local: bool = False
    """It speaks to a loopback address."""
    reopen: Callable[[str | None, str | None], Client] | None = None
    pace: Callable[[], None] | None = None
    """Called before each read that is made again and again."""
    beside: Callable[[str], Any] | None = None
    """Makes the client of another service of AWS, in the same account and region."""

    def service(self, name: str) -> Any:
        """Make botocore's client of another service, as `ecs` or `logs`, in this account and region.

        Raises CallFailed when this client was made for CloudFormation alone.
        """
        if self.beside is None:
            raise CallFailed("connect", "NotConnected", f"this client reaches CloudFormation only, not {name}")
        return self.beside(name)

    def account(self) -> str:
        """Give the number of the account that the credentials are of."""
        return str(call(self.service("sts"), "GetCallerIdentity")["Account"])

    def at(self, region: str | None, account: str | None = None) -> Client:
        """Give the client of another region or account; None means this one's.

        Raises DeployError when the credentials are of another account.
        """
        if self.reopen is None or ((region or self.region) == self.region and account is None):
            return self
        return self.reopen(region or self.region, account)

    def stack(self, stack: str) -> StackState | None:
        """Give a stack by name or id, or None when there is none of that name."""
        try:
            found = self._call("DescribeStacks", StackName=stack)["Stacks"]
        except CallFailed as error:
            if error.gone:
                return None
            raise
        return state_of(found[0]) if found else None

    def again(self, stack: str) -> StackState | None:
        """Give a stack that is looked at again and again, within the budget of such reads."""
        if self.pace is not None:
            self.pace()
        return self.stack(stack)

    def events(self, stack_id: str, page: str | None) -> tuple[list[Event], str | None]:
        """Give one page of a stack's events, newest first, and the next page's token."""
        if self.pace is not None:
            self.pace()
        answer = self._call("DescribeStackEvents", StackName=stack_id, **_page(page))
        return [event_of(one) for one in answer["StackEvents"]], answer.get("NextToken")

    def resources(self, stack_id: str) -> dict[str, str]:
        """Give the physical ids of a stack's resources by their logical ids; what was deleted has none."""
        pages = self._pages("ListStackResources", StackName=stack_id)
        found = [one for answer in pages for one in answer["StackResourceSummaries"]]
        return {
            one["LogicalResourceId"]: ""
            if one["ResourceStatus"] == "DELETE_COMPLETE"
            else one.get("PhysicalResourceId", "")
            for one in found
        }

    def template(self, stack_id: str, stage: str = "Original") -> Any:
        """Give the live template as it was sent, or Processed by macros: text, or a mapping where it was JSON."""
        return self._call("GetTemplate", StackName=stack_id, TemplateStage=stage).get("TemplateBody", "")

    def planned_template(self, change_set_id: str) -> Any:
        """Give the template of a change set as macros have made it."""
        return self._call("GetTemplate", ChangeSetName=change_set_id, TemplateStage="Processed")["TemplateBody"]

    def create_change_set(self, **request: Any) -> tuple[str, str]:
        """Start to make a change set; give its id and the stack's."""
        answer = self._call("CreateChangeSet", **request)
        return answer["Id"], answer["StackId"]

    def change_set(self, change_set_id: str) -> dict[str, Any]:
        """Give a change set with the changes of all pages.

        Property values are asked for; where AWS says that it left changes out for that, they are
        filled in from a second description without values.
        """
        whole = self._change_set(change_set_id, values=True)
        if "incomplete ChangeSet data" in whole.get("StatusReason", ""):
            known = {_changed(change) for change in whole["Changes"]}
            plain = self._change_set(change_set_id, values=False)
            whole["Changes"] += [change for change in plain["Changes"] if _changed(change) not in known]
        return whole

    def execute(self, change_set_id: str, token: str, **more: Any) -> None:
        """Start a change set. A retry with the same token is the same request."""
        # a failed create leaves no empty log groups behind
        request = {"ChangeSetName": change_set_id, "ClientRequestToken": token, "RetainExceptOnCreate": True}
        self._call("ExecuteChangeSet", **request, **more)

    def delete_change_set(self, change_set_id: str) -> None:
        self._call("DeleteChangeSet", ChangeSetName=change_set_id)

    def change_sets(self, stack_id: str) -> list[str]:
        """Give the ids of a stack's change sets."""
        return [one["ChangeSetId"] for one in self.listed_change_sets(stack_id)]

    def listed_change_sets(self, stack_id: str) -> list[dict[str, Any]]:
        """Give a stack's change sets with their names and statuses."""
        pages = self._pages("ListChangeSets", StackName=stack_id)
        return [one for answer in pages for one in answer["Summaries"]]

    def delete_stack(self, stack_id: str, token: str, **more: Any) -> None:
        self._call("DeleteStack", StackName=stack_id, ClientRequestToken=token, **more)

    def roll_back(self, stack_id: str, token: str, **more: Any) -> None:
        """Bring a stack that failed without rollback to its last good state; delete one that has none."""
        self._call("RollbackStack", StackName=stack_id, ClientRequestToken=token, RetainExceptOnCreate=True, **more)

    def continue_rollback(self, stack_id: str, token: str, skip: Sequence[str] = (), **more: Any) -> None:
        """Go on with a rollback that failed, without the resources to skip."""
        left_out = {"ResourcesToSkip": list(skip)} if skip else {}
        self._call("ContinueUpdateRollback", StackName=stack_id, ClientRequestToken=token, **left_out, **more)

    def set_policy(self, stack_id: str, policy: str) -> None:
        """Give a stack its policy, as JSON text."""
        self._call("SetStackPolicy", StackName=stack_id, StackPolicyBody=policy)

    def failed_events(self, **what: str) -> list[dict[str, Any]]:
        """Give what DescribeEvents says that failed in a stack or a change set."""
        pages = self._pages("DescribeEvents", **what, Filters={"FailedEvents": True})
        return [event for answer in pages for event in answer.get("OperationEvents", [])]

    def failed_hooks(self, change_set_id: str) -> list[str]:
        """Give the ids of the results of hooks that did not let a change set pass."""
        pages = self._pages(
            "ListHookResults", TargetType="CHANGE_SET", TargetId=change_set_id, Status="HOOK_COMPLETE_FAILED"
        )
        return [one["HookResultId"] for answer in pages for one in answer.get("HookResults", [])]

    def hook_result(self, result_id: str) -> dict[str, Any]:
        """Give what one hook found."""
        return self._call("GetHookResult", HookResultId=result_id)

    def cancel_update(self, stack_id: str, token: str) -> None:
        """Have a running update rolled back."""
        self._call("CancelUpdateStack", StackName=stack_id, ClientRequestToken=token)

    def protect_from_termination(self, stack_id: str, on: bool) -> None:
        self._call("UpdateTerminationProtection", StackName=stack_id, EnableTerminationProtection=on)

    def _change_set(self, change_set_id: str, *, values: bool) -> dict[str, Any]:
        asked = {"IncludePropertyValues": True} if values else {}
        whole: dict[str, Any] = {}
        changes: list[Any] = []
        for answer in self._pages("DescribeChangeSet", ChangeSetName=change_set_id, **asked):
            whole = whole or answer
            changes += answer.get("Changes", [])
        return {**whole, "Changes": changes}

    def _pages(self, operation: str, **request: Any) -> Iterator[dict[str, Any]]:
        token: str | None = None
        while True:
            answer = self._call(operation, **request, **_page(token))
            yield answer
            token = answer.get("NextToken")
            if not token:
                return

    def _call(self, operation: str, **request: Any) -> dict[str, Any]:
        return call(self.api, operation, **request)


class Renewed:
    """A botocore client whose credentials may end; a new one is made from what is on the machine by then."""

    def __init__(self, api: Any, make: Callable[[], Any]) -> None:
        self._api = api
        self._make = make

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)

    def renew(self) -> None:
        """Look for credentials once more. Raises what botocore raises where there are none."""
        self._api = self._make()


def call(api: Any, operation: str, **request: Any) -> dict[str, Any]:
    """Make one call of a botocore client and turn its ways to fail into CallFailed.

    Where the credentials have ended, somebody may have signed in again meanwhile: they are read anew, once.
    """
    try:
        return _call(api, operation, request)
    except CallFailed as trouble:
        if not trouble.expired or not isinstance(api, Renewed):
            raise
        try:
            api.renew()
        except Exception:
            raise trouble from None
        return _call(api, operation, request)


def _call(api: Any, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
    from botocore import exceptions as broken  # type: ignore[import-untyped,unused-ignore]
    from botocore import xform_name

    try:
        answer: dict[str, Any] = getattr(api, xform_name(operation))(**request)
    except broken.ClientError as error:
        said = error.response.get("Error", {})
        code, message = str(said.get("Code", "?")), str(said.get("Message", error))
        raise CallFailed(operation, code, message, _prefix(api)) from error
    except (broken.NoCredentialsError, broken.CredentialRetrievalError, broken.TokenRetrievalError) as error:
        raise CallFailed(operation, "NoCredentials", f"{error}; sign in again") from error
    except (broken.SSOError, broken.UnauthorizedSSOTokenError) as error:
        raise CallFailed(operation, "NoCredentials", f"{error}; sign in again") from error
    except (broken.HTTPClientError, broken.ConnectionError) as error:
        raise CallFailed(operation, "Unreachable", str(error)) from error
    return answer


def _prefix(api: Any) -> str:
    """Give what IAM calls the service of a client."""
    model = getattr(getattr(api, "meta", None), "service_model", None)
    return str(getattr(model, "signing_name", "")).replace("monitoring", "cloudwatch")


def connect(*, endpoint_url: str | None = None, region: str | None = None, profile: str | None = None) -> Client:
    """Open CloudFormation.

    With an endpoint on a loopback address nothing of the machine is read: no AWS_ variable, no
    configuration file, no credentials, no proxy. Otherwise region, profile and credentials are found as
    the AWS command line finds them. Raises DeployError where they are missing, or boto3 is.
    """
    try:
        import botocore.session  # type: ignore[import-untyped,unused-ignore]
    except ImportError as error:
        raise DeployError(
            "deploy: boto3 is not installed; pip install 'fargate-stacks[deploy]'", exit_code=2
        ) from error
    if endpoint_url is not None and is_loopback(endpoint_url):
        return _local(endpoint_url, region or LOCAL_REGION, LOCAL_ACCOUNT)
    session = botocore.session.Session(profile=profile)
    return _remote(session, endpoint_url, region)


def is_loopback(url: str) -> bool:
    """Tell whether a URL leads back to this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def local_api(service: str, endpoint_url: str, *, region: str = LOCAL_REGION, account: str = LOCAL_ACCOUNT) -> Any:
    """Make a botocore client for a loopback endpoint that reads nothing of the machine's AWS set-up."""
    import botocore.session
    from botocore.config import Config  # type: ignore[import-untyped,unused-ignore]
    from botocore.configprovider import (  # type: ignore[import-untyped,unused-ignore]
        BOTOCORE_DEFAUT_SESSION_VARIABLES as VARIABLES,
    )

    # each variable without the names under which the environment and the files could set it
    blind = {name: (None, None, default, kind) for name, (_, _, default, kind) in VARIABLES.items()}
    blind["config_file"] = (None, None, os.devnull, None)
    blind["credentials_file"] = (None, None, os.devnull, None)
    session = botocore.session.Session(session_vars=blind)
    session.register_component("data_loader", _models())
    return session.create_client(
        service,
        endpoint_url=endpoint_url,
        region_name=region,
        aws_access_key_id=account,
        aws_secret_access_key="local",
        config=Config(
            proxies={},
            retries={"mode": "standard", "total_max_attempts": 4},
            connect_timeout=5,
            ignore_configured_endpoint_urls=True,
            inject_host_prefix=False,  # data-127.0.0.1 is no host
            user_agent_extra=_agent(),
        ),
    )


@cache
def _models() -> Any:
    """Give one loader of botocore's models: they are megabytes of JSON, read once a process."""
    from botocore.loaders import Loader

    return Loader()


def _local(endpoint_url: str, region: str, account: str) -> Client:
    return Client(
        api=local_api("cloudformation", endpoint_url, region=region, account=account),
        region=region,
        local=True,
        reopen=lambda other, of: _local(endpoint_url, other or region, of or account),
        beside=lambda service: local_api(service, endpoint_url, region=region, account=account),
    )


def _remote(session: Any, endpoint_url: str | None, region: str | None) -> Client:
    import botocore.session
    from botocore import exceptions as broken
    from botocore.config import Config

    config = Config(retries={"mode": "standard", "total_max_attempts": 8}, user_agent_extra=_agent())

    def beside(service: str) -> Any:
        how = {"region_name": region, "endpoint_url": endpoint_url, "config": config}
        profile = session.profile
        again = lambda: botocore.session.Session(profile=profile).create_client(service, **how)  # noqa: E731
        return Renewed(session.create_client(service, **how), again)

    try:
        # botocore knows the second name only; AWS's other tools read both
        region = region or os.environ.get("AWS_REGION") or session.get_config_variable("region")
        if not region:
            raise DeployError(
                "deploy: no region; give --region, set AWS_REGION, or name it in the profile", exit_code=2
            )
        if session.get_credentials() is None:
            raise DeployError("deploy: no AWS credentials; sign in (aws login, aws sso login) or give --profile")
        api = beside("cloudformation")
    except broken.ProfileNotFound as error:
        raise DeployError(f"deploy: {error}; aws configure list-profiles shows them", exit_code=2) from error
    except (broken.BotoCoreError, ValueError) as error:
        raise DeployError(f"deploy: {error}") from error

    def reopen(other: str | None, account: str | None) -> Client:
        if account is not None:
            sts = session.create_client("sts", region_name=other, config=config)
            mine = call(sts, "GetCallerIdentity")["Account"]
            if mine != account:
                raise DeployError(
                    f"deploy: a stack wants account {account}, the credentials are of {mine}; give its --profile",
                    exit_code=2,
                )
        return _remote(session, endpoint_url, other)

    return Client(api=api, region=region, reopen=reopen, beside=beside)


def _agent() -> str:
    return "fargate-stacks"


def _page(token: str | None) -> dict[str, str]:
    return {"NextToken": token} if token else {}


def _changed(change: Mapping[str, Any]) -> str:
    return str(change.get("ResourceChange", {}).get("LogicalResourceId", ""))
