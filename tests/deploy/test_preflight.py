"""What is found before a deploy: each finding once, and what may not be asked is said in one line."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from fargate_stacks.deploy.preflight_subject import Report
from fargate_stacks.deploy.registry import Reply, parse, platforms
from tests.deploy.answers import SERVICE
from tests.deploy.preflighted import CERTIFICATE, ECR, SECRET, Answers, alive, codes, index, no, reported, task

# images


def in_registry(manifest: str | None) -> Callable[[str, Mapping[str, str]], Reply]:
    """A registry that wants a token of its own first, as Docker Hub does."""

    def fetch(url: str, headers: Mapping[str, str]) -> Reply:
        if url.startswith("https://auth.example"):
            assert "scope=repository%3Aexample%2Fapi%3Apull" in url
            return Reply(200, {}, b'{"token": "t"}')
        if headers.get("Authorization") != "Bearer t":
            asks = 'Bearer realm="https://auth.example/token",service="r",scope="repository:example/api:pull"'
            return Reply(401, {"WWW-Authenticate": asks}, b"")
        assert url == "https://registry-1.docker.io/v2/example/api/manifests/7"
        return Reply(404, {}, b"") if manifest is None else Reply(200, {}, manifest.encode())

    return fetch


def test_an_image_that_is_not_in_its_registry_is_an_error_of_its_construct() -> None:
    (found,) = reported(task(), fetch=in_registry(None)).findings
    assert (found.code, found.severity, str(found.owner)) == ("FS901", "error", 'Service "Api"')
    assert found.message == "image example/api:7 is not in its registry; push it, or check the tag"


def test_an_image_for_another_processor_is_an_error_with_the_cure() -> None:
    (found,) = reported(task(), fetch=in_registry(index("arm64", "unknown"))).findings
    assert found.code == "FS902"
    assert 'Task(architecture="ARM64")' in found.message


def test_an_image_for_several_processors_is_fine() -> None:
    assert codes(reported(task(), fetch=in_registry(index("arm64", "amd64")))) == []


def test_a_registry_that_is_not_reached_is_one_line_and_no_finding() -> None:
    report = reported(task())
    assert codes(report) == []
    assert report.skipped == ("images not checked: example/api:7: registry-1.docker.io answers not reached",)


def test_an_image_known_only_after_the_deploy_is_not_looked_at() -> None:
    assert reported(task({"Fn::GetAtt": ["Repository", "RepositoryUri"]})) == Report()


def test_an_image_may_come_from_a_parameter() -> None:
    report = reported(
        task({"Ref": "Image"}),
        parameters={"Image": {"Type": "String", "Default": "example/old:1"}},
        given={"Image": "example/api:7"},
        fetch=in_registry(None),
    )
    assert "example/api:7" in report.findings[0].message


def ecr(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> Mapping[str, Answers]:
    return {
        "ecr": {
            "BatchGetImage": answer,
            "GetDownloadUrlForLayer": lambda _: {"downloadUrl": "https://layer.example"},
        }
    }


def test_an_image_that_ecr_does_not_have() -> None:
    report = reported(task(f"{ECR}/api:8"), ecr(lambda _: {"images": [], "failures": []}))
    assert codes(report) == ["FS901"]


def test_a_repository_that_ecr_does_not_have() -> None:
    assert codes(reported(task(f"{ECR}/api:8"), ecr(no("RepositoryNotFoundException")))) == ["FS901"]


def test_an_image_built_on_an_arm_machine_is_found_by_its_configuration() -> None:
    manifest = json.dumps({"config": {"digest": "sha256:c"}})
    report = reported(
        task(f"{ECR}/api:8"),
        ecr(lambda _: {"images": [{"imageManifest": manifest}]}),
        fetch=lambda url, headers: Reply(200, {}, b'{"architecture": "arm64"}'),
    )
    assert codes(report) == ["FS902"]


def test_without_the_permission_for_ecr_the_line_names_the_image() -> None:
    report = reported(task(f"{ECR}/api:8"), ecr(no("AccessDeniedException")))
    assert report.findings == ()
    assert report.skipped == (f"images not checked: {ECR}/api:8: BatchGetImage: it says no",)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("nginx", ("registry-1.docker.io", "library/nginx", "latest")),
        ("example/api:7", ("registry-1.docker.io", "example/api", "7")),
        ("public.ecr.aws/nginx/nginx:1", ("public.ecr.aws", "nginx/nginx", "1")),
        ("localhost:5000/a", ("localhost:5000", "a", "latest")),
        ("ghcr.io/a/b:1@sha256:00", ("ghcr.io", "a/b", "sha256:00")),
    ],
)
def test_a_name_is_taken_apart_as_docker_does(name: str, parts: tuple[str, str, str]) -> None:
    image = parse(name)
    assert (image.registry, image.repository, image.reference) == parts


def test_a_registry_without_a_token_is_read_straight_away() -> None:
    reply = Reply(200, {}, index("amd64").encode())
    assert platforms(parse("public.ecr.aws/nginx/nginx:1"), lambda url, headers: reply) == {"amd64"}


# secrets and parameters


def reads(value: Any) -> dict[str, Any]:
    return task({"Ref": "Later"}, Secrets=[{"Name": "DB", "ValueFrom": value}])


def test_a_secret_that_is_not_there() -> None:
    answers = {"secretsmanager": {"DescribeSecret": no("ResourceNotFoundException")}}
    assert codes(reported(reads(f"{SECRET}:password::"), answers)) == ["FS903"]


def test_a_secret_without_a_value() -> None:
    (found,) = reported(reads(SECRET), {"secretsmanager": {"DescribeSecret": lambda _: {"ARN": SECRET}}}).findings
    assert "has no value yet" in found.message


def test_a_secret_with_a_value_is_fine_and_asked_for_by_its_own_arn() -> None:
    asked: list[str] = []

    def describe(request: dict[str, Any]) -> dict[str, Any]:
        asked.append(request["SecretId"])
        return {"VersionIdsToStages": {"v" * 32: ["AWSCURRENT"]}}

    assert reported(reads(f"{SECRET}:password::"), {"secretsmanager": {"DescribeSecret": describe}}) == Report()
    assert asked == [SECRET]


def test_a_parameter_that_is_not_there() -> None:
    answers = {"ssm": {"GetParameters": lambda request: {"InvalidParameters": request["Names"]}}}
    assert codes(reported(reads("/shop/token"), answers)) == ["FS903"]


def test_a_secret_that_the_stack_makes_is_not_looked_at() -> None:
    resources = reads({"Ref": "Db"}) | {"Db": {"Type": "AWS::SecretsManager::Secret"}}
    assert reported(resources) == Report()


# certificates, zones


def listens(arn: Any) -> dict[str, Any]:
    return {
        "Https": {
            "Type": "AWS::ElasticLoadBalancingV2::Listener",
            "Properties": {"Certificates": [{"CertificateArn": arn}]},
        }
    }


@pytest.mark.parametrize(
    ("status", "found"), [("ISSUED", []), ("PENDING_VALIDATION", ["FS904"]), ("EXPIRED", ["FS904"])]
)
def test_a_certificate_must_be_issued(status: str, found: list[str]) -> None:
    answers = {"acm": {"DescribeCertificate": lambda _: {"Certificate": {"Status": status}}}}
    assert codes(reported(listens(CERTIFICATE), answers)) == found


def test_a_certificate_of_another_region_is_an_error_without_asking() -> None:
    (found,) = reported(listens(CERTIFICATE.replace("us-east-1", "eu-west-1"))).findings
    assert "is in eu-west-1, its listener in us-east-1" in found.message


def record(zone: str, name: str) -> dict[str, Any]:
    return {"Name": {"Type": "AWS::Route53::RecordSet", "Properties": {"HostedZoneId": zone, "Name": name}}}


def zone(name: str, *, private: bool = False) -> Mapping[str, Answers]:
    found = {"Id": "Z1", "Name": name, "CallerReference": "x", "Config": {"PrivateZone": private}}
    return {"route53": {"GetHostedZone": lambda _: {"HostedZone": found}}}


def test_a_hosted_zone_that_is_not_there() -> None:
    report = reported(record("Z1", "shop.example.com"), {"route53": {"GetHostedZone": no("NoSuchHostedZone")}})
    assert codes(report) == ["FS905"]


def test_a_hosted_zone_must_hold_the_name() -> None:
    assert codes(reported(record("Z1", "shop.example.com"), zone("example.org."))) == ["FS905"]
    assert codes(reported(record("Z1", "shop.example.com."), zone("example.com."))) == []


def test_a_certificate_is_validated_in_a_public_zone() -> None:
    options = [{"DomainName": "shop.example.com", "HostedZoneId": "Z1"}]
    resources = {
        "Cert": {"Type": "AWS::CertificateManager::Certificate", "Properties": {"DomainValidationOptions": options}}
    }
    assert codes(reported(resources, zone("example.com.", private=True))) == ["FS905"]


# what may not be asked

DENIED = "AccessDeniedException"


@pytest.mark.parametrize(
    ("resources", "service", "operation", "line"),
    [
        (task(f"{ECR}/api:8"), "ecr", "BatchGetImage", "images"),
        (reads(SECRET), "secretsmanager", "DescribeSecret", "secrets"),
        (reads("/db/password"), "ssm", "GetParameters", "secrets"),
        (listens(CERTIFICATE), "acm", "DescribeCertificate", "certificates"),
        (record("Z1", "shop.example.com"), "route53", "GetHostedZone", "hosted zones"),
        (
            {
                "Api": {
                    "Type": "AWS::ECS::Service",
                    "Properties": {"NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": ["subnet-1"]}}},
                }
            },
            "ec2",
            "DescribeSubnets",
            "subnets",
        ),
        (
            {"Api": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "shop"}}},
            "logs",
            "DescribeLogGroups",
            "names",
        ),
        ({"Api": {"Type": "AWS::EC2::VPC"}}, "service-quotas", "GetServiceQuota", "quotas"),
        ({"Api": {"Type": "AWS::ECS::Cluster"}}, "iam", "GetRole", "service linked roles"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_check_without_its_permission_is_left_out_with_one_line(
    resources: dict[str, Any], service: str, operation: str, line: str
) -> None:
    report = reported(resources, {service: {operation: no(DENIED)}})
    assert report.findings == ()
    assert len(report.skipped) == 1
    assert report.skipped[0].startswith(f"{line} not checked: ")
    assert report.skipped[0].endswith(f"{operation}: it says no")


def test_a_rollout_that_may_not_be_read_is_one_line() -> None:
    answers: Mapping[str, Answers] = {
        "cloudformation": alive(("Api", SERVICE, "AWS::ECS::Service")),
        "ecs": {"DescribeServices": no(DENIED)},
    }
    report = reported({"Api": {"Type": "AWS::ECS::Service", "Properties": {"DesiredCount": 1}}}, answers)
    assert (report.findings, report.skipped) == ((), ("rollouts not checked: DescribeServices: it says no",))


def test_a_secret_that_may_not_be_read_leaves_the_others() -> None:
    answers: Mapping[str, Answers] = {
        "secretsmanager": {"DescribeSecret": no(DENIED)},
        "ssm": {"GetParameters": lambda request: {"InvalidParameters": request["Names"]}},
    }
    secrets = [{"Name": "A", "ValueFrom": SECRET}, {"Name": "B", "ValueFrom": "/db/password"}]
    report = reported(task({"Ref": "Later"}, Secrets=secrets), answers)
    assert codes(report) == ["FS903"]
    assert report.skipped == ("secrets not checked: DescribeSecret: it says no",)
