"""Home screens of other counties: one service, a few, many, in groups of unequal size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kiosk.catalogue.model import Definition
from kiosk.journey.states import State
from kiosk.journey.visit import Visit
from kiosk.journey.world import World
from tests.kiosk.journey.visits import definition, visit, world

OFFERED = (
    ("elder", ("养老", "Pension"), ("证明我还在领养老金", "I still draw my pension"), ("每年一次，约 1 分钟", "Once a year, 1 minute")),
    ("document", ("养老", "Pension"), ("打印参保证明", "Print my insurance record"), ("盖章 A4，扫码可验", "Sealed, checked by its code")),
    ("camera", ("身边的事", "Around you"), ("随手拍，报问题", "Report a problem"), ("可不留姓名", "No name needed")),
    ("heart", ("津贴补贴", "Allowances"), ("申请高龄津贴", "Senior allowance"), ("家人可以代办", "Family may apply for you")),
    ("heart", ("津贴补贴", "Allowances"), ("残疾人两项补贴", "Disability allowances"), ("护理和生活补贴", "Care and living")),
    ("heart", ("看病", "Health care"), ("到外地看病备案", "Register for care elsewhere"), ("临时外出、长期居住", "A journey, or living there")),
    ("house", ("津贴补贴", "Allowances"), ("惠农补贴", "Farmers' subsidies"), ("查公示，查自己的账", "The public list, and your own")),
    ("document", ("证明", "Certificates"), ("开无犯罪记录证明", "Certificate of no criminal record"), ("交件后凭取件码领", "Fetched with a code")),
    ("house", ("证明", "Certificates"), ("居住证签注", "Renew a residence permit"), ("每年一次", "Once a year")),
    ("info", ("看病", "Health care"), ("查医保账户", "My health insurance account"), ("缴费和余额", "Payments and balance")),
    ("phone", ("生活缴费", "Bills"), ("交水电费", "Pay water and power"), ("替家里人交也可以", "For your family as well")),
    ("elder", ("养老", "Pension"), ("养老金发放记录", "Payments of my pension"), ("近一年的", "Of the last year")),
)  # fmt: skip
"""Icon, life event, title and what stands under it; neighbours in the catalogue are none on the screen."""
COUNTS = (1, 2, 3, 5, 7, 12)


def offered(count: int) -> tuple[Definition, ...]:
    def words(pair: tuple[str, str]) -> dict[str, str]:
        return dict(zip(("zh", "en"), pair, strict=True))

    return tuple(
        definition().model_copy(
            update={
                "code": f"110199-XX-{number:02}",
                "icon": icon,
                "life_event": words(event),
                "plain_title": words(title),
                "tile_subtitle": words(below),
            }
        )
        for number, (icon, event, title, below) in enumerate(OFFERED[:count], 1)
    )


def homes() -> Iterator[tuple[str, Visit, World]]:
    """One home screen for each of `COUNTS`, and one where a group of two has a service that cannot be done now."""
    here = replace(world(), speech_ready=True)
    for count in COUNTS:
        yield f"home_{count}", visit(State.HOME), replace(here, services=offered(count))
    grey = {
        "110199-XX-01": {
            "zh": "回执打印机没有纸了，请到窗口办理",
            "en": "The slip printer has no paper, go to the counter",
        }
    }
    yield "home_grey", visit(State.HOME), replace(here, services=offered(5), not_ready=grey)
