from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maxminddb import InvalidDatabaseError
from maxminddb.decoder import Decoder

import tests.unit.geo.geo_files  # noqa: F401  # finds the writer
from gtm.geo.decode import DataSection

# isort: split
from mmdb_file import Unsigned, Value, encode

scalars = st.one_of(
    st.text(max_size=400),
    st.booleans(),
    st.floats(allow_nan=False),
    st.builds(Unsigned, st.integers(0, 2**16 - 1), st.just(16)),
    st.builds(Unsigned, st.integers(0, 2**64 - 1), st.just(64)),
)


def section_of(data: bytes) -> DataSection:
    """All of the data as a section."""
    return DataSection(data, 0, len(data))


values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=40) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=20,
)


def plain(value: Value) -> object:
    """A value as a reader gives it back."""
    if isinstance(value, Unsigned):
        return value.value
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


@given(values)
def test_what_was_written_is_read_back(value: Value) -> None:
    assert section_of(encode(value)).decode(0) == plain(value)


@given(data=st.binary(min_size=1, max_size=60))
def test_bytes_of_any_kind_are_read_as_the_vendors_decoder_reads_them_or_refused(
    data: bytes,
) -> None:
    try:
        expected = Decoder(data).decode(0)[0]
    except (InvalidDatabaseError, ValueError, TypeError, KeyError):
        return
    try:
        found = section_of(data).decode(0)
    except ValueError:
        return  # stricter: lengths are checked here
    assert repr(found) == repr(expected)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"\x20\x03\xff\x41a", "a"),
        (b"\x28\x00\x00" + bytes(2045) + b"\x41b", "b"),
        (b"\x30\x00\x00\x00" + bytes(526332) + b"\x41c", "c"),
        (b"\x38\x00\x00\x00\x05\x41d", "d"),
        (b"\x04\x01\xff\xff\xff\xff", -1),
        (b"\x01\x01\x05", 5),
        (b"\x04\x08\x41\x20\x00\x00", 10.0),
        (b"\x82ab", b"ab"),
    ],
)
def test_pointers_of_every_width_and_every_type_are_read(data: bytes, value: object) -> None:
    assert section_of(data).decode(0) == value
    assert Decoder(data).decode(0)[0] == value


@pytest.mark.parametrize(
    ("hexadecimal", "why"),
    [
        ("2000", "in a circle"),  # a pointer to itself
        ("0104" + "2000", "nested too deeply|circle"),  # an array of itself
        ("e1 a1 01 41 61", "no string"),
        ("45 61", "beyond the end"),
        ("", "beyond the end"),
        ("00 20", "unknown type"),
        ("42 c328", "utf-8"),
    ],
)
def test_malformed_data_is_refused(hexadecimal: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        section_of(bytes.fromhex(hexadecimal)).decode(0)


def test_a_target_of_many_pointers_is_decoded_once() -> None:
    # Thirteen arrays, each of two pointers to the next: thousands of values if each was followed.
    levels = b"".join(b"\x02\x04\x20%c\x20%c" % (at, at) for at in range(6, 84, 6))
    section = section_of(levels + encode("end"))
    value = section.decode(0)
    for _ in range(13):
        assert isinstance(value, list)
        assert value[0] is value[1]
        value = value[0]
    assert value == "end"
