"""Names, certificates, logs, firewalls and client certificates of load balancers."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from fargate_stacks import (
    App,
    HostedZone,
    Key,
    LoadBalancer,
    LogArchive,
    MutualTls,
    Param,
    SpecError,
    Stack,
    TrustStore,
    Waf,
    render,
)
from fargate_stacks.testing import properties, resources_of_type
from tests.constructs.doors import CERTIFICATE, MAIN, NET, SECOND, attributes, rendered, service

ZONE = HostedZone("example.com", id="Z0123456789ABCDEFGHIJ")


def door(**fields: Any) -> LoadBalancer:
    return LoadBalancer("Door", vpc=NET, **fields)


# names and certificates


def test_a_domain_brings_a_certificate_https_and_a_record() -> None:
    template = rendered(door(public=True, domain="shop.example.com", hosted_zone=ZONE))
    assert properties(template, "DoorCertificate") == {
        "DomainName": "shop.example.com",
        "ValidationMethod": "DNS",
        "DomainValidationOptions": [{"DomainName": "shop.example.com", "HostedZoneId": ZONE.id}],
    }
    listener = properties(template, "DoorListener")
    assert (listener["Port"], listener["Protocol"]) == (443, "HTTPS")
    assert listener["Certificates"] == [{"CertificateArn": {"Ref": "DoorCertificate"}}]
    assert properties(template, "DoorShopExampleComRecord") == {
        "HostedZoneId": ZONE.id,
        "Name": "shop.example.com.",
        "Type": "A",
        "AliasTarget": {
            "DNSName": {"Fn::GetAtt": ["DoorLoadBalancer", "DNSName"]},
            "HostedZoneId": {"Fn::GetAtt": ["DoorLoadBalancer", "CanonicalHostedZoneID"]},
            "EvaluateTargetHealth": False,
        },
    }


def test_port_80_redirects_to_a_domain() -> None:
    (action,) = properties(rendered(door(domain="a.example.com", hosted_zone=ZONE)), "DoorRedirectListener")[
        "DefaultActions"
    ]
    assert action["RedirectConfig"] == {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}


def test_several_domains_share_one_certificate_and_have_a_record_each() -> None:
    template = rendered(door(domain=["example.com", "*.example.com"], hosted_zone=ZONE))
    assert properties(template, "DoorCertificate")["SubjectAlternativeNames"] == ["*.example.com"]
    assert list(resources_of_type(template, "AWS::Route53::RecordSet")) == [
        "DoorExampleComRecord",
        "DoorWildcardExampleComRecord",
    ]


def test_adding_a_domain_renames_no_record() -> None:
    one = resources_of_type(rendered(door(domain=["b.example.com"], hosted_zone=ZONE)), "AWS::Route53::RecordSet")
    two = resources_of_type(
        rendered(door(domain=["a.example.com", "b.example.com"], hosted_zone=ZONE)), "AWS::Route53::RecordSet"
    )
    assert one.items() <= two.items()


def test_a_private_zone_gives_a_name_and_no_certificate() -> None:
    template = rendered(door(domain="a.example.com", hosted_zone=HostedZone("example.com", id="Z1", private=True)))
    assert resources_of_type(template, "AWS::CertificateManager::Certificate") == {}
    assert properties(template, "DoorListener")["Protocol"] == "HTTP"
    assert "DoorAExampleComRecord" in template.resources


def test_a_given_certificate_serves_a_domain() -> None:
    template = rendered(door(domain="a.example.com", hosted_zone=ZONE, certificate=CERTIFICATE))
    assert resources_of_type(template, "AWS::CertificateManager::Certificate") == {}
    assert properties(template, "DoorListener")["Certificates"] == [{"CertificateArn": CERTIFICATE}]


def test_further_certificates_are_of_their_own_and_keep_their_ids() -> None:
    template = rendered(door(certificate=[CERTIFICATE, SECOND, Param("Third")]))
    assert properties(template, "DoorListener")["Certificates"] == [{"CertificateArn": CERTIFICATE}]
    more = resources_of_type(template, "AWS::ElasticLoadBalancingV2::ListenerCertificate")
    assert [one["Properties"]["Certificates"] for one in more.values()] == [
        [{"CertificateArn": SECOND}],
        [{"CertificateArn": {"Ref": "Third"}}],
    ]
    assert list(more) == ["DoorCertificate223456781234", "DoorCertificateThird"]


def test_the_url_is_the_domain() -> None:
    assert door(domain=["shop.example.com", "b.example.com"], hosted_zone=ZONE).url == "https://shop.example.com"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"domain": "shop.example.com"}, "domain= needs hosted_zone=HostedZone("),
        ({"hosted_zone": ZONE}, "hosted_zone= is for domain="),
        ({"domain": "shop.example.org", "hosted_zone": ZONE}, "domain shop.example.org is not in the hosted zone exa"),
        ({"domain": "badexample.com", "hosted_zone": ZONE}, "is not in the hosted zone example.com"),
        ({"domain": "Shop.example.com", "hosted_zone": ZONE}, "domain must be a host name in lower case"),
        ({"domain": ["a.example.com", "a.example.com"], "hosted_zone": ZONE}, "a domain is given twice"),
        ({"certificate": [CERTIFICATE, "x"]}, "certificate must be the ARN of an ACM certificate, got 'x'"),
        ({"mutual_tls": MutualTls()}, "mutual_tls needs an HTTPS listener"),
        ({"keep_alive": timedelta(seconds=5)}, "keep_alive must be 60 to 604800 whole seconds, got 5"),
        ({"test_port": 443}, "test_port must be 1 to 65535 and neither 80 nor 443, got 443"),
        ({"test_from": ["10.0.0.0/8"]}, "test_from is for the test port; give test_port="),
        ({"certificates": [CERTIFICATE]}, "certificates is called certificate; it takes one or several"),
    ],
)
def test_what_no_load_balancer_can_be(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=re.escape(words)):
        door(**fields)


@pytest.mark.parametrize(
    ("name", "id_", "words"),
    [
        ("example.com.", "Z1", "a zone's name is a domain in lower case"),
        ("*.example.com", "Z1", "a zone's name is a domain in lower case"),
        ("example.com", "hosted", "id must look like Z0123456789ABCDEFGHIJ, got 'hosted'"),
    ],
)
def test_what_is_no_hosted_zone(name: str, id_: str, words: str) -> None:
    with pytest.raises(SpecError, match=re.escape(words)):
        HostedZone(name, id=id_)


# attributes


def test_attributes_are_said_where_they_differ_from_the_default() -> None:
    plain = attributes(rendered(door()), "DoorLoadBalancer")
    assert "client_keep_alive.seconds" not in plain
    chosen = attributes(
        rendered(
            door(
                keep_alive=timedelta(minutes=10),
                idle_timeout=timedelta(minutes=30),
                desync="strictest",
                preserve_host=True,
                forwarded_for="remove",
            )
        ),
        "DoorLoadBalancer",
    )
    assert chosen["client_keep_alive.seconds"] == "600"
    assert chosen["idle_timeout.timeout_seconds"] == "1800"
    assert chosen["routing.http.desync_mitigation_mode"] == "strictest"
    assert chosen["routing.http.preserve_host_header.enabled"] == "true"
    assert chosen["routing.http.xff_header_processing.mode"] == "remove"


# logs


def test_access_logs_go_to_the_archive_once_its_policy_is_there() -> None:
    audit = LogArchive("Audit")
    template = rendered(audit, door(access_logs=audit, connection_logs=audit))
    assert "AuditBucketPolicy" in template.resources["DoorLoadBalancer"]["DependsOn"]
    found = attributes(template, "DoorLoadBalancer")
    assert found["access_logs.s3.enabled"] == found["connection_logs.s3.enabled"] == "true"
    assert found["access_logs.s3.bucket"] == {"Ref": "AuditBucket"}
    assert (found["access_logs.s3.prefix"], found["connection_logs.s3.prefix"]) == ("Door/access", "Door/connection")


def test_an_archive_in_another_stack_makes_that_stack_come_first() -> None:
    audit = LogArchive("Audit")
    app = App([Stack("edge", [NET, MAIN, door(access_logs=audit)]), Stack("audit", [audit])])
    assert list(render(app)) == ["audit", "edge"]


def test_the_archive_lets_load_balancers_write_for_this_account_alone() -> None:
    statements = properties(rendered(LogArchive("Audit")), "AuditBucketPolicy")["PolicyDocument"]["Statement"]
    by_sid = {one["Sid"]: one for one in statements}
    assert by_sid["ApplicationLoadBalancers"]["Principal"] == {
        "Service": "logdelivery.elasticloadbalancing.amazonaws.com"
    }
    written = by_sid["ApplicationLoadBalancers"]["Resource"]["Fn::Join"][1]
    assert written[1:] == ["/*/AWSLogs/", {"Ref": "AWS::AccountId"}, "/*"]
    assert by_sid["TlsOnly"]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert by_sid["LogDeliveryWrite"]["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


def test_an_archive_is_read_by_nobody_without_another_one_that_knows_it() -> None:
    readers = LogArchive("Readers")
    template = rendered(readers, LogArchive("Audit", access_logs=readers))
    assert properties(template, "AuditBucket")["LoggingConfiguration"] == {
        "DestinationBucketName": {"Ref": "ReadersBucket"},
        "LogFilePrefix": "Audit/",
    }
    assert template.resources["AuditBucket"]["DependsOn"] == ["ReadersBucketPolicy"]
    # logging into itself would never end, and checkov is told so
    assert "LoggingConfiguration" not in properties(template, "ReadersBucket")
    assert [one["id"] for one in template.resources["ReadersBucket"]["Metadata"]["checkov"]["skip"]] == ["CKV_AWS_18"]


def test_the_archive_tells_eventbridge_of_each_object() -> None:
    bucket = properties(rendered(LogArchive("Audit")), "AuditBucket")
    assert bucket["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


def test_only_services_of_aws_make_grants_of_a_key() -> None:
    statements = properties(rendered(Key("Own")), "OwnKey")["KeyPolicy"]["Statement"]
    (grants,) = [one for one in statements if one["Sid"] == "GrantsForServicesOnly"]
    assert grants["Condition"] == {
        "BoolIfExists": {"kms:GrantIsForAWSResource": "false", "aws:PrincipalIsAWSService": "false"}
    }


def test_the_archive_forgets_after_its_retention() -> None:
    bucket = properties(rendered(LogArchive("Audit", retention=timedelta(days=90))), "AuditBucket")
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] == 90
    with pytest.raises(SpecError, match=r"retention must be 1 or more whole days, got 0.5"):
        LogArchive("Audit", retention=timedelta(hours=12))


def test_the_archive_outlives_its_stack_unless_that_is_removed_whole() -> None:
    kept = rendered(LogArchive("Audit")).resources["AuditBucket"]
    assert kept["DeletionPolicy"] == "RetainExceptOnCreate"
    gone = rendered(LogArchive("Audit"), removal="remove").resources["AuditBucket"]
    assert gone["DeletionPolicy"] == "Delete"


# firewalls


def test_a_firewall_stands_before_the_load_balancer_that_takes_it() -> None:
    guard = Waf("Guard")
    template = rendered(guard, door(waf=guard))
    assert properties(template, "DoorWafAssociation") == {
        "ResourceArn": {"Ref": "DoorLoadBalancer"},
        "WebACLArn": {"Fn::GetAtt": ["GuardWebAcl", "Arn"]},
    }


def test_the_common_rules_count_until_they_are_told_to_block() -> None:
    def overrides(waf: Waf) -> dict[str, Any]:
        rules = properties(rendered(waf), "GuardWebAcl")["Rules"]
        return {one["Name"]: one["OverrideAction"] for one in rules if "OverrideAction" in one}

    watching = overrides(Waf("Guard"))
    assert watching["AWSManagedRulesCommonRuleSet"] == {"Count": {}}
    assert watching["AWSManagedRulesKnownBadInputsRuleSet"] == {"None": {}}
    assert set(map(str, overrides(Waf("Guard", observe=())).values())) == {"{'None': {}}"}


def test_one_address_may_send_so_much() -> None:
    (rule, *_) = properties(rendered(Waf("Guard", rate=500)), "GuardWebAcl")["Rules"]
    assert rule["Statement"] == {"RateBasedStatement": {"Limit": 500, "AggregateKeyType": "IP"}}
    names = [one["Name"] for one in properties(rendered(Waf("Guard", rate=None)), "GuardWebAcl")["Rules"]]
    assert "rate" not in names


def test_what_a_firewall_sees_is_logged_where_it_admits() -> None:
    key = Key("Logs")
    template = rendered(key, Waf("Guard", encryption=key))
    group = properties(template, "GuardLogGroup")
    assert group["LogGroupName"] == {"Fn::Sub": "aws-waf-logs-${AWS::StackName}-Guard"}
    assert group["KmsKeyId"] == {"Fn::GetAtt": ["LogsKey", "Arn"]}
    assert "GuardLogGroup" not in rendered(Waf("Guard", log=False)).resources


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"groups": ["Common"], "observe": ()}, "groups are names of AWS's managed rule groups, got 'Common'"),
        ({"observe": ["AWSManagedRulesLinuxRuleSet"]}, "observe names AWSManagedRulesLinuxRuleSet, which is not among"),
        ({"rate": 5}, "rate is 10 to 2,000,000,000 requests in five minutes, got 5"),
        ({"groups": (), "observe": (), "rate": None}, "it would let everything pass"),
    ],
)
def test_what_is_no_firewall(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=re.escape(words)):
        Waf("Guard", **fields)


# keys


def test_a_key_rotates_and_lets_log_groups_of_this_account_use_it() -> None:
    key = properties(rendered(Key("Logs")), "LogsKey")
    assert key["EnableKeyRotation"] is True
    by_sid = {one["Sid"]: one for one in key["KeyPolicy"]["Statement"]}
    assert by_sid["LogGroups"]["Principal"] == {"Service": {"Fn::Sub": "logs.${AWS::Region}.amazonaws.com"}}
    context = by_sid["LogGroups"]["Condition"]["ArnLike"]["kms:EncryptionContext:aws:logs:arn"]
    assert context == {"Fn::Sub": "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:*"}


def test_alarms_are_not_asked_for_their_source_which_would_silence_them() -> None:
    by_sid = {one["Sid"]: one for one in properties(rendered(Key("Logs")), "LogsKey")["KeyPolicy"]["Statement"]}
    assert "aws:SourceArn" not in str(by_sid["AlarmsToTopics"])
    assert "aws:SourceAccount" not in str(by_sid["AlarmsToTopics"])


def test_a_key_is_kept_since_what_it_encrypts_may_be() -> None:
    assert rendered(Key("Logs")).resources["LogsKey"]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert rendered(Key("Logs"), removal="remove").resources["LogsKey"]["DeletionPolicy"] == "Delete"


def test_a_key_can_be_taken_back_for_a_week_at_least() -> None:
    with pytest.raises(SpecError, match="waiting must be 7 to 30 whole days, got 3"):
        Key("Logs", waiting=timedelta(days=3))


# client certificates


def test_client_certificates_are_verified_by_a_trust_store() -> None:
    store = TrustStore("Clients", bucket="certificates", key="ca.pem", version="3")
    template = rendered(store, door(certificate=CERTIFICATE, mutual_tls=MutualTls(trust=store, advertise=True)))
    assert properties(template, "DoorListener")["MutualAuthentication"] == {
        "Mode": "verify",
        "TrustStoreArn": {"Ref": "ClientsTrustStore"},
        "IgnoreClientCertificateExpiry": False,
        "AdvertiseTrustStoreCaNames": "on",
    }
    assert properties(template, "ClientsTrustStore") == {
        "CaCertificatesBundleS3Bucket": "certificates",
        "CaCertificatesBundleS3Key": "ca.pem",
        "CaCertificatesBundleS3ObjectVersion": "3",
    }


def test_client_certificates_are_handed_on_without_a_trust_store() -> None:
    template = rendered(door(certificate=CERTIFICATE, mutual_tls=MutualTls()))
    assert properties(template, "DoorListener")["MutualAuthentication"] == {"Mode": "passthrough"}
    with pytest.raises(SpecError, match="without a trust store nothing is verified"):
        MutualTls(expired=True)


def test_the_test_port_is_for_the_network_unless_it_says_for_whom() -> None:
    template = rendered(door(public=True, test_port=9000), service())
    rules = properties(template, "DoorSecurityGroup")["SecurityGroupIngress"]
    assert [(one["FromPort"], one["CidrIp"]) for one in rules] == [(80, "0.0.0.0/0"), (9000, "10.0.0.0/16")]
    assert properties(template, "DoorTestListener")["Port"] == 9000
    told = properties(rendered(door(test_port=9000, test_from=["10.9.0.0/16"])), "DoorSecurityGroup")
    assert told["SecurityGroupIngress"][-1]["CidrIp"] == "10.9.0.0/16"
