"""The network interfaces of tasks: an address of the subnet each, and EC2 knows of them."""

from __future__ import annotations

from typing import Any

from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import ec2

from fargate_stacks.deploy.local.ecs_needs import Network, addresses

Data = dict[str, Any]


def attach(network: Network, attachment: Data) -> str:
    """Make the interface of an attachment, write it there, and give its address."""
    taken = {one["PrivateIpAddress"] for one in ec2._network_interfaces.values() if one["SubnetId"] == network.subnet}
    address = next((one for one in addresses(network.subnet) if one not in taken), "")
    name = f"eni-{new_uuid().replace('-', '')[:17]}"
    place = ec2._subnets.get(network.subnet, {})
    record: Data = {
        "NetworkInterfaceId": name,
        "SubnetId": network.subnet,
        "VpcId": place.get("VpcId", ""),
        "AvailabilityZone": place.get("AvailabilityZone", ""),
        "Description": f"arn:aws:ecs:{get_region()}:{get_account_id()}:attachment/{attachment['id']}",
        "OwnerId": get_account_id(),
        "Status": "in-use",
        "PrivateIpAddress": address,
        "InterfaceType": "interface",
        "SourceDestCheck": True,
        "MacAddress": ":".join(("0a", *(name[4:14][i : i + 2] for i in range(0, 10, 2)))),
        "Groups": [
            {"GroupId": one, "GroupName": ec2._security_groups.get(one, {}).get("GroupName", one)}
            for one in network.groups
        ],
        "Attachment": None,
    }
    ec2._network_interfaces[name] = record
    details = {
        "subnetId": network.subnet,
        "networkInterfaceId": name,
        "macAddress": record["MacAddress"],
        "privateDnsName": f"ip-{address.replace('.', '-')}.ec2.internal",
        "privateIPv4Address": address,
    }
    attachment |= {"status": "ATTACHED", "details": [{"name": key, "value": one} for key, one in details.items()]}
    return address


def detach(attachment: Data) -> None:
    """Let the interface of an attachment go."""
    attachment["status"] = "DELETED"
    for one in attachment["details"]:
        if one["name"] == "networkInterfaceId":
            ec2._network_interfaces.pop(one["value"], None)
