"""The lens protocol, and the lenses for numbers, flags and days.

A lens joins one canonical field to one native field. Beyond the laws of `sync.ports.View` it keeps, for what a tool
stored: read(write(v, r)) == project(v).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol

from mappings.shape import Shape, Unreadable, Unwritable
from sync.model import Day, Value
from sync.ports import Refusal


class Lens(Protocol):
    """One canonical field seen through one native field, which people know as `where`."""

    where: str

    def project(self, value: Value) -> Value | Refusal:
        """The canonical value as the native field would show it."""

    def lift(self, agreed: Value, shown: Value) -> Value:
        """The canonical value nearest to `agreed` that is shown as `shown`."""
        return agreed if self.project(agreed) == shown else shown

    def read(self, raw: Any) -> Value | Refusal:
        """The canonical value of native JSON; a Refusal says why it is not understood."""

    def write(self, value: Value, raw: Any) -> Any:
        """The native JSON for a value, or a Refusal; `raw` is what the record holds now."""


def read_plain(shape: Shape, where: str, raw: Any) -> Any:
    """What the shape reads, or a Refusal in place of its exception."""
    try:
        return shape.read(raw)
    except Unreadable as why:
        return Refusal(f"{where} could not be understood: {why}.")


def write_plain(shape: Shape, where: str, plain: Any, raw: Any) -> Any:
    """What the shape writes, or a Refusal in place of its exception."""
    try:
        return shape.write(plain, raw)
    except Unwritable as why:
        return Refusal(f"{where} cannot be changed: {why}.")


@dataclass(frozen=True)
class NumberLens(Lens):
    """A finite number, a whole one as int."""

    where: str
    shape: Shape

    def project(self, value: Value) -> Value | Refusal:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            return Refusal(f"{self.where} holds a number only.")
        try:
            number = float(value)
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            return Refusal(f"{self.where} cannot hold a number of that size.")
        return int(number) if number.is_integer() else number

    def read(self, raw: Any) -> Value | Refusal:
        number = read_plain(self.shape, self.where, raw)
        return number if isinstance(number, Refusal) else self.project(number)

    def write(self, value: Value, raw: Any) -> Any:
        number = self.project(value)
        return number if isinstance(number, Refusal) else write_plain(self.shape, self.where, number, raw)


@dataclass(frozen=True)
class FlagLens(Lens):
    """Yes or no, where an empty box means no."""

    where: str
    shape: Shape

    def project(self, value: Value) -> Value | Refusal:
        return bool(value) if value is None or isinstance(value, bool) else Refusal(f"{self.where} holds yes or no.")

    def read(self, raw: Any) -> Value | Refusal:
        flag = read_plain(self.shape, self.where, raw)
        return flag if isinstance(flag, Refusal) else bool(flag)

    def write(self, value: Value, raw: Any) -> Any:
        flag = self.project(value)
        return flag if isinstance(flag, Refusal) else write_plain(self.shape, self.where, flag, raw)


@dataclass(frozen=True)
class DayLens(Lens):
    """A calendar day."""

    where: str
    shape: Shape

    def project(self, value: Value) -> Value | Refusal:
        return value if value is None or isinstance(value, Day) else Refusal(f"{self.where} holds a day only.")

    def read(self, raw: Any) -> Value | Refusal:
        day = read_plain(self.shape, self.where, raw)
        return Day(day) if day is not None and not isinstance(day, Refusal) else day

    def write(self, value: Value, raw: Any) -> Any:
        day = self.project(value)
        if isinstance(day, Refusal):
            return day
        return write_plain(self.shape, self.where, day.date if isinstance(day, Day) else None, raw)
