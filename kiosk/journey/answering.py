"""Form, photo and review: what the resident tells, kept on every way back."""

from __future__ import annotations

from dataclasses import replace

from kiosk.catalogue.model import StepType
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey import forms
from kiosk.journey.moves import SCREEN_OF, Moved, forward, go
from kiosk.journey.states import State
from kiosk.journey.visit import Visit
from kiosk.journey.world import World


def entered(visit: Visit, event: ev.Event, _world: World) -> Moved:
    """A field was filled. Its old error goes; judging waits until the resident goes on."""
    if not isinstance(event, ev.Entered) or event.field not in forms.ids(visit):
        return visit, ()
    value = forms.clean(visit, event.field, event.value)
    errors = {field: words for field, words in visit.errors.items() if field != event.field}
    return replace(visit, answers={**visit.answers, event.field: value}, errors=errors), ()


def form_next(visit: Visit, _event: ev.Event, world: World) -> Moved:
    """All defects of the page at once, then the next page, then the next step."""
    errors = forms.errors_on_page(visit)
    if errors:
        return replace(visit, errors=errors), ()
    visit = replace(visit, errors={})
    if visit.editing or visit.page + 1 >= len(forms.pages(visit)):
        return forward(visit, world)
    return replace(visit, page=visit.page + 1), ()


def edit(visit: Visit, field: str) -> Moved:
    """From the review to the page that asks for this field, and straight back afterwards."""
    if field == "photo":
        visit = replace(visit, editing=True, step=visit.service.flow.index(StepType.ATTACH))
        return go(visit, State.ATTACH)
    for page, ids in enumerate(forms.pages(visit)):
        if field in ids:
            visit = replace(visit, editing=True, page=page, step=visit.service.flow.index(StepType.FORM))
            return go(visit, SCREEN_OF[StepType.FORM])
    return visit, ()


def repage(visit: Visit) -> Visit:
    """Elder mode has one question a page: stay on the page of the question that was shown."""
    if visit.state is not State.FORM:
        return visit
    other = replace(visit, elder=not visit.elder)
    before = forms.pages(other)
    shown = before[min(visit.page, len(before) - 1)]
    for page, ids in enumerate(forms.pages(visit)):
        if shown and shown[0] in ids:
            return replace(visit, page=page)
    return replace(visit, page=0)


def to_camera(visit: Visit, _event: ev.Event, world: World) -> Moved:
    return go(visit, State.CAMERA) if world.camera_ready else (visit, ())


def drop_photo(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    return replace(visit, photo=None), ()


def shutter(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    return visit, (fx.TakePhoto(),)


def photo_taken(visit: Visit, event: ev.Event, _world: World) -> Moved:
    """The picture, or the word that there was none; nothing else is lost by it."""
    if not isinstance(event, ev.PhotoTaken):
        return visit, ()
    if event.jpeg is None:
        return replace(visit, photo_missed=True), ()
    return go(replace(visit, photo=event.jpeg, photo_missed=False), State.ATTACH)
