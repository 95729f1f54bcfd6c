"""Causes that lie with a device, a token or the cabinet."""

from __future__ import annotations

from kiosk.causes.text import CauseText, text

_CARD = ("身份证读卡器暂时不能用", "The card reader is not available now")
_UNPROVEN = (
    "读卡器需要核对，有的事现在不能办",
    "The card reader must be checked, some services are not available now",
)
_TOKEN = ("数字证书令牌暂时不能用", "Signing tokens are not available now")
_CAMERA = ("摄像头暂时不能用", "The camera is not available now")
_FACE = ("人脸确认暂时不能用，可以用别的办法", "Face check is not available now, other ways are")
_PRINTER = ("回执打印机暂时不能用", "The slip printer is not available now")
_A4 = ("文件打印机暂时不能用", "The document printer is not available now")

OF_DEVICES: dict[str, CauseText] = {
    "card.absent": text(
        _CARD,
        ("找不到读卡器", "no card reader"),
        ("检查接线和 kiosk.ini 的 port", "check cable and port in kiosk.ini"),
    ),
    "card.lost": text(
        _CARD,
        ("读卡器断开了", "the reader went away"),
        ("重新插上，会自动恢复", "plug it in again, it recovers by itself"),
    ),
    "card.service_lost": text(
        _CARD, ("智能卡服务没有运行", "pcscd does not run"), ("启动 pcscd", "start pcscd")
    ),
    "card.service_refused": text(
        _CARD,
        ("智能卡服务拒绝了终端的用户", "pcscd refuses this user"),
        (
            "安装 deploy/polkit 里的规则；已装好就重启 pcscd",
            "install the polkit rule of deploy/polkit; if it is there, restart pcscd",
        ),
    ),
    "card.service_silent": text(
        _CARD, ("智能卡服务没有应答", "pcscd does not answer"), ("重启 pcscd", "restart pcscd")
    ),
    "card.silent": text(
        _CARD, ("读卡器没有应答", "the reader does not answer"), ("断电重启读卡器", "power-cycle the reader")
    ),
    "card.sam_error": text(
        _CARD, ("安全模块自检失败", "the SAM failed its self-test"), ("更换读卡器", "replace the reader")
    ),
    "card.protocol": text(
        _CARD,
        ("读卡模块和终端互相听不懂", "module and terminal do not understand each other"),
        (
            "检查接线、kiosk.ini 的 baud_rate 和 with_fingerprint，再断电重启读卡器",
            "check cable, speed (baud_rate) and with_fingerprint in kiosk.ini, then power-cycle the reader",
        ),
    ),
    "card.unauthorised": text(
        _CARD, ("安全模块没有授权", "the SAM is not authorised"), ("联系厂商授权", "ask the vendor")
    ),
    "card.denied": text(
        _CARD,
        ("没有权限打开读卡器的端口", "no permission to open the reader's port"),
        ("把终端的用户加入端口所属的组", "add the terminal's user to the port's group"),
    ),
    "card.swapped": text(
        _UNPROVEN,
        ("换了一台读卡器（安全模块编号变了）", "another reader is in place (the SAM's number changed)"),
        (
            "核对读卡器登记，再改 kiosk.ini 的 sam_id（空着就重启终端）",
            "check it against the register of readers, then set sam_id in kiosk.ini (empty: restart the terminal)",
        ),
    ),
    "card.unidentified": text(
        _UNPROVEN,
        (
            "读卡模块不报编号，读出的证件不算核验过",
            "the module does not tell its number: no card counts as verified",
        ),
        ("断电重启读卡器，不行就更换", "power-cycle the reader, else replace it"),
    ),
    "card.restarting": text(
        _CARD, ("读卡进程正在重启", "the reader's process restarts"), ("稍等几秒", "wait some seconds")
    ),
    "token.module_missing": text(
        _TOKEN,
        ("找不到令牌的 PKCS#11 模块", "the token's PKCS#11 module is missing or no module"),
        ("安装厂商的模块，核对路径", "install the vendor's module, check its path"),
    ),
    "token.module_crashed": text(
        _TOKEN,
        ("令牌的 PKCS#11 模块崩溃了", "the token's PKCS#11 module crashed"),
        ("拔出令牌再插；还不行就更新模块", "plug the token in again, else update the module"),
    ),
    "token.module_silent": text(
        _TOKEN,
        ("令牌的 PKCS#11 模块没有应答", "the token's PKCS#11 module does not answer"),
        ("拔出令牌再插", "plug the token in again"),
    ),
    "camera.absent": text(
        _CAMERA,
        ("找不到摄像头", "no camera"),
        ("检查接线和 kiosk.ini 的 source", "check cable and source in kiosk.ini"),
    ),
    "camera.stale": text(
        _CAMERA, ("画面不更新", "the picture stands still"), ("重新插拔摄像头", "plug the camera in again")
    ),
    "camera.dark": text(
        _CAMERA,
        ("画面全黑或单色", "the picture is black or one colour"),
        ("揭开镜头盖，检查灯光", "uncover the lens, check the light"),
    ),
    "camera.frozen": text(
        _CAMERA,
        ("画面不断传来，但总是同一张", "pictures arrive, always the same one"),
        ("重新插拔摄像头，不行就更换", "plug the camera in again, else replace it"),
    ),
    "camera.green": text(
        _CAMERA,
        ("画面全绿或部分发绿，数据没有传完整", "green picture, its data did not arrive"),
        ("换 USB 线或 USB 口，不要经过集线器", "another USB cable or port, without a hub"),
    ),
    "camera.wrong_size": text(
        _CAMERA,
        ("画面尺寸不是要求的，或中途变了", "the picture's size is not the one asked for, or changed"),
        ("核对 kiosk.ini 的 size，重新插拔摄像头", "check size in kiosk.ini, plug the camera in again"),
    ),
    "camera.garbled": text(
        _CAMERA,
        ("画面残缺，解不出来", "pictures arrive damaged"),
        ("换 USB 线或 USB 口，不要经过集线器", "another USB cable or port, without a hub"),
    ),
    "camera.refused": text(
        _CAMERA,
        (
            "正式终端只接写明编号的真摄像头，不接文件、网址、虚拟摄像头",
            "a real terminal takes a real camera named by its id, no file, address or virtual one",
        ),
        ("source 写成 usb:厂商:产品:序列号", "write source as usb:VENDOR:PRODUCT:SERIAL"),
    ),
    "camera.ambiguous": text(
        _CAMERA,
        ("有两台摄像头都符合 source", "two cameras fit the source"),
        ("source 加上序列号，或写 /dev/v4l/by-path 路径", "add the serial, or write a /dev/v4l/by-path path"),
    ),
    "camera.denied": text(
        _CAMERA,
        ("没有权限打开摄像头", "no permission to open the camera"),
        (
            "把终端的用户加入 video 组，或写 udev 规则",
            "put the terminal's user into group video, or write a udev rule",
        ),
    ),
    "camera.busy": text(
        _CAMERA,
        ("另一个程序正在用摄像头", "another program uses the camera"),
        ("关掉那个程序，会自动恢复", "close that program, it recovers by itself"),
    ),
    "camera.unopenable": text(
        _CAMERA,
        ("摄像头插着，但打不开", "the camera is plugged in and cannot be opened"),
        ("重新插拔摄像头，不行就更换", "plug the camera in again, else replace it"),
    ),
    "camera.restarting": text(
        ("摄像头正在重启，请稍等几秒", "The camera is restarting, please wait some seconds"),
        ("摄像头进程正在重启", "the camera process restarts"),
        (
            "稍等几秒；反复出现就换摄像头",
            "wait some seconds; if it comes back again and again, replace the camera",
        ),
    ),
    "face.model_missing": text(
        _FACE, ("缺少人脸模型", "a face model is missing"), ("重新运行安装", "run set-up again")
    ),
    "face.uncalibrated": text(
        _FACE,
        ("没有有效的校准文件，只能人工协助", "no valid calibration: assist mode"),
        (
            "看括号里的原因；`face show` 有全部内容，怎样校准见 docs/technician.md",
            "see the reason in brackets; `face show` tells all; docs/technician.md says how to calibrate",
        ),
    ),
    "face.calibration_ending": text(
        ("人脸确认的校准快要到期", "The face check must soon be calibrated anew"),
        (
            "校准快到期了，到期后人脸确认就停用",
            "the calibration ends soon: from then on nobody is recognised by face",
        ),
        (
            "现在就安排重新校准：找人、拍照要几个星期，见 docs/technician.md",
            "prepare a new one now, people and pictures take weeks: docs/technician.md",
        ),
    ),
    "face.restarting": text(
        ("人脸确认正在重启，请稍等几秒", "The face check is restarting, please wait some seconds"),
        ("人脸进程正在重启", "the face process restarts"),
        ("稍等几秒", "wait some seconds"),
    ),
    "printer.offline": text(
        _PRINTER, ("打印机离线", "the printer is offline"), ("检查电源和网线", "check power and cable")
    ),
    "printer.silent": text(
        _PRINTER,
        ("打印机不应答，状态不明", "the printer is silent, its state unknown"),
        ("断电重启打印机", "power-cycle the printer"),
    ),
    "printer.paper_low": text(
        ("回执纸快用完了", "Paper is running low"),
        ("纸快用完", "paper near end"),
        ("准备一卷新纸", "bring a new roll"),
    ),
    "printer.paper_low_estimated": text(
        ("回执纸可能快用完了", "Paper may be running low"),
        ("按打印长度估计，纸快用完", "paper near end, estimated by what was printed"),
        ("换新纸后运行 printer new-roll", "put in a new roll, then run printer new-roll"),
    ),
    "printer.paper_short": text(
        ("剩下的纸可能不够打一张回执", "The paper left may not be enough for a slip"),
        ("近端后打印已多，剩纸可能不够一张", "much was printed since near end, a slip may not fit"),
        (
            "换一卷新纸；留量在 near_end_left_cm 设",
            "put in a new roll; near_end_left_cm says how much is left",
        ),
    ),
    "printer.paper_out": text(
        ("打印机没有纸了", "The printer is out of paper"),
        ("没有纸", "paper out"),
        ("装一卷新纸", "put in a new roll"),
    ),
    "printer.cover": text(_PRINTER, ("盖子开着", "the cover is open"), ("盖好打印机盖子", "close the cover")),
    "printer.cutter": text(
        _PRINTER, ("切刀出错", "cutter error"), ("清除卡纸后重启", "clear the jam, power-cycle")
    ),
    "printer.error": text(
        _PRINTER,
        ("打印机报错", "the printer reports an error"),
        ("断电重启打印机", "power-cycle the printer"),
    ),
    "printer.hot": text(
        ("回执打印机正在降温，请稍等几分钟", "The slip printer is cooling down, please wait some minutes"),
        ("打印头太热，或者供电电压不对", "the print head is too hot, or its voltage is wrong"),
        (
            "等它降温，会自动恢复；常出现就检查通风和电源适配器",
            "wait until it cools, it recovers by itself; if it is often so, check air flow and power supply",
        ),
    ),
    "printer.feeding": text(
        ("回执打印机正在走纸，请稍等", "Paper is being fed in the slip printer, please wait"),
        ("有人按着进纸键", "the feed button is pressed"),
        ("松开进纸键；按键卡住就修理", "let the feed button go; if it sticks, have it repaired"),
    ),
    "printer.waiting": text(
        _PRINTER,
        ("打印机等人按进纸键才继续", "the printer waits for its feed button to be pressed"),
        (
            "装好纸、盖好盖子，按一下进纸键",
            "see that paper is in and the cover closed, then press the feed button once",
        ),
    ),
    "printer.job_unknown": text(
        ("有的回执不能确定打印出来没有", "It is not known whether some slips came out"),
        ("有回执不知道打出来没有（断电或失联）", "slips whose end is unknown: power cut or silence"),
        (
            "运行 printer status，处理后 printer acknowledge",
            "run printer status, see to them, then printer acknowledge",
        ),
    ),
    "printer.job_failed": text(
        ("有的回执没有打印出来", "Some slips did not come out"),
        ("有回执没有打印出来，居民可能没拿到", "slips did not come out, residents may have left without"),
        (
            "运行 printer status，处理后 printer acknowledge",
            "run printer status, see to them, then printer acknowledge",
        ),
    ),
    "printer.journal": text(
        _PRINTER,
        ("打印记录写不进磁盘", "the record of print jobs cannot be written"),
        ("清理磁盘，检查状态目录的权限", "free the disk, check who may write the state folder"),
    ),
    "a4.absent": text(
        _A4,
        ("文件打印机连不上", "the document printer cannot be reached"),
        ("检查电源和网线", "check power and cable"),
    ),
    "a4.service_lost": text(
        _A4, ("打印服务没有运行", "the print service (cupsd) does not run"), ("启动 cups", "start cups")
    ),
    "a4.queue": text(
        _A4,
        ("打印队列没有或设置不对", "the print queue is missing or set up wrongly"),
        ("按安装说明重建队列", "set the queue up again as the install notes say"),
    ),
    "a4.replaced": text(
        _A4,
        ("这个地址上是另一台打印机", "another printer answers at this address"),
        ("核对 kiosk.ini 的 identity", "check identity in kiosk.ini"),
    ),
    "a4.silent": text(
        _A4,
        ("文件打印机不应答，状态不明", "the document printer is silent, its state unknown"),
        ("断电重启打印机", "power-cycle the printer"),
    ),
    "a4.paper_low": text(
        ("A4 纸快用完了", "A4 paper is running low"),
        ("A4 纸快用完", "A4 paper low"),
        ("准备 A4 纸", "bring A4 paper"),
    ),
    "a4.paper_out": text(
        ("文件打印机没有纸了", "The document printer is out of paper"),
        ("A4 纸盒空了", "no A4 paper"),
        ("装 A4 纸", "put in A4 paper"),
    ),
    "a4.jam": text(_A4, ("A4 卡纸", "paper jam"), ("取出卡住的纸", "take the jammed sheet out")),
    "a4.cover": text(
        _A4, ("文件打印机的门或盖开着", "a door or cover is open"), ("关好门和盖", "close doors and covers")
    ),
    "a4.toner_low": text(
        ("文件打印机的墨粉快用完了", "Toner is running low"),
        ("墨粉快用完", "toner low"),
        ("准备墨粉盒", "bring a toner cartridge"),
    ),
    "a4.toner_out": text(_A4, ("墨粉用完了", "toner out"), ("换墨粉盒", "change the toner cartridge")),
    "a4.error": text(
        _A4,
        ("文件打印机报错", "the document printer reports an error"),
        ("看打印机面板，断电重启", "read its panel, power-cycle it"),
    ),
    "a4.busy": text(
        ("文件打印机正在打印别的文件", "The document printer is busy with another document"),
        ("另一个程序正在用文件打印机", "another program is printing on the document printer"),
        ("等它打完再试", "wait until it has finished, then try again"),
    ),
    "a4.job_unknown": text(
        ("有的文件不能确定打印出来没有", "It is not known whether some documents came out"),
        ("有文件不知道打出来没有（断电或失联）", "documents whose end is unknown: power cut or silence"),
        (
            "看出纸口；运行 document status，处理后 document acknowledge",
            "look at the tray; run document status, see to them, then document acknowledge",
        ),
    ),
    "a4.job_failed": text(
        ("有的文件没有打印出来", "Some documents did not come out"),
        ("有文件没有打印出来，要中心重新授权", "documents did not come out, the centre must authorise anew"),
        (
            "运行 document status，处理后 document acknowledge",
            "run document status, see to them, then document acknowledge",
        ),
    ),
    "a4.journal": text(
        _A4,
        ("打印记录写不进磁盘", "the record of print jobs cannot be written"),
        ("清理磁盘，检查状态目录的权限", "free the disk, check who may write the state folder"),
    ),
    "speaker.absent": text(
        ("不能朗读", "Reading aloud is not available"),
        ("没有朗读程序", "no speech program"),
        ("安装 espeak-ng", "install espeak-ng"),
    ),
    "touch_panel.absent": text(
        ("触摸屏暂时不能用", "The touch panel is not available now"),
        ("找不到触摸屏", "the touch panel is not there"),
        ("检查触摸屏的接线和 kiosk.ini 的 touch_panel", "check its cable and touch_panel in kiosk.ini"),
    ),
    "code_reader.restarting": text(
        ("扫码正在重启，请稍等几秒", "The code reader is restarting, please wait some seconds"),
        ("扫码进程正在重启", "the code reader's process restarts"),
        ("稍等几秒", "wait some seconds"),
    ),
    "cabinet.door_open": text(
        ("", ""), ("柜门开着", "the cabinet's door is open"), ("关好柜门", "shut the door")
    ),
    "cabinet.too_hot": text(
        ("", ""),
        ("柜内太热", "it is too hot in the cabinet"),
        ("检查风扇和通风口", "check the fan and the vents"),
    ),
    "cabinet.too_cold": text(
        ("", ""), ("柜内太冷", "it is too cold in the cabinet"), ("检查加热", "check the heating")
    ),
    "cabinet.on_battery": text(
        ("", ""),
        ("停电了，正在用电池", "no mains power, running on battery"),
        ("检查电源", "check the mains"),
    ),
    "cabinet.battery_low": text(
        (
            "停电了，电池快用完，现在不收新的办件",
            "The power is out and the battery nearly empty, nothing new is taken now",
        ),
        ("电池快用完", "the battery is nearly empty"),
        ("恢复供电", "bring the power back"),
    ),
    "cabinet.sensor_unreadable": text(
        ("", ""),
        ("柜内传感器读不出来，状态不明", "a sensor of the cabinet cannot be read, its state is unknown"),
        ("检查接线和 kiosk.ini 的 [sensors]", "check the wiring and [sensors] in kiosk.ini"),
    ),
}
