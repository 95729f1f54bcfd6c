"""What the centre tells a terminal by itself: letters, numbered in each terminal's inbox without a gap.

A letter is written in the transaction of what it tells and signed when it is fetched, so that only the
process at the door needs the key. The cursor that the terminal names lets the rest be dropped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, delete, select, update

from central import problems, replays
from central.bulk import insert_new, of_terminals
from central.database import as_text, insert_or_skip, utc_now, writing
from central.door import Admitted, read_message
from central.log import NO_TERMINAL
from central.problems import Turned
from central.rechecks import RESIDENT_WORDS, Doubt
from central.schema import inboxes, letters
from central.trust import Trust
from kiosk.case import COUNTER, CaseState
from offline_queue.inbox_wire import (
    CASES_MAX,
    LETTERS_MAX,
    CaseNews,
    Cases,
    Content,
    InboxAnswer,
    InboxRequest,
    Letter,
)

BODY_BYTES_MAX = 4096

WORDS: Mapping[CaseState, tuple[str, str]] = {
    CaseState.NEEDS_CLERK: (
        "工作人员正在核对，不用再来一趟，有结果会通知您",
        "Staff are checking it; you need not come again, you will be told",
    ),
    CaseState.NEEDS_CORRECTION: (
        "还要补一些内容，请带凭条到任一终端或窗口",
        "Something is to be added; please bring the slip to any terminal or counter",
    ),
    CaseState.DUPLICATE_SUSPECTED: (
        "中心先收到过同一件事，工作人员会核对；不用再来，不会漏办",
        "The centre had the same matter before: staff compare them. You need not come again, nothing is left out",
    ),
    CaseState.NOT_ACCEPTED: (
        "这件事不能受理，请到窗口问原因",
        "It was not accepted; the counter tells you why",
    ),
    CaseState.WITHDRAWN: ("已按您的申请撤回", "Withdrawn as you asked"),
}
"""For the resident, when a state needs more than its name."""


NOT_RECHECKED = (
    "有一项核对在等部门的系统，不用再来，您先到的时间不变",
    "One check waits for a department's system; you need not come again, and the time you came counts",
)


def words_of(state: CaseState, reason: str | None) -> tuple[str, str]:
    """For the resident: of the doubt that a case waits for, else of its state."""
    told_always = reason == Doubt.WITHDRAWAL_LATE.value
    ended_so = reason == Doubt.GIVEN_BACK.value and state is CaseState.WITHDRAWN
    waits = reason is not None and state in (CaseState.NEEDS_CLERK, CaseState.NEEDS_CORRECTION)
    if reason is not None and (told_always or ended_so or waits):
        return RESIDENT_WORDS[Doubt(reason)]
    return WORDS.get(state, ("", ""))


def news(code: str, state: CaseState, reason: str | None, at: str) -> CaseNews:
    """A case's new state with its words."""
    words_zh, words_en = words_of(state, reason)
    return CaseNews(code=code, state=state.value, at=at, words_zh=words_zh, words_en=words_en)


def tell_cases(connection: Connection, told: Mapping[str, Iterable[CaseNews]], at: str) -> None:
    """Terminal -> news of its cases, many to a letter; in the caller's transaction, as its last step."""
    post(connection, {terminal: _letters_of(list(cases)) for terminal, cases in told.items()}, at)


def _letters_of(cases: list[CaseNews]) -> list[Content]:
    starts = range(0, len(cases), CASES_MAX)
    return [Cases(cases=tuple(cases[start : start + CASES_MAX])) for start in starts]


def post(connection: Connection, told: Mapping[str, Sequence[Content]], at: str) -> None:
    """Append letters; the inbox's row is locked until the caller commits, so numbers are committed in order."""
    rows: list[dict[str, Any]] = []
    for terminal in sorted(told):  # one order, so that two transactions never wait for each other
        if not told[terminal] or terminal in (COUNTER, NO_TERMINAL):
            continue  # nobody there fetches letters: staff see the case itself
        insert_or_skip(connection, inboxes, terminal=terminal, newest=0)
        mine = inboxes.c.terminal == terminal
        raised = update(inboxes).where(mine).values(newest=inboxes.c.newest + len(told[terminal]))
        last = connection.execute(raised.returning(inboxes.c.newest)).scalar_one()
        first = last - len(told[terminal]) + 1
        rows += [
            {"terminal": terminal, "number": number, "at": at, "content": content.model_dump_json()}
            for number, content in enumerate(told[terminal], first)
        ]
    insert_new(connection, letters, rows)


def newest(connection: Connection, terminals: Collection[str]) -> dict[str, int]:
    """The newest number of each inbox that ever had a letter."""
    return dict(of_terminals(connection, inboxes, terminals, ("terminal", "newest")))


def _nothing_more(_connection: Connection, _terminal: str, _at: str) -> None:
    """The default `newcomer`."""


def take_inbox(
    engine: Engine,
    trust: Trust,
    admitted: Admitted,
    newcomer: Callable[[Connection, str, str], None] = _nothing_more,
) -> InboxAnswer | Turned:
    """Drop what the terminal has applied, give what follows, each letter signed.

    `newcomer`: posts what a terminal without any letter yet is to know (new, or with a new disk).
    """
    request = read_message(admitted, InboxRequest, BODY_BYTES_MAX)
    if isinstance(request, Turned):
        return request
    after = request.after or 0
    with writing(engine).begin() as connection:
        if not replays.first_time(connection, admitted):
            return problems.REPLAYED
        if request.after is None:
            newcomer(connection, request.terminal, as_text(utc_now()))
        else:
            _applied(connection, request.terminal, after)
        query = select(letters.c.number, letters.c.content).where(
            letters.c.terminal == request.terminal, letters.c.number > after
        )
        found = connection.execute(query.order_by(letters.c.number).limit(LETTERS_MAX + 1)).all()
        if found:
            _remember_served(connection, request.terminal, found[:LETTERS_MAX][-1].number)
    return InboxAnswer(
        letters=tuple(
            _signed(trust, request.terminal, row.number, row.content) for row in found[:LETTERS_MAX]
        ),
        more=len(found) > LETTERS_MAX,
        centre_time=as_text(utc_now()),
    )


def _applied(connection: Connection, terminal: str, applied: int) -> None:
    """Drop what the terminal has applied; what this database never gave it goes behind its cursor instead."""
    insert_or_skip(connection, inboxes, terminal=terminal, newest=0)
    mine = select(inboxes.c.served).where(inboxes.c.terminal == terminal).with_for_update()
    served = connection.execute(mine).scalar_one()
    given = letters.c.number <= min(applied, served)
    connection.execute(delete(letters).where(letters.c.terminal == terminal, given))
    if applied > served:
        _move_behind(connection, terminal, served, applied)


def _move_behind(connection: Connection, terminal: str, served: int, applied: int) -> None:
    """After a restored backup the terminal applied letters that are lost here.

    Those with the same numbers are others, which it never saw. They are signed when fetched, so they may move.
    """
    ahead = applied - served
    theirs = letters.c.terminal == terminal
    # In two steps: a number that another row still has cannot be taken.
    unread = update(letters).where(theirs, letters.c.number > served)
    connection.execute(unread.values(number=-(letters.c.number + ahead)))
    connection.execute(update(letters).where(theirs, letters.c.number < 0).values(number=-letters.c.number))
    moved = update(inboxes).where(inboxes.c.terminal == terminal)
    connection.execute(moved.values(newest=inboxes.c.newest + ahead, served=applied))


def _remember_served(connection: Connection, terminal: str, number: int) -> None:
    less = (inboxes.c.terminal == terminal) & (inboxes.c.served < number)
    connection.execute(update(inboxes).where(less).values(served=number))


def _signed(trust: Trust, terminal: str, number: int, content: str) -> Letter:
    unsigned = Letter(
        terminal=terminal, number=number, content=content, key_id=trust.acknowledgement_key_id, signature=b""
    )
    signature = trust.acknowledgement_key.sign(unsigned.signed_bytes())
    return unsigned.model_copy(update={"signature": signature})


def gather(
    moved: Iterable[tuple[str, Collection[str]]],
    states: Mapping[str, CaseState],
    reasons: Mapping[str, str | None],
    at: str,
) -> dict[str, list[CaseNews]]:
    """(code, terminals to tell) -> what each terminal is told."""
    told: dict[str, list[CaseNews]] = defaultdict(list)
    for code, terminals in moved:
        for terminal in terminals:
            told[terminal].append(news(code, states[code], reasons.get(code), at))
    return told
