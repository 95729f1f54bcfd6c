"""What a technician reads when the outbox cannot be opened or has failed: Chinese first, then English."""

from __future__ import annotations

from typing import Final, NamedTuple


class Words(NamedTuple):
    """One sentence in both languages; `str` puts the Chinese first."""

    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} / {self.en}"


DIRECTORY: Final = Words("待送件的目录写不进去", "the outbox's directory cannot be written")
KEY_CHECK: Final = Words("数据库钥匙的核对文件写不进去", "the key check cannot be written")
LOCKED: Final = Words("另一个程序正在使用待送件", "another process has this outbox")
OTHER_KEY: Final = Words(
    "数据库钥匙不是建立这个待送件时用的那一把",
    "the database key is not the one that this outbox was made with",
)
NEWER: Final = Words(
    "待送件是更新版本的程序写的：请用那个程序的 `queue migrate --to` 迁回，或安装那个程序",
    "the outbox was written by a newer program: bring it back with the newer program's `queue migrate --to`, "
    "or install that one",
)
NOT_OPENED: Final = Words("待送件数据库打不开", "the outbox cannot be opened")
NOT_MIGRATED: Final = Words("待送件数据库迁移不了", "the outbox cannot be migrated")
STILL_DAMAGED: Final = Words(
    "坏的数据库已另存，新建的仍然不能用", "the outbox stays damaged after being set aside"
)
DAMAGED_WHILE_OPEN: Final = Words(
    "数据库在使用中损坏，重启后会另存", "the database was damaged while open; a restart sets it aside"
)
SETTING_NOT_TAKEN: Final = Words("数据库没有接受一项设置", "the database did not take a setting")
READ_ONLY_WANTS_WRITING: Final = Words(
    "磁盘只读，而待送件需要写入", "the disk is read-only, and the outbox needs writing"
)
READ_ONLY_UNREADABLE: Final = Words(
    "磁盘只读，待送件也读不出来", "the disk is read-only, and the outbox cannot be read"
)
ATTACHMENTS_WAIT: Final = Words(
    "还有带附件的办件（或更早的办件）没有送到中心，请先送完再迁回旧版本",
    "items with attachments, or older ones, are not at the centre yet; let them be sent first",
)
REPLACEMENT_WAITS: Final = Words(
    "有一件被退回的已由新的一件代替，新的还没有送到中心，请先送完再迁回旧版本",
    "a refused item is being replaced by one that is not at the centre yet; let that one be sent first",
)
ERASED_WAIT: Final = Words(
    "还有撤回后抹去内容的办件没有送到中心，请先送完再迁回旧版本",
    "items whose content was erased by a withdrawal are not at the centre yet; let them be sent first",
)
CLOSED: Final = Words("待送件已经关闭", "the outbox is closed")
