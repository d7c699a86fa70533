"""Databases: the login that stands in no template, who may connect, and what Aurora refuses."""

# ruff: noqa: E501 - error texts stand whole

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fargate_stacks.constructs.cluster import Cluster
from fargate_stacks.constructs.container import Container
from fargate_stacks.constructs.key import Key
from fargate_stacks.constructs.network import Vpc
from fargate_stacks.constructs.network_existing import ExistingVpc
from fargate_stacks.constructs.service import Service
from fargate_stacks.constructs.task import Task
from fargate_stacks.core.render import render
from fargate_stacks.core.stack import App, Stack
from fargate_stacks.providers.database import Postgres
from tests.constructs.networks import refusal
from tests.constructs.tasks import properties
from tests.providers.providers import allowed, secret_statements, seen, used

NET = Vpc("Net")
ORDERS = Postgres("Orders", vpc=NET)


def template(database: Postgres = ORDERS, *others: Any, **stack: Any) -> Any:
    return render(App([Stack("s", [database.vpc, database, *others], **stack)]))["s"]


def cluster(**fields: Any) -> dict[str, Any]:
    return properties(template(Postgres("Orders", vpc=NET, **fields)), "OrdersDBCluster")


def test_a_cluster_is_encrypted_backed_up_and_reached_through_one_group() -> None:
    found = cluster()
    login = {
        key: {"Fn::Sub": "{{resolve:secretsmanager:${OrdersSecret}:SecretString:" + key + "}}"}
        for key in ("username", "password")
    }
    assert found == {
        "Engine": "aurora-postgresql",
        "EngineVersion": "17.7",
        "DatabaseName": "app",
        "MasterUsername": login["username"],
        "MasterUserPassword": login["password"],
        "Port": 5432,
        "ServerlessV2ScalingConfiguration": {"MinCapacity": 0.5, "MaxCapacity": 4},
        "DBSubnetGroupName": {"Ref": "OrdersDBSubnetGroup"},
        "VpcSecurityGroupIds": [{"Fn::GetAtt": ["OrdersSecurityGroup", "GroupId"]}],
        "StorageEncrypted": True,
        "EnableIAMDatabaseAuthentication": True,
        "BackupRetentionPeriod": 7,
        "CopyTagsToSnapshot": True,
        "DeletionProtection": True,
    }


@pytest.mark.parametrize(
    ("fields", "key", "value"),
    [
        ({"version": "16.4"}, "EngineVersion", "16.4"),
        ({"database": "shop_1"}, "DatabaseName", "shop_1"),
        ({"min_capacity": 0, "max_capacity": 256}, "ServerlessV2ScalingConfiguration", {"MinCapacity": 0, "MaxCapacity": 256}),
        ({"backup_retention": timedelta(days=35)}, "BackupRetentionPeriod", 35),
    ],
)  # fmt: skip
def test_each_field_is_a_property(fields: dict[str, Any], key: str, value: Any) -> None:
    assert cluster(**fields)[key] == value


def test_each_instance_is_serverless_and_closed_to_the_public() -> None:
    made = template(Postgres("Orders", vpc=NET, instances=3))
    for number in (1, 2, 3):
        assert properties(made, f"OrdersDBInstance{number}") == {
            "DBClusterIdentifier": {"Ref": "OrdersDBCluster"},
            "DBInstanceClass": "db.serverless",
            "Engine": "aurora-postgresql",
            "PubliclyAccessible": False,
        }
    assert "OrdersDBInstance4" not in made.resources


# a secret that rotates under running tasks (trap 17)


def test_the_login_is_a_secret_of_our_own_that_nothing_rotates_trap_17() -> None:
    made = template()
    assert "ManageMasterUserPassword" not in properties(made, "OrdersDBCluster")
    assert properties(made, "OrdersSecret")["GenerateSecretString"] == {
        "PasswordLength": 32,
        "ExcludePunctuation": True,
        "SecretStringTemplate": '{"username": "postgres"}',
        "GenerateStringKey": "password",
    }
    assert not [one for one in made.resources.values() if one["Type"] == "AWS::SecretsManager::RotationSchedule"]


def test_the_secret_learns_where_the_database_is_trap_17() -> None:
    assert properties(template(), "OrdersSecretAttachment") == {
        "SecretId": {"Ref": "OrdersSecret"},
        "TargetId": {"Ref": "OrdersDBCluster"},
        "TargetType": "AWS::RDS::DBCluster",
    }


@pytest.mark.parametrize(
    ("removal", "snapshot", "protected"), [("retain", "Snapshot", True), ("remove", "Delete", False)]
)
def test_removal_and_replacement_leave_a_snapshot_trap_17(removal: str, snapshot: str, protected: bool) -> None:
    made = template(removal=removal)
    body = made.resources["OrdersDBCluster"]
    assert body["DeletionPolicy"] == body["UpdateReplacePolicy"] == snapshot
    assert body["Properties"]["DeletionProtection"] is protected
    assert made.resources["OrdersSecret"]["DeletionPolicy"] == {"Snapshot": "Retain"}.get(snapshot, snapshot)


def test_an_instance_comes_after_the_capacity_that_it_needs_trap_17() -> None:
    assert properties(template(), "OrdersDBInstance1")["DBClusterIdentifier"] == {"Ref": "OrdersDBCluster"}


# edges


def test_connecting_hands_over_place_and_login() -> None:
    secret = "${OrdersSecret}"
    assert seen(ORDERS.connect(), NET, ORDERS) == {
        "ORDERS_HOST": {"Fn::GetAtt": ["OrdersDBCluster", "Endpoint.Address"]},
        "ORDERS_PORT": "5432",
        "ORDERS_DATABASE": "app",
        "ORDERS_USERNAME": {"Fn::Sub": f"{secret}:username::"},
        "ORDERS_PASSWORD": {"Fn::Sub": f"{secret}:password::"},
    }
    assert set(seen(ORDERS.connect(env="PG"), NET, ORDERS)) == {
        f"PG_{one}" for one in ("HOST", "PORT", "DATABASE", "USERNAME", "PASSWORD")
    }


def test_connecting_grants_the_execution_role_that_one_secret_and_the_task_nothing() -> None:
    assert secret_statements(ORDERS.connect(), NET, ORDERS) == [
        allowed("secretsmanager:GetSecretValue", on=[{"Ref": "OrdersSecret"}])
    ]
    assert "WebTaskPolicy" not in used(ORDERS.connect(), NET, ORDERS).resources


def test_a_service_that_connects_opens_the_group_and_waits_for_instances_and_secret_trap_1() -> None:
    main = Cluster("Main", vpc=NET)
    api = Service("Api", cluster=main, task=Task(containers=[Container(image="a/b:1")], uses=[ORDERS.connect()]))
    made = template(ORDERS, main, api)
    rule = properties(made, "ApiOrdersIngress5432")
    assert (rule["FromPort"], rule["ToPort"], rule["IpProtocol"]) == (5432, 5432, "tcp")
    assert rule["GroupId"] == {"Fn::GetAtt": ["OrdersSecurityGroup", "GroupId"]}
    assert {"OrdersDBInstance1", "OrdersSecretAttachment", "ApiOrdersIngress5432"} <= set(
        made.resources["ApiService"]["DependsOn"]
    )


def test_the_group_of_a_database_lets_nothing_in_by_itself_and_nothing_out() -> None:
    found = properties(template(), "OrdersSecurityGroup")
    assert "SecurityGroupIngress" not in found
    assert found["SecurityGroupEgress"][0]["CidrIp"] == "255.255.255.255/32"


@pytest.mark.parametrize(
    ("vpc", "tier", "subnets"),
    [
        (Vpc("Net"), None, "NetPrivateSubnet1"),
        (Vpc("Net", nat="none"), None, "NetIsolatedSubnet1"),
        (Vpc("Net", tiers=["public", "private", "isolated"]), None, "NetIsolatedSubnet1"),
        (Vpc("Net", tiers=["public", "private", "isolated"]), "private", "NetPrivateSubnet1"),
    ],
)
def test_it_stands_in_the_innermost_subnets_unless_told_where(vpc: Vpc, tier: Any, subnets: str) -> None:
    group = properties(template(Postgres("Orders", vpc=vpc, tier=tier)), "OrdersDBSubnetGroup")
    assert group["SubnetIds"][0] == {"Ref": subnets}


def test_in_a_vpc_that_is_there_already_its_subnets_are_named() -> None:
    ids = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    vpc = ExistingVpc(vpc_id="vpc-0123456789abcdef0", private=ids)
    made = render(App([Stack("s", [Postgres("Orders", vpc=vpc)])]))["s"]
    assert properties(made, "OrdersDBSubnetGroup")["SubnetIds"] == ids


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"version": "17.x"}, 'Postgres "Orders": version must be one of Aurora PostgreSQL like "17.7", got \'17.x\''),
        ({"version": "12"}, 'Postgres "Orders": version must be one of Aurora PostgreSQL like "17.7", got \'12\''),
        ({"database": "rdsadmin"}, "Postgres \"Orders\": database is up to 63 letters, digits and _, a letter or _ first, and none of rdsadmin, template0, template1, got 'rdsadmin'"),
        ({"database": "1a"}, "Postgres \"Orders\": database is up to 63 letters, digits and _, a letter or _ first, and none of rdsadmin, template0, template1, got '1a'"),
        ({"min_capacity": -1}, 'Postgres "Orders": min_capacity must be 0 to 256 in steps of 0.5, got -1'),
        ({"min_capacity": 0.3}, 'Postgres "Orders": min_capacity must be 0 to 256 in steps of 0.5, got 0.3'),
        ({"max_capacity": 0.5}, 'Postgres "Orders": max_capacity must be 1 to 256 in steps of 0.5, got 0.5'),
        ({"min_capacity": 8}, 'Postgres "Orders": min_capacity=8 is more than max_capacity=4; swap or change them'),
        ({"min_capacity": float("nan")}, 'Postgres "Orders": min_capacity must be a number, got nan; pass a number'),
        ({"max_capacity": 10**400}, 'Postgres "Orders": max_capacity must be a number, got a number of 1329 bits; pass a number'),
        ({"version": "16.2", "min_capacity": 0}, 'Postgres "Orders": min_capacity=0 needs a version that can pause, 16.3 or later, got 16.2; give a later version or min_capacity=0.5'),
        ({"instances": 0}, 'Postgres "Orders": instances must be 1 to 16, got 0; a cluster has up to 15 readers'),
        ({"backup_retention": timedelta(days=36)}, 'Postgres "Orders": backup_retention must be 1 to 35 whole days, got 36; give timedelta(days=35)'),
        ({"vpc": Vpc("Net", azs=1)}, 'Postgres "Orders": a database needs subnets in two zones, its VPC has one; use azs=2'),
        ({"tier": "isolated"}, 'Vpc "Net": it has no isolated subnets, and Postgres "Orders" needs them; give Vpc(tiers=[\'public\', \'private\', \'isolated\'])'),
        ({"password": "x"}, 'Postgres "Orders": password is made up by Secrets Manager; connect() hands it to containers'),
        ({"vpc": "vpc-1"}, "Postgres \"Orders\": vpc must be Vpc or ExistingVpc, got 'vpc-1'; pass Vpc or ExistingVpc"),
    ],
)  # fmt: skip
def test_what_no_database_can_be_is_refused(fields: dict[str, Any], message: str) -> None:
    assert refusal(lambda: Postgres("Orders", **{"vpc": NET, **fields})) == message


def test_a_key_of_ones_own_is_for_storage_and_login() -> None:
    key = Key("Own")
    database = Postgres("Orders", vpc=NET, encryption=key)
    arn = {"Fn::GetAtt": ["OwnKey", "Arn"]}
    made = template(database, key)
    assert properties(made, "OrdersDBCluster")["KmsKeyId"] == arn
    assert properties(made, "OrdersSecret")["KmsKeyId"] == arn
    assert secret_statements(database.connect(), NET, database, key)[1] == allowed("kms:Decrypt", on=[arn])
