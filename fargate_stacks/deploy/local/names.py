"""The names of the emulator that this leans on, one a line. A test compares them with the sources."""

from __future__ import annotations

_LINES = """
ministack.app SERVICE_HANDLERS
ministack.app _collect_scripts
ministack.app _reset_all_state
ministack.app app
ministack.core.responses AccountRegionScopedDict
ministack.core.responses error_response_json
ministack.core.responses error_response_xml
ministack.core.responses get_account_id
ministack.core.responses get_region
ministack.core.responses json_response
ministack.core.responses new_uuid
ministack.core.responses now_iso
ministack.core.responses request_scope
ministack.core.router SERVICE_PATTERNS
ministack.core.router _is_aws_service_name
ministack.services.acm _cert_shape
ministack.services.alb _ACTION_MAP
ministack.services.alb _action_xml
ministack.services.alb _condition_xml
ministack.services.alb _error
ministack.services.alb _lb_attrs
ministack.services.alb _lbs
ministack.services.alb _listener_xml
ministack.services.alb _listeners
ministack.services.alb _p
ministack.services.alb _parse_actions
ministack.services.alb _parse_conditions
ministack.services.alb _parse_targets_param
ministack.services.alb _rules
ministack.services.alb _targets
ministack.services.alb _tg_attrs
ministack.services.alb _tg_xml
ministack.services.alb _tgs
ministack.services.alb _xml
ministack.services.alb reset
ministack.services.cloudformation _change_sets
ministack.services.cloudformation _exports
ministack.services.cloudformation _stack_events
ministack.services.cloudformation _stacks
ministack.services.cloudformation.changesets _find_change_set
ministack.services.cloudformation.drift _DRIFT_READERS
ministack.services.cloudformation.drift detect_resource_drift
ministack.services.cloudformation.engine _NO_VALUE
ministack.services.cloudformation.engine _TransformFailed
ministack.services.cloudformation.engine _apply_transforms
ministack.services.cloudformation.engine _evaluate_conditions
ministack.services.cloudformation.engine _extract_deps
ministack.services.cloudformation.engine _intrinsic_references
ministack.services.cloudformation.engine _parse_template
ministack.services.cloudformation.engine _resolve_dynamic_references
ministack.services.cloudformation.engine _resolve_parameters
ministack.services.cloudformation.engine _resolve_refs
ministack.services.cloudformation.engine declared_transforms
ministack.services.cloudformation.engine validate_template_support
ministack.services.cloudformation.handlers _ACTION_HANDLERS
ministack.services.cloudformation.handlers _capabilities_enforced
ministack.services.cloudformation.handlers _describe_stack_resources
ministack.services.cloudformation.handlers _imported_export_names
ministack.services.cloudformation.handlers _insufficient_capabilities_message
ministack.services.cloudformation.handlers _missing_capabilities
ministack.services.cloudformation.handlers _required_iam_capabilities
ministack.services.cloudformation.handlers _resolve_parameters
ministack.services.cloudformation.handlers _resolve_stack
ministack.services.cloudformation.handlers _stack_has_no_updates
ministack.services.cloudformation.handlers validate_template_support
ministack.services.cloudformation.helpers _error
ministack.services.cloudformation.helpers _extract_string_members
ministack.services.cloudformation.helpers _p
ministack.services.cloudformation.helpers _page
ministack.services.cloudformation.helpers _resolve_document
ministack.services.cloudformation.helpers _resolve_template
ministack.services.cloudformation.provisioners _CONDITIONALLY_REPLACING_PROPERTIES
ministack.services.cloudformation.provisioners _REPLACING_PROPERTIES
ministack.services.cloudformation.provisioners _RESOURCE_HANDLERS
ministack.services.cloudformation.provisioners _RETAINING_POLICIES
ministack.services.cloudformation.provisioners _STACK_TAG_PROPERTY
ministack.services.cloudformation.provisioners _cw_metric_alarm_record
ministack.services.cloudformation.provisioners _delete_resource
ministack.services.cloudformation.provisioners _ec2_sg_permissions
ministack.services.cloudformation.provisioners _elbv2_listener_actions
ministack.services.cloudformation.provisioners _physical_name
ministack.services.cloudformation.provisioners _property_recreation
ministack.services.cloudformation.provisioners _replacing_change
ministack.services.cloudformation.provisioners _snapshot_resource
ministack.services.cloudformation.provisioners _tag_map
ministack.services.cloudformation.provisioners _with_stack_tags
ministack.services.cloudformation.stacks CLIENT_REQUEST_TOKEN
ministack.services.cloudformation.stacks _DEFERRED_PREDECESSOR_DELETES
ministack.services.cloudformation.stacks _NAME_SEED
ministack.services.cloudformation.stacks _RETAIN_REPLACED
ministack.services.cloudformation.stacks _adopt_resource
ministack.services.cloudformation.stacks _provision_keeping_seed
ministack.services.cloudformation.stacks _resolve_stack_outputs
ministack.services.cloudformation.stacks _resource_policy
ministack.services.cloudformation.stacks _runs_on_worker_thread
ministack.services.cloudformation.stacks _update_keeping_seed
ministack.services.cloudfront _build_vpc_origin_xml
ministack.services.cloudwatch _alarms
ministack.services.cloudwatch_logs _create_log_group
ministack.services.cloudwatch_logs _create_log_stream
ministack.services.cloudwatch_logs _log_groups
ministack.services.cloudwatch_logs _put_log_events
ministack.services.dynamodb _tables
ministack.services.ec2 _ACTION_MAP
ministack.services.ec2 _addresses
ministack.services.ec2 _instances
ministack.services.ec2 _az_id_for_zone_name
ministack.services.ec2 _error
ministack.services.ec2 _flow_logs
ministack.services.ec2 _internet_gateways
ministack.services.ec2 _nat_gateways
ministack.services.ec2 _network_interfaces
ministack.services.ec2 _p
ministack.services.ec2 _route_tables
ministack.services.ec2 _rules_match
ministack.services.ec2 _security_groups
ministack.services.ec2 _sg_rule_id
ministack.services.ec2 _subnets
ministack.services.ec2 _tags
ministack.services.ec2 _vpc_endpoints
ministack.services.ec2 _vpcs
ministack.services.ec2 _zone_name_for_az_id
ministack.services.ecs _ACTION_MAP
ministack.services.ecs _BOTH_LAUNCH_CHOICES
ministack.services.ecs _clusters
ministack.services.ecs _create_service
ministack.services.ecs _delete_service
ministack.services.ecs _iso
ministack.services.ecs _launch_choice
ministack.services.ecs _next_task_def_revision
ministack.services.ecs _resolve_cluster_name
ministack.services.ecs _resolve_task
ministack.services.ecs _resolve_td_key
ministack.services.ecs _run_task
ministack.services.ecs _sanitize
ministack.services.ecs _services
ministack.services.ecs _stop_task
ministack.services.ecs _tags
ministack.services.ecs _task_defs
ministack.services.ecs _tasks
ministack.services.ecs _update_service
ministack.services.ecs reset
ministack.services.efs _mount_targets
ministack.services.eks _clusters
ministack.services.eventbridge _invoke_target
ministack.services.iam _IAM_HANDLERS
ministack.services.iam _aws_managed_policies
ministack.services.iam _error
ministack.services.iam _p
ministack.services.iam _policies
ministack.services.iam _roles
ministack.services.rds _clusters
ministack.services.rds _instances
ministack.services.s3 _buckets
ministack.services.secretsmanager _resolve
ministack.services.servicediscovery _deregister_instance
ministack.services.servicediscovery _register_instance
ministack.services.ssm _PUBLIC_AMI_PARAMETERS
ministack.services.ssm _lookup_parameter
"""


def _table() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in _LINES.split("\n"):
        module, _, name = line.partition(" ")
        if name:
            found[module] = (*found.get(module, ()), name)
    return found


NAMES = _table()
"""By module: the names that are looked for when the local cloud starts."""
