"""Waiting for a condition, never for a time."""
import time

LOOK_EVERY_S = 0.1


class Impatient(AssertionError):
    """Something did not happen within its limit; the text says what was seen instead."""


def wait_until(problem, limit_s: float, what: str, progress=None) -> float:
    """Calls problem() until it returns None and returns the seconds that took.

    Impatient with the last answer after the limit. Programs that are coming up or were killed do
    not answer, so an OSError counts as a problem like any other. `progress` is shown each answer.
    """
    start = time.monotonic()
    while (seen := _look(problem)) is not None:
        if progress:
            progress(seen)
        if time.monotonic() - start > limit_s:
            raise Impatient(f"{what}: not within {limit_s:g} s; {seen}")
        time.sleep(LOOK_EVERY_S)
    return time.monotonic() - start


def _look(problem) -> str | None:
    try:
        return problem()
    except OSError as error:
        return f"{type(error).__name__}: {error}"
