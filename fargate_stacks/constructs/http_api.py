"""API Gateway in front of an internal load balancer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar

from troposphere import GetAtt, Ref, ec2, logs
from troposphere import apigatewayv2 as api

from fargate_stacks.constructs.flow_logs import problem_of_retention
from fargate_stacks.constructs.ingress import NO_EGRESS, LoadBalancer
from fargate_stacks.constructs.key import Key
from fargate_stacks.core.construct import Construct
from fargate_stacks.core.values import Attr, Text, by_removal, sub


class HttpApi(Construct):
    """An HTTP API of API Gateway that hands every request on to an internal load balancer, whose routes decide.

    Requests are paid for one by one, and nothing is public but the API: the load balancer stays in the VPC. `cors`
    are origins that browsers may call from. `rate` and `burst` bound requests a second. Each request is a line of
    JSON in a log group, kept for `log_retention`. `tls_name` is the name in the load balancer's certificate; by
    default its first domain. Raises SpecError for a public load balancer.
    """

    edge: LoadBalancer
    cors: Sequence[str] = ()
    rate: float = 100
    burst: int = 200
    tls_name: str | None = None
    log_retention: timedelta = timedelta(days=30)
    encryption: Key | None = None

    refused: ClassVar[Mapping[str, str]] = {
        "vpc": "is the load balancer's",
        "routes": "are the load balancer's: edge.route(...)",
    }

    def check(self) -> None:
        if self.edge.public:
            raise self.refuse(f"{self.edge.who} is public, and callers could pass the API by; leave public out there")
        if self.rate <= 0 or self.burst < 1:
            raise self.refuse(f"rate and burst must be above 0, got {self.rate:g} and {self.burst}")
        if self.edge.secure and self._tls_name is None:
            raise self.refuse(f"{self.edge.who} speaks HTTPS; give the name in its certificate, tls_name=")
        wrong = problem_of_retention(self.log_retention)
        if wrong is not None:
            raise self.refuse(f"log_retention {wrong}")

    @property
    def _tls_name(self) -> str | None:
        return self.tls_name or next(iter(self.edge.domains), None)

    @property
    def url(self) -> Attr:
        return self.attr("Api", "ApiEndpoint")

    @property
    def api_id(self) -> Attr:
        return self.attr("Api")

    def build(self) -> Iterator[Any]:
        yield from self._ways()
        yield api.VpcLink(
            self.id("VpcLink"),
            Name=sub(f"${{AWS::StackName}}-{self.name}"),
            SubnetIds=self.edge.placed,
            SecurityGroupIds=[GetAtt(self.id("SecurityGroup"), "GroupId")],
        )
        cors = {"CorsConfiguration": api.Cors(AllowOrigins=list(self.cors), AllowMethods=["*"])} if self.cors else {}
        yield api.Api(self.id("Api"), Name=sub(f"${{AWS::StackName}}-{self.name}"), ProtocolType="HTTP", **cors)
        yield self._integration()
        yield api.Route(
            self.id("Route"),
            ApiId=Ref(self.id("Api")),
            RouteKey="$default",
            Target=sub("integrations/{integration}", integration=self.attr("Integration")),
        )
        yield self._log_group()
        yield self._stage()

    def _ways(self) -> Iterator[Any]:
        """From the API's link into the load balancer, both rules in this stack."""
        port = 443 if self.edge.secure else 80
        link = self.attr("SecurityGroup", "GroupId")
        ends = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
        description = f"from API {self.name} to load balancer {self.edge.name}"
        yield ec2.SecurityGroup(
            self.id("SecurityGroup"),
            GroupDescription=f"API {self.name}",
            VpcId=self.edge.vpc.vpc_id,
            SecurityGroupEgress=[NO_EGRESS],
        )
        yield ec2.SecurityGroupEgress(
            self.id(f"{self.edge.name}Egress{port}"),
            GroupId=link,
            **ends,
            DestinationSecurityGroupId=self.edge.security_group,
            Description=description,
        )
        yield ec2.SecurityGroupIngress(
            self.id(f"{self.edge.name}Ingress{port}"),
            GroupId=self.edge.security_group,
            **ends,
            SourceSecurityGroupId=link,
            Description=description,
        )

    def _integration(self) -> Any:
        secure: dict[str, Any] = {}
        if self.edge.secure:
            secure["TlsConfig"] = api.TlsConfig(ServerNameToVerify=self._tls_name)
        return api.Integration(
            self.id("Integration"),
            ApiId=Ref(self.id("Api")),
            IntegrationType="HTTP_PROXY",
            IntegrationMethod="ANY",
            IntegrationUri=self.edge.listener_arn,
            ConnectionType="VPC_LINK",
            ConnectionId=Ref(self.id("VpcLink")),
            PayloadFormatVersion="1.0",
            **secure,
        )

    def _log_group(self) -> Any:
        more = {} if self.encryption is None else {"KmsKeyId": self.encryption.arn}
        return logs.LogGroup(
            self.id("LogGroup"),
            DeletionPolicy=by_removal(retain="RetainExceptOnCreate", remove="Delete"),
            UpdateReplacePolicy=by_removal(retain="Retain", remove="Delete"),
            RetentionInDays=self.log_retention.days,
            **more,
        )

    def _stage(self) -> Any:
        keys: dict[str, Text] = {
            "time": "$context.requestTime",
            "ip": "$context.identity.sourceIp",
            "method": "$context.httpMethod",
            "path": "$context.path",
            "status": "$context.status",
            "error": "$context.integrationErrorMessage",
            "latency": "$context.responseLatency",
        }
        line = "{" + ", ".join(f'"{key}": "{value}"' for key, value in keys.items()) + "}"
        return api.Stage(
            self.id("Stage"),
            ApiId=Ref(self.id("Api")),
            StageName="$default",
            AutoDeploy=True,
            AccessLogSettings=api.AccessLogSettings(DestinationArn=GetAtt(self.id("LogGroup"), "Arn"), Format=line),
            DefaultRouteSettings=api.RouteSettings(ThrottlingRateLimit=self.rate, ThrottlingBurstLimit=self.burst),
        )
