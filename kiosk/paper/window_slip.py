"""The slip that leads to the window: where, what for, what to bring. Nothing of the person is on it, and no code.

It is no receipt: nothing was handed in, and it says so.
"""

from __future__ import annotations

from datetime import datetime

from drivers.receipt_printer.contract import Align, Block, Pair, Rule, Size, Slip, Text
from kiosk.journey.visit import Visit
from kiosk.journey.world import Place


def window_slip(visit: Visit, place: Place, local_time: datetime) -> Slip:
    """Chinese first, English beside it for who reads English. Not counted as a case's slip."""
    english = visit.language == "en"
    title = visit.service.title

    def label(zh: str, en: str) -> str:
        return f"{zh} {en}" if english else zh

    blocks: list[Block] = [
        Text(place.station, Size.SMALL, align=Align.CENTRE),
        Text("到窗口办理", Size.TITLE, bold=True, align=Align.CENTRE),
    ]
    if english:
        blocks.append(Text("Please go to the window", Size.SMALL, align=Align.CENTRE))
    blocks += [
        Rule(),
        Pair(label("去哪里", "Where"), place.station),
        Pair(label("办什么", "What for"), title["zh"]),
    ]
    if english:
        blocks.append(Pair("", title["en"]))
    blocks += [
        Pair(label("带什么", "Bring"), label("身份证", "identity card")),
        Pair(label("咨询电话", "Hotline"), place.hotline),
        Pair(label("终端", "Terminal"), place.terminal),
        Pair(label("时间", "Time"), f"{local_time:%Y-%m-%d %H:%M}"),
        Rule(),
        Text("还没有提交任何内容，这张不是回执。", Size.SMALL),
    ]
    if english:
        blocks.append(Text("Nothing was handed in yet; this is no receipt.", Size.SMALL))
    return Slip(f"window-{visit.id}", tuple(blocks))
