"""Calendar periods in UTC: a minute, a day, a month."""

from datetime import datetime, timedelta

from settings.budgets import Per

_NAMES = {"minute": "%Y%m%dT%H%M", "day": "%Y%m%d", "month": "%Y%m"}


def start(now: datetime, per: Per) -> str:
    """The name of the period that *now* is in."""
    return now.strftime(_NAMES[per])


def seconds_left(now: datetime, per: Per) -> float:
    """Seconds from *now* until the next period begins."""
    if per == "minute":
        begun = now.replace(second=0, microsecond=0)
        return (begun + timedelta(minutes=1) - now).total_seconds()
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if per == "day":
        return (midnight + timedelta(days=1) - now).total_seconds()
    # The 28th and four days are in the next month, whichever it is.
    after = midnight.replace(day=28) + timedelta(days=4)
    return (after.replace(day=1) - now).total_seconds()
