"""Values survive the way into the database and back."""

from __future__ import annotations

import json
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.codec import decode, encode, order_key
from sync.model import Day, EntityLink, Instant, Person, Stranger, Value, WallClock

texts = st.text()
values: st.SearchStrategy[Value] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    texts,
    st.frozensets(texts),
    st.dates().map(Day),
    st.datetimes().map(WallClock),
    st.datetimes(timezones=st.timezones() | st.just(UTC)).map(Instant),
    texts.map(Person),
    st.builds(Stranger, texts, texts, texts),
    texts.map(EntityLink),
)


@given(values)
def test_what_is_encoded_as_json_text_is_decoded_to_the_same(value: Value) -> None:
    back = decode(json.loads(json.dumps(encode(value))))
    assert back == value
    assert type(back) is type(value)


@given(values, values)
def test_equal_values_and_no_others_have_one_order_key(one: Value, other: Value) -> None:
    assert (order_key(one) == order_key(other)) == (one == other and type(one) is type(other))


def test_a_day_is_never_a_midnight() -> None:
    assert encode(decode({"day": "2026-03-10"})) == {"day": "2026-03-10"}


def test_an_instant_is_kept_in_utc() -> None:
    assert encode(decode({"instant": "2026-03-10T10:00:00+02:00"})) == {"instant": "2026-03-10T08:00:00Z"}


@pytest.mark.parametrize("data", [[], ["x"], {}, {"day": 3}, {"what": "x"}, {"stranger": ["a", "b"]}, {"day": "soon"}])
def test_what_nobody_encoded_is_refused(data: object) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode(data)
