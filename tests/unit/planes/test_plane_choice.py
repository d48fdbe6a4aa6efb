"""Which plane answers, and what is said where the native one is missing."""

from __future__ import annotations

import os

import pytest
from structlog.testing import capture_logs

from gtm.errors import ConfigError
from gtm.planes import choice


@pytest.fixture
def missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "why_not_native", lambda: "it was not built")


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "why_not_native", lambda: None)


@pytest.mark.usefixtures("there")
def test_auto_takes_the_native_plane_where_it_is_built() -> None:
    with capture_logs() as said:
        assert choice.resolve("auto") == choice.resolve("native") == "native"
    assert not said


@pytest.mark.usefixtures("missing")
def test_auto_without_it_warns_and_says_what_to_do() -> None:
    with capture_logs() as said:
        assert choice.resolve("auto") == "python"
    (line,) = said
    assert line["log_level"] == "warning"
    assert "it was not built" in line["reason"]
    assert "rustup" in line["remedy"]


@pytest.mark.usefixtures("missing")
def test_asking_for_it_where_it_is_missing_is_an_error_with_the_remedy() -> None:
    with pytest.raises(ConfigError, match=r"cannot use the native plane: it was not .*rustup"):
        choice.resolve("native")


@pytest.mark.usefixtures("there")
def test_the_python_plane_is_there_for_who_asks_for_it() -> None:
    with capture_logs() as said:
        assert choice.resolve("python") == "python"
    assert not said


def test_a_worker_for_each_core_up_to_a_few() -> None:
    cores = len(os.sched_getaffinity(0))
    assert choice.workers_of("native", None) == min(cores, choice.MOST_WORKERS)
    assert choice.workers_of("native", 7) == 7


def test_the_python_plane_has_one_worker_and_says_so() -> None:
    with capture_logs() as said:
        assert choice.workers_of("python", None) == 1
        assert not said
        assert choice.workers_of("python", 2) == 1
    assert [line["event"] for line in said] == ["workers_ignored"]
