"""Times: whole nanoseconds since 1970, and the stored text of 30 characters."""

from __future__ import annotations

import re

SECOND = 1_000_000_000
RFC3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII)
MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def parse_time(text: str) -> int:
    """The nanoseconds of RFC 3339 text, of any zone. Raises ValueError."""
    found = RFC3339.fullmatch(text)
    if not found:
        raise ValueError("no RFC 3339 time")
    year, month, day, hour, minute, second = (int(part) for part in found.groups()[:6])
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    last = MONTHS[month - 1] + (month == 2 and leap) if 1 <= month <= 12 else 0
    if not 1 <= day <= last or hour > 23 or minute > 59 or second > 59:
        raise ValueError("no such time")
    seconds = _days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
    zone = found[8]
    if zone != "Z":
        hours, minutes = int(zone[1:3]), int(zone[4:6])
        if hours > 23 or minutes > 59:
            raise ValueError("no such zone")
        seconds += (hours * 3_600 + minutes * 60) * (1 if zone[0] == "-" else -1)
    if not _days(0, 1, 1) * 86_400 <= seconds < _days(10_000, 1, 1) * 86_400:
        raise ValueError("a year outside 0 to 9999")
    return seconds * SECOND + int((found[7] or "").ljust(9, "0"))


def format_time(nanoseconds: int) -> str:
    """The stored form: UTC, nine digits, so that texts sort as times do."""
    seconds, fraction = divmod(nanoseconds, SECOND)
    days, rest = divmod(seconds, 86_400)
    # https://howardhinnant.github.io/date_algorithms.html#civil_from_days
    era, of_era = divmod(days + 719_468, 146_097)
    of_years = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * of_years + of_years // 4 - of_years // 100)
    shifted = (5 * of_year + 2) // 153
    day = of_year - (153 * shifted + 2) // 5 + 1
    month = shifted + 3 if shifted < 10 else shifted - 9
    year = of_years + era * 400 + (month <= 2)
    return f"{year:04}-{month:02}-{day:02}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}.{fraction:09}Z"


def _days(year: int, month: int, day: int) -> int:
    # https://howardhinnant.github.io/date_algorithms.html#days_from_civil
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468
