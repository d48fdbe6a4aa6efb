"""Threads that answer packets ask for short slices, and keep what else was set."""

from __future__ import annotations

import os
import threading

from gtm.planes.prompt import PATIENT, be_patient, be_prompt


def test_asking_moves_neither_the_policy_nor_the_niceness_of_the_thread() -> None:
    found: list[tuple[int, int]] = []

    def thread() -> None:
        for act in (lambda: None, be_prompt):
            act()
            found.append((os.sched_getscheduler(0), os.getpriority(os.PRIO_PROCESS, 0)))

    running = threading.Thread(target=thread)
    running.start()
    running.join()
    assert found[0] == found[1]


def test_a_policy_that_an_operator_chose_stays() -> None:
    found: list[tuple[bool, int]] = []

    def thread() -> None:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
        found.append((be_prompt(), os.sched_getscheduler(0)))

    running = threading.Thread(target=thread)
    running.start()
    running.join()
    assert found == [(False, os.SCHED_BATCH)]


def test_a_thread_that_answers_nobody_is_nicer_than_those_that_do_and_no_other_with_it() -> None:
    found: list[int] = []

    def thread() -> None:
        be_patient()
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    running = threading.Thread(target=thread)
    running.start()
    running.join()
    assert found == [max(before, PATIENT)]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
