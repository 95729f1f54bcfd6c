"""A form that a browser posts: what it holds is typed by hands and believed no more than anything else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qs

from fastapi import Request

from offline_queue.live_wire import PRINTABLE


async def read_posted(
    request: Request, fields: Mapping[str, int], bytes_max: int
) -> dict[str, str] | HTTPStatus:
    """Field -> what was typed, for just these names with at most so many characters each; or the status of a body
    that no hand types into such a form: longer than `bytes_max`, another encoding, a field that is missing or doubled.
    """
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > bytes_max:
            return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    try:
        posted = parse_qs(
            body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=3 + len(fields)
        )
    except ValueError:
        return HTTPStatus.UNPROCESSABLE_ENTITY
    typed = {}
    for name, length_max in fields.items():
        match posted.get(name, []):
            case [text] if len(text) <= length_max and re.fullmatch(PRINTABLE, text):
                typed[name] = text
            case _:
                return HTTPStatus.UNPROCESSABLE_ENTITY
    return typed
