"""The names of the emulator that this leans on, by module. A test compares them with the sources."""

from __future__ import annotations

NAMES: dict[str, tuple[str, ...]] = {
    "ministack.app": (
        "SERVICE_HANDLERS", "_collect_scripts", "app",
    ),
    "ministack.core.responses": (
        "AccountRegionScopedDict", "error_response_json", "error_response_xml", "get_account_id",
        "get_region", "json_response", "new_uuid", "now_iso", "request_scope",
    ),
    "ministack.core.router": (
        "SERVICE_PATTERNS", "_is_aws_service_name",
    ),
    "ministack.services.alb": (
        "_ACTION_MAP", "_action_xml", "_error", "_lb_attrs", "_lbs", "_listeners", "_p", "_parse_actions",
        "_parse_targets_param", "_rules", "_targets", "_tg_attrs", "_tgs", "_xml", "reset",
    ),
    "ministack.services.cloudformation": (
        "_change_sets", "_exports", "_stack_events", "_stacks",
    ),
    "ministack.services.cloudformation.changesets": (
        "_find_change_set",
    ),
    "ministack.services.cloudformation.engine": (
        "_NO_VALUE", "_apply_transforms", "_evaluate_conditions", "_extract_deps", "_intrinsic_references",
        "_parse_template", "_resolve_dynamic_references", "_resolve_parameters", "_resolve_refs",
        "validate_template_support",
    ),
    "ministack.services.cloudformation.handlers": (
        "_ACTION_HANDLERS", "_capabilities_enforced", "_describe_stack_resources", "_imported_export_names",
        "_insufficient_capabilities_message", "_missing_capabilities", "_required_iam_capabilities",
        "_resolve_parameters", "validate_template_support",
    ),
    "ministack.services.cloudformation.helpers": (
        "_error", "_extract_string_members", "_p", "_page", "_resolve_document", "_resolve_template",
    ),
    "ministack.services.cloudformation.provisioners": (
        "_CONDITIONALLY_REPLACING_PROPERTIES", "_REPLACING_PROPERTIES", "_RESOURCE_HANDLERS",
        "_RETAINING_POLICIES", "_STACK_TAG_PROPERTY", "_cw_metric_alarm_record", "_delete_resource",
        "_ec2_sg_permissions", "_elbv2_listener_actions", "_physical_name", "_property_recreation",
        "_replacing_change", "_snapshot_resource", "_tag_map", "_with_stack_tags",
    ),
    "ministack.services.cloudformation.stacks": (
        "CLIENT_REQUEST_TOKEN", "_DEFERRED_PREDECESSOR_DELETES", "_NAME_SEED", "_RETAIN_REPLACED",
        "_adopt_resource", "_provision_keeping_seed", "_resolve_stack_outputs", "_resource_policy",
        "_runs_on_worker_thread", "_update_keeping_seed",
    ),
    "ministack.services.cloudwatch": (
        "_alarms",
    ),
    "ministack.services.cloudwatch_logs": (
        "_create_log_group", "_create_log_stream", "_log_groups", "_put_log_events",
    ),
    "ministack.services.dynamodb": (
        "_tables",
    ),
    "ministack.services.ec2": (
        "_ACTION_MAP", "_addresses", "_internet_gateways", "_nat_gateways", "_network_interfaces",
        "_route_tables", "_rules_match", "_security_groups", "_sg_rule_id", "_subnets", "_tags",
        "_vpc_endpoints",
    ),
    "ministack.services.ecs": (
        "_ACTION_MAP", "_BOTH_LAUNCH_CHOICES", "_clusters", "_create_service", "_delete_service", "_iso",
        "_launch_choice", "_next_task_def_revision", "_resolve_cluster_name", "_resolve_task",
        "_resolve_td_key", "_run_task", "_sanitize", "_services", "_stop_task", "_tags", "_task_defs",
        "_tasks", "_update_service", "reset",
    ),
    "ministack.services.efs": (
        "_mount_targets",
    ),
    "ministack.services.iam": (
        "_aws_managed_policies", "_policies", "_roles",
    ),
    "ministack.services.rds": (
        "_clusters", "_instances",
    ),
    "ministack.services.s3": (
        "_buckets",
    ),
    "ministack.services.secretsmanager": (
        "_resolve",
    ),
    "ministack.services.ssm": (
        "_lookup_parameter",
    ),
}  # fmt: skip
