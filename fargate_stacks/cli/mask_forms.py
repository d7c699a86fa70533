"""The forms in which a secret value stands in texts: as it is, cut short, and encoded in the usual ways."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

SHORTEST = 4
"""Characters of a value that is looked for inside words; a shorter one is looked for as a word of its own."""
_CUT = 8
"""Characters of the beginning of a value that is looked for where a text breaks off."""
_ENCODED = 6
"""Bytes of a value that is looked for in base64: fewer leave fragments that stand in any text."""
_BREAK = re.compile(r"(?:\.\.\.|…|\(truncated\)|[\s\"'\])}])*\Z")


class Exact:
    """Finds some values in texts, in every form."""

    def __init__(self, values: Iterable[str]) -> None:
        whole = {form for value in values for form in _parts(value)}
        forms = {form for part in whole if len(part) >= SHORTEST for form in _encoded(part)}
        short = {part for part in whole if 0 < len(part) < SHORTEST}
        told = [re.escape(one) for one in sorted(forms, key=len, reverse=True)]
        told += [rf"(?<!\w){re.escape(one)}(?!\w)" for one in sorted(short, key=len, reverse=True)]
        self._pattern = re.compile("|".join(told)) if told else None
        self._beginnings = sorted((one for one in whole if len(one) > _CUT), key=len, reverse=True)

    def hide(self, text: str, word: str) -> str:
        """Give a text with a word in the place of every value."""
        if self._pattern is None or not text:
            return text
        return self._pattern.sub(lambda _: word, self._cut(text, word))

    def _cut(self, text: str, word: str) -> str:
        """Hide the beginning of a value where a text breaks off within it, as AWS shortens long reasons."""
        ends = _BREAK.search(text)
        body = text[: ends.start()] if ends else text
        tail = body[-_CUT:]
        if len(tail) < _CUT:
            return text
        for value in self._beginnings:
            at = value.rfind(tail)
            while at >= 0:
                length = at + _CUT
                if body.endswith(value[:length]):
                    return body[:-length] + word + text[len(body) :]
                at = value.rfind(tail, 0, length - 1)
        return text


def _parts(value: str) -> Iterator[str]:
    """Give a value, its lines, and all of it on one line."""
    value = value.strip()
    if not value:
        return
    yield value
    if len(lines := value.splitlines()) > 1:
        yield from (line.strip() for line in lines if len(line.strip()) >= SHORTEST)
        yield " ".join(value.split())
        yield "\r\n".join(lines)


def _encoded(value: str) -> Iterator[str]:
    yield value
    once = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    yield from once
    for one in once:  # JSON in a text of JSON
        yield json.dumps(one)[1:-1]
    yield repr(value)[1:-1]
    yield from (html.escape(value), html.escape(value, quote=False))
    for told in (quote(value), quote(value, safe=""), quote(value, safe="~()*!.'"), quote_plus(value)):
        yield told
        yield re.sub("%..", lambda match: match.group().lower(), told)
    raw = value.encode("utf-8", "replace")
    if len(raw) >= _ENCODED:
        yield from _base64(raw)


def _base64(raw: bytes) -> Iterator[str]:
    """Give what of a value stays the same in base64, wherever it begins among the bytes that are encoded."""
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(raw).decode()
        yield whole
        yield whole.rstrip("=")
        for offset in range(3):
            told = encode(bytes(offset) + raw).decode()
            first = (0, 2, 3)[offset]
            yield told[first : (offset + len(raw)) * 8 // 6]
