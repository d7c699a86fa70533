"""FS33x and FS34x: what ECS refuses of a service's deployments and capacity."""

from __future__ import annotations

from tests.checks.truth.forms import Case, Truth, balanced, made, mapped, ref, task, truth
from tests.checks.truth.services import (
    BLUE_GREEN,
    PAUSE,
    ROLE,
    SPOT,
    clustered,
    deploys,
    shifting,
    web,
    with_task,
)

TABLE: dict[str, Truth] = {
    "FS330": truth(
        web(mapped(), DeploymentConfiguration=BLUE_GREEN, LoadBalancers=balanced(TargetGroupArn="arn")),
        *(
            f"Web: with BLUE_GREEN a load balancer needs {key}; give AdvancedConfiguration"
            for key in ("AlternateTargetGroupArn", "ProductionListenerRule", "RoleArn")
        ),
        good=web(
            mapped(),
            DeploymentConfiguration=BLUE_GREEN,
            LoadBalancers=balanced(
                TargetGroupArn="arn",
                AdvancedConfiguration={
                    "AlternateTargetGroupArn": "arn",
                    "ProductionListenerRule": "arn",
                    "RoleArn": ROLE,
                },
            ),
        ),
        passes=[web(mapped(), LoadBalancers=balanced(TargetGroupArn="arn"))],
    ),
    "FS331": truth(
        deploys(**BLUE_GREEN, DeploymentCircuitBreaker={"Enable": True, "Rollback": True}),
        "Web: DeploymentCircuitBreaker is on beside BLUE_GREEN; leave it out",
        good=deploys(**BLUE_GREEN),
        passes=[deploys(DeploymentCircuitBreaker={"Enable": True, "Rollback": True})],
    ),
    "FS332": truth(
        deploys(Strategy="BLUE_GREEN", CanaryConfiguration={"CanaryPercent": 10}),
        "Web: CanaryConfiguration is for CANARY, and the strategy is BLUE_GREEN; let the two agree",
        good=deploys(Strategy="CANARY", CanaryConfiguration={"CanaryPercent": 10}),
        also=[
            Case(
                deploys(LinearConfiguration={"StepPercent": 20}, BakeTimeInMinutes=5),
                [
                    "Web: LinearConfiguration is for LINEAR, and the strategy is ROLLING; let the two agree",
                    "Web: BakeTimeInMinutes is for strategies that shift traffic, and the strategy is ROLLING; "
                    "let the two agree",
                ],
            ),
            Case(
                deploys(**BLUE_GREEN, EarlySuccessCriteria={"Enable": True, "HealthyPercent": 100}),
                ["Web: EarlySuccessCriteria is for ROLLING, and the strategy is BLUE_GREEN; let the two agree"],
            ),
            Case(
                web(DeploymentController={"Type": "CODE_DEPLOY"}, DeploymentConfiguration=BLUE_GREEN),
                [
                    "Web: Strategy BLUE_GREEN is for the ECS deployment controller, and it is CODE_DEPLOY; "
                    "let the two agree"
                ],
            ),
        ],
        passes=[deploys(Strategy=ref("Strategy"), LinearConfiguration={"StepPercent": 20})],
    ),
    "FS333": truth(
        deploys(**BLUE_GREEN, LifecycleHooks=[{**PAUSE, "LifecycleStages": ["PRODUCTION_TRAFFIC_SHIFT"]}]),
        "Web: a PAUSE hook is at the stage PRODUCTION_TRAFFIC_SHIFT; take a stage before or after it",
        good=deploys(**BLUE_GREEN, LifecycleHooks=[PAUSE]),
        also=[
            Case(
                deploys(**BLUE_GREEN, LifecycleHooks=[{**PAUSE, "LifecycleStages": ["TEST_TRAFFIC_SHIFT"]}]),
                ["Web: a PAUSE hook is at the stage TEST_TRAFFIC_SHIFT; take a stage before or after it"],
            )
        ],
    ),
    "FS334": truth(
        deploys(**BLUE_GREEN, LifecycleHooks=[{"LifecycleStages": ["POST_SCALE_UP"]}]),
        "Web: a hook that calls a function has no HookTargetArn; give it",
        "Web: a hook that calls a function has no RoleArn; give it",
        good=deploys(
            **BLUE_GREEN,
            LifecycleHooks=[{"LifecycleStages": ["POST_SCALE_UP"], "HookTargetArn": "arn", "RoleArn": ROLE}],
        ),
        also=[
            Case(
                deploys(**BLUE_GREEN, LifecycleHooks=[{"TargetType": "PAUSE"}]),
                ["Web: a hook has no LifecycleStages; give it"],
            )
        ],
    ),
    "FS335": truth(
        deploys(MinimumHealthyPercent=100, EarlySuccessCriteria={"Enable": True, "HealthyPercent": 50}),
        "Web: EarlySuccessCriteria.HealthyPercent 50 is below MinimumHealthyPercent 100; raise the first",
        good=deploys(MinimumHealthyPercent=50, EarlySuccessCriteria={"Enable": True, "HealthyPercent": 50}),
    ),
    "FS336": truth(
        deploys(
            **BLUE_GREEN,
            BakeTimeInMinutes=1440,
            LifecycleHooks=[PAUSE],
        ),
        "Web: pauses and bakes are 2880 minutes together, and CloudFormation waits for 2160; shorten them",
        good=deploys(
            **BLUE_GREEN,
            BakeTimeInMinutes=60,
            LifecycleHooks=[{**PAUSE, "TimeoutConfiguration": {"TimeoutInMinutes": 600}}],
        ),
        also=[
            Case(
                deploys(Strategy="LINEAR", LinearConfiguration={"StepPercent": 5, "StepBakeTimeInMinutes": 120}),
                ["Web: pauses and bakes are 2400 minutes together, and CloudFormation waits for 2160; shorten them"],
            ),
            Case(
                deploys(
                    Strategy="CANARY", CanaryConfiguration={"CanaryBakeTimeInMinutes": 1440}, BakeTimeInMinutes=1440
                ),
                ["Web: pauses and bakes are 2880 minutes together, and CloudFormation waits for 2160; shorten them"],
            ),
        ],
    ),
    "FS337": truth(
        deploys(Strategy="LINEAR", LinearConfiguration={"StepPercent": 2}),
        "Web: LinearConfiguration.StepPercent is 2, and ECS takes 3 to 100; choose a number in that range",
        good=deploys(Strategy="LINEAR", LinearConfiguration={"StepPercent": 3}),
        also=[
            Case(
                deploys(Strategy="CANARY", CanaryConfiguration={"CanaryPercent": 0}),
                [
                    "Web: CanaryConfiguration.CanaryPercent is 0, and ECS takes 0.1 to 100; "
                    "choose a number in that range"
                ],
            )
        ],
    ),
    "FS338": truth(
        deploys(Alarms={"Enable": True, "Rollback": True, "AlarmNames": []}),
        "Web: DeploymentConfiguration.Alarms is enabled without AlarmNames; name an alarm, or leave Alarms out",
        good=deploys(Alarms={"Enable": True, "Rollback": True, "AlarmNames": ["errors"]}),
    ),
    "FS339": truth(
        shifting([100, 0]),
        "Web: the weights of Rule are fixed, and ECS moves them; give parameters that carry the live weights",
        good=shifting([ref("BlueWeight"), ref("GreenWeight")]),
    ),
    "FS340": truth(
        clustered({"CapacityProviders": ["FARGATE"]}, CapacityProviderStrategy=SPOT),
        "Web: its strategy uses FARGATE_SPOT, and Main has FARGATE; add it to CapacityProviders",
        good=clustered({"CapacityProviders": ["FARGATE", "FARGATE_SPOT"]}, CapacityProviderStrategy=SPOT),
        also=[
            Case(
                clustered({}, CapacityProviderStrategy=SPOT),
                ["Web: its strategy uses FARGATE_SPOT, and Main has none; add it to CapacityProviders"],
            )
        ],
        passes=[
            clustered({"CapacityProviders": ref("Providers")}, CapacityProviderStrategy=SPOT),
            web(Cluster="main", CapacityProviderStrategy=SPOT),
            {
                **clustered({}, depends="Providers", CapacityProviderStrategy=SPOT),
                "Providers": made(
                    "ECS::ClusterCapacityProviderAssociations",
                    Cluster=ref("Main"),
                    CapacityProviders=["FARGATE_SPOT"],
                    DefaultCapacityProviderStrategy=[],
                ),
            },
        ],
    ),
    "FS341": truth(
        web(CapacityProviderStrategy=[*SPOT, {"CapacityProvider": "instances", "Weight": 1}]),
        "Web: its strategy mixes FARGATE_SPOT, instances; use one of them",
        good=web(CapacityProviderStrategy=[*SPOT, {"CapacityProvider": "FARGATE", "Base": 1}]),
        also=[
            Case(
                web(
                    CapacityProviderStrategy=[
                        {"CapacityProvider": "FARGATE_SPOT", "Base": 1},
                        {"CapacityProvider": "FARGATE", "Base": 1},
                    ]
                ),
                [
                    "Web: its strategy has a Base on more than one provider; give one of them a Base",
                    "Web: its strategy has no Weight above 0, so no task is placed; give a Weight",
                ],
            )
        ],
    ),
    "FS342": truth(
        {
            **clustered({}, CapacityProviderStrategy=SPOT),
            "Providers": made(
                "ECS::ClusterCapacityProviderAssociations", Cluster=ref("Main"), CapacityProviders=["FARGATE_SPOT"]
            ),
        },
        "Web: nothing orders it after Providers; give DependsOn: Providers",
        good={
            **clustered({}, depends="Providers", CapacityProviderStrategy=SPOT),
            "Providers": made(
                "ECS::ClusterCapacityProviderAssociations", Cluster=ref("Main"), CapacityProviders=["FARGATE_SPOT"]
            ),
        },
    ),
    "FS343": truth(
        with_task(
            task(RuntimePlatform={"OperatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}, Cpu="1024", Memory="2048"),
            CapacityProviderStrategy=SPOT,
        ),
        "Web: Task is for Windows, and the strategy uses FARGATE_SPOT; use FARGATE",
        good=with_task(
            task(RuntimePlatform={"OperatingSystemFamily": "WINDOWS_SERVER_2022_CORE"}, Cpu="1024", Memory="2048"),
            CapacityProviderStrategy=[{"CapacityProvider": "FARGATE", "Weight": 1}],
        ),
    ),
}
