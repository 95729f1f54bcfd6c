"""What terminals call, as an OpenAPI 3.1 document. `main.py central --openapi` prints it.

Written as a table and not taken from the routes: those read the raw bytes, since a signature is judged before
anything is parsed. The schemas are the messages' own. A test compares the table with the routes and with traffic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from central.lookup import CaseAnswer
from offline_queue.inbox_wire import INBOX_PATH, InboxAnswer, InboxRequest
from offline_queue.live_wire import (
    DECISION_PATH,
    PAYMENT_PATH,
    PREFILL_PATH,
    PROGRESS_PATH,
    SMS_PATH,
    DecisionAnswer,
    DecisionRequest,
    PaymentOrder,
    PaymentRequest,
    PrefillAnswer,
    PrefillRequest,
    ProgressAnswer,
    ProgressRequest,
    SmsAnswer,
    SmsRequest,
)
from offline_queue.manifest import MANIFEST_PATH, Manifest, ManifestAnswer
from offline_queue.publication_wire import PUBLICATION_PATH, PublicationAnswer
from offline_queue.wire import (
    ATTACHMENT_PATH,
    BATCH_PATH,
    HEARTBEAT_PATH,
    Batch,
    BatchAnswer,
    Heartbeat,
    HeartbeatAnswer,
    Problem,
    UploadState,
)

Model = type[BaseModel]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. `body`: a message, or bytes for a part of an attachment."""

    method: str
    path: str
    summary: str
    answers: Mapping[int, Model | None]
    body: Model | type[bytes] | None = None
    query: Mapping[str, str] | None = None
    """Whole numbers: name -> what it says."""
    signed: bool = True


_SIGNED: Mapping[int, Model] = dict.fromkeys((401, 403, 413, 422, 503), Problem)
_MESSAGE: Mapping[int, Model] = {**_SIGNED, 415: Problem}
_LIVE: Mapping[int, Model] = dict.fromkeys((404, 409, 429), Problem)
_PLACE = {
    "offset": "bytes before this part: what the centre holds",
    "of": "bytes of the whole sealed attachment",
}
OPERATIONS = (
    Operation("post", BATCH_PATH, "Deliver items; one verdict each.", {200: BatchAnswer, **_MESSAGE}, Batch),
    Operation(
        "post",
        HEARTBEAT_PATH,
        "Tell the terminal's state.",
        {200: HeartbeatAnswer, 400: Problem, 409: Problem, **_MESSAGE},
        Heartbeat,
    ),
    Operation(
        "post",
        MANIFEST_PATH,
        "Compare what was acknowledged with what the centre holds.",
        {200: ManifestAnswer, 409: Problem, **_MESSAGE},
        Manifest,
    ),
    Operation(
        "post",
        INBOX_PATH,
        "Fetch the signed letters after the last one applied.",
        {200: InboxAnswer, 409: Problem, **_MESSAGE},
        InboxRequest,
    ),
    Operation(
        "get",
        ATTACHMENT_PATH,
        "How much of an attachment the centre holds.",
        {200: UploadState, **_SIGNED},
    ),
    Operation(
        "head",
        ATTACHMENT_PATH,
        "The same, in the header Upload-Offset.",
        {200: None, **dict.fromkeys(_SIGNED)},
    ),
    Operation(
        "put",
        ATTACHMENT_PATH,
        "Append a part. 409: it does not begin where the held ones end, or the whole has another digest.",
        {200: UploadState, 409: UploadState, 429: Problem, **_SIGNED},
        bytes,
        _PLACE,
    ),
    *(
        Operation("post", path, summary, {200: answer, **_MESSAGE, **_LIVE}, asked)
        for path, summary, asked, answer in (
            (PREFILL_PATH, "Ask a department for what a form begins with.", PrefillRequest, PrefillAnswer),
            (DECISION_PATH, "Ask for an immediate decision.", DecisionRequest, DecisionAnswer),
            (PROGRESS_PATH, "Ask where a case stands, with its notes.", ProgressRequest, ProgressAnswer),
            (PAYMENT_PATH, "Ask for a payment order.", PaymentRequest, PaymentOrder),
            (SMS_PATH, "Send a code to the phone that is on record.", SmsRequest, SmsAnswer),
        )
    ),
    Operation(
        "get",
        PUBLICATION_PATH,
        "Fetch what a letter refers to.",
        {200: PublicationAnswer, 404: Problem, **_SIGNED},
    ),
    Operation(
        "get",
        "/v1/cases/{code}",
        "Where a case stands, for who has its code.",
        {200: CaseAnswer, 404: Problem},
        signed=False,
    ),
)
_MEANINGS = {
    200: "done", 400: "a value is too long", 401: "not signed by a known terminal, or its clock is wrong",
    403: "the terminal is revoked", 404: "unknown", 409: "not taken: what is held, or why, or the request was played again", 413: "too large",
    415: "an unknown version of the messages", 422: "not in the agreed form", 429: "too many; Retry-After",
    503: "nothing can be stored now",
}  # fmt: skip


def document() -> dict[str, Any]:
    """The document, ready for `json.dumps`."""
    models = _models()
    refs, definitions = models_json_schema(
        sorted(models, key=lambda one: (one[0].__name__, one[1])), ref_template="#/components/schemas/{model}"
    )
    paths: dict[str, dict[str, Any]] = {}
    for one in OPERATIONS:
        paths.setdefault(one.path, {})[one.method] = _operation(one, refs)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Jiujin centre, for terminals", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Signature",
                    "description": "RFC 9421 with Content-Digest: see offline_queue/wire_signature.py",
                }
            },
        },
    }


def _models() -> set[tuple[Model, JsonSchemaMode]]:
    """A message is described as it is sent: what the terminal writes, what the centre writes."""
    asked = {one.body for one in OPERATIONS if one.body is not None and one.body is not bytes}
    told = {answer for one in OPERATIONS for answer in one.answers.values() if answer is not None}
    return {(model, "serialization") for model in asked | told if issubclass(model, BaseModel)}


def _operation(one: Operation, refs: Mapping[Any, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "summary": one.summary,
        "parameters": [
            *(
                _parameter(name.strip("{}"), "path", {"type": "string"})
                for name in one.path.split("/")
                if "{" in name
            ),
            *(
                {**_parameter(name, "query", {"type": "integer", "minimum": 0}), "description": text}
                for name, text in (one.query or {}).items()
            ),
        ],
        "responses": {
            str(status): {"description": _MEANINGS[status], **_content(model, refs)}
            for status, model in one.answers.items()
        },
        "security": [{"signature": []}] if one.signed else [],
    }
    if one.body is bytes:
        told["requestBody"] = {"required": True, "content": {"application/octet-stream": {}}}
    elif one.body is not None and issubclass(one.body, BaseModel):
        zipped = "The body is one zstd frame (Content-Encoding) of this."
        told["requestBody"] = {"required": True, "description": zipped, **_content(one.body, refs)}
    return told


def _parameter(name: str, place: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": place, "required": True, "schema": schema}


def _content(model: Model | None, refs: Mapping[Any, Any]) -> dict[str, Any]:
    return (
        {} if model is None else {"content": {"application/json": {"schema": refs[model, "serialization"]}}}
    )
