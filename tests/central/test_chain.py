"""Gaps and forks are shown, never refused (and field case D01 in small: a cloned disk)."""

from __future__ import annotations

from offline_queue.wire import ChainHead, VerdictKind
from tests.central.station import Station


def kinds(station: Station, *items: object) -> list[VerdictKind]:
    return [verdict.kind for verdict in station.send(*items)]  # type: ignore[arg-type] # items


def test_a_gap_is_flagged_and_closes_when_the_missing_item_comes(station: Station) -> None:
    first, second, third = station.item(), station.item(), station.item()
    assert kinds(station, first, third) == [VerdictKind.REGISTERED] * 2
    page = station.page("/ops/terminals/0142")
    assert "记录链有缺号" in page
    assert "chain.gap" in page
    assert kinds(station, second) == [VerdictKind.REGISTERED]
    page = station.page("/ops/terminals/0142")
    assert "chain.gap" not in page
    assert "缺号已补齐" in page
    assert station.metric("jiujin_forked_chains") == {"": 0}


def test_a_whole_chain_in_any_order_raises_no_alarm(station: Station) -> None:
    items = [station.item() for _ in range(6)]
    for item in (items[4], items[0], items[5], items[2], items[1], items[3]):
        station.send(item)
    page = station.page("/ops/terminals/0142")
    assert "chain." not in page.partition("<h2>")[2].partition("最近事件")[0]
    assert station.metric("jiujin_forked_chains") == {"": 0}


def test_d01_two_machines_with_one_identity_fork_the_chain(station: Station) -> None:
    station.send(station.item())
    clone = Station(station.url, station.trust, sequence=station.sequence, head_hash=station.head_hash)
    mine, theirs = station.item(), clone.item()
    assert kinds(station, mine) == [VerdictKind.REGISTERED]
    assert kinds(clone, theirs) == [VerdictKind.REGISTERED]  # no resident's case is refused for it
    assert station.metric("jiujin_forked_chains") == {"": 1}
    assert "可能有两台机器使用同一身份" in station.page("/ops")
    clone.close()


def test_an_item_that_does_not_follow_its_predecessor(station: Station) -> None:
    station.send(station.item())
    station.head_hash = "a" * 64
    assert kinds(station, station.item()) == [VerdictKind.REGISTERED]
    assert station.metric("jiujin_forked_chains") == {"": 1}


def test_a_head_that_contradicts_another(station: Station) -> None:
    station.send(station.item())
    station.head_hash = "b" * 64
    assert station.beat({}).status_code == 200
    assert station.metric("jiujin_forked_chains") == {"": 1}


def test_a_head_with_a_wrong_signature_is_written_down_and_moves_nothing(station: Station) -> None:
    station.send(station.item())
    honest = station.head
    station.head = lambda: ChainHead(sequence=9, hash="c" * 64, signature=b"0" * 64)  # type: ignore[method-assign] # a forger
    assert station.beat({}).status_code == 200
    station.head = honest  # type: ignore[method-assign] # back
    station.beat({})
    assert "链头签名不正确" in station.page("/ops/terminals/0142")
    assert station.metric("jiujin_forked_chains") == {"": 0}
