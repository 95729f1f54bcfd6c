"""The bench page: moves the village by hand, mirrors the terminal's screen, passes clicks on.

Served on loopback beside the demo, never in production.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from kiosk.bench import moves
from kiosk.bench.moves import Moves, Refused
from kiosk.bench.people import PEOPLE, SIGHTS
from kiosk.bench.village import Village

PAGE = Path(__file__).parent / "page"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
}
NOT_STORED = {"Cache-Control": "no-store"}
KEPT = {"Cache-Control": "max-age=3600"}
HTTP_FORBIDDEN, HTTP_NOT_FOUND, HTTP_CONFLICT = 403, 404, 409


@dataclass(frozen=True, slots=True)
class Mirror:
    """The terminal's screen from outside: a JPEG of it, and a click at (x, y) pixels."""

    screenshot: Callable[[], bytes]
    click: Callable[[int, int], None]


class ScreenUnseenError(Exception):
    """The screen could not be reached just now; the text says why."""


def create_page(village: Village, mirror: Mirror, ops_url: str) -> FastAPI:
    """The bench page's application. With scripts a move answers the state as JSON, without a page."""
    app = FastAPI(title="Jiujin bench", docs_url=None, redoc_url=None, openapi_url=None)
    templates = Environment(
        loader=FileSystemLoader(PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    hands = Moves(village)

    def rendered(template: str, refused: Refused | None = None, status: int = 200) -> HTMLResponse:
        html = templates.get_template(template).render(
            moves=moves, people=PEOPLE, state=hands.state(), helper_slot=village.helper_slot, a4=village.a4,
            registers=village.registers,
            smart_cards=village.smart_cards is not None, card_service=village.card_service, ops_url=ops_url, refused=refused,
        )  # fmt: skip
        return HTMLResponse(html, status, headers=NOT_STORED)

    @app.exception_handler(ScreenUnseenError)
    def unseen(_request: Request, error: ScreenUnseenError) -> Response:
        return PlainTextResponse(f"看不到终端屏幕 / the screen cannot be reached: {error}", 503)

    @app.middleware("http")
    async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        # Any page in the same browser can send a form to loopback; the browser says where it came from.
        foreign = request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none")
        if request.method == "POST" and foreign:
            return PlainTextResponse("来自别的网页 / sent by another page", HTTP_FORBIDDEN)
        response = await call_next(request)
        response.headers.update(HEADERS)
        return response

    @app.get("/")
    def page() -> HTMLResponse:
        return rendered("bench.html")

    @app.get("/touch")
    def touch() -> HTMLResponse:
        """The screen alone in its own size: a browser without scripts sends true coordinates from there."""
        return rendered("touch.html")

    @app.get("/state")
    def state() -> JSONResponse:
        return JSONResponse(hands.state(), headers=NOT_STORED)

    @app.get("/screen.jpg")
    def screen() -> Response:
        return Response(mirror.screenshot(), media_type="image/jpeg", headers=NOT_STORED)

    @app.get("/slips/{number}.png")
    def slip(number: int) -> Response:
        """A slip by its number, from 1; it never changes."""
        receipts = village.printer.receipts
        if not 1 <= number <= len(receipts):
            raise HTTPException(HTTP_NOT_FOUND, "没有这张回执 / no such slip")
        return Response(receipts[number - 1].png, media_type="image/png", headers=NOT_STORED)

    @app.get("/pictures/card/{person}.bmp")
    def chip_photo(person: str) -> Response:
        return _picture(village.chip_photo, person, PEOPLE, "image/bmp")

    @app.get("/pictures/face/{sight}.png")
    def sight_picture(sight: str) -> Response:
        return _picture(village.sight_picture, sight, SIGHTS, "image/png")

    @app.post("/click")
    def click(request: Request, x: Annotated[int, Form(ge=0)], y: Annotated[int, Form(ge=0)]) -> Response:
        mirror.click(x, y)
        return (
            RedirectResponse("/touch", 303) if _accepts(request, "text/html") else Response(status_code=204)
        )

    @app.post("/move/{what}")
    def move(request: Request, what: str, value: Annotated[str, Form()] = "") -> Response:
        refused = hands.make(what, value)
        status = HTTP_NOT_FOUND if refused and refused.unknown else HTTP_CONFLICT if refused else 200
        if not _accepts(request, "application/json"):
            return rendered("bench.html", refused, status) if refused else RedirectResponse("/", 303)
        words = {"zh": refused.zh, "en": refused.en} if refused else None
        return JSONResponse({**hands.state(), "refused": words}, status, headers=NOT_STORED)

    app.mount("/page", StaticFiles(directory=PAGE / "static"))
    return app


def _accepts(request: Request, media_type: str) -> bool:
    """Named in so many words: a browser that sends a form names HTML, the page's script names JSON."""
    return media_type in request.headers.get("accept", "")


def _picture(
    make: Callable[[str], bytes | None], key: str, known: Container[str], media_type: str
) -> Response:
    try:
        content = make(key) if key in known else None
    except FileNotFoundError:  # set-up has not fetched it: the button has its words
        content = None
    if content is None:
        raise HTTPException(HTTP_NOT_FOUND, "没有这张图 / no such picture")
    return Response(content, media_type=media_type, headers=KEPT)
