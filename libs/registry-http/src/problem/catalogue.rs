//! Every problem that the API can tell of: its code, its status, and what it says in both languages.

use axum::http::StatusCode;
use registry_web::Language;

use super::kinds::{Text, kinds};

kinds! {
    /// The request is not HTTP that can be understood.
    MalformedRequest, BAD_REQUEST, "malformed_request", "The request cannot be read", "The URL, a header or the framing of the body is malformed.",
    "요청을 읽을 수 없습니다", "URL, 헤더 또는 본문의 형식이 잘못되었습니다.";
    /// The body is not JSON.
    InvalidJson, BAD_REQUEST, "invalid_json", "The body is not JSON", "Send one JSON object in UTF-8.",
    "본문이 JSON이 아닙니다", "UTF-8로 인코딩된 JSON 객체 하나를 보내 주세요.";
    /// A cursor was not made by this installation for this list.
    CursorInvalid, BAD_REQUEST, "cursor_invalid",
    "The cursor does not belong to this list", "Use a cursor only with the filters and the sort order it was given for, or begin at the first page.",
    "커서가 이 목록의 것이 아닙니다", "커서는 발급받을 때와 같은 필터와 정렬로만 사용하거나, 첫 페이지부터 다시 시작해 주세요.";
    /// The operation wants an Idempotency-Key.
    IdempotencyKeyRequired, BAD_REQUEST, "idempotency_key_required",
    "An Idempotency-Key is required", "This operation calls Paymint: send an Idempotency-Key so that it has its effect only once.",
    "Idempotency-Key가 필요합니다", "결제선생을 호출하는 작업입니다. 한 번만 실행되도록 Idempotency-Key 헤더를 보내 주세요.";
    /// The Idempotency-Key has the wrong form.
    IdempotencyKeyInvalid, BAD_REQUEST, "idempotency_key_invalid",
    "The Idempotency-Key cannot be used", "Send one Idempotency-Key of 1 to 255 visible ASCII characters.",
    "Idempotency-Key를 사용할 수 없습니다", "공백 없는 ASCII 문자 1~255자로 된 Idempotency-Key 하나를 보내 주세요.";
    /// The If-Match header has the wrong form.
    IfMatchInvalid, BAD_REQUEST, "if_match_invalid", "If-Match cannot be used", "Send the ETag as it was given, with its quotation marks, or `*`.",
    "If-Match를 사용할 수 없습니다", "받은 ETag를 따옴표까지 그대로 보내거나 `*`를 보내 주세요.";
    /// No API key, or none that works.
    Unauthenticated, UNAUTHORIZED, "unauthenticated",
    "A valid API key is required", "Send the header `Authorization: Bearer rk_…` with an API key that has neither expired nor been revoked.",
    "유효한 API 키가 필요합니다", "만료되거나 폐기되지 않은 API 키를 `Authorization: Bearer rk_…` 헤더로 보내 주세요.";
    /// The API key may not do this.
    InsufficientScope, FORBIDDEN, "insufficient_scope", "The API key may not do this", "Use a key that has the scope named in `required_scope`.",
    "이 API 키로는 할 수 없습니다", "`required_scope`에 표시된 권한이 있는 키를 사용해 주세요.";
    /// Somebody would give more than they have.
    RightsBeyondOwn, FORBIDDEN, "rights_beyond_own",
    "You cannot give more than you have", "What was asked for holds rights that you do not have yourself. Ask somebody who has them.",
    "자신보다 많은 권한은 줄 수 없습니다", "요청한 권한 중 본인에게 없는 것이 있습니다. 해당 권한을 가진 사람에게 요청해 주세요.";
    /// The tenant is suspended.
    TenantSuspended, FORBIDDEN, "tenant_suspended", "The tenant is suspended", "Ask the operator of this installation.",
    "이용이 정지된 테넌트입니다", "운영 담당자에게 문의해 주세요.";
    /// There is nothing at this URL.
    RouteNotFound, NOT_FOUND, "route_not_found", "There is nothing at this URL", "See /docs for the URLs of this API.",
    "존재하지 않는 URL입니다", "사용할 수 있는 URL은 /docs에서 확인해 주세요.";
    /// The tenant has no such merchant.
    MerchantNotFound, NOT_FOUND, "merchant_not_found", "No such merchant", "You have no merchant with this id or these codes.",
    "가맹점을 찾을 수 없습니다", "이 ID 또는 코드의 가맹점이 없습니다.";
    /// The key is bound to networks, and the request came from another.
    NetworkNotAllowed, FORBIDDEN, "network_not_allowed",
    "The API key may not be used from here", "The key is bound to networks, and your address is in none of them.",
    "이 네트워크에서는 이 API 키를 쓸 수 없습니다", "이 API 키는 허용된 네트워크에서만 사용할 수 있으며, 요청한 주소가 그 안에 없습니다.";
    /// The tenant has no such API key.
    ApiKeyNotFound, NOT_FOUND, "api_key_not_found", "No such API key", "You have no API key with this id.",
    "API 키를 찾을 수 없습니다", "이 ID의 API 키가 없습니다.";
    /// The tenant has no such alert, or it has ended.
    AlertNotFound, NOT_FOUND, "alert_not_found", "There is no such alert", "You have no alert with this id, or it has ended.",
    "알림이 없습니다", "이 ID의 알림이 없거나 이미 끝났습니다.";
    /// The tenant has no such alert rule.
    AlertRuleNotFound, NOT_FOUND, "alert_rule_not_found", "There is no such alert rule", "You have no alert rule for this, or there can be none.",
    "알림 규칙이 없습니다", "이것에 대한 알림 규칙이 없거나, 규칙을 둘 수 없는 것입니다.";
    /// The tenant has no such event destination.
    EventDestinationNotFound, NOT_FOUND, "event_destination_not_found",
    "There is no such event destination", "You have no event destination with this id.",
    "알림 수신처를 찾을 수 없습니다", "이 ID의 알림 수신처가 없습니다.";
    /// Nothing with this id was on its way, or it is forgotten.
    DeliveryNotFound, NOT_FOUND, "delivery_not_found", "There is no such delivery", "You have no delivery with this id, or it is older than 30 days.",
    "전송 기록을 찾을 수 없습니다", "이 ID의 전송 기록이 없거나 30일이 지났습니다.";
    /// Whoever asks has no such view.
    ViewNotFound, NOT_FOUND, "view_not_found", "There is no such view", "You have no view with this id, of your own or shared with you.",
    "보기를 찾을 수 없습니다", "이 ID의 보기가 본인 것에도 공유된 것에도 없습니다.";
    /// The tenant has no such plan.
    PlanNotFound, NOT_FOUND, "plan_not_found", "There is no such plan", "You have no plan with this id, or nobody confirmed it within 24 hours.",
    "계획을 찾을 수 없습니다", "이 ID의 계획이 없거나 24시간 안에 확인되지 않았습니다.";
    /// The tenant has no such job.
    JobNotFound, NOT_FOUND, "job_not_found", "There is no such job", "You have no job with this id, or it ended long ago.",
    "작업을 찾을 수 없습니다", "이 ID의 작업이 없거나 끝난 지 오래되었습니다.";
    /// The tenant has no such file.
    ImportNotFound, NOT_FOUND, "import_not_found", "There is no such file", "You have no file with this id, or it came more than 24 hours ago.",
    "파일을 찾을 수 없습니다", "이 ID의 파일이 없거나 올린 지 24시간이 지났습니다.";
    /// The tenant has no such export.
    ExportNotFound, NOT_FOUND, "export_not_found", "There is no such export", "You have no export with this id, or it is not kept any more.",
    "내보내기를 찾을 수 없습니다", "이 ID의 내보내기가 없거나 보관 기간이 지났습니다.";
    /// The tenant has no such link.
    LinkNotFound, NOT_FOUND, "link_not_found", "No such registration link", "You have no registration link with this id.",
    "등록 링크를 찾을 수 없습니다", "이 ID의 등록 링크가 없습니다.";
    /// The tenant has no such callback.
    CallbackNotFound, NOT_FOUND, "callback_not_found", "No such callback", "You have no event with this id that holds a callback.",
    "콜백을 찾을 수 없습니다", "이 ID로 콜백을 담은 이벤트가 없습니다.";
    /// The callback never was in quarantine.
    NotQuarantined, NOT_FOUND, "not_quarantined",
    "No such callback in quarantine", "You have no callback with this event id that is or was in quarantine.",
    "격리된 콜백을 찾을 수 없습니다", "이 이벤트 ID로 격리된 콜백이 없습니다.";
    /// The tenant has no such unclaimed merchant.
    UnclaimedMerchantNotFound, NOT_FOUND, "unclaimed_merchant_not_found",
    "No such unclaimed merchant", "Paymint has told of no unregistered pair of codes with this id.",
    "미등록 가맹점을 찾을 수 없습니다", "이 ID로 알려진 미등록 코드 쌍이 없습니다.";
    /// The person does not belong to the tenant.
    PersonNotFound, NOT_FOUND, "person_not_found", "No such person", "Nobody with this id belongs to you.",
    "사용자를 찾을 수 없습니다", "이 ID의 사용자가 소속되어 있지 않습니다.";
    /// The person is not signed in with such a session.
    SessionNotFound, NOT_FOUND, "session_not_found", "No such session", "The person is not signed in with a session of this id, or no longer.",
    "세션을 찾을 수 없습니다", "이 ID의 로그인 세션이 없거나 이미 종료되었습니다.";
    /// The merchant was registered later.
    NotYetRegistered, NOT_FOUND, "not_yet_registered",
    "The merchant was registered later", "At the moment given in `as_of` the merchant was not known yet.",
    "아직 등록되지 않은 시점입니다", "`as_of` 시점에는 이 가맹점이 등록되어 있지 않았습니다.";
    /// The merchant has not reached this version.
    VersionNotFound, NOT_FOUND, "version_not_found",
    "The merchant has no such version", "The version given in `as_of_version` is newer than the merchant's current one.",
    "존재하지 않는 버전입니다", "`as_of_version`이 가맹점의 현재 버전보다 큽니다.";
    /// The token of a callback URL was not given by this installation.
    CallbackUrlUnknown, NOT_FOUND, "callback_url_unknown", "This is no callback URL of ours", "Nothing was stored.",
    "유효한 콜백 URL이 아닙니다", "아무것도 저장하지 않았습니다.";
    /// The URL exists, the method does not.
    MethodNotAllowed, METHOD_NOT_ALLOWED, "method_not_allowed", "This method is not allowed here", "The header Allow names the methods that are.",
    "허용되지 않는 메서드입니다", "허용되는 메서드는 Allow 헤더에 있습니다.";
    /// The body came too slowly.
    RequestTimeout, REQUEST_TIMEOUT, "request_timeout", "The body came too slowly", "The whole body must arrive within 10 seconds.",
    "본문 수신 시간이 초과되었습니다", "본문 전체를 10초 안에 보내 주세요.";
    /// The key has expired or was revoked.
    ApiKeyEnded, CONFLICT, "api_key_ended",
    "The API key no longer works", "It has expired or was revoked, so nothing can take its place: issue a new one.",
    "더 이상 사용할 수 없는 API 키입니다", "만료되었거나 폐기된 키는 교체할 수 없습니다. 새 키를 발급해 주세요.";
    /// The tenant has as many keys as it may have.
    TooManyApiKeys, CONFLICT, "too_many_api_keys", "There are too many API keys", "At most 100 API keys work at once: revoke one first.",
    "API 키가 너무 많습니다", "동시에 사용할 수 있는 API 키는 100개까지입니다. 먼저 하나를 폐기해 주세요.";
    /// Another view has the name.
    ViewNameTaken, CONFLICT, "view_name_taken",
    "There is a view of this name", "Names stand once among your own views and once among the shared ones, in whatever case they are written.",
    "같은 이름의 보기가 있습니다", "이름은 본인 보기와 공유 보기 안에서 각각 하나씩만 쓸 수 있으며, 대소문자는 구별하지 않습니다.";
    /// There are as many views as there may be.
    TooManyViews, CONFLICT, "too_many_views", "There are too many views", "You can have 50 of your own, and share 100: remove one first.",
    "보기가 너무 많습니다", "본인 보기는 50개, 공유 보기는 100개까지 둘 수 있습니다. 먼저 하나를 삭제해 주세요.";
    /// There is nothing to do.
    NothingToDo, CONFLICT, "nothing_to_do", "There is nothing to do", "None of the merchants of the plan can be dealt with so.",
    "할 것이 없습니다", "계획에 있는 가맹점 가운데 처리할 수 있는 곳이 없습니다.";
    /// The job is over, or given up.
    JobEnded, CONFLICT, "job_ended", "The job has ended", "It is finished or cancelled: plan anew what is left.",
    "이미 끝난 작업입니다", "완료되었거나 취소된 작업입니다. 남은 것은 새로 계획해 주세요.";
    /// There are as many plans and jobs as there may be.
    TooManyJobs, CONFLICT, "too_many_jobs", "There are too many plans and jobs", "As many are kept as this installation allows: wait until some have ended, or cancel them.",
    "계획과 작업이 너무 많습니다", "보관할 수 있는 만큼 있습니다. 일부가 끝날 때까지 기다리거나 취소해 주세요.";
    /// There are as many files as there may be.
    TooManyImports, CONFLICT, "too_many_imports", "There are too many files", "20 files are kept, each for 24 hours: wait until one is forgotten.",
    "파일이 너무 많습니다", "파일은 20개까지 24시간 동안 보관됩니다. 하나가 지워질 때까지 기다려 주세요.";
    /// There are as many files of lists as there may be.
    TooManyExports, CONFLICT, "too_many_exports", "There are too many exports", "As many are kept as this installation allows: wait until the oldest is forgotten.",
    "내보낸 파일이 너무 많습니다", "보관할 수 있는 만큼 있습니다. 가장 오래된 파일이 지워질 때까지 기다려 주세요.";
    /// The file is not made, or never will be.
    ExportNotReady, CONFLICT, "export_not_ready", "The file is not ready", "`GET /v1/exports/{id}` says how far it is, or why it failed.",
    "아직 준비되지 않은 파일입니다", "진행 상황이나 실패 이유는 `GET /v1/exports/{id}`에서 확인해 주세요.";
    /// The part that is wanted is none of the file's.
    RangeNotSatisfiable, RANGE_NOT_SATISFIABLE, "range_not_satisfiable", "The file has no such part", "`Range` begins behind its end. `GET /v1/exports/{id}` says how many bytes it has.",
    "파일에 없는 범위입니다", "`Range`가 파일 끝을 넘습니다. 파일 크기는 `GET /v1/exports/{id}`에서 확인해 주세요.";
    /// A file that cannot be read.
    FileRefused, UNPROCESSABLE_ENTITY, "file_refused", "The file cannot be read", "`errors` says why, and in which line.",
    "파일을 읽을 수 없습니다", "이유와 줄 번호는 `errors`에 있습니다.";
    /// The plan is about more merchants than it may be.
    PlanTooLong, UNPROCESSABLE_ENTITY, "plan_too_long", "The plan is too long", "It is about more merchants than this installation allows: narrow the filter.",
    "계획이 너무 깁니다", "한 번에 처리할 수 있는 가맹점 수를 넘습니다. 조건을 좁혀 주세요.";
    /// The tenant has as many event destinations as it may have.
    TooManyEventDestinations, CONFLICT, "too_many_event_destinations",
    "There are too many event destinations", "You can have 20 of them: remove one first.",
    "알림 수신처가 너무 많습니다", "알림 수신처는 20개까지 둘 수 있습니다. 먼저 하나를 삭제해 주세요.";
    /// Nothing is carried to the event destination.
    EventDestinationDisabled, CONFLICT, "event_destination_disabled",
    "The event destination is switched off", "Nothing is carried there: switch it on first.",
    "꺼져 있는 알림 수신처입니다", "아무것도 전송하지 않습니다. 먼저 다시 켜 주세요.";
    /// Messages to it are not signed.
    EventDestinationNotSigned, CONFLICT, "event_destination_not_signed",
    "Messages to this event destination are not signed", "Only those of the kind `webhook` have a signing secret.",
    "서명하지 않는 알림 수신처입니다", "`webhook` 종류에만 서명 비밀키가 있습니다.";
    /// No mail server is set up.
    MailNotConfigured, CONFLICT, "mail_not_configured",
    "No mail can be sent", "The operator of this installation has set up no mail server (`smtp_url`, `smtp_from`).",
    "메일을 보낼 수 없습니다", "이 설치에는 메일 서버가 설정되어 있지 않습니다. 운영 담당자에게 `smtp_url`과 `smtp_from` 설정을 요청해 주세요.";
    /// The digest still takes more.
    DeliveryOpen, CONFLICT, "delivery_open", "The digest still takes more", "It is sent by itself at `next_attempt_at`.",
    "아직 모으는 중인 요약입니다", "`next_attempt_at`에 자동으로 전송됩니다.";
    /// The pair of codes is taken.
    ReferenceTaken, CONFLICT, "reference_taken",
    "A merchant with these codes exists", "`existing_id` names the merchant that has this member code and merchant code.",
    "같은 코드의 가맹점이 있습니다", "이 회원 코드와 매장 코드의 가맹점 ID는 `existing_id`에 있습니다.";
    /// The person belongs to the tenant already.
    MemberExists, CONFLICT, "member_exists",
    "The person belongs to you already", "Change what they may do with PATCH /v1/people/{id}.",
    "이미 소속된 사용자입니다", "권한은 PATCH /v1/people/{id}로 변경해 주세요.";
    /// The address belongs to somebody whom others know.
    PersonKnownElsewhere, CONFLICT, "person_known_elsewhere",
    "Somebody with this address is known here already", "Nobody vouches that it is the person whom you mean. Ask the operator of this installation to add them.",
    "이미 등록된 이메일 주소입니다", "같은 사람인지 확인할 수 없습니다. 운영 담당자에게 소속 추가를 요청해 주세요.";
    /// The person works for others with the same sessions.
    SessionsOfOthers, CONFLICT, "sessions_of_others",
    "The person works for others too", "Their sessions are not yours to end. Remove the person to close what is yours at once, or ask the operator of this installation.",
    "다른 곳에도 소속된 사람입니다", "이 사람의 로그인은 여기서 끝낼 수 없습니다. 이 테넌트의 접근을 바로 막으려면 사람을 내보내고, 전체 로그아웃은 운영 담당자에게 요청해 주세요.";
    /// Nobody would be left to say who may do what.
    LastManager, CONFLICT, "last_manager",
    "This is your last manager", "Make somebody else a manager first: otherwise nobody could say any more who may do what.",
    "마지막 관리자입니다", "권한을 관리할 사람이 남지 않게 됩니다. 먼저 다른 사용자를 관리자로 지정해 주세요.";
    /// The same request is being done right now.
    RequestInFlight, CONFLICT, "request_in_flight",
    "The same request is being done right now", "Try again with the same Idempotency-Key in a moment.",
    "같은 요청을 처리하고 있습니다", "잠시 뒤 같은 Idempotency-Key로 다시 시도해 주세요.";
    /// The client stands behind the end of the log.
    PositionBeyondLog, CONFLICT, "position_beyond_log",
    "The position is beyond the end of the log", "The log ends at `head`, so the position is from another installation, or this one was restored from a backup and what came later is gone. Read on from there and you would miss events: begin anew (`after=0`, or the first page), or take over the current state and go on from `head`.",
    "로그의 끝을 넘는 위치입니다", "로그는 `head`에서 끝납니다. 다른 설치의 위치이거나, 백업에서 복원되어 그 뒤의 이벤트가 사라진 경우입니다. 그대로 이어 읽으면 이벤트를 놓치므로 처음(`after=0` 또는 첫 페이지)부터 다시 읽거나, 현재 상태를 가져온 뒤 `head`부터 이어 읽어 주세요.";
    /// The merchant is archived.
    MerchantArchived, CONFLICT, "merchant_archived",
    "The merchant is archived", "Restore the merchant first.",
    "보관된 가맹점입니다", "먼저 가맹점을 복원해 주세요.";
    /// The tenant has no access to Paymint set up.
    UpstreamNotConfigured, CONFLICT, "upstream_not_configured",
    "Paymint is not set up for this tenant", "The operator of this installation has to enter the base URL and the apiKey of your Paymint contract.",
    "결제선생 연동이 설정되지 않았습니다", "운영 담당자가 결제선생 API 주소와 apiKey를 등록해야 합니다.";
    /// What was set up for the tenant's calls to Paymint cannot be used.
    UpstreamUnusable, CONFLICT, "upstream_unusable",
    "What is set up for Paymint cannot be used", "The operator of this installation has to correct it. Its log names the cause.",
    "결제선생 연동 설정을 사용할 수 없습니다", "운영 담당자가 설정을 바로잡아야 합니다. 원인은 서버 로그에 있습니다.";
    /// Paymint is not asked about single merchants.
    ReadBackOff, CONFLICT, "read_back_off",
    "Nothing can be verified", "Asking Paymint about single merchants is switched off in your settings.",
    "확인할 수 없습니다", "설정에서 결제선생 가맹점 조회(read-back)가 꺼져 있습니다.";
    /// What is set for asking Paymint about single merchants is from before today's rules.
    ReadBackUnusable, CONFLICT, "read_back_unusable",
    "Paymint cannot be asked as set", "`read_back` in your settings was stored under older rules and might lead your apiKey elsewhere. It is not used: set it anew, or to null.",
    "설정된 방식으로는 조회할 수 없습니다", "설정의 `read_back`이 이전 규칙으로 저장되어 apiKey가 다른 곳으로 전송될 수 있으므로 사용하지 않습니다. 다시 설정하거나 null로 지워 주세요.";
    /// The pair was dismissed.
    UnclaimedMerchantDismissed, CONFLICT, "unclaimed_merchant_dismissed",
    "The pair was dismissed", "It can still be registered like any other merchant.",
    "이미 제외된 코드 쌍입니다", "필요하면 일반 가맹점처럼 등록할 수 있습니다.";
    /// The pair was adopted.
    UnclaimedMerchantAdopted, CONFLICT, "unclaimed_merchant_adopted",
    "The pair was adopted", "It is a merchant of yours now: archive that, if need be.",
    "이미 등록된 코드 쌍입니다", "가맹점으로 등록되어 있습니다. 필요하면 그 가맹점을 보관해 주세요.";
    /// The personal data of the merchant was destroyed.
    MerchantErased, CONFLICT, "merchant_erased",
    "The merchant was erased", "Its personal data was destroyed, and nothing personal is kept of it any more.",
    "개인정보가 파기된 가맹점입니다", "개인정보가 파기되어 개인정보를 더 이상 저장할 수 없습니다.";
    /// The payload was destroyed with the merchant's personal data.
    PayloadErased, GONE, "payload_erased",
    "The payload was erased", "It was destroyed with the merchant's personal data.",
    "삭제된 원문입니다", "가맹점의 개인정보와 함께 파기되었습니다.";
    /// The alert or the rule has changed since the client saw it.
    AlertChanged, PRECONDITION_FAILED, "alert_changed",
    "The alert or its rule has changed", "Read it again and decide on what stands there now.",
    "알림이나 규칙이 바뀌었습니다", "다시 읽은 뒤 지금의 내용을 보고 결정해 주세요.";
    /// The view has changed since the client saw it.
    ViewChanged, PRECONDITION_FAILED, "view_changed", "The view has changed", "Read it again and decide on what stands there now.",
    "보기가 바뀌었습니다", "다시 읽은 뒤 지금의 내용을 보고 결정해 주세요.";
    /// The event destination has changed since the client saw it.
    EventDestinationChanged, PRECONDITION_FAILED, "event_destination_changed",
    "The event destination has changed", "Read it again and decide on what stands there now.",
    "알림 수신처가 바뀌었습니다", "다시 읽은 뒤 지금의 내용을 보고 결정해 주세요.";
    /// The merchant has changed since the client read it.
    VersionMismatch, PRECONDITION_FAILED, "version_mismatch",
    "The merchant has changed", "Read the merchant again and send the new ETag in If-Match.",
    "가맹점 정보가 그사이 변경되었습니다", "다시 조회한 뒤 새 ETag를 If-Match로 보내 주세요.";
    /// The body is too large.
    BodyTooLarge, PAYLOAD_TOO_LARGE, "body_too_large",
    "The body is too large", "A body has at most 65536 bytes.",
    "본문이 너무 큽니다", "본문은 65536바이트를 넘을 수 없습니다.";
    /// The body is not declared as JSON.
    UnsupportedMediaType, UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type",
    "The body must be JSON", "Send the header `Content-Type: application/json`.",
    "본문은 JSON이어야 합니다", "`Content-Type: application/json` 헤더를 보내 주세요.";
    /// The body is packed in a way that is not taken here.
    ContentEncodingUnsupported, UNSUPPORTED_MEDIA_TYPE, "content_encoding_unsupported",
    "The body is packed in a way that is not taken here", "Send it without the header `Content-Encoding`. Only callbacks may be packed: with gzip, deflate, br or zstd.",
    "지원하지 않는 방식으로 압축된 본문입니다", "`Content-Encoding` 헤더 없이 보내 주세요. 압축은 콜백만 gzip, deflate, br, zstd로 할 수 있습니다.";
    /// Fields or parameters break their rules.
    ValidationFailed, UNPROCESSABLE_ENTITY, "validation_failed",
    "Some values cannot be accepted", "`errors` names each of them.",
    "입력값을 확인해 주세요", "잘못된 값은 `errors`에 하나씩 표시되어 있습니다.";
    /// The key was used for another request.
    IdempotencyKeyReused, UNPROCESSABLE_ENTITY, "idempotency_key_reused",
    "The Idempotency-Key was used for another request", "Make a new key for every new request.",
    "다른 요청에 사용된 Idempotency-Key입니다", "새로운 요청에는 새로운 키를 사용해 주세요.";
    /// Paymint issues URLs only for short codes.
    CodesTooLongForLink, UNPROCESSABLE_ENTITY, "codes_too_long_for_link",
    "The codes are too long for a registration URL", "Paymint issues registration URLs only for codes of at most 30 characters.",
    "코드가 길어 등록 URL을 발급할 수 없습니다", "결제선생은 30자 이하의 코드에만 등록 URL을 발급합니다.";
    /// Paymint does not answer what it would be asked by the new settings.
    ReadBackRejected, UNPROCESSABLE_ENTITY, "read_back_rejected",
    "Paymint does not answer there", "It was tried, and nothing was stored: `upstream` says what came (`code`, or `http_status` and `content_type`). Correct path and fields of `read_back`. With `read_back.try` = false they are stored untried.",
    "해당 경로에서 결제선생의 응답을 받지 못했습니다", "시험 호출에 실패하여 저장하지 않았습니다. 받은 응답은 `upstream`(`code` 또는 `http_status`, `content_type`)에 있습니다. `read_back`의 경로와 필드를 바로잡아 주세요. `read_back.try`를 false로 보내면 시험하지 않고 저장합니다.";
    /// The merchant has too many links.
    TooManyLinks, UNPROCESSABLE_ENTITY, "too_many_links",
    "The merchant has too many registration links", "No more links can be issued for this merchant.",
    "등록 링크가 너무 많습니다", "이 가맹점에는 더 이상 링크를 발급할 수 없습니다.";
    /// The merchant has more events up to then than are read for one question.
    PastTooLong, UNPROCESSABLE_ENTITY, "past_too_long",
    "The merchant's past is too long to be told as of then", "It would have to be made from more events than are read for one question. Read its timeline (`/v1/merchants/{id}/events`) around that version instead.",
    "해당 시점의 상태를 만들기에는 이력이 너무 깁니다", "한 번에 읽을 수 있는 것보다 많은 이벤트가 필요합니다. 그 버전 전후의 타임라인(`/v1/merchants/{id}/events`)을 조회해 주세요.";
    /// The tenant has as many people as it may have.
    TooManyPeople, UNPROCESSABLE_ENTITY, "too_many_people",
    "You have too many people", "A tenant has at most 500 people. Remove somebody first.",
    "사용자가 너무 많습니다", "사용자는 최대 500명까지 등록할 수 있습니다. 먼저 다른 사용자를 제거해 주세요.";
    /// The list has more merchants than a file may have.
    ExportTooLong, UNPROCESSABLE_ENTITY, "export_too_long", "The list is too long for one file", "It has more merchants than a file may have here. Have it made in parts, by filters.",
    "목록이 파일 하나에 담기에 너무 깁니다", "파일 하나에 담을 수 있는 가맹점 수를 넘습니다. 조건으로 나누어 만들어 주세요.";
    /// The change wants an If-Match.
    IfMatchRequired, PRECONDITION_REQUIRED, "if_match_required",
    "If-Match is required", "Send the ETag that you got with the merchant, so that nobody's change is lost.",
    "If-Match가 필요합니다", "다른 변경을 덮어쓰지 않도록 조회할 때 받은 ETag를 If-Match로 보내 주세요.";
    /// The tenant asks Paymint faster than it may.
    UpstreamRateCapped, TOO_MANY_REQUESTS, "upstream_rate_capped",
    "Paymint is asked too often", "Nothing was sent. Try again after the time in Retry-After.",
    "결제선생 조회가 너무 잦습니다", "요청은 전송되지 않았습니다. Retry-After에 표시된 시간 뒤에 다시 시도해 주세요.";
    /// As many calls of the tenant to Paymint are under way as may be.
    TooManyCalls, TOO_MANY_REQUESTS, "too_many_calls",
    "Too many of your calls to Paymint are under way", "Nothing was written and nothing was sent. Wait for the answers to your other requests, and try again with the same Idempotency-Key.",
    "처리 중인 결제선생 호출이 너무 많습니다", "아무것도 저장되거나 전송되지 않았습니다. 먼저 보낸 요청의 응답을 받은 뒤 같은 Idempotency-Key로 다시 시도해 주세요.";
    /// The caller, or its tenant, asks too often.
    RateLimited, TOO_MANY_REQUESTS, "rate_limited",
    "Too many requests in a short time", "You, or all keys of your tenant together, ask more often than they may; `RateLimit` says which. Nothing was done. Try again after the time in Retry-After.",
    "요청이 너무 잦습니다", "짧은 시간에 허용된 횟수보다 많이 요청했습니다. 어느 한도인지는 `RateLimit` 헤더에 있습니다. 처리된 것은 없습니다. Retry-After에 표시된 시간 뒤에 다시 시도해 주세요.";
    /// Too many reads of the tenant are under way.
    TooManyReads, TOO_MANY_REQUESTS, "too_many_reads",
    "Too many of your reads are under way", "Searches and reads of the past take their time. Nothing was read; try again after the time in Retry-After.",
    "처리 중인 조회가 너무 많습니다", "검색과 과거 시점 조회에는 시간이 걸립니다. 조회하지 못했습니다. Retry-After에 표시된 시간 뒤에 다시 시도해 주세요.";
    /// As many files are being taken as may be.
    TooManyDownloads, TOO_MANY_REQUESTS, "too_many_downloads", "Too many files are being taken", "Half of what this installation hands out at once is for one tenant at most, and no more than is left. Wait for a file of yours.",
    "내려받는 중인 파일이 너무 많습니다", "한 테넌트는 동시에 내려받을 수 있는 파일의 절반까지만 쓸 수 있습니다. 받고 있는 파일이 끝난 뒤 다시 시도해 주세요.";
    /// As many files of the tenant are being read, or wait, as may be.
    TooManyOwnFiles, TOO_MANY_REQUESTS, "too_many_own_files", "Too many of your files are being read", "Files of others are to be read too. Nothing was kept or planned. Wait for your other files, and try again after the time in Retry-After.",
    "읽는 중인 파일이 너무 많습니다", "다른 테넌트의 파일도 읽어야 합니다. 저장하거나 계획한 것은 없습니다. 먼저 올린 파일을 다 읽은 뒤 Retry-After에 표시된 시간이 지나 다시 시도해 주세요.";
    /// A defect of the registry.
    Internal, INTERNAL_SERVER_ERROR, "internal_error",
    "Something went wrong here", "The cause was logged under `request_id`.",
    "내부 오류가 발생했습니다", "원인은 `request_id`로 기록되었습니다.";
    /// Paymint said no.
    UpstreamRefused, BAD_GATEWAY, "upstream_refused",
    "Paymint refused", "`upstream` says with which code, whether trying again helps, and who can remove the cause.",
    "결제선생이 요청을 거절했습니다", "거절 코드, 재시도 가능 여부, 조치 주체는 `upstream`에 있습니다.";
    /// Paymint could not be reached.
    UpstreamUnreachable, SERVICE_UNAVAILABLE, "upstream_unreachable",
    "Paymint cannot be reached", "Nothing was sent. Try again later; where an Idempotency-Key was sent, with a new one.",
    "결제선생에 연결할 수 없습니다", "요청은 전송되지 않았습니다. 나중에 다시 시도해 주세요. Idempotency-Key를 보냈다면 새 키를 사용해 주세요.";
    /// Paymint has failed so often that it is left alone for a while.
    UpstreamUnavailable, SERVICE_UNAVAILABLE, "upstream_unavailable",
    "Paymint is failing", "It failed several times in a row and is left alone for a moment. Nothing was sent. Try again after the time in Retry-After.",
    "결제선생에 장애가 있습니다", "연속으로 실패하여 잠시 호출을 멈추었습니다. 요청은 전송되지 않았습니다. Retry-After에 표시된 시간 뒤에 다시 시도해 주세요.";
    /// It could not be tried whether Paymint answers what it would be asked by the new settings.
    ReadBackUntried, SERVICE_UNAVAILABLE, "read_back_untried",
    "It could not be tried", "Nothing was stored, because Paymint could not be asked whether it answers there; `upstream` says why. Try again later. With `read_back.try` = false the settings are stored untried.",
    "시험하지 못했습니다", "결제선생에 조회할 수 없어 저장하지 않았습니다. 원인은 `upstream`에 있습니다. 나중에 다시 시도하거나, `read_back.try`를 false로 보내 시험하지 않고 저장해 주세요.";
    /// Paymint was asked, and something came that is not its answer.
    UpstreamUnreadable, BAD_GATEWAY, "upstream_answer_unreadable",
    "What came is not Paymint's answer", "Something answered that cannot be read, or is about another merchant. Nothing was changed. `upstream` says with which `http_status` and `content_type`, and who can remove the cause: `us` for a wrong address or path.",
    "결제선생의 응답이 아닙니다", "읽을 수 없거나 다른 가맹점에 대한 응답을 받았습니다. 변경된 내용은 없습니다. `upstream`에 `http_status`, `content_type`과 조치 주체가 있습니다(`us`는 주소나 경로가 잘못된 경우).";
    /// Paymint was asked and did not answer.
    UpstreamNoAnswer, GATEWAY_TIMEOUT, "upstream_no_answer",
    "Paymint did not answer", "No whole answer came in time. Nothing was changed. Ask again later.",
    "결제선생이 응답하지 않았습니다", "제시간에 응답이 오지 않았습니다. 변경된 내용은 없습니다. 나중에 다시 조회해 주세요.";
    /// Paymint did not answer, or not in a way that can be read.
    UpstreamOutcomeUnknown, GATEWAY_TIMEOUT, "upstream_outcome_unknown",
    "Paymint's answer is not known", "No answer came, or one that cannot be read: then `upstream` has its `http_status`. Paymint may or may not have issued the URL. A new link can be asked for with a new Idempotency-Key.",
    "결제선생의 응답을 알 수 없습니다", "응답이 없거나 읽을 수 없습니다(읽을 수 없는 응답의 `http_status`는 `upstream`에 있습니다). URL이 발급되었는지 알 수 없습니다. 새 Idempotency-Key로 새 링크를 요청할 수 있습니다.";
    /// Too many commands are waiting.
    Overloaded, SERVICE_UNAVAILABLE, "overloaded",
    "Too many requests are waiting", "Nothing was written. Try again in a moment.",
    "요청이 너무 많습니다", "아무것도 저장되지 않았습니다. 잠시 뒤 다시 시도해 주세요.";
    /// Storage does not answer.
    StorageUnavailable, SERVICE_UNAVAILABLE, "storage_unavailable",
    "Storage does not answer", "Try again in a moment; a change is made only once if it has an Idempotency-Key.",
    "저장소가 응답하지 않습니다", "잠시 뒤 다시 시도해 주세요. Idempotency-Key가 있으면 변경은 한 번만 적용됩니다.";
    /// The process is stopping.
    Stopping, SERVICE_UNAVAILABLE, "stopping",
    "The service is stopping", "Nothing was written. Try again in a moment.",
    "서비스가 종료되는 중입니다", "아무것도 저장되지 않았습니다. 잠시 뒤 다시 시도해 주세요.";
    /// The tenant has as many event streams open, or as many requests waiting for events, as it may.
    TooManyOwnStreams, TOO_MANY_REQUESTS, "too_many_own_streams",
    "Too many of your event streams are open", "Streams and requests with `wait` each take a place, and others need some too. Close those that nobody needs, or try again after the time in Retry-After.",
    "열어 둔 이벤트 스트림이 너무 많습니다", "스트림과 `wait` 요청은 각각 자리를 차지하며, 다른 테넌트의 자리도 필요합니다. 쓰지 않는 것을 닫거나 Retry-After에 표시된 시간 뒤에 다시 시도해 주세요.";
    /// The process has as many event streams open as it may.
    TooManyStreams, SERVICE_UNAVAILABLE, "too_many_streams",
    "Too many event streams are open", "Try again later, or ask for pages: with `wait` instead of a stream, or without.",
    "열린 이벤트 스트림이 너무 많습니다", "나중에 다시 시도하거나, 스트림 대신 `wait`로 또는 `wait` 없이 페이지를 요청해 주세요.";
    /// The address has as many requests in flight as it may have.
    TooManyRequests, TOO_MANY_REQUESTS, "too_many_requests",
    "Too many requests at once", "Your address has as many requests in flight as it may have. Wait for some of them.",
    "동시 요청이 너무 많습니다", "같은 주소의 요청이 한도에 이르렀습니다. 먼저 보낸 요청이 끝난 뒤 다시 시도해 주세요.";
    /// Too many keys from this address did not work.
    TooManyFailures, TOO_MANY_REQUESTS, "too_many_failures",
    "Too many API keys did not work", "Too many requests from your address had no working API key. Keys that work are taken all the same, once they were used; for others wait a minute.",
    "사용할 수 없는 API 키가 너무 많았습니다", "같은 주소에서 잘못된 API 키가 너무 많이 사용되었습니다. 1분 뒤 다시 시도해 주세요.";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_code_is_one_of_a_kind_and_said_in_both_languages() {
        let codes: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(codes.len(), Code::ALL.len());
        let hangul = |text: &str| text.chars().any(|c| ('가'..='힣').contains(&c));
        for code in Code::ALL {
            let (english, korean) = (code.text(Language::English), code.text(Language::Korean));
            assert!(!hangul(english.title) && !hangul(english.detail), "{code:?}");
            assert!(hangul(korean.title) && hangul(korean.detail), "{code:?}");
            assert!(
                code.status().is_client_error() || code.status().is_server_error(),
                "{code:?}"
            );
        }
    }
}
