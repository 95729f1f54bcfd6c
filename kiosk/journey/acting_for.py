"""For whom it is done: for oneself, or for another person, on a ground that the service allows and with both cards.

The one who stands here is recognised with his own card; the other's is read and never compared with anybody.
"""

from __future__ import annotations

from dataclasses import replace

from drivers.card_reader.contract import CardRead
from drivers.contract import Failed, Ok
from drivers.evidence import Assurance
from kiosk.case import person_key
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.moves import Moved, forward, go, is_of_age
from kiosk.journey.recognising import card_again, card_failed, problem_with, to_window
from kiosk.journey.states import State
from kiosk.journey.visit import CardProblem, Visit
from kiosk.journey.world import World


def for_oneself(visit: Visit, _event: ev.Event, world: World) -> Moved:
    return forward(replace(visit, agent_asked=True, ground="", principal=None), world)


def for_another(visit: Visit, event: ev.Event, world: World) -> Moved:
    ground = event.action.partition(":")[2] if isinstance(event, ev.Pressed) else ""
    agent = visit.service.agent
    allowed = {one.value for one in agent.grounds} if agent is not None else set()
    if ground not in allowed or visit.acted_enough or not is_of_age(visit, world):
        return visit, ()
    return go(replace(visit, ground=ground, principal=None, card_problem=None), State.PRINCIPAL)


def principal_card(visit: Visit, event: ev.Event, world: World) -> Moved:
    """The other person's card, as good as one's own has to be; the same person's is asked to be changed."""
    if not isinstance(event, ev.CardAnswered):
        return visit, ()
    match event.result:
        case Ok(read):
            wanted = Assurance[visit.service.evidence.card_assurance.upper()]
            problem = problem_with(read, wanted, world)
            if problem is None and visit.card is not None and _key(read) == _key(visit.card):
                problem = CardProblem.SAME_PERSON
            if problem is not None:
                return replace(visit, card_problem=problem), ()
            return forward(replace(visit, agent_asked=True, principal=read, card_problem=None), world)
        case Failed(reason):
            return card_failed(visit, reason, fx.CardPurpose.PRINCIPAL)


def _key(read: CardRead) -> str:
    document = read.document
    born = document.birth_date.isoformat() if document.birth_date else None
    return person_key(document.kind.value, document.number, born)


S = State
HANDLERS = {
    (S.AGENT, "press:for_myself"): for_oneself,
    (S.AGENT, "press:for_another"): for_another,
    (S.AGENT, "press:window"): to_window,
    (S.PRINCIPAL, "CardAnswered"): principal_card,
    (S.PRINCIPAL, "press:try_card"): card_again,
}
