"""A terminal that dies is started again, later each time, and given up when it cannot live."""

from __future__ import annotations

from pathlib import Path

from kiosk.bench.keeper import Keeper, Restarts


def test_quick_deaths_wait_longer_each_time_and_the_fifth_is_the_last() -> None:
    restarts = Restarts()
    assert [restarts.after(1.0, 1) for _ in range(5)] == [0.5, 1.0, 2.0, 4.0, None]


def test_a_long_life_starts_the_count_anew() -> None:
    restarts = Restarts()
    assert [restarts.after(1.0, 1) for _ in range(4)][-1] == 4.0
    assert restarts.after(3600.0, -9) == 0.5
    assert [restarts.after(1.0, 1) for _ in range(5)] == [0.5, 1.0, 2.0, 4.0, None]


def test_settings_that_are_wrong_are_not_tried_again() -> None:
    assert Restarts().after(1.0, 78) is None


class Puppet:
    """A process whose life is told by the test."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.lived_s = 1.0
        self.code: int | None = None
        self.ended = False

    def poll(self) -> int | None:
        return self.code

    def end(self) -> int:
        self.ended = True
        return self.code or 0


class House:
    """A keeper, its puppets, its clock and what it said."""

    def __init__(self, folder: Path) -> None:
        self.now_s = 0.0
        self.log = folder / "terminal.log"
        self.puppets: list[Puppet] = []
        self.said: list[tuple[str, str]] = []
        self.keeper = Keeper(
            self.start, self.log, lambda zh, en: self.said.append((zh, en)), clock=lambda: self.now_s
        )

    def start(self) -> Puppet:
        self.puppets.append(Puppet(1000 + len(self.puppets)))
        return self.puppets[-1]


def test_the_next_one_starts_when_its_delay_is_over_and_both_are_told(tmp_path: Path) -> None:
    house = House(tmp_path)
    assert house.keeper.step()
    assert (len(house.puppets), house.said) == (1, [])
    house.puppets[0].code = -9
    assert house.keeper.step()
    house.now_s = 0.49
    assert house.keeper.step()
    assert len(house.puppets) == 1
    house.now_s = 0.5
    assert house.keeper.step()
    assert house.keeper.child is house.puppets[1]
    chinese, english = zip(*house.said, strict=True)
    assert chinese == ("终端被信号 9 结束了，0.5 秒后重新启动", "终端重新启动了（进程 1001）")
    assert english == (
        "the terminal was ended by signal 9, it is restarted in 0.5 s",
        "the terminal runs again (process 1001)",
    )
    house.keeper.close()
    assert (house.puppets[0].ended, house.puppets[1].ended) == (False, True)


def test_giving_up_names_the_log_and_its_last_lines(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.log.write_text("".join(f"line {number}\n" for number in range(40)), "utf-8")
    steps = 0
    house.puppets[-1].code = 1
    while house.keeper.step():
        house.now_s += 10.0
        house.puppets[-1].code = 1
        steps += 1
        assert steps < 50
    assert len(house.puppets) == 5
    english = house.said[-1][1]
    assert str(house.log) in english
    assert english.endswith("line 38\nline 39")
    assert "line 24\n" not in english
