"""For each resource type: the call of its service that reads a resource back, and what that call does not tell."""

from __future__ import annotations

import json

from tests.deploy.local import readers
from tests.deploy.local.readers import Reader

_GROUP = readers.renamed(
    readers.of("ec2", "describe_security_groups", "SecurityGroups.0", GroupIds="[id]"), GroupDescription="Description"
)
READERS: dict[str, Reader] = {
    "AWS::ApiGatewayV2::Api": readers.of("apigatewayv2", "get_api", "", ApiId="id"),
    "AWS::ApiGatewayV2::Integration": readers.of(
        "apigatewayv2", "get_integration", "", ApiId="=ApiId", IntegrationId="id"
    ),
    "AWS::ApiGatewayV2::Route": readers.of("apigatewayv2", "get_route", "", ApiId="=ApiId", RouteId="id"),
    "AWS::ApiGatewayV2::Stage": readers.of("apigatewayv2", "get_stage", "", ApiId="=ApiId", StageName="id"),
    "AWS::ApiGatewayV2::VpcLink": readers.of("apigatewayv2", "get_vpc_link", "", VpcLinkId="id"),
    "AWS::ApplicationAutoScaling::ScalableTarget": readers.target,
    "AWS::ApplicationAutoScaling::ScalingPolicy": readers.scaling_policy,
    "AWS::CertificateManager::Certificate": readers.renamed(
        readers.of("acm", "describe_certificate", "Certificate", CertificateArn="id"),
        ValidationMethod="DomainValidationOptions.0.ValidationMethod",
    ),
    "AWS::CloudFront::Distribution": readers.distribution,
    "AWS::CloudFront::VpcOrigin": readers.of("cloudfront", "get_vpc_origin", "VpcOrigin", Id="id"),
    "AWS::CloudWatch::Alarm": readers.of("cloudwatch", "describe_alarms", "MetricAlarms.0", AlarmNames="[id]"),
    "AWS::DynamoDB::Table": readers.many(
        readers.renamed(
            readers.of("dynamodb", "describe_table", "Table", TableName="id"),
            BillingMode="BillingModeSummary.BillingMode",
        ),
        lambda cloud, physical_id, said: {
            "PointInTimeRecoverySpecification": {
                "PointInTimeRecoveryEnabled": cloud.api("dynamodb").describe_continuous_backups(TableName=physical_id)[
                    "ContinuousBackupsDescription"
                ]["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"]
                == "ENABLED"
            }
        },
    ),
    "AWS::EC2::EIP": readers.of("ec2", "describe_addresses", "Addresses.0", PublicIps="[id]"),
    "AWS::EC2::EgressOnlyInternetGateway": readers.renamed(
        readers.of(
            "ec2",
            "describe_egress_only_internet_gateways",
            "EgressOnlyInternetGateways.0",
            EgressOnlyInternetGatewayIds="[id]",
        ),
        VpcId="Attachments.0.VpcId",
    ),
    "AWS::EC2::FlowLog": readers.of("ec2", "describe_flow_logs", "FlowLogs.0", FlowLogIds="[id]"),
    "AWS::EC2::Instance": readers.instance,
    "AWS::EC2::InternetGateway": readers.of(
        "ec2", "describe_internet_gateways", "InternetGateways.0", InternetGatewayIds="[id]"
    ),
    "AWS::EC2::NatGateway": readers.renamed(
        readers.of("ec2", "describe_nat_gateways", "NatGateways.0", NatGatewayIds="[id]"),
        AllocationId="NatGatewayAddresses.0.AllocationId",
    ),
    "AWS::EC2::Route": readers.route,
    "AWS::EC2::RouteTable": readers.of("ec2", "describe_route_tables", "RouteTables.0", RouteTableIds="[id]"),
    "AWS::EC2::SecurityGroup": readers.many(_GROUP, readers.rules),
    "AWS::EC2::SecurityGroupEgress": readers.rule,
    "AWS::EC2::SecurityGroupIngress": readers.rule,
    "AWS::EC2::Subnet": readers.renamed(
        readers.of("ec2", "describe_subnets", "Subnets.0", SubnetIds="[id]"),
        Ipv6CidrBlock="Ipv6CidrBlockAssociationSet.0.Ipv6CidrBlock",
        AssignIpv6AddressOnCreation="AssignIpv6AddressOnCreation",
    ),
    "AWS::EC2::SubnetRouteTableAssociation": lambda cloud, physical_id, said: next(
        one
        for table in cloud.api("ec2").describe_route_tables(RouteTableIds=[said["RouteTableId"]])["RouteTables"]
        for one in table["Associations"]
        if one.get("RouteTableAssociationId") == physical_id
    ),
    "AWS::EC2::VPC": readers.vpc,
    "AWS::EC2::VPCCidrBlock": readers.of("ec2", "describe_vpcs", "Vpcs.0", VpcIds="[=VpcId]"),
    "AWS::EC2::VPCEndpoint": readers.endpoint,
    "AWS::EC2::VPCGatewayAttachment": readers.renamed(
        readers.of(
            "ec2", "describe_internet_gateways", "InternetGateways.0", InternetGatewayIds="[=InternetGatewayId]"
        ),
        VpcId="Attachments.0.VpcId",
    ),
    "AWS::ECR::PullThroughCacheRule": readers.of(
        "ecr", "describe_pull_through_cache_rules", "pullThroughCacheRules.0", ecrRepositoryPrefixes="[id]"
    ),
    "AWS::ECR::Repository": readers.many(
        readers.of("ecr", "describe_repositories", "repositories.0", repositoryNames="[id]"),
        readers.attributes("LifecyclePolicy", readers.of("ecr", "get_lifecycle_policy", "", repositoryName="id")),
    ),
    "AWS::ECS::Cluster": readers.cluster,
    "AWS::ECS::ExpressGatewayService": readers.express,
    "AWS::ECS::Service": readers.service,
    "AWS::ECS::TaskDefinition": readers.of("ecs", "describe_task_definition", "taskDefinition", taskDefinition="id"),
    "AWS::EFS::AccessPoint": readers.of("efs", "describe_access_points", "AccessPoints.0", AccessPointId="id"),
    "AWS::EFS::FileSystem": readers.many(
        readers.of("efs", "describe_file_systems", "FileSystems.0", FileSystemId="id"),
        readers.of("efs", "describe_backup_policy", "", FileSystemId="id"),
        readers.of("efs", "describe_lifecycle_configuration", "", FileSystemId="id"),
        lambda cloud, physical_id, said: {
            "FileSystemPolicy": json.loads(
                cloud.api("efs").describe_file_system_policy(FileSystemId=physical_id)["Policy"]
            )
        },
    ),
    "AWS::EFS::MountTarget": readers.many(
        readers.of("efs", "describe_mount_targets", "MountTargets.0", MountTargetId="id"),
        readers.of("efs", "describe_mount_target_security_groups", "", MountTargetId="id"),
    ),
    "AWS::ElastiCache::ServerlessCache": readers.of(
        "elasticache", "describe_serverless_caches", "ServerlessCaches.0", ServerlessCacheName="id"
    ),
    "AWS::ElasticLoadBalancingV2::Listener": readers.of(
        "elbv2", "describe_listeners", "Listeners.0", ListenerArns="[id]"
    ),
    "AWS::ElasticLoadBalancingV2::ListenerCertificate": readers.certificates,
    "AWS::ElasticLoadBalancingV2::ListenerRule": readers.of("elbv2", "describe_rules", "Rules.0", RuleArns="[id]"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": readers.many(
        lambda cloud, physical_id, said: (
            lambda one: {**one, "Subnets": [zone["SubnetId"] for zone in one["AvailabilityZones"]]}
        )(cloud.api("elbv2").describe_load_balancers(LoadBalancerArns=[physical_id])["LoadBalancers"][0]),
        readers.attributes(
            "LoadBalancerAttributes",
            readers.of("elbv2", "describe_load_balancer_attributes", "Attributes", LoadBalancerArn="id"),
        ),
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": readers.many(
        readers.of("elbv2", "describe_target_groups", "TargetGroups.0", TargetGroupArns="[id]"),
        readers.attributes(
            "TargetGroupAttributes",
            readers.of("elbv2", "describe_target_group_attributes", "Attributes", TargetGroupArn="id"),
        ),
    ),
    "AWS::ElasticLoadBalancingV2::TrustStore": readers.of(
        "elbv2", "describe_trust_stores", "TrustStores.0", TrustStoreArns="[id]"
    ),
    "AWS::IAM::ManagedPolicy": readers.managed_policy,
    "AWS::IAM::Role": readers.role,
    "AWS::KMS::Alias": lambda cloud, physical_id, said: {
        "AliasName": physical_id,
        "TargetKeyId": cloud.api("kms").describe_key(KeyId=physical_id)["KeyMetadata"]["Arn"],
    },
    "AWS::KMS::Key": readers.many(
        readers.of("kms", "describe_key", "KeyMetadata", KeyId="id"),
        readers.renamed(
            readers.of("kms", "get_key_rotation_status", "", KeyId="id"), EnableKeyRotation="KeyRotationEnabled"
        ),
        lambda cloud, physical_id, said: {
            "KeyPolicy": json.loads(cloud.api("kms").get_key_policy(KeyId=physical_id, PolicyName="default")["Policy"])
        },
    ),
    "AWS::Lambda::Function": readers.function,
    "AWS::Logs::LogGroup": readers.among(
        "logs", "describe_log_groups", "logGroups", "logGroupName", logGroupNamePrefix="id"
    ),
    "AWS::RDS::DBCluster": readers.renamed(
        readers.of("rds", "describe_db_clusters", "DBClusters.0", DBClusterIdentifier="id"),
        EnableIAMDatabaseAuthentication="IAMDatabaseAuthenticationEnabled",
        DBSubnetGroupName="DBSubnetGroup",
        VpcSecurityGroupIds="VpcSecurityGroups.*.VpcSecurityGroupId",
        ServerlessV2ScalingConfiguration="ServerlessV2ScalingConfiguration",
    ),
    "AWS::RDS::DBInstance": readers.of("rds", "describe_db_instances", "DBInstances.0", DBInstanceIdentifier="id"),
    "AWS::RDS::DBSubnetGroup": lambda cloud, physical_id, said: (
        lambda one: {**one, "SubnetIds": [subnet["SubnetIdentifier"] for subnet in one["Subnets"]]}
    )(cloud.api("rds").describe_db_subnet_groups(DBSubnetGroupName=physical_id)["DBSubnetGroups"][0]),
    "AWS::Route53::RecordSet": lambda cloud, physical_id, said: {
        **next(
            one
            for one in cloud.api("route53").list_resource_record_sets(HostedZoneId=said["HostedZoneId"])[
                "ResourceRecordSets"
            ]
            if one["Name"].rstrip(".") == said["Name"].rstrip(".") and one["Type"] == said["Type"]
        ),
        "HostedZoneId": said["HostedZoneId"],
        "Name": said["Name"],
    },
    "AWS::S3::Bucket": readers.bucket,
    "AWS::S3::BucketPolicy": readers.policy_of("s3", "get_bucket_policy", "Policy", Bucket="=Bucket"),
    "AWS::SNS::Subscription": readers.parsed(
        readers.of("sns", "get_subscription_attributes", "Attributes", SubscriptionArn="id"), "RedrivePolicy"
    ),
    "AWS::SNS::Topic": readers.of("sns", "get_topic_attributes", "Attributes", TopicArn="id"),
    "AWS::SNS::TopicPolicy": lambda cloud, physical_id, said: {
        **said,
        "PolicyDocument": json.loads(
            cloud.api("sns").get_topic_attributes(TopicArn=said["Topics"][0])["Attributes"]["Policy"]
        ),
    },
    "AWS::SQS::Queue": readers.queue,
    "AWS::SQS::QueuePolicy": lambda cloud, physical_id, said: {
        **said,
        "PolicyDocument": json.loads(
            cloud.api("sqs").get_queue_attributes(QueueUrl=said["Queues"][0], AttributeNames=["Policy"])["Attributes"][
                "Policy"
            ]
        ),
    },
    "AWS::SSM::Parameter": readers.many(
        readers.of("ssm", "get_parameter", "Parameter", Name="id"),
        lambda cloud, physical_id, said: next(
            one for one in cloud.api("ssm").describe_parameters()["Parameters"] if one["Name"] == physical_id
        ),
    ),
    "AWS::Scheduler::Schedule": readers.of("scheduler", "get_schedule", "", Name="id"),
    "AWS::SecretsManager::Secret": readers.of("secretsmanager", "describe_secret", "", SecretId="id"),
    "AWS::SecretsManager::SecretTargetAttachment": readers.attachment,
    "AWS::ServiceDiscovery::HttpNamespace": readers.of("servicediscovery", "get_namespace", "Namespace", Id="id"),
    "AWS::ServiceDiscovery::PrivateDnsNamespace": readers.of("servicediscovery", "get_namespace", "Namespace", Id="id"),
    "AWS::ServiceDiscovery::Service": readers.of("servicediscovery", "get_service", "Service", Id="id"),
    "AWS::VpcLattice::Listener": readers.lattice("listener", "listener"),
    "AWS::VpcLattice::Rule": readers.lattice("rule", "rule"),
    "AWS::VpcLattice::Service": readers.lattice("service", "service"),
    "AWS::VpcLattice::ServiceNetwork": readers.lattice("service_network", "serviceNetwork"),
    "AWS::VpcLattice::ServiceNetworkServiceAssociation": readers.lattice(
        "service_network_service_association", "serviceNetworkServiceAssociation"
    ),
    "AWS::VpcLattice::ServiceNetworkVpcAssociation": readers.lattice(
        "service_network_vpc_association", "serviceNetworkVpcAssociation"
    ),
    "AWS::VpcLattice::TargetGroup": readers.lattice("target_group", "targetGroup"),
    "AWS::WAFv2::LoggingConfiguration": readers.of(
        "wafv2", "get_logging_configuration", "LoggingConfiguration", ResourceArn="=ResourceArn"
    ),
    "AWS::WAFv2::WebACL": readers.acl,
    "AWS::WAFv2::WebACLAssociation": lambda cloud, physical_id, said: {
        "ResourceArn": said["ResourceArn"],
        "WebACLArn": cloud.api("wafv2").get_web_acl_for_resource(ResourceArn=said["ResourceArn"])["WebACL"]["ARN"],
    },
}
UNTOLD = {
    # by which it was found
    "AWS::ApiGatewayV2::Integration": "ApiId",
    "AWS::ApiGatewayV2::Route": "ApiId",
    "AWS::ApiGatewayV2::Stage": "ApiId",
    "AWS::ElasticLoadBalancingV2::ListenerRule": "ListenerArn",
    # what is done once, or by CloudFormation
    "AWS::ECR::Repository": "EmptyOnDelete",
    "AWS::KMS::Key": "PendingWindowInDays",
    "AWS::EC2::VPCCidrBlock": "AmazonProvidedIpv6CidrBlock",
    "AWS::SecretsManager::Secret": "GenerateSecretString",
    "AWS::RDS::DBCluster": "MasterUserPassword",
    "AWS::ElasticLoadBalancingV2::TrustStore": "CaCertificatesBundleS3Bucket CaCertificatesBundleS3Key",
    "AWS::Lambda::Function": "Code",
    # what the API does not say of it either
    "AWS::CertificateManager::Certificate": "DomainValidationOptions",
    "AWS::EC2::FlowLog": "ResourceType",
    "AWS::ServiceDiscovery::PrivateDnsNamespace": "Vpc",
}
"""By type: properties that no call tells, on AWS either."""
NO_CALLS = {"AWS::ECS::Gateway", "AWS::ECS::GatewayClusterAssociations", "Custom::PreDeploy"}
