"""Files of people, as spreadsheets of all kinds write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification import people_files
from verification.people_files import FileError, Row, read

PEOPLE = "手机号,编号\r\n+8613900000001,张\r\n+8613900000002,李\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gbk", "gb18030"])
def test_encodings_of_spreadsheets(encoding: str) -> None:
    rows = read(PEOPLE.encode(encoding))
    assert [(row.line, row.number, row.reference) for row in rows] == [
        (2, "+8613900000001", "张"),
        (3, "+8613900000002", "李"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "number;reference\n+8613900000001;a\n",
        "Number\tReference\n+8613900000001\ta\n",
        "name,NUMBER,reference\nsecret,+8613900000001,a\n",
        "number,reference\n\n'+8613900000001,a\n , \n",
        'number,reference\n"+8613900000001","a"',
        "ｎｕｍｂｅｒ,reference\n+86 139-0000-0001,a",
    ],
)
def test_shapes_of_spreadsheets(text: str) -> None:
    (row,) = read(text.encode())
    assert (row.reference, row.problem) == ("a", "")
    assert "secret" not in repr(row.__slots__)


def test_what_is_wrong_with_a_line_is_its_form() -> None:
    text = (
        "number,code,reference\n"
        "+8613900000001,,ok\n,,none\n+8613900000002,K7M2Q-X9TBR,both\n12,,short\n"
        ",K7M2Q-X9TBB,slip\n+8613900000003,," + "x" * 61 + "\n+8613900000004,,a\u202eb\n"
        "1.39E+12,,excel\n+86 139 0000 0001,,again\n"
    )
    assert [(row.line, row.problem) for row in read(text.encode())] == [
        (2, ""), (3, "number_or_code"), (4, "number_or_code"), (5, "not_a_mobile_number"),
        (6, "not_a_code"), (7, "reference_long"), (8, "reference_unseen"),
        (9, "not_a_mobile_number"), (10, "twice"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"number\n", "empty"),
        (b"name,reference\na,b\n", "no_column"),
        (b"number,phone\n1,2\n", "column_twice"),
        (b"\x89PNG\r\n\x00\x00\xff", "not_text"),
        (b"PK\x03\x04" + b"\x00" * 50, "not_text"),
        (b"number\n" + b"1" * 600, "not_csv"),
        (b"number\n" + b"1\n" * 10_001, "too_many"),
        (b"number\n" + b"1" * people_files.MOST_BYTES, "too_large"),
    ],
)
def test_what_is_no_file_of_people(content: bytes, why: str) -> None:
    with pytest.raises(FileError, match=f"^{why}$"):
        read(content)


def test_the_largest_file_is_read() -> None:
    lines = [f"+86139{n:08}" for n in range(people_files.MOST_ROWS)]
    rows = read("\n".join(["number", *lines]).encode())
    assert len(rows) == people_files.MOST_ROWS
    assert not any(row.problem for row in rows)


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda t: f"number\n{t}".encode()))
def test_whatever_comes_is_rows_or_a_reason(content: bytes) -> None:
    try:
        rows = read(content)
    except FileError:
        return
    assert rows
    assert all(isinstance(row, Row) for row in rows)


def test_a_row_does_not_show_whom_it_names() -> None:
    assert "139" not in repr(Row(2, number="+8613900000001", code="K7M2Q-X9TBR", reference="Zhang"))
