"""Private subnets that lead out through an instance: what it is, what it does, and what waits for it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from fargate_stacks import App, Cluster, Container, NatInstance, Param, Service, Stack, Task, Template, Vpc, render
from fargate_stacks.checks.engines import ENGINES
from fargate_stacks.checks.judge import judge
from tests.constructs.networks import of_type, refusal, template
from tests.localcloud import Cloud


def instance(one: Template, part: str = "NetNatInstance1") -> dict[str, Any]:
    found: dict[str, Any] = one.resources[part]["Properties"]
    return found


def script(one: Template) -> str:
    """The user data as the first boot runs it."""
    text = instance(one)["UserData"]["Fn::Base64"]["Fn::Sub"]
    assert isinstance(text, str)
    return text.replace("${AWS::StackName}", "net").replace("${AWS::Region}", "eu-west-1")


def test_one_instance_serves_all_zones() -> None:
    net = template(Vpc("Net", nat=NatInstance()))
    assert list(of_type(net, "AWS::EC2::Instance")) == ["NetNatInstance1"]
    assert of_type(net, "AWS::EC2::NatGateway") == {}
    targets = [net.resources[f"NetPrivateDefaultRoute{zone}"]["Properties"]["InstanceId"] for zone in (1, 2)]
    assert targets == [{"Ref": "NetNatInstance1"}] * 2


def test_per_zone_each_private_subnet_leaves_through_its_own() -> None:
    net = template(Vpc("Net", nat=NatInstance(per_zone=True)))
    for zone in (1, 2):
        assert net.resources[f"NetPrivateDefaultRoute{zone}"]["Properties"]["InstanceId"] == {
            "Ref": f"NetNatInstance{zone}"
        }
        [interface] = instance(net, f"NetNatInstance{zone}")["NetworkInterfaces"]
        assert interface["SubnetId"] == {"Ref": f"NetPublicSubnet{zone}"}


def test_it_forwards_what_is_not_its_own() -> None:
    assert instance(template(Vpc("Net", nat=NatInstance())))["SourceDestCheck"] is False


def test_its_metadata_is_for_sessions_only() -> None:
    options = instance(template(Vpc("Net", nat=NatInstance())))["MetadataOptions"]
    assert options == {"HttpEndpoint": "enabled", "HttpTokens": "required"}


def test_nobody_can_log_in() -> None:
    net = template(Vpc("Net", nat=NatInstance()))
    assert not instance(net).keys() & {"KeyName", "IamInstanceProfile"}
    [group] = of_type(net, "AWS::EC2::SecurityGroup").values()
    assert [one["CidrIp"] for one in group["SecurityGroupIngress"]] == ["10.0.0.0/16"]


def test_its_disk_is_encrypted() -> None:
    [disk] = instance(template(Vpc("Net", nat=NatInstance())))["BlockDeviceMappings"]
    assert disk["Ebs"]["Encrypted"] is True


@pytest.mark.parametrize(
    ("kind", "architecture"),
    [
        ("t4g.nano", "arm64"),
        ("c7gn.medium", "arm64"),
        ("im4gn.large", "arm64"),
        ("a1.medium", "arm64"),
        ("t3.nano", "x86_64"),
        ("g4dn.xlarge", "x86_64"),
        ("c6in.large", "x86_64"),
    ],
)
def test_the_image_is_for_the_types_processor(kind: str, architecture: str) -> None:
    net = template(Vpc("Net", nat=NatInstance(type=kind)))
    name = f"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{architecture}"
    assert instance(net)["ImageId"] == f"{{{{resolve:ssm:{name}}}}}"


@pytest.mark.parametrize(("kind", "said"), [("t4g.nano", True), ("t2.micro", None)])
def test_it_is_optimized_for_ebs_where_its_type_can_be(kind: str, said: bool | None) -> None:
    assert instance(template(Vpc("Net", nat=NatInstance(type=kind)))).get("EbsOptimized") is said


def test_an_image_of_your_own_may_be_a_parameter() -> None:
    net = template(Vpc("Net", nat=NatInstance(ami=Param("NatImage", type="AWS::EC2::Image::Id"))))
    assert instance(net)["ImageId"] == {"Ref": "NatImage"}


def test_the_instance_is_complete_when_it_has_said_so() -> None:
    net = template(Vpc("Net", nat=NatInstance()))
    assert net.resources["NetNatInstance1"]["CreationPolicy"] == {"ResourceSignal": {"Timeout": "PT10M"}}
    assert "--resource NetNatInstance1 " in script(net)


def test_it_waits_for_its_own_way_out() -> None:
    net = template(Vpc("Net", nat=NatInstance()))
    assert net.resources["NetNatInstance1"]["DependsOn"] == ["NetPublicDefaultRoute"]


def test_private_routes_wait_for_its_lasting_address() -> None:
    net = template(Vpc("Net", nat=NatInstance()))
    assert "NetNatInstanceElasticIp1" in net.resources["NetPrivateDefaultRoute2"]["DependsOn"]
    assert net.resources["NetNatInstanceElasticIp1"]["Properties"]["InstanceId"] == {"Ref": "NetNatInstance1"}


def test_a_service_waits_for_the_routes_through_it() -> None:
    vpc = Vpc("Net", nat=NatInstance())
    cluster = Cluster("Main", vpc=vpc)
    web = Service("Web", cluster=cluster, task=Task(containers=[Container(image="example/web:1")]))
    template = render(App([Stack("s", [vpc, cluster, web])]))["s"]
    assert {"NetPrivateDefaultRoute1", "NetPrivateDefaultRoute2"} <= set(template.resources["WebService"]["DependsOn"])


def test_the_script_is_a_shell_script(tmp_path: Path) -> None:
    path = tmp_path / "script"
    path.write_text(script(template(Vpc("Net", nat=NatInstance()))), "utf-8")
    done = subprocess.run(["bash", "-n", path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def run(folder: Path, text: str, **broken: str) -> list[str]:
    """Run the script with stand-ins that write down how they were called; give the calls in order."""
    bin_, root = folder / "bin", folder / "root"
    bin_.mkdir()
    for place in ("opt/aws/bin", "etc/sysctl.d", "etc/sysconfig"):
        (root / place).mkdir(parents=True)
    calls = folder / "calls"
    for name in ("dnf", "sysctl", "systemctl", "cfn-signal", "sleep"):
        body = f'#!/bin/bash\necho "{name} $*" >> {calls}\n{broken.get(name.replace("-", "_"), "exit 0")}\n'
        path = (root / "opt/aws/bin" if name == "cfn-signal" else bin_) / name
        path.write_text(body, "utf-8")
        path.chmod(0o755)
    inside = text.replace("/opt/aws", f"{root}/opt/aws").replace("/etc/sys", f"{root}/etc/sys")
    subprocess.run(["bash", "-c", inside], check=False, env={"PATH": f"{bin_}:/usr/bin:/bin"}, capture_output=True)
    return [line.replace(str(root), "") for line in calls.read_text("utf-8").splitlines()]


def test_the_script_translates_and_says_so(tmp_path: Path) -> None:
    calls = run(tmp_path, script(template(Vpc("Net", cidr="10.7.0.0/16", nat=NatInstance()))))
    assert calls == [
        "dnf install -y -q nftables aws-cfn-bootstrap",
        "sysctl -q -p /etc/sysctl.d/90-nat.conf",
        "systemctl enable -q --now nftables",
        "cfn-signal -e 0 --stack net --resource NetNatInstance1 --region eu-west-1",
    ]
    rules = (tmp_path / "root/etc/sysconfig/nftables.conf").read_text("utf-8")
    assert "ip saddr 10.7.0.0/16 ip daddr != 10.7.0.0/16 masquerade" in rules
    assert rules.count("{") == rules.count("}") == 2
    assert (tmp_path / "root/etc/sysctl.d/90-nat.conf").read_text("utf-8") == "net.ipv4.ip_forward = 1\n"


def test_the_script_says_when_it_does_not_translate(tmp_path: Path) -> None:
    calls = run(tmp_path, script(template(Vpc("Net", nat=NatInstance()))), systemctl="exit 3")
    assert calls[-1] == "cfn-signal -e 3 --stack net --resource NetNatInstance1 --region eu-west-1"


def test_the_script_tries_again_while_nothing_answers(tmp_path: Path) -> None:
    calls = run(
        tmp_path,
        script(template(Vpc("Net", nat=NatInstance()))),
        dnf="[ $(wc -l < $0.n) -gt 1 ]".replace("$0.n", str(tmp_path / "calls")),
    )
    assert calls[:4] == [
        "dnf install -y -q nftables aws-cfn-bootstrap",
        "sleep 10",
        "dnf install -y -q nftables aws-cfn-bootstrap",
        "sysctl -q -p /etc/sysctl.d/90-nat.conf",
    ]


def test_what_is_no_type_or_no_image_is_refused() -> None:
    assert refusal(lambda: NatInstance(type="nano")) == (
        "NatInstance: type is an instance type like t4g.nano, got 'nano'"
    )
    assert refusal(lambda: NatInstance(ami="ubuntu")) == (
        "NatInstance: ami looks like ami-0123456789abcdef0, got 'ubuntu'"
    )


def test_an_instance_without_private_subnets_is_refused() -> None:
    assert refusal(lambda: Vpc("Net", nat=NatInstance(), tiers=["public", "isolated"])) == (
        'Vpc "Net": a NAT instance costs money, and tiers has no private subnets for it; add private or use nat="none"'
    )


@pytest.mark.parametrize("engine", ENGINES)
def test_the_engines_find_nothing(engine: str) -> None:
    net = template(Vpc("Net", nat=NatInstance(per_zone=True), ipv6=True))
    assert [one for one in judge({"net": net}, ENGINES[engine]) if one.severity != "info"] == []


def test_a_task_behind_it_reaches_the_internet_by_check() -> None:
    vpc = Vpc("Net", nat=NatInstance())
    cluster = Cluster("Main", vpc=vpc)
    web = Service("Web", cluster=cluster, task=Task(containers=[Container(image="docker.io/library/nginx:1")]))
    found = judge(render(App([Stack("s", [vpc, cluster, web])])), ENGINES["none"])
    assert [one.code for one in found if one.code in ("FS130", "FS131")] == []


def test_on_the_local_cloud_the_routes_lead_to_a_running_instance(cloud: Cloud) -> None:
    net = template(Vpc("Net", nat=NatInstance()))
    assert cloud.create("net", net.to_json())["StackStatus"] == "CREATE_COMPLETE"
    physical, ec2 = cloud.physical("net"), cloud.api("ec2")
    [reserved] = ec2.describe_instances(InstanceIds=[physical["NetNatInstance1"]])["Reservations"]
    [made] = reserved["Instances"]
    assert (made["State"]["Name"], made["SourceDestCheck"], made["InstanceType"]) == ("running", False, "t4g.nano")
    [table] = ec2.describe_route_tables(RouteTableIds=[physical["NetPrivateRouteTable1"]])["RouteTables"]
    [default] = [one for one in table["Routes"] if one.get("DestinationCidrBlock") == "0.0.0.0/0"]
    assert default["InstanceId"] == made["InstanceId"]
    addresses = ec2.describe_addresses()["Addresses"]
    assert [one["InstanceId"] for one in addresses] == [made["InstanceId"]]
    assert cloud.delete("net")["StackStatus"] == "DELETE_COMPLETE"
