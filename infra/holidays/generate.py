"""Korea's public holidays, as lines `year month day name`: cargo xtask holidays makes the table of the domain of them."""

import sys

import holidays


def as_in_the_decree(name):
    """The name as the decree on public holidays has it."""
    if name.endswith(" 대체 휴일"):
        return f"대체공휴일({as_in_the_decree(name.removesuffix(' 대체 휴일'))})"
    return {"신정연휴": "1월 1일", "부처님오신날": "부처님 오신 날"}.get(name, name)


first, last = int(sys.argv[1]), int(sys.argv[2])
days = holidays.KR(years=range(first, last + 1), categories=("public",), language="ko")
for date, names in sorted(days.items()):
    if first <= date.year <= last:
        print(date.year, date.month, date.day, ", ".join(as_in_the_decree(name) for name in names.split("; ")))
