"""The centre's own log of events, in the database, by case code and never by person."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, insert
from uuid_utils import uuid7

from central.schema import events

DETAIL_MAX = 200
NO_TERMINAL = "----"
"""Stands for the centre itself."""


class Event(StrEnum):
    """Everything that the centre writes down."""

    TERMINAL_ENROLLED = "terminal.enrolled"
    TERMINAL_REVOKED = "terminal.revoked"
    TERMINAL_CAME_BACK = "terminal.came_back"
    CASE_REGISTERED = "case.registered"
    CASE_SUPERSEDED = "case.superseded"
    CASE_BY_AGENT = "case.by_agent"
    CASE_NAME_CUT = "case.name_cut"
    CASE_CARRIED = "case.carried_by_other"
    CASE_NOT_OPENED = "case.not_opened"
    CASE_ERASED = "case.erased"
    CASE_AFTER_WITHDRAWAL = "case.after_withdrawal"
    CASE_WITHDRAWN = "case.withdrawn"
    CASE_DECIDED = "case.decided"
    DECISION_TOO_LATE = "decision.too_late"
    WITHDRAWAL_TOO_LATE = "withdrawal.too_late"
    WITHDRAWAL_UNPROVEN = "withdrawal.unproven"
    WITHDRAWAL_WAITS = "withdrawal.waits"
    CASE_IN_DOUBT = "case.in_doubt"
    CASE_NOT_RECHECKED = "case.not_rechecked"
    CASE_RECHECK_WAITS = "case.recheck_waits"
    CASE_RECHECKED = "case.rechecked"
    RECHECK_TOO_LATE = "recheck.too_late"
    CASE_CORRECTED = "case.corrected"
    CASE_RETURNED = "case.returned"
    CASE_SETTLED = "case.settled"
    CASE_TOLD = "case.told"
    CASE_ANSWER_CORRECTED = "case.answer_corrected"
    CASE_DUPLICATE = "case.duplicate_suspected"
    PERSON_TOLD = "person.told"
    PERSON_NOT_TOLD = "person.not_told"
    PERSON_TOLD_UNSURE = "person.told_unsure"
    PERSON_SOUGHT = "person.sought"
    PAPER_TAKEN_IN = "paper.taken_in"
    EXPORT_IMPORTED = "export.imported"
    EVALUATION_RECEIVED = "evaluation.received"
    EVALUATION_REPEATED = "evaluation.repeated"
    ITEM_REFUSED = "item.refused"
    ITEM_CONFLICT = "item.conflict"
    ITEM_GIVEN_BACK = "item.given_back"
    CHAIN_FORK = "chain.fork"
    CHAIN_ROLLBACK = "chain.rollback"
    CHAIN_GAP = "chain.gap"
    CHAIN_GAP_CLOSED = "chain.gap_closed"
    CHAIN_HEAD_UNSIGNED = "chain.head_unsigned"
    PUBLISHED = "publication.begun"
    PUBLISHED_TO_ALL = "publication.spread"
    ROLLED_BACK = "publication.rolled_back"
    MANIFEST_MISSING = "manifest.missing"
    MANIFEST_DIFFERING = "manifest.differing"
    MANIFEST_WHOLE = "manifest.whole"


EVENT_TEXTS: dict[Event, tuple[str, str]] = {
    Event.TERMINAL_ENROLLED: ("终端已登记", "Terminal enrolled"),
    Event.TERMINAL_REVOKED: ("终端已吊销", "Terminal revoked"),
    Event.TERMINAL_CAME_BACK: ("已吊销的终端又来连接", "A revoked terminal came again"),
    Event.CASE_REGISTERED: ("中心已登记", "Registered at the centre"),
    Event.CASE_SUPERSEDED: ("收到更正件，原件保留", "A superseding item came; the first is kept"),
    Event.CASE_NAME_CUT: (
        "证件芯片里的姓名不全，请工作人员补全",
        "The chip holds a part of the name only; staff complete it",
    ),
    Event.CASE_BY_AGENT: (
        "由他人代办，双方都在密封件里",
        "Filed by another person; both are in the sealed item",
    ),
    Event.PERSON_TOLD: ("有人代办，已告知本人", "The person was told that somebody acted for them"),
    Event.PERSON_NOT_TOLD: (
        "有人代办，短信没有到本人，由工作人员告知",
        "No message reached the person for whom somebody acted: staff tell them",
    ),
    Event.PERSON_TOLD_UNSURE: (
        "有人代办，给本人的短信不知道是否到了，由工作人员告知",
        "Whether a message reached the person for whom somebody acted is unknown: staff tell them",
    ),
    Event.PERSON_SOUGHT: ("工作人员在窗口按人查找办件", "Staff looked for a person's cases at a counter"),
    Event.CASE_CARRIED: ("由其他终端带来，待人工核实", "Carried in by another terminal, to be confirmed"),
    Event.CASE_NOT_OPENED: (
        "密封内容无法使用，原件已保存，待人工处理",
        "The sealed content cannot be used; it is kept, a clerk takes it up",
    ),
    Event.CASE_ERASED: (
        "撤回时还没有送达，内容已在终端抹去；撤回件应随后到达",
        "Withdrawn before it was sent, erased at the terminal; the withdrawal itself is to follow",
    ),
    Event.CASE_AFTER_WITHDRAWAL: (
        "撤回之后收到原件，仍为已撤回",
        "Came after its withdrawal; stays withdrawn",
    ),
    Event.CASE_WITHDRAWN: ("已按申请撤回", "Withdrawn on request"),
    Event.CASE_DECIDED: ("部门当场答复", "The department answered on the spot"),
    Event.DECISION_TOO_LATE: (
        "部门答复到达时办件已有变化，未改动",
        "The department's answer came after the case had moved; nothing was changed",
    ),
    Event.WITHDRAWAL_TOO_LATE: ("撤回申请到达时已不能撤回", "The withdrawal came too late"),
    Event.WITHDRAWAL_UNPROVEN: (
        "有人申请撤回，未能确认是本人，待人工核实",
        "A withdrawal was asked for, by whom is not sure; a clerk confirms it",
    ),
    Event.WITHDRAWAL_WAITS: (
        "撤回申请先到，等原件送达后处理",
        "A withdrawal came first; it waits for its case",
    ),
    Event.CASE_IN_DOUBT: (
        "送达时复核有疑问，已告知申请人",
        "A re-check at sync left a doubt; the resident is told",
    ),
    Event.CASE_NOT_RECHECKED: (
        "送达时有复核未做，本中心没有接这个登记簿",
        "A re-check at sync was not done: this centre has no such register",
    ),
    Event.CASE_RECHECK_WAITS: (
        "送达时登记簿没有答复，还未复核，之后会再问",
        "Not re-checked yet: the register did not answer, it is asked again",
    ),
    Event.CASE_RECHECKED: ("登记簿已答复，复核补做了", "The register answered: re-checked now"),
    Event.RECHECK_TOO_LATE: (
        "补做的复核有疑问，但办件已过这一步，请工作人员处理",
        "The late re-check left a doubt, and the case is past this step: staff see to it",
    ),
    Event.CASE_CORRECTED: ("工作人员已更正并登记", "Corrected and registered by staff"),
    Event.CASE_RETURNED: ("工作人员已退回给申请人", "Given back to the resident by staff"),
    Event.CASE_SETTLED: ("工作人员已处理", "Settled by staff"),
    Event.CASE_TOLD: ("告诉申请人的话", "The resident was told"),
    Event.CASE_ANSWER_CORRECTED: ("工作人员更正了一项内容", "Staff corrected an answer"),
    Event.CASE_DUPLICATE: ("和先收的一件可能重复，待人工核实", "May be the same as one received before"),
    Event.PAPER_TAKEN_IN: ("窗口录入的纸质件", "Taken in on paper at a counter"),
    Event.EXPORT_IMPORTED: ("导入了终端导出的文件", "A file exported by a terminal was imported"),
    Event.EVALUATION_RECEIVED: ("收到评价", "Evaluation received"),
    Event.EVALUATION_REPEATED: ("重复评价，保留第一次", "A second evaluation; the first is kept"),
    Event.ITEM_REFUSED: ("记录被退回", "Item refused"),
    Event.ITEM_CONFLICT: ("同号不同内容，保留先到的", "Same id, other content; the first is kept"),
    Event.ITEM_GIVEN_BACK: (
        "终端已把没有收下的一件退还申请人，办件不变",
        "Its terminal gave a refused item back to the resident; the case stays where it is",
    ),
    Event.CHAIN_FORK: (
        "记录链分叉：可能有两台机器使用同一身份",
        "Chain forked: two machines may share one identity",
    ),
    Event.CHAIN_ROLLBACK: (
        "记录链倒退：可能恢复了旧磁盘",
        "Chain went back: an old disk may have been restored",
    ),
    Event.CHAIN_GAP: ("记录链有缺号", "The chain has missing numbers"),
    Event.CHAIN_GAP_CLOSED: ("缺号已补齐", "The missing numbers have come"),
    Event.MANIFEST_MISSING: (
        "对账：中心签收过的记录不见了",
        "Reconciliation: items that were acknowledged are not here any more",
    ),
    Event.MANIFEST_DIFFERING: (
        "对账：记录与终端所记不同",
        "Reconciliation: items differ from what the terminal holds",
    ),
    Event.MANIFEST_WHOLE: ("对账：又一致了", "Reconciliation: all is here again"),
    Event.PUBLISHED: ("发布给先行终端", "Published to the first terminals"),
    Event.PUBLISHED_TO_ALL: ("发布给所有终端", "Published to all terminals"),
    Event.ROLLED_BACK: ("已退回上一版", "Rolled back to the version before"),
    Event.CHAIN_HEAD_UNSIGNED: ("链头签名不正确", "The chain head's signature is wrong"),
}


def line(at: str, event: Event, terminal: str, code: str | None = None, detail: str = "") -> dict[str, Any]:
    """One row of the log."""
    return {
        "terminal": terminal,
        "id": str(uuid7()),
        "at": at,
        "code": code,
        "event": event.value,
        "detail": detail[:DETAIL_MAX],
    }


def write(
    connection: Connection, at: str, event: Event, terminal: str, code: str | None = None, detail: str = ""
) -> None:
    """One line, in the caller's transaction."""
    connection.execute(insert(events).values(line(at, event, terminal, code, detail)))
