"""A stage that fails for one case leaves the others alone and says so."""

from __future__ import annotations

from pipeline.stages import Stages


def test_one_bad_case_does_not_take_the_others() -> None:
    stages = Stages(["a", "b", "c"])

    def double(items: list[int]) -> list[int]:
        if 2 in items:
            raise ValueError("two")
        return [2 * item for item in items]

    assert stages.run("double", double, [1, 2, 3], otherwise=-1) == [2, -1, 6]
    assert stages.failed == [(), ("double",), ()]
    assert all("double" in timings for timings in stages.timings_ms)


def test_a_stage_that_answers_too_little_has_failed() -> None:
    stages = Stages(["a", "b"])
    assert stages.run("short", lambda items: items[:0], [1, 2], otherwise=0) == [0, 0]
    assert stages.failed == [("short",), ("short",)]


def test_an_empty_batch_is_fine() -> None:
    assert Stages([]).run("any", lambda items: items, [], otherwise=None) == []
