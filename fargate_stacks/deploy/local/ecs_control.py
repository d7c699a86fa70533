"""ContinueServiceDeployment and StopServiceDeployment: what a person says to a deployment that goes on."""

from __future__ import annotations

from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import ecs

from fargate_stacks.deploy.local import ecs_history, ecs_rollout, ecs_service_api
from fargate_stacks.deploy.local.tempo import clock

Data = dict[str, Any]

STOPPED = ("Error occurred during operation 'ECS Deployment was stopped by a user'.", "GeneralServiceException")


def register() -> None:
    """Answer the two calls."""
    ecs._ACTION_MAP |= {"ContinueServiceDeployment": _continue, "StopServiceDeployment": _stop}


def _continue(data: Data) -> Any:
    with clock.turn():
        record = ecs_history.deployments.get(data.get("serviceDeploymentArn"))
        if record is None:
            return _missing()
        service = ecs_service_api.of(record["serviceArn"])
        detail = next(
            (one for one in record.get("lifecycleHookDetails", ()) if one["hookId"] == data.get("hookId")), None
        )
        if detail is None or detail["status"] != "AWAITING_ACTION" or service.shift is None:
            words = "The lifecycle hook is not awaiting an action."
            return error_response_json("InvalidParameterException", words, 400)
        ok = data.get("action", "CONTINUE") == "CONTINUE"
        why = f"a lifecycle hook at {record['lifecycleStage']} was rejected"
        service.shift.answer(detail, "SUCCEEDED" if ok else "FAILED", ok=ok, why=why)
        return json_response({"serviceDeploymentArn": record["serviceDeploymentArn"]})


def _stop(data: Data) -> Any:
    with clock.turn():
        found: Data | None = ecs_history.deployments.get(data.get("serviceDeploymentArn"))
        if found is None:
            return _missing()
        record = found
        if record["status"] in ecs_history.OVER or record["status"].startswith(("ROLLBACK", "STOP")):
            words = f"The service deployment cannot be stopped: its status is {record['status']}."
            return error_response_json("ConflictException", words, 400)
        service = ecs_service_api.of(record["serviceArn"])
        abort = data.get("stopType") == "ABORT"
        record |= {"status": "STOP_REQUESTED" if abort else "ROLLBACK_REQUESTED"}
        why = "The service deployment was stopped by a user."

        def stop() -> None:
            if service.current is not record or record["status"] in ecs_history.OVER:
                return
            service.failure = STOPPED
            if service.shift is not None:
                service.shift.give_up("stopped by a user.", STOPPED, why)
            elif abort:
                service.primary.failed = True
                ecs_history.end(record, "STOPPED", why)
            else:
                service.primary.failed = True
                ecs_rollout.roll_back(service, service.primary, why)
            service.step()

        clock.after(2, stop)
        return json_response({"serviceDeploymentArn": record["serviceDeploymentArn"]})


def _missing() -> Any:
    return error_response_json("ServiceDeploymentNotFoundException", "The service deployment was not found.", 400)
