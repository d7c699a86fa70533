"""Custom resources of our own, as classes that troposphere renders."""

from __future__ import annotations

from troposphere.cloudformation import CustomResource


class PreDeployRun(CustomResource):
    """Asks a function to run a task once; every change of a property asks anew."""

    resource_type = "Custom::PreDeploy"
    props = {
        **CustomResource.props,
        "Cluster": (str, True),
        "TaskDefinition": (str, True),
        "Subnets": (list, True),
        "SecurityGroups": (list, True),
        "PublicIp": (str, True),
        "Strategy": (list, False),
        "Timeout": (int, True),
    }
