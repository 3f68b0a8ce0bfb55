//! Words of the API, in Korean.

use crate::words::Names;

pub const TURNS: Names = &[
    ("merchant", "가맹점"),
    ("upstream", "결제선생"),
    ("partner", "파트너"),
    ("none", "–"),
];

pub const NEXT_ACTIONS: Names = &[
    ("issue_link", "등록 링크를 발급하세요"),
    ("open_link", "가맹점이 링크를 열기를 기다립니다"),
    ("submit_application", "가맹점이 신청서를 내기를 기다립니다"),
    ("review_application", "결제선생이 심사하는 중"),
    ("supply_documents", "가맹점이 서류를 보완해야 합니다"),
    ("resolve_rejection", "반려되었습니다. 어떻게 할지 정하세요"),
    ("ask_upstream", "결제선생에 물어보세요"),
    ("relink", "결제선생에서 삭제되었습니다. 다시 연결하세요"),
    ("none", "할 일이 없습니다"),
];

pub const LINK_STATES: Names = &[
    ("requested", "요청함"),
    ("issued", "발급됨"),
    ("failed", "실패"),
    ("unknown", "모름"),
    ("revoked", "거둠"),
];

pub const LINK_OUTCOMES: Names = &[
    ("not_sent", "보내지 못함"),
    ("refused", "결제선생이 거절함"),
    ("unknown", "답을 모름"),
];

pub const SOURCES: Names = &[
    ("callback", "콜백"),
    ("read_back", "조회"),
    ("reconciliation", "대조"),
    ("list", "목록"),
];

pub const ACTORS: Names = &[
    ("upstream", "결제선생"),
    ("api_key", "API"),
    ("user", "사람"),
    ("person", "사람"),
    ("shop", "가맹점"),
    ("system", "시스템"),
];

pub const CHANNELS: Names = &[("console", "콘솔"), ("api", "API"), ("command_line", "명령줄")];

pub const VERIFICATIONS: Names = &[
    ("verified", "확인됨"),
    ("unverified", "확인 전"),
    ("held", "보류 중"),
    ("conflicting", "서로 다름"),
];

pub const DOUBTS: Names = &[
    ("leaves_opened", "개시를 되돌린다는 주장"),
    ("deletes", "삭제되었다는 주장"),
    ("redelivered", "전에 온 것과 같은 주장"),
    ("opens_unlisted", "목록 밖 주소에서 온 개시 주장"),
    ("opens_by_bills_url", "승인 주소로 온 개시 주장"),
    ("opens_without_link", "링크 없이 온 개시 주장"),
    ("opens_once_more", "결제선생이 부인한 뒤 다시 온 개시 주장"),
];

pub const RESOLUTIONS: Names = &[
    ("confirmed", "보류 풀림: 결제선생이 맞다고 함"),
    ("refuted", "보류 풀림: 결제선생이 아니라고 함"),
    ("unanswered", "보류 풀림: 답이 없어 확인 전으로 적용"),
];

pub const VERDICTS: Names = &[
    ("applied", "콜백 받음, 적용"),
    ("duplicate", "콜백 받음, 중복"),
    ("held", "콜백 받음, 보류"),
    ("outdated", "콜백 다시 처리, 이미 지난 것"),
    ("quarantined", "콜백 격리"),
];

pub const QUARANTINE_REASONS: Names = &[
    ("unparseable", "읽을 수 없음"),
    ("unknown_shape", "모르는 모양"),
    ("wrong_type", "값의 종류가 다름"),
    ("codes_mismatch", "코드가 다름"),
    ("link_revoked", "거둔 링크"),
    ("unknown_link", "모르는 링크"),
    ("unknown_merchant", "모르는 가맹점"),
    ("no_such_merchant", "없는 가맹점"),
    ("sender_not_allowed", "목록 밖 주소"),
    ("too_large", "너무 큼"),
];

pub const BILLING_REASONS: Names = &[
    ("opened", "개시됨"),
    ("linked_without_review", "심사 없이 연결됨"),
    ("archived", "보관됨"),
    ("unlinked", "삭제됨"),
    ("missing_upstream", "결제선생이 모름"),
    ("paused", "연결 멈춤"),
    ("not_opened", "개시 전"),
    ("review_unknown", "심사 상태를 모름"),
    ("tenant_suspended", "테넌트 정지"),
];

pub const WARNINGS: Names = &[
    ("merchant_code_shared", "같은 매장 코드를 쓰는 곳이 있습니다"),
    ("business_number_shared", "같은 사업자번호를 쓰는 곳이 있습니다"),
    ("business_number_doubtful", "사업자번호가 의심스럽습니다"),
    ("business_name_doubtful", "사업장 이름이 의심스럽습니다"),
    ("review_code_unknown", "모르는 심사 글자가 왔습니다"),
    ("deletion_mark_unknown", "삭제 표시를 읽을 수 없습니다"),
    ("mapping_status_unknown", "목록의 상태를 모릅니다"),
    ("mapping_paused", "결제선생 목록에서 멈춰 있습니다"),
    ("answers_conflict", "결제선생의 답이 서로 다릅니다. 지금 보세요"),
    ("missing_upstream", "결제선생이 이 가맹점을 모릅니다"),
    ("missing_from_list", "결제선생 목록에 없습니다"),
    ("callback_not_understood", "읽지 못한 콜백이 있습니다"),
];

pub const DONE: &[(&str, &str, bool)] = &[
    ("registered", "등록했습니다.", true),
    ("changed", "저장했습니다.", true),
    ("archived", "보관했습니다.", true),
    ("restored", "보관에서 꺼냈습니다.", true),
    ("noted", "메모를 남겼습니다.", true),
    ("link_revoked", "링크를 거두었습니다.", true),
    ("asked_unchanged", "결제선생에 물었습니다. 달라진 것이 없습니다.", true),
    ("asked_verified", "결제선생이 확인했습니다.", true),
    ("asked_changed", "결제선생이 새로 알려 왔습니다.", true),
    ("asked_conflicting", "결제선생의 답이 서로 다릅니다.", false),
    ("asked_noted", "적어 두었습니다. 확인된 것은 없습니다.", false),
    ("asked_missing", "결제선생이 이 가맹점을 모릅니다.", false),
    ("redriven", "다시 처리했습니다.", true),
    ("bound", "가맹점에 묶었습니다.", true),
    ("discarded", "버렸습니다.", true),
    ("adopted", "등록하고 콜백을 다시 처리했습니다.", true),
    ("dismissed", "무시하기로 했습니다.", true),
    ("rights", "권한을 저장했습니다.", true),
    ("person_removed", "내보냈습니다.", true),
    ("session_ended", "그 브라우저에서 로그아웃했습니다.", true),
    ("sessions_ended", "모든 브라우저에서 로그아웃했습니다.", true),
    ("groups", "로그인 그룹을 저장했습니다.", true),
    ("key_revoked", "키를 폐기했습니다.", true),
    ("settings", "설정을 저장했습니다.", true),
    ("acknowledged", "확인했습니다.", true),
    ("snoozed", "미뤘습니다.", true),
    ("woken", "깨웠습니다.", true),
    ("rules", "알림 규칙을 저장했습니다.", true),
    ("destination", "수신처를 저장했습니다.", true),
    ("view", "보기를 저장했습니다.", true),
    ("view_removed", "보기를 삭제했습니다.", true),
    ("destination_removed", "수신처를 삭제했습니다.", true),
    (
        "test_sent",
        "시험 메시지를 보냅니다. 결과는 전송 기록에 나옵니다.",
        true,
    ),
    ("redelivered", "다시 보냅니다.", true),
    ("calendar", "달력을 저장했습니다.", true),
];
