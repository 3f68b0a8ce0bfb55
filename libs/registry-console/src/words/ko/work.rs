//! What the pages about work say, in Korean.

use crate::words::CalendarWords;

pub const CALENDAR: CalendarWords = CalendarWords {
    title: "영업일 달력",
    hint: "체류 일수와 알림은 이 달력의 영업일로 셉니다. 임시공휴일은 표에 없으니 직접 넣어 주세요.",
    summary: |year, days| format!("{year}년 영업일 {days}일"),
    named: |day| format!("{day}까지는 관보에 고시된 날입니다."),
    computed: "그 뒤는 지금의 법으로 계산한 예상입니다.",
    earlier: |year| format!("{year}년"),
    later: |year| format!("{year}년"),
    date: "날짜",
    what: "이름",
    kind: "구분",
    kinds: &[("off", "쉬는 날"), ("works", "일하는 날")],
    name: "이름",
    name_hint: "예: 창립기념일. 쉬는 날에는 이름이 있어야 합니다.",
    add: "넣기",
    add_hint: "우리만 쉬는 날, 또는 공휴일이지만 일하는 날",
    remove: "빼기",
    holiday: "공휴일",
    expected: "공휴일 (예상)",
    own_off: "우리 쉬는 날",
    own_works: "우리 일하는 날",
    unnamed: "이름 없음",
    open: "달력 보기",
};
