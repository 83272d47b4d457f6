"""Times: the stored form, and the RFC 3339 texts that it is read from. A time is a count of nanoseconds since 1970."""

import datetime
import re

from refusal import Refusal

SECOND = 10**9
STORED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.([0-9]+)Z", re.ASCII)
RFC3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(Z|[+-][0-9]{2}:[0-9]{2})", re.ASCII
)
# The days before the year 1, which has no place in datetime: the year 0 is a leap year.
YEAR_0 = 366
EPOCH = datetime.date(1970, 1, 1).toordinal()
FIRST = -(EPOCH - 1 + YEAR_0) * 86400 * SECOND
BEHIND_LAST = (datetime.date(9999, 12, 31).toordinal() + 1 - EPOCH) * 86400 * SECOND


def day_number(text):
    """Days since 1970 of a date that exists."""
    year, month, day = (int(part) for part in text.split("-"))
    try:
        if year == 0:  # the same calendar as the year 4, 1461 days before it
            return datetime.date(4, month, day).toordinal() - 1461 - EPOCH
        return datetime.date(year, month, day).toordinal() - EPOCH
    except ValueError:
        raise Refusal("ErrInvalidValue") from None


def parse_time(text):
    match = RFC3339.fullmatch(text.upper())
    if not match:
        raise Refusal("ErrInvalidValue")
    date, hour, minute, second, fraction, zone = match.groups()
    if int(hour) > 23 or int(minute) > 59 or int(second) > 59:
        raise Refusal("ErrInvalidValue")
    seconds = day_number(date) * 86400 + int(hour) * 3600 + int(minute) * 60 + int(second)
    if zone != "Z":
        hours, minutes = int(zone[1:3]), int(zone[4:6])
        if hours > 23 or minutes > 59:
            raise Refusal("ErrInvalidValue")
        offset = hours * 3600 + minutes * 60
        seconds -= -offset if zone[0] == "-" else offset
    nanoseconds = seconds * SECOND + int(((fraction or "") + "0" * 9)[:9])
    if not FIRST <= nanoseconds < BEHIND_LAST:
        raise Refusal("ErrInvalidValue")
    return nanoseconds


def time_text(nanoseconds):
    """The stored form: UTC, nine digits of fraction."""
    seconds, fraction = divmod(nanoseconds, SECOND)
    days, rest = divmod(seconds, 86400)
    ordinal = days + EPOCH
    if ordinal >= 1:
        date = datetime.date.fromordinal(ordinal).isoformat()
    else:
        date = "0000" + datetime.date.fromordinal(ordinal + 1461).isoformat()[4:]
    return "%sT%02d:%02d:%02d.%09dZ" % (date, rest // 3600, rest // 60 % 60, rest % 60, fraction)


def is_stored_time(text, milliseconds=False):
    match = STORED.fullmatch(text)
    if not match or len(match[1]) != (3 if milliseconds else 9):
        return False
    try:
        parse_time(text)
    except Refusal:
        return False
    return True
