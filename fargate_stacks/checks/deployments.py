"""Rules about how a service's new revision takes over, and on which capacity its tasks run."""

from __future__ import annotations

from collections.abc import Iterator

from fargate_stacks.checks.part import Part
from fargate_stacks.checks.reading import Hit, Reading, Resource, rule, strategy_of, windows

_SHIFTING = ("BLUE_GREEN", "LINEAR", "CANARY")
_SHIFT_STAGES = ("TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT")
_OF_STRATEGY = (("LinearConfiguration", "LINEAR"), ("CanaryConfiguration", "CANARY"))
_RANGES = (
    ("BakeTimeInMinutes", 0, 1440),
    ("LinearConfiguration.StepPercent", 3, 100),
    ("LinearConfiguration.StepBakeTimeInMinutes", 0, 1440),
    ("CanaryConfiguration.CanaryPercent", 0.1, 100),
    ("CanaryConfiguration.CanaryBakeTimeInMinutes", 0, 1440),
    ("EarlySuccessCriteria.HealthyPercent", 0, 100),
)
# CloudFormation waits 36 hours for a service (schema of AWS::ECS::Service); two are left for tasks to start
_LONGEST = 34 * 60


@rule("FS330", "error", cure="give AdvancedConfiguration", source="ECS API reference, AdvancedConfiguration")
def no_alternate_group(reading: Reading) -> Iterator[Hit]:
    """A service shifts traffic between two revisions and has one target group."""
    for service in reading.services:
        if strategy_of(service) not in _SHIFTING:
            continue
        for one in service["LoadBalancers"]:
            advanced = one["AdvancedConfiguration"]
            for key in ("AlternateTargetGroupArn", "ProductionListenerRule", "RoleArn"):
                if advanced[key].absent:
                    yield service.hit(f"with {strategy_of(service)} a load balancer needs {key}")


@rule("FS331", "error", cure="leave it out", source="ECS API reference, DeploymentCircuitBreaker")
def breaker_without_rolling(reading: Reading) -> Iterator[Hit]:
    """A service that shifts traffic has a circuit breaker, which is for rolling deployments only."""
    for service in reading.services:
        if strategy_of(service) in _SHIFTING:
            breaker = service.part.at("DeploymentConfiguration.DeploymentCircuitBreaker")
            if breaker["Enable"].true:
                yield service.hit(f"DeploymentCircuitBreaker is on beside {strategy_of(service)}")


@rule("FS332", "error", cure="let the two agree", source="ECS API reference, DeploymentConfiguration")
def strategy_mismatch(reading: Reading) -> Iterator[Hit]:
    """A deployment has settings that are for another strategy."""
    for service in reading.services:
        settings, strategy = service["DeploymentConfiguration"], strategy_of(service)
        if strategy is None:
            continue
        for key, wanted in _OF_STRATEGY:
            if settings[key].given and strategy != wanted:
                yield service.hit(f"{key} is for {wanted}, and the strategy is {strategy}")
        if settings["EarlySuccessCriteria"].at("Enable").true and strategy != "ROLLING":
            yield service.hit(f"EarlySuccessCriteria is for ROLLING, and the strategy is {strategy}")
        if settings["BakeTimeInMinutes"].given and strategy == "ROLLING":
            yield service.hit("BakeTimeInMinutes is for strategies that shift traffic, and the strategy is ROLLING")
        controller = service.part.at("DeploymentController.Type").text
        if controller in ("CODE_DEPLOY", "EXTERNAL") and settings["Strategy"].given:
            yield service.hit(f"Strategy {strategy} is for the ECS deployment controller, and it is {controller}")


@rule("FS333", "error", cure="take a stage before or after it", source="ECS API reference, DeploymentLifecycleHook")
def pause_at_shift(reading: Reading) -> Iterator[Hit]:
    """A deployment is to pause while traffic shifts, which ECS refuses."""
    for service, hook in _hooks(reading):
        for stage in hook["LifecycleStages"]:
            if hook["TargetType"].text == "PAUSE" and stage.text in _SHIFT_STAGES:
                yield service.hit(f"a PAUSE hook is at the stage {stage.text}")


@rule("FS334", "error", cure="give it", source="ECS API reference, DeploymentLifecycleHook")
def hook_without_target(reading: Reading) -> Iterator[Hit]:
    """A deployment's hook has no function to call, no role to call it with, or no stage."""
    for service, hook in _hooks(reading):
        kind = hook["TargetType"]
        if kind.absent or kind.text == "AWS_LAMBDA":
            for key in ("HookTargetArn", "RoleArn"):
                if hook[key].absent:
                    yield service.hit(f"a hook that calls a function has no {key}")
        if hook["LifecycleStages"].absent or hook["LifecycleStages"].value == []:
            yield service.hit("a hook has no LifecycleStages")


@rule("FS335", "error", cure="raise the first", source="ECS API reference, EarlySuccessCriteria")
def early_success(reading: Reading) -> Iterator[Hit]:
    """A deployment counts as done with fewer healthy tasks than must stay healthy."""
    for service in reading.services:
        settings = service["DeploymentConfiguration"]
        early, lowest = settings.at("EarlySuccessCriteria.HealthyPercent").number, settings["MinimumHealthyPercent"]
        low = 100 if lowest.absent else lowest.number
        if early is not None and low is not None and early < low:
            yield service.hit(f"EarlySuccessCriteria.HealthyPercent {early:g} is below MinimumHealthyPercent {low:g}")


@rule("FS336", "error", cure="shorten them", source="CloudFormation schema of AWS::ECS::Service: 36 hours")
def longer_than_cloudformation_waits(reading: Reading) -> Iterator[Hit]:
    """A deployment may pause and bake for longer than CloudFormation waits, which then rolls back under it."""
    for service in reading.services:
        settings, strategy = service["DeploymentConfiguration"], strategy_of(service)
        if strategy not in _SHIFTING:
            continue
        minutes = settings["BakeTimeInMinutes"].number or 0
        for hook in settings["LifecycleHooks"]:
            if hook["TargetType"].text == "PAUSE":
                waits = hook.at("TimeoutConfiguration.TimeoutInMinutes")
                minutes += (1440 if waits.absent else waits.number or 0) * len(list(hook["LifecycleStages"]))
        if strategy == "CANARY":
            minutes += _or(settings.at("CanaryConfiguration.CanaryBakeTimeInMinutes"), 10)
        if strategy == "LINEAR":
            percent = _or(settings.at("LinearConfiguration.StepPercent"), 10)
            minutes += _or(settings.at("LinearConfiguration.StepBakeTimeInMinutes"), 6) * (100 / max(percent, 1))
        if minutes > _LONGEST:
            yield service.hit(f"pauses and bakes are {minutes:g} minutes together, and CloudFormation waits for 2160")


@rule("FS337", "error", cure="choose a number in that range", source="ECS API reference, DeploymentConfiguration")
def deployment_numbers(reading: Reading) -> Iterator[Hit]:
    """A deployment's percentages or minutes are out of range."""
    for service in reading.services:
        for path, low, high in _RANGES:
            number = service["DeploymentConfiguration"].at(path).number
            if number is not None and not low <= number <= high:
                yield service.hit(f"{path} is {number:g}, and ECS takes {low} to {high}")


@rule("FS338", "error", cure="name an alarm, or leave Alarms out", source="ECS API reference, DeploymentAlarms")
def no_alarm_names(reading: Reading) -> Iterator[Hit]:
    """A deployment is to watch alarms and names none."""
    for service in reading.services:
        alarms = service.part.at("DeploymentConfiguration.Alarms")
        if alarms["Enable"].true and not alarms["AlarmNames"].given:
            yield service.hit("DeploymentConfiguration.Alarms is enabled without AlarmNames")


@rule(
    "FS339",
    "warning",
    cure="give parameters that carry the live weights",
    source="aws/aws-cdk#36649, aws/containers-roadmap#2853",
)
def fixed_weights(reading: Reading) -> Iterator[Hit]:
    """The rule that a blue/green service shifts has fixed weights, and each change of it resets the traffic."""
    for service in reading.services:
        if strategy_of(service) not in _SHIFTING:
            continue
        for one in service["LoadBalancers"]:
            for found in reading.follow(service.stack, one.at("AdvancedConfiguration.ProductionListenerRule")):
                if _has_fixed_weights(Part(_raw(reading, found))):
                    yield service.hit(f"the weights of {found.logical_id} are fixed, and ECS moves them")


@rule("FS340", "error", cure="add it to CapacityProviders", source="dask/dask-cloudprovider#328")
def provider_not_on_cluster(reading: Reading) -> Iterator[Hit]:
    """A service uses a capacity provider that its cluster does not have."""
    for service in reading.services:
        cluster = reading.one(service.stack, service["Cluster"], "ECS::Cluster")
        if cluster is None or not service["CapacityProviderStrategy"].whole:
            continue
        known = _providers(reading, cluster)
        for one in service["CapacityProviderStrategy"]:
            name = one["CapacityProvider"].text
            if name is not None and known is not None and name not in known:
                has = ", ".join(known) or "none"
                yield service.hit(f"its strategy uses {name}, and {cluster.logical_id} has {has}")


@rule("FS341", "error", cure="use one of them", source="ECS API reference, CapacityProviderStrategyItem")
def strategy_items(reading: Reading) -> Iterator[Hit]:
    """A capacity-provider strategy mixes Fargate with others, has two bases, or no weight at all."""
    for service in reading.services:
        items = list(service["CapacityProviderStrategy"])
        names = [one["CapacityProvider"].text for one in items]
        if None in names or not service["CapacityProviderStrategy"].whole or not items:
            continue
        fargate = [name for name in names if name in ("FARGATE", "FARGATE_SPOT")]
        if fargate and len(fargate) < len(names):
            yield service.hit(f"its strategy mixes {', '.join(str(name) for name in names)}")
        if sum((one["Base"].number or 0) > 0 for one in items) > 1:
            yield service.hit("its strategy has a Base on more than one provider", "give one of them a Base")
        weights = [one["Weight"] for one in items]
        if len(items) > 1 and all(weight.absent or weight.number == 0 for weight in weights):
            yield service.hit("its strategy has no Weight above 0, so no task is placed", "give a Weight")


@rule("FS342", "warning", cure="give DependsOn", source="CloudFormation user guide, DependsOn")
def before_provider(reading: Reading) -> Iterator[Hit]:
    """A service does not wait until its cluster has the capacity providers that it uses."""
    for service in reading.services:
        cluster = reading.one(service.stack, service["Cluster"], "ECS::Cluster")
        if cluster is None or not service["CapacityProviderStrategy"].given or cluster["CapacityProviders"].given:
            continue
        for one in _associations(reading, cluster):
            if one.stack == service.stack and one.logical_id not in reading.after(service):
                yield service.hit(f"nothing orders it after {one.logical_id}", f"give DependsOn: {one.logical_id}")


@rule("FS343", "error", cure="use FARGATE", source="Fargate developer guide, Windows containers on Fargate")
def windows_on_spot(reading: Reading) -> Iterator[Hit]:
    """A Windows task is to run on Fargate Spot, which runs Linux only."""
    for service in reading.services:
        task = reading.task_of(service)
        spot = any(one["CapacityProvider"].text == "FARGATE_SPOT" for one in service["CapacityProviderStrategy"])
        if spot and task is not None and windows(task):
            yield service.hit(f"{task.logical_id} is for Windows, and the strategy uses FARGATE_SPOT")


def _hooks(reading: Reading) -> Iterator[tuple[Resource, Part]]:
    for service in reading.services:
        for hook in service.part.at("DeploymentConfiguration.LifecycleHooks"):
            yield service, hook


def _or(part: Part, default: float) -> float:
    return default if part.number is None else part.number


def _raw(reading: Reading, one: Resource) -> object:
    """Properties as they are written: a parameter stays one, whatever its default."""
    return reading.written[one.stack].resources[one.logical_id].get("Properties", {})


def _has_fixed_weights(properties: Part) -> bool:
    actions = [*properties["Actions"], *properties["DefaultActions"]]
    groups = [group for action in actions for group in action.at("ForwardConfig.TargetGroups")]
    return any(isinstance(group["Weight"].value, int) for group in groups) or (
        bool(actions) and not groups and all(action["TargetGroupArn"].given for action in actions)
    )


def _associations(reading: Reading, cluster: Resource) -> list[Resource]:
    return [
        one
        for one in reading.of("ECS::ClusterCapacityProviderAssociations")
        if cluster in reading.follow(one.stack, one["Cluster"])
    ]


def _providers(reading: Reading, cluster: Resource) -> list[str] | None:
    """The capacity providers of a cluster; None where the templates do not tell."""
    lists = [cluster["CapacityProviders"], *(one["CapacityProviders"] for one in _associations(reading, cluster))]
    names = [one.text for part in lists for one in part]
    told = all(part.whole for part in lists) and None not in names
    return [name for name in names if name is not None] if told else None
