use crate::words::ExportWords;

pub const EXPORTS: ExportWords = ExportWords {
    title: "내보낸 파일",
    hint: "가맹점 목록으로 만든 파일입니다. 만든 사람, 사유, 내려받은 기록은 감사 기록에 남습니다.",
    none: ("아직 없습니다", "가맹점 목록에서 '내보내기'를 누르면 여기에 쌓입니다."),
    new_title: "목록 내보내기",
    new_hint: "지금 목록의 조건, 정렬, 열 그대로 파일을 만듭니다. 다 되면 이 화면에서 내려받을 수 있습니다.",
    chosen: |count| format!("고른 가맹점 {count}곳"),
    all: "보관한 것 외 전체",
    filtered: "목록에서 거른 가맹점",
    format: "형식",
    formats: &[
        ("csv", "CSV (UTF-8)"),
        ("csv_cp949", "CSV (CP949, 옛 엑셀)"),
        ("xlsx", "엑셀 (.xlsx)"),
    ],
    reason_hint: "왜 필요한지 적어 주세요. 감사 기록에 남습니다.",
    make: "파일 만들기",
    these: "고른 가맹점 내보내기",
    take: "내려받기",
    when: "요청한 때",
    size: "크기",
    expires: "보관 기한",
    numbers: "사업자번호",
    numbers_whole: "전체 표시",
    numbers_masked: "가림",
    cancel: "그만두기",
    at_row: |row| format!("{row}번째 가맹점"),
    states: &[
        ("queued", "대기"),
        ("running", "만드는 중"),
        ("ready", "준비됨"),
        ("failed", "실패"),
        ("cancelled", "취소됨"),
    ],
    errors: &[
        (
            "not_in_cp949",
            "CP949에 없는 글자가 있습니다. 다른 형식으로 다시 만들어 주세요.",
        ),
        (
            "too_many_rows",
            "만드는 사이 목록이 파일 하나에 담을 수 있는 것보다 길어졌습니다.",
        ),
        (
            "too_large",
            "파일이 허용된 크기를 넘습니다. 열을 줄이거나 조건으로 나누어 주세요.",
        ),
        (
            "too_slow",
            "여러 번 시도했지만 끝내지 못했습니다. 조건으로 나누어 다시 만들어 주세요.",
        ),
        (
            "internal",
            "문제가 생겨 만들지 못했습니다. 운영 담당자에게 알려 주세요.",
        ),
    ],
};
