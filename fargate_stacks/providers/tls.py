"""The resource policy that refuses requests without TLS."""

from __future__ import annotations

from typing import Any


def tls_only(actions: str, *resources: Any) -> dict[str, Any]:
    """Give a policy document that denies everybody `actions` on `resources` over plain HTTP."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": actions,
                "Resource": list(resources) if len(resources) > 1 else resources[0],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }
