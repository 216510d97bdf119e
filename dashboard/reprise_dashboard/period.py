"""The period that a reader looks at: whole UTC days, ending with the newest day that the snapshot holds."""

from dataclasses import dataclass
from datetime import date, timedelta

LATEST_DAY, SEVEN_DAYS, THIRTY_DAYS, ALL_DAYS, CHOSEN_DAYS = (
    "Latest day",
    "7 days",
    "30 days",
    "All",
    "Choose",
)
CHOICES = [LATEST_DAY, SEVEN_DAYS, THIRTY_DAYS, ALL_DAYS, CHOSEN_DAYS]
_LENGTHS = {LATEST_DAY: 1, SEVEN_DAYS: 7, THIRTY_DAYS: 30}

# Above this many days an hourly bar is thinner than a hair: charts go by day.
MAX_HOURLY_DAYS = 8


@dataclass(frozen=True)
class Period:
    """Both days belong to it."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def hourly(self) -> bool:
        return self.days <= MAX_HOURLY_DAYS

    def before(self) -> "Period":
        """The period of the same length that ends the day before this one begins."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1))

    def label(self) -> str:
        if self.first == self.last:
            return f"{self.first.day} {self.first:%B %Y}"
        if (self.first.year, self.first.month) == (self.last.year, self.last.month):
            return f"{self.first.day}–{self.last.day} {self.last:%B %Y}"
        start = f"{self.first.day} {self.first:%b}"
        if self.first.year != self.last.year:
            start += f" {self.first.year}"
        return f"{start} – {self.last.day} {self.last:%b %Y}"


def period_for(choice: str | None, chosen: tuple[date, ...], first_day: date, last_day: date) -> Period:
    """`chosen` counts for CHOSEN_DAYS only; a range of which one end is picked so far is that one day."""
    if choice == ALL_DAYS:
        return Period(first_day, last_day)
    if choice == CHOSEN_DAYS and chosen:
        return Period(min(chosen), max(chosen))
    length = _LENGTHS.get(choice or SEVEN_DAYS, 7)
    return Period(max(first_day, last_day - timedelta(days=length - 1)), last_day)
