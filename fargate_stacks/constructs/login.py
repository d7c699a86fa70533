"""Logins that a load balancer asks for before a request reaches a service."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from troposphere import elasticloadbalancingv2 as elb

from fargate_stacks.constructs.access import SecretValue
from fargate_stacks.core.construct import Value
from fargate_stacks.core.hints import shown
from fargate_stacks.core.values import Text, sub

_LONGEST = timedelta(days=7)


class _Session(Value):
    """What logins of both kinds share."""

    scope: str = "openid"
    session: timedelta = _LONGEST
    unauthenticated: Literal["authenticate", "allow", "deny"] = "authenticate"
    """What happens to a request without a login: it is sent to log in, let through, or answered with 401."""

    def check(self) -> None:
        seconds = self.session.total_seconds()
        if not 1 <= seconds <= 604_800 or seconds % 1:
            raise self.refuse(f"session must be 1 second to 7 days in whole seconds, got {seconds:g}")
        if "openid" not in self.scope.split():
            raise self.refuse(f"scope must hold openid, got {shown(self.scope)}")

    def action(self) -> Any:
        """Give the rule's first action."""
        raise NotImplementedError

    def _shared(self) -> dict[str, Any]:
        return {
            "Scope": self.scope,
            "SessionTimeout": int(self.session.total_seconds()),
            "OnUnauthenticatedRequest": self.unauthenticated,
        }


class Oidc(_Session):
    """A login with a provider of OpenID Connect, by the endpoints that its discovery document names.

    `client_secret` is a secret's value (`ExistingSecret("login").value("client_secret")`), which CloudFormation looks
    up and the template never shows; after a rotation the stack must be deployed anew. Raises SpecError for endpoints
    without https.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    user_info_endpoint: str
    client_id: Text
    client_secret: SecretValue

    def check(self) -> None:
        super().check()
        for key in ("issuer", "authorization_endpoint", "token_endpoint", "user_info_endpoint"):
            if not getattr(self, key).startswith("https://"):
                raise self.refuse(f"{key} must start with https://, got {shown(getattr(self, key))}")

    def action(self) -> Any:
        return elb.ListenerRuleAction(
            Type="authenticate-oidc",
            Order=1,
            AuthenticateOidcConfig=elb.ListenerRuleAuthenticateOidcConfig(
                Issuer=self.issuer,
                AuthorizationEndpoint=self.authorization_endpoint,
                TokenEndpoint=self.token_endpoint,
                UserInfoEndpoint=self.user_info_endpoint,
                ClientId=self.client_id,
                ClientSecret=_looked_up(self.client_secret),
                **self._shared(),
            ),
        )


class Cognito(_Session):
    """A login with a user pool of Cognito: its ARN, the id of an app client with a secret, and the pool's domain."""

    user_pool_arn: Text
    client_id: Text
    domain: Text
    """The prefix of the pool's domain, or the whole name of one of your own."""

    def check(self) -> None:
        super().check()
        if isinstance(self.user_pool_arn, str) and ":cognito-idp:" not in self.user_pool_arn:
            raise self.refuse(f"user_pool_arn must be the ARN of a user pool, got {shown(self.user_pool_arn)}")

    def action(self) -> Any:
        return elb.ListenerRuleAction(
            Type="authenticate-cognito",
            Order=1,
            AuthenticateCognitoConfig=elb.AuthenticateCognitoConfig(
                UserPoolArn=self.user_pool_arn,
                UserPoolClientId=self.client_id,
                UserPoolDomain=self.domain,
                **self._shared(),
            ),
        )


def _looked_up(secret: SecretValue) -> Text:
    """A dynamic reference: CloudFormation asks Secrets Manager while it deploys."""
    field = f":SecretString:{secret.field}" if secret.field is not None else ""
    return sub("{{resolve:secretsmanager:{arn}" + field + "}}", arn=secret.arn)
