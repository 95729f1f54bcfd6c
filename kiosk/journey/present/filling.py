"""Photo, form and review."""

from __future__ import annotations

from kiosk.journey import forms
from kiosk.journey.present.frame import Parts
from kiosk.journey.view import Action, Block, Fields, Illustration, Line, Lines, Message, Preview, Style, Tone
from kiosk.journey.visit import Visit
from kiosk.journey.world import World
from kiosk.locale import Texts


def attach(visit: Visit, world: World, t: Texts) -> Parts:
    camera = Action(
        "take_photo",
        t("重拍一张") if visit.photo else t("拍一张照片"),
        Style.SECONDARY,
        icon="camera",
        enabled=world.camera_ready,
        reason=_why_no_camera(visit, world, t),
    )
    on = Action("next", t("下一步") if visit.photo else t("不拍，下一步"), Style.PRIMARY)
    if visit.photo is not None:
        drop = Action("drop_photo", t("不要这张"), Style.SECONDARY)
        return Parts(
            t("照片拍好了"),
            t("没有拍清楚可以重拍"),
            blocks=(Preview(t("您拍的照片"), mirrored=False, still=True),),
            actions=(camera, drop, on),
        )
    return Parts(
        t("要附一张照片吗？"),
        t("可以拍手机里的照片或带来的东西，也可以不拍"),
        blocks=(Illustration("camera", t("拍照时镜头旁的灯会亮")),),
        actions=(camera, on),
    )


def _why_no_camera(visit: Visit, world: World, t: Texts) -> str:
    return world.why_no_camera.get(visit.language) or t("这台机器的摄像头暂时不能用")


def camera(visit: Visit, world: World, t: Texts) -> Parts:
    blocks: list[Block] = [Preview(t("摄像头已打开"), mirrored=False)]
    if not world.camera_ready:
        blocks.insert(0, Message(_why_no_camera(visit, world, t), Tone.WAITING))
    elif visit.photo_missed:
        blocks.insert(0, Message(t("刚才没有拍到，请再按一次，或返回不拍。"), Tone.WAITING))
    return Parts(
        t("对准了就按拍照"),
        t("只拍要反映的问题，尽量不要拍到别人"),
        blocks=tuple(blocks),
        actions=(
            Action(
                "shutter",
                t("拍照"),
                Style.PRIMARY,
                icon="camera",
                enabled=world.camera_ready,
                reason=_why_no_camera(visit, world, t),
            ),
        ),
    )


def form(visit: Visit, _world: World, t: Texts) -> Parts:
    pages = forms.pages(visit)
    page = min(visit.page, len(pages) - 1)
    fields = forms.fields_on_page(visit)
    title, subtitle = forms.title_of_page(visit)
    blocks: list[Block] = [Fields(fields)]
    if any(f.error for f in fields):
        blocks.insert(0, Message(t("还有几处请看一下，已经标出来了。"), Tone.WAITING))
    last = visit.editing or page + 1 == len(pages)
    return Parts(
        title,
        subtitle,
        blocks=tuple(blocks),
        actions=(Action("next", t("填好了，下一步") if last else t("下一步"), Style.PRIMARY),),
    )


def review(visit: Visit, world: World, t: Texts) -> Parts:
    """Everything that will be sent, masked, each line changeable (step `review`)."""
    lines = list(forms.review_lines(visit))
    if forms.has_attachment(visit):
        lines.append(Line(t("照片"), t("有 1 张") if visit.photo else t("没有"), "edit:photo"))
    blocks: list[Block] = []
    identity = forms.identity_lines(visit, t)
    if identity:
        blocks.append(Lines(identity, t("办事人")))
    if acting := forms.agent_lines(visit, t):
        blocks.append(Lines(acting, t("代办人")))
    if visit.applicant is not None and not visit.applicant.document.name_complete:
        blocks.append(Message(t("证件芯片里的姓名不全，工作人员会照您的证件补全。"), Tone.WAITING))
    blocks.append(Lines(tuple(lines), t("填写的内容")))
    if visit.same_waits:
        said = t("这台机器已经收过同样的一件，正等着送出去。再交一件，工作人员会先核对是不是重复。")
        blocks.insert(0, Message(said, Tone.WAITING))
    if not world.online:
        blocks.append(Message(visit.service.offline.text[visit.language], Tone.WAITING))
    return Parts(
        t("请核对一遍"),
        t("有不对的，点那一行就能改"),
        blocks=tuple(blocks),
        actions=(Action("submit", t("没有问题，提交"), Style.PRIMARY),),
    )
