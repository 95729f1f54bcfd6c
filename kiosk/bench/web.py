"""The bench page: moves the village by hand, mirrors the terminal's screen, passes clicks on.

Served on loopback beside the demo, never in production.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Form, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, select_autoescape

from kiosk.bench.people import HELPERS, PEOPLE, SIGHTS
from kiosk.bench.village import PAPER_STATES, Village

HERE = Path(__file__).parent
NETWORKS = {
    "up": "网络正常 · up",
    "down": "断网 · down",
    "slow": "很慢 · slow",
    "half_open": "接通不回话 · half open",
    "answer_lost": "回话丢失 · answer lost",
}
PAPERS = {"ok": "有纸 · paper", "low": "纸快完 · low", "out": "没有纸 · out"}
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Mirror:
    """The terminal's screen from outside: a picture of it, and a click at (x, y) pixels."""

    screenshot: Callable[[], bytes]
    click: Callable[[int, int], None]


class ScreenUnseenError(Exception):
    """The screen could not be reached just now; the text says why."""


def create_page(village: Village, mirror: Mirror, ops_url: str) -> FastAPI:
    """The bench page's application."""
    app = FastAPI(title="Jiujin bench", docs_url=None, redoc_url=None, openapi_url=None)
    templates = Environment(loader=FileSystemLoader(HERE / "page"), autoescape=select_autoescape())

    @app.exception_handler(ScreenUnseenError)
    def unseen(_request: Request, error: ScreenUnseenError) -> Response:
        return PlainTextResponse(f"看不到终端屏幕 / the screen cannot be reached: {error}", 503)

    @app.get("/")
    def page() -> HTMLResponse:
        receipts = village.printer.receipts
        html = templates.get_template("bench.html").render(
            people=PEOPLE,
            helpers=HELPERS,
            sights=SIGHTS,
            networks=NETWORKS,
            papers=PAPERS,
            village=village,
            ops_url=ops_url,
            receipt=base64.b64encode(receipts[-1].png).decode("ascii") if receipts else "",
            receipt_count=len(receipts),
        )
        return HTMLResponse(html, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})

    @app.get("/bench.css")
    def style() -> Response:
        return Response((HERE / "page" / "bench.css").read_bytes(), media_type="text/css")

    @app.get("/bench.js")
    def script() -> Response:
        return Response((HERE / "page" / "bench.js").read_bytes(), media_type="text/javascript")

    @app.get("/screen.jpg")
    def screen() -> Response:
        return Response(mirror.screenshot(), media_type="image/jpeg", headers={"Cache-Control": "no-store"})

    @app.get("/receipts")
    def receipts() -> dict[str, int]:
        return {"count": len(village.printer.receipts)}

    @app.post("/click")
    def click(x: Annotated[int, Form(ge=0)], y: Annotated[int, Form(ge=0)]) -> Response:
        mirror.click(x, y)
        return Response(status_code=204)

    moves: dict[str, tuple[Callable[[str], None], frozenset[str]]] = {
        "card": (village.put_card, frozenset(PEOPLE)),
        "helper": (village.put_helper_card, frozenset(HELPERS)),
        "face": (village.show_face, frozenset(SIGHTS)),
        "network": (village.set_network, frozenset(NETWORKS)),
        "paper": (village.set_paper, frozenset(PAPER_STATES)),
    }

    @app.post("/move/{what}")
    def move(what: str, value: Annotated[str, Form()] = "") -> RedirectResponse:
        if what == "card" and not value:
            village.take_card()
        elif what == "helper" and not value:
            village.take_helper_card()
        elif what in moves and value in moves[what][1]:
            moves[what][0](value)
        else:
            raise HTTPException(404, "没有这个动作 / no such move")
        return RedirectResponse("/", status_code=303)

    return app
