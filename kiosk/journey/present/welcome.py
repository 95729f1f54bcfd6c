"""Attract, home and notice: before anybody is anybody."""

from __future__ import annotations

from kiosk.catalogue.model import Definition
from kiosk.journey.present import returning
from kiosk.journey.present.frame import Parts
from kiosk.journey.view import Action, Block, Illustration, Line, Lines, Message, Points, Style, Tiles, Tone
from kiosk.journey.visit import Visit
from kiosk.journey.world import World
from kiosk.locale import Texts


def attract(visit: Visit, world: World, t: Texts) -> Parts:
    """What can be done here now, and nothing else."""
    lines = tuple(
        Line(
            service.plain_title[visit.language],
            t("暂时不能办") if service.code in world.not_ready else t("现在可以办"),
        )
        for service in world.services
    )
    if not lines or world.out_of_service:
        return Parts(
            t("暂停服务"),
            t("这台机器现在没有可以办的事。请到窗口办理，或拨打 {hotline}。", hotline=world.place.hotline),
            blocks=(Message(t("给您添麻烦了。"), Tone.TROUBLE),),
        )
    return Parts(
        t("您好，带身份证就能办"),
        t("不用手机，不用排队"),
        blocks=(Illustration("card", t("点一下屏幕，就可以开始")), Lines(lines)),
        actions=(Action("begin", t("请点这里开始"), Style.PRIMARY),),
    )


def home(visit: Visit, world: World, t: Texts) -> Parts:
    groups: dict[str, list[Action]] = {}
    for service in world.services:
        groups.setdefault(service.life_event[visit.language], []).append(_tile(service, visit, world))
    return Parts(
        t("您好，今天要办什么？"),
        t("不用手机，带身份证就能办"),
        blocks=tuple(Tiles(title, tuple(tiles)) for title, tiles in groups.items()),
        actions=(Action("progress", t("办过的事，查进度"), Style.SECONDARY),),
    )


def _tile(service: Definition, visit: Visit, world: World) -> Action:
    causes = world.not_ready.get(service.code)
    return Action(
        f"service:{service.code}",
        service.plain_title[visit.language],
        Style.TILE,
        hint=service.tile_subtitle[visit.language],
        icon=service.icon,
        enabled=causes is None,
        reason=causes[visit.language] if causes else "",
    )


def notice(visit: Visit, world: World, t: Texts) -> Parts:
    """Law, time, fee and who is responsible, before the first question."""
    service = visit.service
    facts = [
        Line(t("由谁办理"), service.processed_by[visit.language]),
        Line(t("收费"), t("不收费")),
        Line(t("要多久"), service.promised_limit.text[visit.language]),
        Line(t("依据"), service.legal_basis[0][visit.language]),
        Line(t("咨询电话"), service.hotline),
    ]
    blocks: list[Block] = [
        *returning.why_again(visit, t),
        Points(tuple(line[visit.language] for line in service.notice)),
        Lines(tuple(facts)),
    ]
    if not world.online:
        blocks.append(Message(service.offline.text[visit.language], Tone.WAITING))
    return Parts(
        service.title[visit.language],
        service.tile_subtitle[visit.language],
        blocks=tuple(blocks),
        actions=(Action("next", t("知道了，开始办理"), Style.PRIMARY),),
    )
