"""The closed vocabulary of health: causes with words for resident and technician, and readiness.

Readiness is service x device x network: a missing device stops only the services that need it.
`unknown` is a cause like any other and is never shown as fine. Shared with the centre, so this
module knows no driver: the device half repeats the strings of `drivers.contract.Cause` (a test
holds them equal).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

SCHEMA = "jiujin.health/1"


class TerminalState(StrEnum):
    """One word for a terminal."""

    LIVE = "live"
    DEGRADED = "degraded"
    OUT_OF_SERVICE = "out_of_service"


@dataclass(frozen=True, slots=True)
class CauseText:
    """Language -> sentence: what the resident reads, what the technician reads, what to do."""

    resident: Mapping[str, str]
    technician: Mapping[str, str]
    action: Mapping[str, str]


def _text(resident: tuple[str, str], technician: tuple[str, str], action: tuple[str, str]) -> CauseText:
    return CauseText(*({"zh": zh, "en": en} for zh, en in (resident, technician, action)))


_CARD = ("身份证读卡器暂时不能用", "The card reader is not available now")
_TOKEN = ("数字证书令牌暂时不能用", "Signing tokens are not available now")
_CAMERA = ("摄像头暂时不能用", "The camera is not available now")
_FACE = ("人脸确认暂时不能用，可以用别的办法", "Face check is not available now, other ways are")
_PRINTER = ("回执打印机暂时不能用", "The slip printer is not available now")
_A4 = ("文件打印机暂时不能用", "The document printer is not available now")
_NETWORK = ("网络中断，可继续办理", "No network, you can still apply")
_CENTRE = ("暂时连不上中心，可继续办理", "The centre cannot be reached, you can still apply")
_ROOM = ("这台机器暂时存不下新的办件", "This terminal cannot take new cases now")

CAUSES: dict[str, CauseText] = {
    "card.absent": _text(
        _CARD,
        ("找不到读卡器", "no card reader"),
        ("检查接线和 kiosk.ini 的 port", "check cable and port in kiosk.ini"),
    ),
    "card.lost": _text(
        _CARD,
        ("读卡器断开了", "the reader went away"),
        ("重新插上，会自动恢复", "plug it in again, it recovers by itself"),
    ),
    "card.service_lost": _text(
        _CARD, ("智能卡服务没有运行", "pcscd does not run"), ("启动 pcscd", "start pcscd")
    ),
    "card.silent": _text(
        _CARD, ("读卡器没有应答", "the reader does not answer"), ("断电重启读卡器", "power-cycle the reader")
    ),
    "card.sam_error": _text(
        _CARD, ("安全模块自检失败", "the SAM failed its self-test"), ("更换读卡器", "replace the reader")
    ),
    "card.unauthorised": _text(
        _CARD, ("安全模块没有授权", "the SAM is not authorised"), ("联系厂商授权", "ask the vendor")
    ),
    "card.denied": _text(
        _CARD,
        ("没有权限打开读卡器的端口", "no permission to open the reader's port"),
        ("把终端的用户加入端口所属的组", "add the terminal's user to the port's group"),
    ),
    "card.swapped": _text(
        ("身份证读卡器可以用", "The card reader is available"),
        ("换了一台读卡器（安全模块编号变了）", "another reader is in place (the SAM's number changed)"),
        ("核对读卡器登记", "check it against the register of readers"),
    ),
    "card.restarting": _text(
        _CARD, ("读卡进程正在重启", "the reader's process restarts"), ("稍等几秒", "wait some seconds")
    ),
    "token.module_missing": _text(
        _TOKEN,
        ("找不到令牌的 PKCS#11 模块", "the token's PKCS#11 module is missing or no module"),
        ("安装厂商的模块，核对路径", "install the vendor's module, check its path"),
    ),
    "token.module_crashed": _text(
        _TOKEN,
        ("令牌的 PKCS#11 模块崩溃了", "the token's PKCS#11 module crashed"),
        ("拔出令牌再插；还不行就更新模块", "plug the token in again, else update the module"),
    ),
    "token.module_silent": _text(
        _TOKEN,
        ("令牌的 PKCS#11 模块没有应答", "the token's PKCS#11 module does not answer"),
        ("拔出令牌再插", "plug the token in again"),
    ),
    "camera.absent": _text(
        _CAMERA,
        ("找不到摄像头", "no camera"),
        ("检查接线和 kiosk.ini 的 source", "check cable and source in kiosk.ini"),
    ),
    "camera.stale": _text(
        _CAMERA, ("画面不更新", "the picture stands still"), ("重新插拔摄像头", "plug the camera in again")
    ),
    "camera.dark": _text(
        _CAMERA,
        ("画面全黑或单色", "the picture is black or one colour"),
        ("揭开镜头盖，检查灯光", "uncover the lens, check the light"),
    ),
    "camera.frozen": _text(
        _CAMERA,
        ("画面不断传来，但总是同一张", "pictures arrive, always the same one"),
        ("重新插拔摄像头，不行就更换", "plug the camera in again, else replace it"),
    ),
    "camera.green": _text(
        _CAMERA,
        ("画面全绿或部分发绿，数据没有传完整", "green picture, its data did not arrive"),
        ("换 USB 线或 USB 口，不要经过集线器", "another USB cable or port, without a hub"),
    ),
    "camera.wrong_size": _text(
        _CAMERA,
        ("画面尺寸不是要求的，或中途变了", "the picture's size is not the one asked for, or changed"),
        ("核对 kiosk.ini 的 size，重新插拔摄像头", "check size in kiosk.ini, plug the camera in again"),
    ),
    "camera.garbled": _text(
        _CAMERA,
        ("画面残缺，解不出来", "pictures arrive damaged"),
        ("换 USB 线或 USB 口，不要经过集线器", "another USB cable or port, without a hub"),
    ),
    "camera.refused": _text(
        _CAMERA,
        (
            "正式终端只接写明编号的真摄像头，不接文件、网址、虚拟摄像头",
            "a real terminal takes a real camera named by its id, no file, address or virtual one",
        ),
        ("source 写成 usb:厂商:产品:序列号", "write source as usb:VENDOR:PRODUCT:SERIAL"),
    ),
    "camera.ambiguous": _text(
        _CAMERA,
        ("有两台摄像头都符合 source", "two cameras fit the source"),
        ("source 加上序列号，或写 /dev/v4l/by-path 路径", "add the serial, or write a /dev/v4l/by-path path"),
    ),
    "camera.restarting": _text(
        ("摄像头正在重启，请稍等几秒", "The camera is restarting, please wait some seconds"),
        ("摄像头进程正在重启", "the camera process restarts"),
        (
            "稍等几秒；反复出现就换摄像头",
            "wait some seconds; if it comes back again and again, replace the camera",
        ),
    ),
    "face.model_missing": _text(
        _FACE, ("缺少人脸模型", "a face model is missing"), ("重新运行安装", "run set-up again")
    ),
    "face.uncalibrated": _text(
        _FACE,
        ("没有有效的校准文件，只能人工协助", "no valid calibration: assist mode"),
        ("校准并签名", "calibrate and sign"),
    ),
    "face.restarting": _text(
        ("人脸确认正在重启，请稍等几秒", "The face check is restarting, please wait some seconds"),
        ("人脸进程正在重启", "the face process restarts"),
        ("稍等几秒", "wait some seconds"),
    ),
    "printer.offline": _text(
        _PRINTER, ("打印机离线", "the printer is offline"), ("检查电源和网线", "check power and cable")
    ),
    "printer.silent": _text(
        _PRINTER,
        ("打印机不应答，状态不明", "the printer is silent, its state unknown"),
        ("断电重启打印机", "power-cycle the printer"),
    ),
    "printer.paper_low": _text(
        ("回执纸快用完了", "Paper is running low"),
        ("纸快用完", "paper near end"),
        ("准备一卷新纸", "bring a new roll"),
    ),
    "printer.paper_low_estimated": _text(
        ("回执纸可能快用完了", "Paper may be running low"),
        ("按打印长度估计，纸快用完", "paper near end, estimated by what was printed"),
        ("换新纸后运行 printer new-roll", "put in a new roll, then run printer new-roll"),
    ),
    "printer.paper_short": _text(
        ("剩下的纸可能不够打一张回执", "The paper left may not be enough for a slip"),
        ("近端后打印已多，剩纸可能不够一张", "much was printed since near end, a slip may not fit"),
        (
            "换一卷新纸；留量在 near_end_left_cm 设",
            "put in a new roll; near_end_left_cm says how much is left",
        ),
    ),
    "printer.paper_out": _text(
        ("打印机没有纸了", "The printer is out of paper"),
        ("没有纸", "paper out"),
        ("装一卷新纸", "put in a new roll"),
    ),
    "printer.cover": _text(
        _PRINTER, ("盖子开着", "the cover is open"), ("盖好打印机盖子", "close the cover")
    ),
    "printer.cutter": _text(
        _PRINTER, ("切刀出错", "cutter error"), ("清除卡纸后重启", "clear the jam, power-cycle")
    ),
    "printer.error": _text(
        _PRINTER,
        ("打印机报错", "the printer reports an error"),
        ("断电重启打印机", "power-cycle the printer"),
    ),
    "printer.job_unknown": _text(
        ("有的回执不能确定打印出来没有", "It is not known whether some slips came out"),
        ("有回执不知道打出来没有（断电或失联）", "slips whose end is unknown: power cut or silence"),
        (
            "运行 printer status，处理后 printer acknowledge",
            "run printer status, see to them, then printer acknowledge",
        ),
    ),
    "printer.job_failed": _text(
        ("有的回执没有打印出来", "Some slips did not come out"),
        ("有回执没有打印出来，居民可能没拿到", "slips did not come out, residents may have left without"),
        (
            "运行 printer status，处理后 printer acknowledge",
            "run printer status, see to them, then printer acknowledge",
        ),
    ),
    "printer.journal": _text(
        _PRINTER,
        ("打印记录写不进磁盘", "the record of print jobs cannot be written"),
        ("清理磁盘，检查状态目录的权限", "free the disk, check who may write the state folder"),
    ),
    "a4.absent": _text(
        _A4,
        ("文件打印机连不上", "the document printer cannot be reached"),
        ("检查电源和网线", "check power and cable"),
    ),
    "a4.service_lost": _text(
        _A4, ("打印服务没有运行", "the print service (cupsd) does not run"), ("启动 cups", "start cups")
    ),
    "a4.queue": _text(
        _A4,
        ("打印队列没有或设置不对", "the print queue is missing or set up wrongly"),
        ("按安装说明重建队列", "set the queue up again as the install notes say"),
    ),
    "a4.replaced": _text(
        _A4,
        ("这个地址上是另一台打印机", "another printer answers at this address"),
        ("核对 kiosk.ini 的 identity", "check identity in kiosk.ini"),
    ),
    "a4.silent": _text(
        _A4,
        ("文件打印机不应答，状态不明", "the document printer is silent, its state unknown"),
        ("断电重启打印机", "power-cycle the printer"),
    ),
    "a4.paper_low": _text(
        ("A4 纸快用完了", "A4 paper is running low"),
        ("A4 纸快用完", "A4 paper low"),
        ("准备 A4 纸", "bring A4 paper"),
    ),
    "a4.paper_out": _text(
        ("文件打印机没有纸了", "The document printer is out of paper"),
        ("A4 纸盒空了", "no A4 paper"),
        ("装 A4 纸", "put in A4 paper"),
    ),
    "a4.jam": _text(_A4, ("A4 卡纸", "paper jam"), ("取出卡住的纸", "take the jammed sheet out")),
    "a4.cover": _text(
        _A4, ("文件打印机的门或盖开着", "a door or cover is open"), ("关好门和盖", "close doors and covers")
    ),
    "a4.toner_low": _text(
        ("文件打印机的墨粉快用完了", "Toner is running low"),
        ("墨粉快用完", "toner low"),
        ("准备墨粉盒", "bring a toner cartridge"),
    ),
    "a4.toner_out": _text(_A4, ("墨粉用完了", "toner out"), ("换墨粉盒", "change the toner cartridge")),
    "a4.error": _text(
        _A4,
        ("文件打印机报错", "the document printer reports an error"),
        ("看打印机面板，断电重启", "read its panel, power-cycle it"),
    ),
    "a4.journal": _text(
        _A4,
        ("打印记录写不进磁盘", "the record of print jobs cannot be written"),
        ("清理磁盘，检查状态目录的权限", "free the disk, check who may write the state folder"),
    ),
    "speaker.absent": _text(
        ("不能朗读", "Reading aloud is not available"),
        ("没有朗读程序", "no speech program"),
        ("安装 espeak-ng", "install espeak-ng"),
    ),
    "cabinet.door_open": _text(
        ("", ""), ("柜门开着", "the cabinet's door is open"), ("关好柜门", "shut the door")
    ),
    "cabinet.too_hot": _text(
        ("", ""),
        ("柜内太热", "it is too hot in the cabinet"),
        ("检查风扇和通风口", "check the fan and the vents"),
    ),
    "cabinet.too_cold": _text(
        ("", ""), ("柜内太冷", "it is too cold in the cabinet"), ("检查加热", "check the heating")
    ),
    "cabinet.on_battery": _text(
        ("", ""),
        ("停电了，正在用电池", "no mains power, running on battery"),
        ("检查电源", "check the mains"),
    ),
    "cabinet.battery_low": _text(
        (
            "停电了，电池快用完，现在不收新的办件",
            "The power is out and the battery nearly empty, nothing new is taken now",
        ),
        ("电池快用完", "the battery is nearly empty"),
        ("恢复供电", "bring the power back"),
    ),
    "cabinet.sensor_unreadable": _text(
        ("", ""),
        ("柜内传感器读不出来，状态不明", "a sensor of the cabinet cannot be read, its state is unknown"),
        ("检查接线和 kiosk.ini 的 [sensors]", "check the wiring and [sensors] in kiosk.ini"),
    ),
    "net.down": _text(
        _NETWORK, ("连不上中心", "the centre cannot be reached"), ("检查网线和路由", "check the network")
    ),
    "net.slow": _text(
        _NETWORK, ("中心忙，稍后再送", "the centre is busy"), ("等待自动重试", "wait, it retries")
    ),
    "tls.untrusted": _text(
        _CENTRE,
        ("中心证书不可信", "the centre's certificate is not trusted"),
        ("核对 authority 根证书", "check the authority file"),
    ),
    "tls.name": _text(
        _CENTRE, ("中心证书的名字不对", "the certificate is for another name"), ("核对 url", "check the url")
    ),
    "tls.expired": _text(
        _CENTRE,
        ("中心证书已过期", "the centre's certificate has expired"),
        ("中心更换证书", "renew it at the centre"),
    ),
    "clock.skew": _text(
        _CENTRE, ("本机时间不对", "this terminal's clock is wrong"), ("校准时间", "set the clock")
    ),
    "centre.unauthorised": _text(
        _CENTRE,
        ("中心不认得这台终端", "the centre does not know this terminal"),
        ("在中心登记公钥", "enrol its key"),
    ),
    "centre.acknowledgement": _text(
        _CENTRE,
        ("中心的签收核对不上", "the centre's acknowledgement is not by the key we trust"),
        ("核对 acknowledgement_key", "check the acknowledgement_key file"),
    ),
    "centre.revoked": _text(
        ("这台机器已停用", "This terminal is out of service"),
        ("已被中心停用", "revoked by the centre"),
        ("联系中心", "ask the centre"),
    ),
    "queue.full": _text(
        _ROOM,
        ("待送件的空间用完了", "the queue's quota is used up"),
        ("恢复网络或清理磁盘", "bring the network back or free disk"),
    ),
    "helper.unavailable": _text(
        ("协理员卡的读卡器暂时不能用", "The helper's card slot is not available now"),
        ("协理员卡的读卡器不能用", "the helper's card slot does not work"),
        ("检查智能卡读卡器和 pcscd", "check the smart-card reader and pcscd"),
    ),
    "document_camera.unavailable": _text(
        ("高拍仪暂时不能用", "The document camera is not available now"),
        ("高拍仪不能用", "the document camera does not work"),
        (
            "检查接线和 kiosk.ini 里 document_camera 的 source",
            "check cable and source of document_camera in kiosk.ini",
        ),
    ),
    "queue.broken": _text(
        _ROOM,
        ("待送件数据库读写不了", "the queue's database cannot be used"),
        ("重启终端，坏的会另存", "restart the terminal, the damaged one is set aside"),
    ),
    "queue.old": _text(
        ("网络断得太久，这件事暂时不收", "The network was away too long, this is not taken now"),
        ("有件超过 24 小时没送出", "a case has waited over 24 hours"),
        ("恢复网络", "bring the network back"),
    ),
    "queue.poison": _text(
        ("", ""),
        ("有件被中心退回，待处理", "a case was refused and waits"),
        ("在中心处理退件", "settle it at the centre"),
    ),
    "queue.reopened": _text(
        ("", ""),
        ("队列数据库曾损坏，已另存", "the queue's database was damaged and set aside"),
        ("用 queue 命令抢救", "salvage it with the queue command"),
    ),
    "def.invalid": _text(
        ("", ""),
        ("有事项定义没有通过检查", "a service definition was rejected"),
        ("运行 catalogue list 看原因", "run catalogue list"),
    ),
    "log.recording": _text(
        ("", ""),
        ("正在录制设备往来", "the devices' traffic is being recorded"),
        ("查完把 record_devices 改回 false", "set record_devices to false when the fault is found"),
    ),
    "def.none": _text(
        ("", ""),
        ("没有一件事项可以办", "no service can be offered"),
        ("运行 catalogue list 看原因", "run catalogue list"),
    ),
    "keys.unusable": _text(
        ("", ""),
        ("密钥文件不能用", "a key file cannot be used"),
        ("重新登记这台终端", "enrol this terminal again"),
    ),
    "disk.low": _text(("", ""), ("磁盘快满了", "the disk is nearly full"), ("清理磁盘", "free disk space")),
    "clock.unconfirmed": _text(
        ("", ""),
        ("时间还没有经中心核对", "the time is not confirmed by the centre yet"),
        ("接通网络，会自动核对", "connect the network, it is confirmed by itself"),
    ),
    "program.stopped": _text(
        ("", ""),
        ("终端程序没有运行", "the terminal's program does not run"),
        ("启动终端服务", "start the terminal's service"),
    ),
    "program.silent": _text(
        ("", ""),
        ("终端程序在运行但不应答", "the terminal's program runs and does not answer"),
        ("重启终端服务", "restart the terminal's service"),
    ),
    "config.last_good": _text(
        ("", ""),
        ("kiosk.ini 有错，用的是上一份", "kiosk.ini is wrong, the last good copy serves"),
        ("运行 config check", "run config check"),
    ),
    "staff.out_of_service": _text(
        ("这台机器暂停服务", "This terminal is out of service"),
        ("工作人员暂停了服务", "the staff took it out of service"),
        ("在工作人员菜单里恢复服务", "put it into service in the staff menu"),
    ),
    "touch.unavailable": _text(
        ("触摸屏暂时不能用", "The touch panel is not available now"),
        ("找不到触摸屏", "the touch panel is not there"),
        ("检查触摸屏的接线和 kiosk.ini 的 touch_panel", "check its cable and touch_panel in kiosk.ini"),
    ),
    "touch.two_providers": _text(
        ("", ""),
        ("一块触摸屏被两个输入设备同时上报", "two input devices report the one touch panel"),
        ("看日志里的设备名，停用一个", "see their names in the log, switch one off"),
    ),
    "keyboard.unexpected": _text(
        ("", ""),
        ("有人接了键盘在打字，已忽略", "a keyboard typed here, it was ignored"),
        ("检查 USB 口，拔掉键盘", "look at the USB ports, unplug it"),
    ),
    "device.unknown": _text(
        ("设备状态还不清楚，请稍等", "A device's state is not known yet, please wait"),
        ("设备状态不明", "a device's state is unknown"),
        ("运行 doctor", "run doctor"),
    ),
}
"""Every cause that a terminal may report."""

STOPS_INTAKE = frozenset(
    {"queue.full", "queue.broken", "centre.revoked", "cabinet.battery_low", "staff.out_of_service"}
)
"""With these no service takes anything, whatever it needs.

A battery nearly empty is one of them: a visit begun now would be cut in its middle, while what is
stored survives the cut. A visit that goes on is finished.
"""

ABSENT = {
    "card": "card.absent",
    "camera": "camera.absent",
    "face": "camera.absent",
    "printer": "printer.offline",
    "a4": "a4.absent",
    "speaker": "speaker.absent",
}
"""Device kind -> the cause when this terminal has no such device. Faces are looked at by the camera."""

SEVERITY = {TerminalState.LIVE: 0, TerminalState.DEGRADED: 1, TerminalState.OUT_OF_SERVICE: 2}


@dataclass(frozen=True, slots=True)
class DeviceHealth:
    """One device kind: usable or not, and why; `warnings` do not stop a service."""

    usable: bool
    cause: str | None = None
    warnings: tuple[str, ...] = ()

    @property
    def causes(self) -> tuple[str, ...]:
        """What stops it. A device that is not usable and does not say why is unknown, never fine."""
        return () if self.usable else (self.cause or "device.unknown",)


def service_causes(
    devices_required: Iterable[str], devices: Mapping[str, DeviceHealth], general: Iterable[str]
) -> tuple[str, ...]:
    """Why a service cannot be done now; empty when it can. A device that is not there is absent."""
    causes = [cause for cause in general if cause in STOPS_INTAKE]
    for kind in devices_required:
        device = devices.get(kind)
        causes += [ABSENT[kind]] if device is None else device.causes
    return tuple(dict.fromkeys(causes))


def resident_words(causes: Iterable[str]) -> dict[str, str]:
    """The first cause's words for the resident, in both languages."""
    first = next(iter(causes))
    return dict(CAUSES[first].resident)


def report(
    *,
    devices: Mapping[str, DeviceHealth],
    services: Mapping[str, tuple[str, ...]],
    general: Iterable[str],
    queue: Mapping[str, Any],
    slips: Mapping[str, int],
    link: str,
    version: str,
    clock_quality: str,
    sent_at: str,
) -> dict[str, Any]:
    """The heartbeat's body. `services`: code -> causes that stop it; `slips`: jobs that staff should see to."""
    causes = list(general)
    for device in devices.values():
        causes += [*device.causes, *device.warnings]
    stopped = [code for code, why in services.items() if why]
    if not services or len(stopped) == len(services):
        state = TerminalState.OUT_OF_SERVICE
    elif stopped or causes:
        state = TerminalState.DEGRADED
    else:
        state = TerminalState.LIVE
    return {
        "schema": SCHEMA,
        "state": state.value,
        "causes": list(dict.fromkeys(causes)),
        "services": {code: {"ready": not why, "causes": list(why)} for code, why in services.items()},
        "queue": dict(queue),
        "slips": dict(slips),
        "link": link,
        "version": version,
        "clock_quality": clock_quality,
        "sent_at": sent_at,
    }
