"""The staff's test print: type in all sizes, both scripts, a rare character, a code. Nobody's case."""

from __future__ import annotations

from datetime import datetime

from drivers.receipt_printer.contract import Align, Pair, QrCode, Rule, Size, Slip, Text
from kiosk.journey.world import Place


def strip_for_test(place: Place, local_time: datetime, job_id: str) -> Slip:
    """`job_id` goes into the printer's journal."""
    return Slip(
        job_id,
        (
            Text(place.station, Size.SMALL, align=Align.CENTRE),
            Text("测试条", Size.TITLE, bold=True, align=Align.CENTRE),
            Text("Test print. No case.", Size.SMALL, align=Align.CENTRE),
            Rule(),
            Pair("终端 Terminal", place.terminal),
            Pair("时间 Time", f"{local_time:%Y-%m-%d %H:%M}"),
            Text("大字 LARGE 0123456789", Size.LARGE, bold=True),
            Text("正文 body 㙓 䶮 𠮷：字不缺笔画、不出格、两边不切掉，就是好的。"),
            QrCode(f"JIUJIN-TEST:{place.terminal}"),
        ),
    )
