"""The circuit breaker, with a clock that the test sets."""

from __future__ import annotations

from services.rewriter.trial_breaker import TrialBreaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_it_opens_only_after_failures_in_a_row() -> None:
    breaker = TrialBreaker(limit=3, pause_s=10, clock=Clock())
    for _ in range(5):
        breaker.failed("500")
        breaker.failed("500")
        breaker.succeeded()
    assert breaker.allows()
    for _ in range(3):
        breaker.failed("500")
    assert breaker.state == "open"
    assert not breaker.allows()


def test_after_the_pause_one_call_is_a_trial_and_the_others_wait() -> None:
    clock = Clock()
    breaker = TrialBreaker(limit=1, pause_s=10, clock=clock)
    breaker.failed("500")
    assert breaker.next_trial_s() == 10
    clock.now += 10
    assert breaker.state == "half-open"
    assert breaker.next_trial_s() == 0
    assert [breaker.allows() for _ in range(3)] == [True, False, False]
    breaker.failed("503")
    assert breaker.last_failure == "503"
    clock.now += 9
    assert not breaker.allows()
    clock.now += 1
    assert breaker.allows()
    breaker.succeeded()
    assert breaker.allows()
    assert (breaker.state, breaker.failures, breaker.last_failure) == ("closed", 0, "")


def test_trials_go_on_for_as_long_as_it_fails() -> None:
    clock = Clock()
    breaker = TrialBreaker(limit=2, pause_s=10, clock=clock)
    trials = 0
    for _ in range(1_000):
        if breaker.allows():
            trials += 1
            breaker.failed("400")
        clock.now += 1
    assert trials == 2 + 99


def test_a_trial_that_never_ends_does_not_block_the_next_one() -> None:
    clock = Clock()
    breaker = TrialBreaker(limit=1, pause_s=10, clock=clock)
    breaker.failed("500")
    clock.now += 10
    assert breaker.allows()
    clock.now += 10
    assert breaker.allows()
