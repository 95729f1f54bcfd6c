"""Causes that lie with the network, the centre, the queue, the program or its settings."""

from __future__ import annotations

from kiosk.causes.text import CauseText, text

_NETWORK = ("网络中断，可继续办理", "No network, carry on")
_CENTRE = ("暂时连不上中心，可继续办理", "No centre, carry on")
_ROOM = ("这台机器暂时存不下新的办件", "This terminal cannot take new cases now")

OF_OFFICE: dict[str, CauseText] = {
    "net.down": text(
        _NETWORK, ("连不上中心", "the centre cannot be reached"), ("检查网线和路由", "check the network")
    ),
    "net.slow": text(
        _NETWORK, ("中心忙，稍后再送", "the centre is busy"), ("等待自动重试", "wait, it retries")
    ),
    "tls.untrusted": text(
        _CENTRE,
        ("中心证书不可信", "the centre's certificate is not trusted"),
        ("核对 authority 根证书", "check the authority file"),
    ),
    "tls.name": text(
        _CENTRE, ("中心证书的名字不对", "the certificate is for another name"), ("核对 url", "check the url")
    ),
    "tls.expired": text(
        _CENTRE,
        ("中心证书已过期", "the centre's certificate has expired"),
        ("中心更换证书", "renew it at the centre"),
    ),
    "clock.skew": text(
        _CENTRE, ("本机时间不对", "this terminal's clock is wrong"), ("校准时间", "set the clock")
    ),
    "centre.unauthorised": text(
        _CENTRE,
        ("中心不认得这台终端", "the centre does not know this terminal"),
        ("在中心登记公钥", "enrol its key"),
    ),
    "centre.acknowledgement": text(
        _CENTRE,
        ("中心的签收核对不上", "the centre's acknowledgement is not by the key we trust"),
        ("核对 acknowledgement_key", "check the acknowledgement_key file"),
    ),
    "centre.revoked": text(
        ("这台机器已停用", "This terminal is out of service"),
        ("已被中心停用", "revoked by the centre"),
        ("联系中心", "ask the centre"),
    ),
    "queue.full": text(
        _ROOM,
        ("待送件的空间用完了", "the queue's quota is used up"),
        ("恢复网络或清理磁盘", "bring the network back or free disk"),
    ),
    "queue.read_only": text(
        _ROOM,
        ("磁盘出错，只能读不能写", "the disk had an error and takes no writing"),
        ("待送件仍会送出；送完换盘", "what waits is still sent; then replace the disk"),
    ),
    "queue.filling": text(
        ("这台机器暂时存不下要拍照的办件", "This terminal cannot take cases with photos now"),
        (
            "待送件的空间不多了，要拍照的事项先停",
            "the room for waiting cases runs out: services with photos stop first",
        ),
        ("恢复网络或清理磁盘", "bring the network back or free disk"),
    ),
    "csca.none": text(
        ("护照暂时不能核验", "Passports cannot be checked now"),
        ("证书目录里没有可用的签发国证书", "the folder holds no usable certificate of an issuing state"),
        ("检查 kiosk.ini 里 card_reader 的 csca_folder", "check csca_folder of card_reader in kiosk.ini"),
    ),
    "csca.unreadable": text(
        ("有的护照暂时不能核验", "Some passports cannot be checked now"),
        ("证书目录里有读不懂的文件", "the folder of certificates holds files that cannot be read"),
        ("换上完好的证书文件", "replace them by sound ones"),
    ),
    "helper.unavailable": text(
        ("协理员卡的读卡器暂时不能用", "The helper's card slot is not available now"),
        ("协理员卡的读卡器不能用", "the helper's card slot does not work"),
        ("检查智能卡读卡器和 pcscd", "check the smart-card reader and pcscd"),
    ),
    "helper.to_check": text(
        ("协理员卡的读卡器要看一下", "The helper's card slot needs a look"),
        (
            "协理员卡的读卡器能用，但上次读卡不正常",
            "the helper's card slot works, but its last reading was not right",
        ),
        ("插一张工作卡试一试", "try it with a card"),
    ),
    "document_camera.to_check": text(
        ("高拍仪要看一下", "The document camera needs a look"),
        ("高拍仪能用，但上次的画面不对", "the document camera works, but its last pictures were not right"),
        ("看镜头是否被挡、灯是否亮", "look whether its lens is covered and its light is on"),
    ),
    "document_camera.unavailable": text(
        ("高拍仪暂时不能用", "The document camera is not available now"),
        ("高拍仪不能用", "the document camera does not work"),
        (
            "检查接线和 kiosk.ini 里 document_camera 的 source",
            "check cable and source of document_camera in kiosk.ini",
        ),
    ),
    "queue.broken": text(
        _ROOM,
        ("待送件数据库读写不了", "the queue's database cannot be used"),
        ("重启终端，坏的会另存", "restart the terminal, the damaged one is set aside"),
    ),
    "queue.not_sending": text(
        ("", ""),
        (
            "送件的程序停了，件都还在",
            "what carries the cases to the centre has stopped; they are all still here",
        ),
        ("重启终端", "restart the terminal"),
    ),
    "slips.without_case": text(
        ("", ""),
        (
            "打出的回执比存下的办件多：有居民拿着回执，办件却不在",
            "more slips were printed than cases were stored: somebody holds a slip for a case that is not here",
        ),
        (
            "暂停服务，查磁盘和备份；按打印记录的编号到中心逐件核对，查不到的请居民补办",
            "take it out of service, look into its disk and backups; ask the centre for each code of the print journal, and take up with its resident what is not there",
        ),
    ),
    "queue.old": text(
        ("", ""),
        ("有件超过 24 小时没送到中心或被退回没处理", "a case has waited over 24 hours, unsent or refused"),
        (
            "恢复网络；被退回的用 queue refused 查看",
            "bring the network back; queue refused names what was refused",
        ),
    ),
    "queue.overdue": text(
        ("", ""),
        (
            "紧急：有件超过 72 小时没送到中心或被退回没处理",
            "urgent: a case has waited over 72 hours, unsent or refused",
        ),
        (
            "今天恢复网络，或用 queue export 导出送到中心；被退回的今天处理",
            "bring the network back today, or take it to the centre with queue export; see to what was refused",
        ),
    ),
    "queue.age_unknown": text(
        ("", ""),
        (
            "最早的一件等了多久说不准：中间关过机，时间还没有和中心核对",
            "how long the oldest case has waited is not known: the terminal was off in between and the centre has not told the time",
        ),
        (
            "恢复网络，和中心核对时间后自动算准",
            "bring the network back; it is known once the centre has told its time",
        ),
    ),
    "queue.stopped": text(
        (
            "网络断得太久，这件事暂时不收，请到窗口办理",
            "The network was away too long, this is not taken now: please go to the counter",
        ),
        (
            "有件超时没送出，这一事项按期限停收",
            "a case has waited past this service's limit: it takes no more",
        ),
        ("恢复网络，送出后自动恢复", "bring the network back; it goes on by itself once they are sent"),
    ),
    "queue.poison": text(
        ("", ""),
        ("有件被中心退回，待处理", "a case was refused and waits"),
        ("在中心处理退件", "settle it at the centre"),
    ),
    "queue.reopened": text(
        ("", ""),
        ("队列数据库曾损坏，已另存", "the queue's database was damaged and set aside"),
        ("用 queue 命令抢救", "salvage it with the queue command"),
    ),
    "def.invalid": text(
        ("", ""),
        ("有事项定义没有通过检查", "a service definition was rejected"),
        ("运行 catalogue list 看原因", "run catalogue list"),
    ),
    "log.recording": text(
        ("", ""),
        ("正在录制设备往来", "the devices' traffic is being recorded"),
        ("查完把 record_devices 改回 false", "set record_devices to false when the fault is found"),
    ),
    "def.none": text(
        ("", ""),
        ("没有一件事项可以办", "no service can be offered"),
        ("运行 catalogue list 看原因", "run catalogue list"),
    ),
    "keys.unusable": text(
        ("", ""),
        ("密钥文件不能用", "a key file cannot be used"),
        ("重新登记这台终端", "enrol this terminal again"),
    ),
    "disk.low": text(("", ""), ("磁盘快满了", "the disk is nearly full"), ("清理磁盘", "free disk space")),
    "clock.unconfirmed": text(
        ("", ""),
        ("时间还没有经中心核对", "the time is not confirmed by the centre yet"),
        ("接通网络，会自动核对", "connect the network, it is confirmed by itself"),
    ),
    "program.stopped": text(
        ("", ""),
        ("终端程序没有运行", "the terminal's program does not run"),
        ("启动终端服务", "start the terminal's service"),
    ),
    "program.silent": text(
        ("", ""),
        ("终端程序在运行但不应答", "the terminal's program runs and does not answer"),
        ("重启终端服务", "restart the terminal's service"),
    ),
    "config.last_good": text(
        ("", ""),
        ("kiosk.ini 有错，用的是上一份", "kiosk.ini is wrong, the last good copy serves"),
        ("运行 config check", "run config check"),
    ),
    "config.one_camera": text(
        ("", ""),
        (
            (
                "手机上的电子身份（qr）没有开，居民用不了：扫码的和看人的是同一台摄像头"
                "（[camera] source 和 [document_camera] source，或 [code_reader] camera）"
            ),
            (
                "residents cannot use the e-ID on their phones (qr), it is off: codes would be read by the camera that looks "
                "at people ([camera] source and [document_camera] source are one device, or [code_reader] camera names it)"
            ),
        ),
        (
            (
                "另接一台摄像头扫码，写在 [document_camera] source（两台同型号的都写序列号或 /dev/v4l/by-path 路径）；"
                "没有就从 [recognition] ways 里去掉 qr；然后重启终端"
            ),
            (
                "fit another camera for codes and name it in [document_camera] source (two of one model: both by serial number or "
                "/dev/v4l/by-path), or take qr out of [recognition] ways; then restart the terminal"
            ),
        ),
    ),
    "staff.out_of_service": text(
        ("这台机器暂停服务", "This terminal is out of service"),
        ("工作人员暂停了服务", "the staff took it out of service"),
        ("在工作人员菜单里恢复服务", "put it into service in the staff menu"),
    ),
    "touch.two_providers": text(
        ("", ""),
        ("一块触摸屏被两个输入设备同时上报", "two input devices report the one touch panel"),
        ("看日志里的设备名，停用一个", "see their names in the log, switch one off"),
    ),
    "keyboard.unexpected": text(
        ("", ""),
        ("有人接了键盘在打字，已忽略", "a keyboard typed here, it was ignored"),
        ("检查 USB 口，拔掉键盘", "look at the USB ports, unplug it"),
    ),
    "device.unknown": text(
        ("设备状态还不清楚，请稍等", "A device's state is not known yet, please wait"),
        ("设备状态不明", "a device's state is unknown"),
        ("运行 doctor", "run doctor"),
    ),
}
