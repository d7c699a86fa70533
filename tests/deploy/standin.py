"""A stand-in for docker or podman: it notes its calls, and a push enters the image into the local cloud's ECR."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NamedTuple

from tests.localcloud import Cloud

_PROGRAM = """\
#!{python}
import json, os, sys, urllib.request

log, endpoint, account, fails = {settings!r}
given = sys.stdin.read()
with open(log, "a") as file:
    file.write(json.dumps({{"program": os.path.basename(sys.argv[0]), "argv": sys.argv[1:], "stdin": given}}) + "\\n")
if sys.argv[1] == fails:
    print("Step 3/9 : RUN make")
    print("make: *** no rule to make target")
    raise SystemExit(2)
if sys.argv[1] == "push":
    name, _, tag = sys.argv[2].partition("/")[2].partition(":")
    body = {{"repositoryName": name, "imageTag": tag, "imageManifest": "{{}}" + tag}}
    request = urllib.request.Request(endpoint, json.dumps(body).encode())
    request.add_header("Content-Type", "application/x-amz-json-1.1")
    request.add_header("X-Amz-Target", "AmazonEC2ContainerRegistry_V20150921.PutImage")
    scope = account + "/20260101/us-east-1/ecr/aws4_request"
    request.add_header("Authorization", "AWS4-HMAC-SHA256 Credential=" + scope + ", SignedHeaders=host, Signature=0")
    urllib.request.urlopen(request).read()
"""


class Call(NamedTuple):
    """One call of the stand-in."""

    program: str
    argv: list[str]
    stdin: str


class StandIn:
    """A folder for PATH with a stand-in in it."""

    def __init__(self, folder: Path, cloud: Cloud) -> None:
        self.folder = folder / "bin"
        self.folder.mkdir(parents=True)
        self.log = folder / "calls.jsonl"
        self.cloud = cloud

    def install(self, name: str = "docker", *, fails: str = "") -> None:
        """Put the stand-in there; the subcommand `fails` ends with 2."""
        settings = (str(self.log), self.cloud.endpoint_url, self.cloud.account, fails)
        program = self.folder / name
        program.write_text(_PROGRAM.format(python=sys.executable, settings=settings), "utf-8")
        program.chmod(0o755)

    @property
    def calls(self) -> list[Call]:
        if not self.log.exists():
            return []
        lines: list[dict[str, Any]] = [json.loads(line) for line in self.log.read_text("utf-8").splitlines()]
        return [Call(**one) for one in lines]
