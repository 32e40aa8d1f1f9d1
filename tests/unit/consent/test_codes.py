import re
from collections import Counter

from consent import codes


def test_codes_are_six_digits_and_differ() -> None:
    drawn = Counter(codes.new_code() for _ in range(1000))
    assert all(re.fullmatch(r"[0-9]{6}", code) for code in drawn)
    assert len(drawn) > 950
    assert len({code[0] for code in drawn}) == 10, "leading zeros are codes, too"


def test_a_digest_belongs_to_one_number_and_one_code() -> None:
    one = codes.digest(b"a" * 32, "123456")
    assert len(one) == 32
    assert one == codes.digest(b"a" * 32, "123456")
    assert len({one, codes.digest(b"b" * 32, "123456"), codes.digest(b"a" * 32, "123457")}) == 3
