"""What lints and does not deploy: for each trap of AWS that our constructs meet, the tests that hold it shut.

The numbers are those of the project's list of traps. A test that is renamed changes its line here.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TRAPS: dict[str, dict[str, tuple[str, ...]]] = {
    "1: everything races that nothing orders": {
        "test_ordering.py": ("test_nothing_in_a_blueprint_races", "test_nothing_in_a_network_races"),
        "constructs/test_service.py": ("test_it_waits_for_rules_ways_routes_and_what_its_uses_name",),
        "constructs/test_roles.py": (
            "test_a_role_attaches_its_policies_so_that_they_are_there_before_and_after_it_trap_1",
        ),
        "constructs/test_vpc_endpoints.py": ("test_tasks_inside_wait_for_every_endpoint_trap_1",),
        "providers/test_database.py": (
            "test_a_service_that_connects_opens_the_group_and_waits_for_instances_and_secret_trap_1",
        ),
    },
    "2: deletion protection turns a failed first deploy into a dead stack": {
        "constructs/test_ingress.py": ("test_deletion_protection_is_always_written_and_follows_removal",),
        "providers/test_database.py": ("test_removal_and_replacement_leave_a_snapshot_trap_17",),
    },
    "3: requests per target under blue/green": {
        "constructs/test_deployment.py": (
            "test_requests_are_summed_over_both_groups",
            "test_errors_are_the_share_of_requests_over_both_groups",
        ),
        "constructs/test_scaling.py": ("test_requests_under_blue_green_are_those_of_whichever_group_is_live",),
    },
    "4: families and the deregistration of old revisions": {
        "constructs/test_definition.py": (
            "test_a_family_is_always_set_so_that_revisions_go_on_counting_trap_4",
            "test_an_old_revision_is_kept_so_that_it_can_be_rolled_back_to_trap_4",
        ),
    },
    "5: ECS Exec and the read-only root": {
        "constructs/test_definition.py": ("test_exec_gets_writable_directories_beside_a_read_only_root_trap_5",),
        "constructs/test_roles.py": ("test_exec_opens_its_four_channels_on_the_task_role_trap_5",),
    },
    "7: references between stacks": {
        "core/test_render.py": (
            "test_a_known_type_makes_a_typed_parameter_and_another_region_a_string",
            "test_a_list_travels_as_one_typed_list_parameter_of_declared_length",
            "test_a_ring_of_stacks_is_named_edge_by_edge",
        ),
    },
    "8: listener priorities": {
        "core/test_priorities.py": (
            "test_adding_or_removing_a_route_moves_no_other",
            "test_a_collision_is_refused_naming_both_and_the_cure",
            "test_more_rules_than_a_listener_takes_are_refused",
        ),
        "test_route_laws.py": (
            "test_adding_and_removing_routes_moves_no_other",
            "test_renaming_a_route_moves_no_other",
            "test_a_change_set_that_would_use_a_priority_twice_is_refused",
        ),
        "deploy/test_guard.py": ("test_a_priority_changes_no_hands_within_a_change_set_trap_8",),
        "constructs/test_service.py": ("test_two_apps_share_an_existing_listener_by_ranges",),
    },
    "10: who owns the weights of a rule": {
        "constructs/test_deployment.py": (
            "test_weights_are_parameters_so_that_an_update_leaves_traffic_where_it_is",
            "test_the_metadata_says_which_live_weight_a_parameter_stands_for",
            "test_the_role_is_trusted_without_a_condition_and_has_the_policy_of_aws",
            "test_blue_green_has_no_circuit_breaker_which_is_for_rolling_alone",
        ),
        "deploy/test_weights.py": ("test_a_rule_that_changes_keeps_the_live_weights",),
    },
    "11: a strategy on a cluster without providers": {
        "constructs/test_service.py": ("test_on_an_existing_cluster_without_providers_the_launch_type_is_given",),
        "constructs/test_existing.py": ("test_an_existing_cluster_is_not_taken_to_have_providers",),
        "constructs/test_cluster.py": ("test_the_capacity_providers_stand_on_the_cluster_itself",),
    },
    "12: zones by their ids": {
        "constructs/test_network.py": (
            "test_zone_ids_pin_the_zones",
            "test_a_number_of_zones_takes_the_first_that_the_region_lists",
        ),
    },
    "14: explicit egress": {
        "constructs/test_ingress.py": ("test_its_group_lets_nothing_out_but_what_services_add",),
        "constructs/test_service.py": (
            "test_egress_is_everywhere_in_so_many_words",
            "test_narrowed_egress_brings_a_rule_for_each_use",
        ),
        "constructs/test_network_balancer.py": ("test_who_listens_opens_the_port_and_the_way_to_its_tasks",),
        "providers/test_database.py": ("test_the_group_of_a_database_lets_nothing_in_by_itself_and_nothing_out",),
    },
    "15: capabilities that images need": {
        "constructs/test_definition.py": ("test_the_least_task_is_written_out",),
        "deploy/test_evidence.py": ("test_a_text_of_aws_has_its_hint",),
    },
    "17: a database's secret that rotates under running tasks": {
        "providers/test_database.py": (
            "test_the_login_is_a_secret_of_our_own_that_nothing_rotates_trap_17",
            "test_the_secret_learns_where_the_database_is_trap_17",
        ),
    },
    "18: what CloudFormation waits for": {
        "constructs/test_deployment.py": ("test_a_deployment_that_outlasts_cloudformation_is_refused",),
        "constructs/test_route.py": ("test_what_a_listener_or_target_group_would_refuse",),
        "constructs/test_network_balancer.py": ("test_what_no_network_load_balancer_does",),
    },
    "20: conditions against the confused deputy": {
        "constructs/test_roles.py": ("test_only_tasks_of_this_account_and_region_take_a_role_trap_20",),
        "constructs/test_flow_logs.py": ("test_only_flow_logs_of_this_account_may_take_the_role",),
        "constructs/test_deployment.py": ("test_the_role_is_trusted_without_a_condition_and_has_the_policy_of_aws",),
        "constructs/test_load_balancer_options.py": (
            "test_alarms_are_not_asked_for_their_source_which_would_silence_them",
            "test_the_archive_lets_load_balancers_write_for_this_account_alone",
        ),
    },
    "26: the size of a policy": {
        "constructs/test_roles.py": (
            "test_a_policy_that_would_be_too_long_is_split_and_numbered_trap_26",
            "test_one_statement_of_many_resources_is_split_too_trap_26",
            "test_more_than_ten_policies_are_refused_trap_26",
        ),
    },
    "27: rebalancing between zones": {
        "constructs/test_service.py": ("test_without_room_above_100_percent_rebalancing_is_off_in_so_many_words",),
    },
    "28: alarms that end a deployment": {
        "constructs/test_deployment.py": (
            "test_errors_make_an_alarm_before_the_service_over_both_target_groups",
            "test_alarms_that_are_there_already_end_a_deployment",
        ),
    },
    "29: text that is not ASCII": {
        "core/test_yaml.py": ("test_json_reads_back_as_the_mapping_that_was_written_and_is_ascii",),
        "deploy/test_plan.py": ("test_text_outside_ascii_is_sent_escaped",),
    },
    "29: a tag replaces an Express service": {
        "constructs/test_express.py": ("test_a_tag_never_replaces_an_express_service",),
    },
    "29: network load balancers have security groups from their creation, and logs for TLS alone": {
        "constructs/test_network_balancer.py": (
            "test_it_has_a_security_group_from_the_start",
            "test_logs_are_kept_of_tls_alone_and_it_is_said_trap_29",
        ),
    },
    "29: CloudFront looks into us-east-1": {
        "constructs/test_fronts.py": ("test_what_no_distribution_can_be",),
    },
    "29: a client's secret is looked up, never written": {
        "constructs/test_route.py": ("test_a_client_secret_is_looked_up_by_cloudformation",),
    },
    "29: what is logged to may not be encrypted by a key, and comes first": {
        "constructs/test_load_balancer_options.py": ("test_access_logs_go_to_the_archive_once_its_policy_is_there",),
    },
    "week one: the grace period": {
        "constructs/test_service.py": ("test_grace_is_a_minute_with_a_route_and_absent_without",),
    },
    "week one: what counts as healthy": {
        "constructs/test_service.py": ("test_a_target_is_healthy_with_200_to_399_by_default",),
    },
}
LINES = [(trap, file, name) for trap, files in TRAPS.items() for file, names in files.items() for name in names]


@pytest.mark.parametrize(("trap", "file", "name"), LINES, ids=[name for _, _, name in LINES])
def test_a_trap_is_held_shut_by_a_test_that_exists(trap: str, file: str, name: str) -> None:
    tree = ast.parse((HERE / file).read_text("utf-8"))
    assert name in {one.name for one in tree.body if isinstance(one, ast.FunctionDef)}, trap
