"""Traffic files: what is read of them, and what is said of lines that can't be read."""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.errors import GtmError
from gtm.simulate import Traffic, read_traffic
from gtm.simulate.badlines import BadLines
from gtm.simulate.blocks import Block
from gtm.simulate.loglines import LogLines
from gtm.simulate.networks import network_key
from gtm.simulate.traffic import Clients


def known(name: str) -> str | None:
    return name.lower().rstrip(".") if "nope" not in name else None


def read(folder: Path, text: str) -> Traffic:
    file = folder / "traffic"
    file.write_text(text, encoding="utf-8")
    return read_traffic(file, known)


def networks(clients: Clients | None) -> dict[str, float]:
    """What was counted, by network."""
    assert clients is not None
    found = {}
    for bits, kind in ((32, 4), (128, 6)):
        for first, last, weight in clients.spans(bits):
            length = bits - (last - first + 1).bit_length() + 1
            address = ip_address(first.to_bytes(bits // 8, "big"))
            assert address.version == kind
            found[str(ip_network((address, length)))] = weight
    return found


def wrong(folder: Path, text: str) -> str:
    with pytest.raises(GtmError) as raised:
        read(folder, text)
    return str(raised.value)


# --- CSV --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "192.0.2.0/24,10\n2001:db8::/48,2.5\n",
        "client_network,queries\n192.0.2.0/24,10\n2001:db8::/48,2.5\n",
        "queries,network\r\n10,192.0.2.0/24\r\n2.5,2001:db8::/48\r\n",
        '\ufeff# a comment\n\n"192.0.2.0/24", 4\n192.0.2.7/24,6\n2001:db8::/48,2.5',
    ],
)
def test_csv_is_read_with_and_without_a_header(tmp_path: Path, text: str) -> None:
    traffic = read(tmp_path, text)
    assert networks(traffic.common) == {"192.0.2.0/24": 10, "2001:db8::/48": 2.5}
    assert traffic.absolute


def test_a_third_column_names_the_service(tmp_path: Path) -> None:
    text = (
        "192.0.2.1,1,Orders.example.\n192.0.2.1,2,orders.example\n192.0.2.1,4,nope\n192.0.2.1,8,\n"
    )
    traffic = read(tmp_path, text + "192.0.2.1,16,orders.example\n" * 9)
    assert networks(traffic.by_service["orders.example"]) == {"192.0.2.1/32": 147}
    assert networks(traffic.common) == {"192.0.2.1/32": 8}
    assert traffic.unsteered == 4


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("192.0.2.0/24", "there is no number of queries"),
        ("192.0.2.0/24,many", "'many' is not a number of queries"),
        ("192.0.2.0/24,-1", "'-1' queries can't be"),
        ("192.0.2.0/24,nan", "'nan' queries can't be"),
        ("192.0.2.0/33,1", "'192.0.2.0/33' is not a network; write an address or a network"),
        ("orders,1", "'orders' is not a network"),
        ('"192.0.2.0/24,1', "it is not CSV"),
    ],
)
def test_bad_lines_are_told_with_their_place(tmp_path: Path, line: str, told: str) -> None:
    text = wrong(tmp_path, f"192.0.2.0/24,1\n{line}\n192.0.2.0/24,1\n")
    head, said = text.splitlines()
    assert head.endswith("1 line can't be read:")
    assert said.startswith(f"{tmp_path / 'traffic'}:2: {told}")


def test_of_many_bad_lines_the_first_ten_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    text = wrong(tmp_path, "192.0.2.0/24,1\n" + "192.0.2.0/24,x\n" * 25)
    assert "25 lines can't be read; the first 10:" in text
    assert len(text.splitlines()) == 11


@pytest.mark.parametrize("text", ["", "\n\n", "client_network,queries\n"])
def test_a_file_without_queries_is_refused(tmp_path: Path, text: str) -> None:
    assert "it holds no queries; write lines such as" in wrong(tmp_path, text)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GtmError, match=r"cannot read traffic from .*nowhere: No such file"):
        read_traffic(tmp_path / "nowhere", known)


def test_binary_input_is_a_clear_error(tmp_path: Path) -> None:
    file = tmp_path / "traffic"
    file.write_bytes(bytes(range(256)) * 40)
    with pytest.raises(GtmError, match="can't be read"):
        read_traffic(file, known)


# --- logs -------------------------------------------------------------------------------

LINES = [
    '{"time": 1000, "client": "192.0.2.1", "name": "a.example.", "type": "A"}',
    '{"time": 1001.5, "client": "192.0.2.1", "subnet": "198.51.100.0/24", "name": "a.example."}',
    '{"client":"192.0.2.1","subnet":null,"name":"A.example","count":3}',
    '{"client": "192.0.2.9", "name": "nope.example.", "more": {"deep": ["x"]}}',
    '{"name": "b.example.", "client": "::ffff:192.0.2.1", "said": "\\u00e4\\"}{"}',
    '{"time": "1970-01-01T00:17:00Z", "client": "2001:db8::1"}',
]


def test_a_log_is_counted_by_subnet_or_client_and_name(tmp_path: Path) -> None:
    traffic = read(tmp_path, "\n".join(LINES))
    assert networks(traffic.by_service["a.example"]) == {"192.0.2.1/32": 4, "198.51.100.0/24": 1}
    assert networks(traffic.by_service["b.example"]) == {"192.0.2.1/32": 1}
    assert networks(traffic.common) == {"2001:db8::1/128": 1}
    assert traffic.unsteered == 1
    assert traffic.seconds == 20
    assert not traffic.absolute


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"client": "192.0.2.1"', "it is not JSON"),
        ("[]", "it is not a JSON object"),
        ('{"name": "a.example"}', "it has neither `subnet` nor `client`"),
        ('{"client": "192.0.2.1", "name": 7}', "its `name` is not a string"),
        ('{"client": "192.0.2.1", "count": -1}', "its `count` is not a whole number"),
        ('{"client": "192.0.2.300"}', "'192.0.2.300' is not a network"),
    ],
)
def test_bad_lines_of_a_log_are_told_with_their_place(tmp_path: Path, line: str, told: str) -> None:
    text = wrong(tmp_path, "\n".join([LINES[0], "", line, LINES[1]]))
    assert text.splitlines()[1].startswith(f"{tmp_path / 'traffic'}:3: {told}")


values = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 10**6), st.floats(allow_nan=False),
    st.text(max_size=6), st.lists(st.integers(), max_size=1),
)  # fmt: skip
records = st.fixed_dictionaries(
    {"client": st.sampled_from(["192.0.2.1", "192.0.2.2"])},
    optional={
        "subnet": st.sampled_from([None, "", "198.51.100.0/24"]),
        "name": st.sampled_from(["", "a.example.", 'a"b', "ä"]),
        "count": st.integers(1, 9),
        "time": values,
        "other": values,
        'odd "key"': values,
    },
)


@given(st.lists(records, max_size=12), st.sampled_from([(",", ":"), (", ", ": ")]), st.booleans())
def test_forms_learnt_from_lines_read_what_json_reads(
    said: list[dict[str, object]], separators: tuple[str, str], ascii_only: bool
) -> None:
    lines = [json.dumps(each, separators=separators, ensure_ascii=ascii_only) for each in said] * 2
    reader, bad = LogLines(), BadLines(Path("log"))
    for start in range(0, len(lines), 4):
        block = lines[start : start + 4]
        reader.count(Block("".join(f"{line}\n" for line in block), start + 1, len(block)), bad)
    naive: dict[tuple[object, object], int] = {}
    for each in said * 2:
        row = (each.get("name") or "", each.get("subnet") or each["client"])
        count = each.get("count", 1)
        assert isinstance(count, int)
        naive[row] = naive.get(row, 0) + count
    assert reader.rows == naive
    assert bad.count == 0


# --- networks ---------------------------------------------------------------------------


@given(st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)), st.integers(0, 128), st.booleans())
def test_networks_are_read_as_the_standard_library_reads_them(
    address: object, length: int, bare: bool
) -> None:
    text = str(address) if bare else f"{address}/{length}"
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        assert network_key(text) is None
        return
    key = network_key(text)
    assert key is not None
    first, mapped = int(network.network_address), network.prefixlen >= 96
    if network.version == 6 and mapped and first >> 32 == 0xFFFF:
        assert key == (32, (first & 0xFFFFFFFF) << 8 | network.prefixlen - 96)
        return
    assert key == (network.max_prefixlen, first << 8 | network.prefixlen)


@given(st.text(max_size=20))
def test_what_is_no_network_is_none(text: str) -> None:
    try:
        ip_network(text, strict=False)
    except ValueError:
        assert network_key(text) is None


# --- large files ------------------------------------------------------------------------

ROWS = [f"192.0.2.{number % 256},{number % 7},s{number % 3}.example" for number in range(900)]


@pytest.mark.parametrize("stretch", [1, 7, 30, 1000, 1 << 20])
@pytest.mark.parametrize("header", [[], ["client_network,queries,service"], ["# nothing", ""]])
def test_however_a_file_is_cut_each_line_is_read_once(
    tmp_path: Path, stretch: int, header: list[str]
) -> None:
    rows = ROWS[:40]
    file = tmp_path / "traffic"
    file.write_text("\n".join([*header, *rows]), encoding="utf-8")
    traffic = read_traffic(file, known, stretch=stretch)
    total = sum(int(row.split(",")[1]) for row in rows)
    counted = [sum(networks(each).values()) for each in traffic.by_service.values()]
    assert sum(counted) == total


def test_several_processes_read_what_one_reads(tmp_path: Path) -> None:
    file = tmp_path / "traffic"
    file.write_text("\n".join([*ROWS, "2001:db8::1,5"]), encoding="utf-8")
    one = read_traffic(file, known)
    two = read_traffic(file, known, processes=2, stretch=8000)
    assert networks(two.common) == networks(one.common) == {"2001:db8::1/128": 5}
    assert {name: networks(each) for name, each in two.by_service.items()} == {
        name: networks(each) for name, each in one.by_service.items()
    }


def test_lines_that_cannot_be_read_have_their_numbers_in_a_file_that_was_cut(
    tmp_path: Path,
) -> None:
    file = tmp_path / "traffic"
    file.write_text("\n".join([*ROWS, "nobody,1", "192.0.2.1,x"]), encoding="utf-8")
    with pytest.raises(GtmError) as raised:
        read_traffic(file, known, stretch=500)
    assert [line.split(":")[1] for line in str(raised.value).splitlines()[1:]] == ["901", "902"]
