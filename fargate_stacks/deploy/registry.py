"""Container registries: whether an image is there, and for which platforms it was built.

The protocol is the OCI distribution specification's: a manifest or an index under /v2/NAME/manifests/REFERENCE,
and an anonymous token where the registry asks for one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_HUB = "registry-1.docker.io"


class Reply(NamedTuple):
    """What a registry answers; status 0 means that it was not reached."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Fetch = Callable[[str, Mapping[str, str]], Reply]
"""Gets a URL with request headers."""


class Unknown(Exception):
    """The registry does not tell. Never leaves this package."""


@dataclass(frozen=True)
class Image:
    """The name of an image, taken apart."""

    registry: str
    repository: str
    reference: str
    """A tag, or sha256:…"""

    @property
    def ecr(self) -> tuple[str, str] | None:
        """The account and region of a private ECR repository."""
        match = re.fullmatch(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?", self.registry)
        return (match.group(1), match.group(2)) if match else None


def parse(name: str) -> Image:
    """Take a name apart as Docker does: no registry is Docker Hub, no tag is latest."""
    name, _, digest = name.partition("@")
    first, slash, rest = name.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        registry, path = first, rest
    else:
        registry, path = _HUB, name if slash else f"library/{name}"
    repository, colon, tag = path.rpartition(":")
    if not colon:
        repository, tag = path, "latest"
    return Image(registry, repository, digest or tag)


def get(url: str, headers: Mapping[str, str]) -> Reply:
    """Get a URL; five seconds are enough for a registry."""
    return _ask("GET", url, headers)


def head(url: str, headers: Mapping[str, str]) -> Reply:
    """Get the headers of a URL: of a manifest Docker Hub does not count that as a pull."""
    return _ask("HEAD", url, headers)


def _ask(method: str, url: str, headers: Mapping[str, str]) -> Reply:
    request = Request(url, method=method)
    for key, value in headers.items():
        # a registry sends on to the store of its layers: its token is for itself, and S3 refuses a second one
        add = request.add_unredirected_header if key == "Authorization" else request.add_header
        add(key, value)
    try:
        with urlopen(request, timeout=5) as answer:
            return Reply(answer.status, dict(answer.headers.items()), answer.read())
    except HTTPError as error:
        return Reply(error.code, dict(error.headers.items()), error.read())
    except (URLError, OSError, ValueError) as error:
        return Reply(0, {}, str(error).encode())


def platforms(image: Image, fetch: Fetch, *, scheme: str = "https") -> set[str] | None:
    """Give the architectures of an image as registries call them (amd64, arm64); None when it is not there.

    An image that does not say has none. Raises Unknown when the registry does not let us look.
    """
    base = f"{scheme}://{image.registry}/v2/{image.repository}"
    headers = {"Accept": ", ".join((*INDEXES, *MANIFESTS))}
    reply = _manifest(image, fetch, fetch, base, headers)
    if reply is None:
        return None
    return of_manifest(_json(reply.body), lambda digest: fetch(f"{base}/blobs/{digest}", headers).body)


def digest(image: Image, fetch: Fetch = get, look: Fetch = head) -> str | None:
    """Give the digest that an image has now, of its index where it has one; None when it is not there.

    `look` gets headers alone. A registry of this machine is spoken to without TLS, as Docker does. Raises Unknown when
    the registry does not let us look.
    """
    scheme = "http" if image.registry.partition(":")[0] in ("localhost", "127.0.0.1") else "https"
    base = f"{scheme}://{image.registry}/v2/{image.repository}"
    headers = {"Accept": ", ".join((*INDEXES, *MANIFESTS))}
    reply = _manifest(image, look, fetch, base, headers)
    if reply is None:
        return None
    told = next((value for key, value in reply.headers.items() if key.lower() == "docker-content-digest"), "")
    if re.fullmatch(r"sha256:[0-9a-f]{64}", told):
        return told
    whole = fetch(f"{base}/manifests/{image.reference}", headers)
    if whole.status != 200:
        raise Unknown(f"{image.registry} answers {whole.status}")
    return f"sha256:{sha256(whole.body).hexdigest()}"


def _manifest(image: Image, ask: Fetch, fetch: Fetch, base: str, headers: dict[str, str]) -> Reply | None:
    """Ask for a manifest, with a token where the registry wants one: `headers` holds it then."""
    reply = ask(f"{base}/manifests/{image.reference}", headers)
    if reply.status == 401:
        headers["Authorization"] = f"Bearer {_token(reply, fetch)}"
        reply = ask(f"{base}/manifests/{image.reference}", headers)
    if reply.status == 404:
        return None
    if reply.status != 200:
        raise Unknown(f"{image.registry} answers {reply.status or reply.body.decode('utf-8', 'replace')}")
    return reply


def of_manifest(manifest: Mapping[str, Any], blob: Callable[[str], bytes]) -> set[str]:
    """Give the architectures that a manifest or an index names; `blob` gets a manifest's configuration."""
    if "manifests" in manifest:
        named = {str(one.get("platform", {}).get("architecture", "")) for one in manifest["manifests"]}
        return named - {"", "unknown"}
    digest = manifest.get("config", {}).get("digest")
    if not digest:
        return set()
    architecture = _json(blob(digest)).get("architecture")
    return {str(architecture)} if architecture else set()


def _token(reply: Reply, fetch: Fetch) -> str:
    challenge = next((value for key, value in reply.headers.items() if key.lower() == "www-authenticate"), "")
    asked = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    realm = asked.pop("realm", "")
    if not challenge.lower().startswith("bearer") or not re.match(r"https://|http://127\.0\.0\.1[:/]", realm):
        raise Unknown("the registry wants credentials")
    answer = fetch(f"{realm}?{urlencode(asked)}", {})
    found = _json(answer.body) if answer.status == 200 else {}
    token = found.get("token") or found.get("access_token")
    if not token:
        raise Unknown("the registry wants credentials")
    return str(token)


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
