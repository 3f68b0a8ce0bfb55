use ::base64::Engine;
use ::base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use encoding_rs::EUC_KR;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;
use crate::callback::{self, CallbackPayload};

const KEY: &str = "Zk9-plant_3xQ.7vW2Lm4";
const FOREIGN: &str = "Other_Partners-Key_42";

fn known() -> ApiKey {
    ApiKey::parse(KEY).unwrap()
}

fn stored(body: &[u8]) -> Vec<u8> {
    let reading = callback::read(body, Some(&known()));
    reading.storable.unwrap_or_else(|| body.to_vec())
}

fn text(text: &str) -> String {
    Scrubber::default().text(text).into_owned()
}

#[test]
fn only_the_secret_goes() {
    for (came, kept) in [
        (r#"{"apiKey":"k","billId":"b"}"#, r#"{"billId":"b"}"#),
        (r#"[{"data":{"apiKey":"k","a":1}}]"#, r#"[{"data":{"a":1}}]"#),
        (r#"{"appr_issuer_num": 12345}"#, r#"{"appr_issuer_num":"*****"}"#),
        (
            r#"{"apprIssuerNum":"1234-5678-9012-3456","appr_sign":"x","udItem":{"a":1}}"#,
            r#"{"apprIssuerNum":"123456******3456"}"#,
        ),
        (
            r#"{"apprIssuerNum":"110-123-456789"}"#,
            r#"{"apprIssuerNum":"********6789"}"#,
        ),
        (r#"{"x":{"apiKey":"k"},"x":1}"#, r#"{"x":{},"x":1}"#),
        (
            r#"{"API_KEY":"k","Api-Key":"k","partnerApiKey":"k","ａｐｉＫｅｙ":"k","\u0061piKey":"k","a":"b"}"#,
            r#"{"a":"b"}"#,
        ),
        (r#"{"a":"{\"apiKey\":\"k\",\"b\":\"c\"}"}"#, r#"{"a":"{\"b\":\"c\"}"}"#),
        (
            r#"{"name":"apiKey","value":"k","a":1,"memberId":"m"}"#,
            r#"{"name":"apiKey","value":"***","a":"***","memberId":"m"}"#,
        ),
        (r#"{"k":"apiKey","v":"S"}"#, r#"{"k":"apiKey","v":"***"}"#),
        (
            r#"{"v":["S"],"k":["com.paymint.partner.configuration.credentials.apiKey"]}"#,
            r#"{"v":"***","k":["com.paymint.partner.configuration.credentials.apiKey"]}"#,
        ),
        (
            r#"{"k":"issuerNum","v":"110123456789"}"#,
            r#"{"k":"issuerNum","v":"********6789"}"#,
        ),
        (r#"["apiKey","k","a"]"#, r#"["apiKey","***","a"]"#),
        (r#"["apiKey",":","S",1]"#, r#"["apiKey",":","***",1]"#),
        (r#"[{"name":"apiKey"},{"value":"S"}]"#, r#"[{"name":"apiKey"},"***"]"#),
        (
            r#"{"api":{"key":"S","url":"u"},"ud":{"item":1}}"#,
            r#"{"api":{"url":"u"},"ud":{}}"#,
        ),
        (r#"{"a\u0000p\u0000iKey":"S","api\tKey":"S","b":1}"#, r#"{"b":1}"#),
        ("billId=b&apiKey=k&c=d", "billId=b&apiKey=***&c=d"),
        (
            r#"{"billId":"b","apiKey":"k\"k","c":"d""#,
            r#"{"billId":"b","apiKey":"***","c":"d""#,
        ),
        (r#"{"billId":"b","apiKey":"k"#, r#"{"billId":"b","apiKey":"***"#),
        (
            r#"{"apprIssuerNum":"1234567890123456","c":"d""#,
            r#"{"apprIssuerNum":"123456******3456","c":"d""#,
        ),
        (r#"x{"udItem":{"a":"}","b":[1]},"c":"d""#, r#"x{"udItem":***,"c":"d""#),
        (
            r#"x{\"apiKey\":\"k\\\"k\",\"c\":\"d\""#,
            r#"x{\"apiKey\":\"***\",\"c\":\"d\""#,
        ),
        (
            r#"x["apiKey","k"] {"name": "apiKey", "value": "k", "a": 1}"#,
            r#"x["apiKey","***"] {"name": "apiKey", "value": "***", "a": ***}"#,
        ),
        (
            r#"{"memberId":"m","v":"S","k":"apiKey","w":7,"x":["apiKey",":","S"],"a":{"b":"c""#,
            r#"{"memberId":"m","v":"***","k":"apiKey","w":***,"x":["***","***","***"],"a":{"b":"***""#,
        ),
        ("apikey", "apikey"),
        ("apiKey 값을 확인해 주세요", "apiKey 값을 확인해 주세요"),
        ("API key is abc, X-Api-Key: abcdef", "API key is abc, X-Api-Key: ***"),
        ("apiKey abcdefghijklmn 확인", "apiKey *** 확인"),
    ] {
        assert_eq!(text(came), kept);
        assert_eq!(text(kept), kept);
    }
}

#[test]
fn what_people_tell_goes_and_numbers_of_cards_and_tokens_too() {
    for (came, kept) in [
        ("apiKey는 k3y-of-2024 입니다.", "apiKey는 *** 입니다."),
        (
            "새 API 키는 다음과 같습니다: k3y-of-2024.",
            "새 API 키는 다음과 같습니다: ***.",
        ),
        ("the apiKey is k3yOf2024, and", "the apiKey is ***, and"),
        ("api key is now set to (k3yOf2024)", "api key is now set to (***)"),
        ("apiKey→k3yOf2024 apiKey -> k3yOf2024", "apiKey→*** apiKey -> ***"),
        ("apiKey,k3yOf2024\napiKey;k3yOf2024==", "apiKey,***\napiKey;***"),
        ("apiKey는\nk3yOf2024", "apiKey는\n***"),
        ("인증키: k3yOf2024 인증 키 : k3yOf2024", "인증키: *** 인증 키 : ***"),
        ("비밀키 값은 'k3yOf2024' 입니다", "비밀키 값은 '***' 입니다"),
        (r#"{"인증키":"k","secretKey":"k","a":1}"#, r#"{"a":1}"#),
        (r#"{"name":"인증키","value":"k"}"#, r#"{"name":"인증키","value":"***"}"#),
        (
            "주소 https://a.example/cb/v1/AQEAAAAAZkUtb2YtdGhl_x-0/ 입니다",
            "주소 https://a.example/cb/v1/***/ 입니다",
        ),
        (
            "카드 4111-1111-1111-1111, 4111 1111 1111 1111 12/27",
            "카드 ***, *** 12/27",
        ),
        (
            "3782-822463-10005 ４１１１１１１１１１１１１１１１ 9410\u{200b}1234\u{200b}5678\u{200b}9010",
            "*** *** ***",
        ),
        (
            r#"{"a":4111111111111111,"billId":"4111111111111111","memberId":4111111111111111}"#,
            r#"{"a":"***","billId":"4111111111111111","memberId":4111111111111111}"#,
        ),
        ("x 7b226170694b6579223a2253227d y", "x *** y"),
    ] {
        assert_eq!(text(came), kept);
        assert_eq!(text(kept), kept);
    }
}

#[test]
fn in_forms_and_markup_only_the_secret_goes() {
    for (came, kept) in [
        (
            "--b\r\nContent-Disposition: form-data; name=\"apiKey\"\r\n\r\nS E\r\n--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nc\r\n--b--",
            "--b\r\nContent-Disposition: form-data; name=\"apiKey\"\r\n\r\n***\r\n--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nc\r\n--b--",
        ),
        (
            "--b\nContent-Disposition: form-data; name=apiKey; filename=f\nContent-Type: text/plain\n\nS",
            "--b\nContent-Disposition: form-data; name=apiKey; filename=f\nContent-Type: text/plain\n\n***",
        ),
        (
            "<a><apiKey><![CDATA[S]]></apiKey><b>c</b></a>",
            "<a><apiKey>***</apiKey><b>c</b></a>",
        ),
        (
            "<ns:apiKey type='t'>S</ns:apiKey>",
            "<ns:apiKey type='***'>***</ns:apiKey>",
        ),
        (
            "<a apiKey='S'/><apiKey value=\"S\"/><b>c</b>",
            "<a apiKey='***'/><apiKey value=\"***\"/><b>c</b>",
        ),
        (
            "<p name=\"apiKey\" value=\"S\"/><b>c</b>",
            "<p name=\"apiKey\" value=\"***\"/><b>c</b>",
        ),
        (
            "<p value='S' name='apiKey'/><b>c</b>",
            "<p value='***' name='apiKey'/><b>c</b>",
        ),
        (
            "<e key=\"apiKey\">S</e><e key='apiKey' a='b'>S</e>",
            "<e key=\"apiKey\">***</e><e key='apiKey' a='***'>***</e>",
        ),
        ("<n>apiKey</n><v>S</v><b>c</b>", "<n>apiKey</n><v>***</v><b>c</b>"),
        ("k=apiKey&v=S&b=c", "k=apiKey&v=***&b=c"),
        ("name: apiKey\nvalue: S\nb: c", "name: apiKey\nvalue: ***\nb: c"),
        ("a%u0061piKey=S&b=c", "aapiKey=***&b=c"),
        ("&#97piKey=S&b=c", "apiKey=***&b=c"),
        ("&#x0061;pi&lowbar;key&equals;S", "api_key=***"),
        (r"\x61piKey=S \u{61}piKey=S", "apiKey=*** apiKey=***"),
        ("꺽piKey=S&b=c", "꺽piKey=***&b=c"),
        ("a eyJhcGlLZXkiOiJTIn0= b", "a ***= b"),
        (
            "x-paymint-partner-configuration-apiKey-of-the-test-environment: S",
            "x-paymint-partner-configuration-apiKey-of-the-test-environment: ***",
        ),
        ("<apiKey>k</apiKey><a>b</a>", "<apiKey>***</apiKey><a>b</a>"),
        ("a%22apiKey%22%3A%22k%22", "a\"apiKey\":\"***\""),
    ] {
        assert_eq!(text(came), kept);
        assert_eq!(text(kept), kept);
    }
}

#[test]
fn what_people_write_stays() {
    for text in [
        "audit-email: shop@example.com",
        "cloud-item: 3, baud item: 9600",
        "API key: 새로 발급",
        "API key: 2026년까지 유효합니다",
        "API key: please reissue it",
        "apiKey: 새로 발급받아 주세요",
        "<apiKey>를 헤더에 넣어 주세요 <확인>",
        "'apiKey', 그리고 '주소'를 보내 주세요",
        "API keyboard: english",
        "인증 키오스크: A12345678 설치",
        "API 키를 헤더에 넣어 주세요. 주문번호 A12345678",
        "apiKey, businessNumber: 117-81-78260",
        "apiKey를 https://docs.example.com/keys 에서 확인",
        "apiKey는 2026-11-29까지",
        "API key is invalid or expired",
        "사업자번호 117-81-78260, 전화 010-1234-5678, 02-555-1234",
        "20261129140737 1732860000000 4111-1111-1111-1112 411111******1111",
        "안내: apiKey\n기한: 7일",
        r#"{"memberId":"m","merchant":{"reviewMessage":"API key","reviewStatus":"S","companyName":"가"}}"#,
        r#"{"auditEmail":"a@b","cloud":{"items":[1]},"rapid":{"keys":1}}"#,
        "사업자등록증 R&#D 100%u 완료 http://a.example/cloud?x=1&y=2",
    ] {
        assert_eq!(self::text(text), text);
    }
}

#[test]
fn harmless_bytes_stay_as_they_came() {
    let (korean, _, _) = EUC_KR.encode(r#"{"memberId":"가나다"}"#);
    for body in [
        &b"{ \"memberId\" : 1e2 }"[..],
        b"not json",
        b"[]",
        b"",
        b"\xef\xbb\xbf{\"memberId\":\"m\"}\0\0",
        br#"{"memberId":"m","x":"\ud83d"}"#,
        b"{\"memberId\":\"m\",\"x\":\"\xff\"}",
        "{\"memberId\":\"m\",\"merchant\":{\"reviewMessage\":\"100% 완료: a=b & c, C:\\\\new\"}}".as_bytes(),
        &korean,
    ] {
        assert_eq!(stored(body), body);
    }
}

#[test]
fn what_cannot_be_told_apart_is_not_kept() {
    assert_eq!(stored(b"\xff\x01"), "\u{fffd}\u{1}".as_bytes());
    let mut deep = format!("apiKey={FOREIGN}");
    for _ in 0..2 * LAYERS_MAX {
        deep = serde_json::to_string(&deep).unwrap();
    }
    assert!(!text(&deep).contains(FOREIGN));
}

#[test]
fn the_known_key_is_found_wherever_it_stands() {
    let key = known();
    let scrubber = Scrubber::knowing(Some(&key));
    assert_eq!(scrubber.text(&format!("a {KEY} b")), "a *** b");
    assert_eq!(scrubber.text(&format!("[1,\"{KEY}\"]")), "[1,\"***\"]");
    for spelt in [KEY.to_uppercase(), KEY.to_lowercase(), format!("가{}", &KEY[1..])] {
        let kept = scrubber.text(&format!("a={spelt}, b")).into_owned();
        assert!(matches!(kept.as_str(), "a=***, b" | "a=가***, b"), "{kept}");
    }
    for around in ["", "a", "ab", "abc:", "partner:"] {
        for engine in [STANDARD, URL_SAFE_NO_PAD] {
            let encoded = engine.encode(format!("{around}{KEY}{around}\u{0}\u{7f}"));
            let kept = scrubber.text(&format!("Basic {encoded} 확인")).into_owned();
            assert!(kept.starts_with("Basic ***") && kept.ends_with("확인"), "{kept}");
        }
    }
    let spread = |joint: &str| {
        KEY.split("")
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(joint)
    };
    let hexadecimal = hex::encode(KEY);
    let pairs: Vec<_> = (0..KEY.len()).map(|at| &hexadecimal[2 * at..2 * at + 2]).collect();
    for said in [
        spread(" "),
        spread("\u{200b}"),
        spread("\r\n> "),
        KEY.chars().map(wide).collect(),
        format!("{}\n  {}", &KEY[..9], &KEY[9..]),
        format!("{} {}", &KEY[..1], &KEY[1..]),
        hexadecimal.clone(),
        hexadecimal.to_uppercase(),
        pairs.join(" "),
        pairs.join(":"),
        format!("0x{}", pairs.join(", 0x")),
    ] {
        assert_eq!(scrubber.text(&format!("가 {said} 나")), "가 *** 나");
    }
    assert_eq!(
        scrubber.text(&format!("{}*{}", &KEY[..9], &KEY[9..])),
        format!("{}*{}", &KEY[..9], &KEY[9..])
    );
    let digits = ApiKey::parse("1234567890").unwrap();
    assert_eq!(
        Scrubber::knowing(Some(&digits)).text(r#"{"a":1234567890}"#),
        r#"{"a":"***"}"#
    );
    let short = ApiKey::parse("a").unwrap();
    assert_eq!(Scrubber::knowing(Some(&short)).text("banana"), "banana");
}

/// How a text can be wrapped without changing what it says.
#[derive(Debug, Clone, Copy)]
enum Layer {
    JsonText,
    Percent,
    PercentUnit,
    Unicode,
    Hexadecimal,
    Reference,
    OpenReference,
    Base64,
}

impl Layer {
    fn wrap(self, text: &str) -> String {
        let each = |write: fn(char) -> String| text.chars().map(write).collect();
        match self {
            Self::JsonText => serde_json::to_string(text).unwrap(),
            Self::Percent => text
                .bytes()
                .fold(String::new(), |said, byte| said + &format!("%{byte:02X}")),
            Self::PercentUnit => text
                .encode_utf16()
                .fold(String::new(), |said, unit| said + &format!("%u{unit:04x}")),
            Self::Unicode => text
                .encode_utf16()
                .fold(String::new(), |said, unit| said + &format!("\\u{unit:04x}")),
            Self::Hexadecimal => text
                .bytes()
                .fold(String::new(), |said, byte| said + &format!("\\x{byte:02x}")),
            Self::Reference => each(|character| format!("&#{};", u32::from(character))),
            // In front of a digit one without its end would say something else.
            Self::OpenReference => {
                let next = text.chars().skip(1).map(Some).chain([None]);
                let write = |(character, next): (char, Option<char>)| match character {
                    'i' | 'K' | ':' | '=' | '"' if !next.is_some_and(|next| next.is_ascii_digit()) => {
                        format!("&#{}", u32::from(character))
                    }
                    other => other.to_string(),
                };
                text.chars().zip(next).map(write).collect()
            }
            Self::Base64 => URL_SAFE_NO_PAD.encode(text),
        }
    }
}

/// How a text becomes bytes.
#[derive(Debug, Clone, Copy)]
enum Charset {
    Utf8,
    Utf8Mark,
    Utf16Little,
    Utf16Big,
    Utf16LittleMark,
    Utf32,
    Cp949,
    Padded,
    Broken,
}

impl Charset {
    fn encode(self, text: &str) -> Vec<u8> {
        let wide = |to_bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(to_bytes).collect::<Vec<_>>();
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Utf8Mark => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            Self::Utf16Little => wide(u16::to_le_bytes),
            Self::Utf16Big => wide(u16::to_be_bytes),
            Self::Utf16LittleMark => [b"\xff\xfe".to_vec(), wide(u16::to_le_bytes)].concat(),
            Self::Utf32 => text
                .chars()
                .flat_map(|character| u32::from(character).to_le_bytes())
                .collect(),
            Self::Cp949 => EUC_KR.encode(text).0.into_owned(),
            Self::Padded => [text.as_bytes(), &[0; 3]].concat(),
            Self::Broken => [text.as_bytes(), b"\xec\x84"].concat(),
        }
    }
}

fn any_layers() -> impl Strategy<Value = Vec<Layer>> {
    let layer = proptest::sample::select(vec![
        Layer::JsonText,
        Layer::Percent,
        Layer::PercentUnit,
        Layer::Unicode,
        Layer::Hexadecimal,
        Layer::Reference,
        Layer::OpenReference,
        Layer::Base64,
    ]);
    proptest::collection::vec(layer, 0..4)
}

fn any_charset() -> impl Strategy<Value = Charset> {
    prop_oneof![
        Just(Charset::Utf8),
        Just(Charset::Utf8Mark),
        Just(Charset::Utf16Little),
        Just(Charset::Utf16Big),
        Just(Charset::Utf16LittleMark),
        Just(Charset::Utf32),
        Just(Charset::Cp949),
        Just(Charset::Padded),
        Just(Charset::Broken),
    ]
}

/// A name under which a secret stands, spelt in some way.
fn any_name() -> impl Strategy<Value = String> {
    let part = proptest::sample::select(vec![("api", "Key"), ("appr", "Sign"), ("ud", "Item")]);
    let joint = proptest::sample::select(vec!["", "_", "-", "\u{200b}", "\u{ad}"]);
    let before = proptest::sample::select(vec![
        "",
        "x-",
        "partner_",
        "com.paymint.partner.configuration.credentials.of.the.test.environment.",
    ]);
    let behind = proptest::sample::select(vec!["", "Value", "_of_the_partner_in_the_test_environment"]);
    (part, joint, before, behind, 0..4_u8).prop_map(|((first, second), joint, before, behind, case)| {
        let name = format!("{first}{joint}{second}");
        let name = match case {
            0 => name.to_uppercase(),
            1 => name.to_lowercase(),
            2 => name.chars().map(wide).collect(),
            _ => name,
        };
        format!("{before}{name}{behind}")
    })
}

fn wide(character: char) -> char {
    match character {
        '!'..='~' => char::from_u32(u32::from(character) + 0xfee0).unwrap(),
        other => other,
    }
}

/// How a name can carry a value. `N` stands for the name, `V` for its value, `K` for the partner's own key.
const CARRIERS: [&str; 34] = [
    r#"{"N":"V","a":"K"}"#,
    r#"{"x":{"N":"V"},"x":["K",1],"memberId":"m"}"#,
    r#"{"memberId":"m","x":[["N","V"],"가나 K"]}"#,
    r#"{"memberId":"m","x":["N",":","V","K"]}"#,
    r#"{"memberId":"m","x":{"name":"N","value":"V","id":"K"}}"#,
    r#"{"memberId":"m","x":{"v":"V","k":"N"},"y":"K"}"#,
    r#"{"memberId":"m","x":[{"key":["N"]},{"it":{"is":"V"}}]}"#,
    r#"{"merchantId":"m","x":"N=V&a=b","y":"K"}"#,
    "memberId=m&N=V&note=K",
    "memberId=m&k=N&v=V&note=K",
    "memberId=m&x[N]=V&note=K",
    r#"{"memberId":"m","N":"V","a":"K""#,
    r#"{"memberId":"m","a":"K","N":"V"#,
    r#"{"memberId":"m","a":"K","x":{"k":"N","v":"V"},"b"#,
    r#"{"memberId":"m","a":"K","v":"V","k":"N","b"#,
    r#"{"memberId":"m","a":"K","x":["N",":","V"#,
    r#"{"memberId":"m","N":{"a":{"b":"}V"}},"a":"K"#,
    "<N>V</N> K",
    "<a><N type=\"t\"> <![CDATA[V]]> </N><b>K</b></a>",
    "<a><n:N><v>V</v></n:N><b>K</b></a>",
    "<N>V",
    "<p N=\"V\" a='K'/>",
    "<p name=\"N\" value=\"V\"/> K",
    "<p value='V' name='N' > K",
    "<a><p key=\"N\">V</p><b>K</b></a>",
    "<a><n>N</n><v>V</v><b>K</b></a>",
    "N : 'V', K",
    "N=>\"V\" K",
    "N: V\r\nother: K",
    "name: N\nvalue: V\nother: K",
    "--b\r\nContent-Disposition: form-data; name=\"N\"\r\n\r\nV\r\n--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nK\r\n--b--",
    "--b\r\nContent-Disposition: form-data; name=\"N\"; filename=\"f\"\r\nContent-Type: text/plain\r\n\r\nV",
    "가(N = V) K",
    "url: http://a.example/path?a=b&N=V#K",
];

/// The partner's own key in other clothes.
fn any_own_key() -> impl Strategy<Value = String> {
    proptest::sample::select(vec![
        KEY.to_owned(),
        KEY.to_uppercase(),
        STANDARD.encode(KEY),
        STANDARD.encode(format!("partner:{KEY}\u{1}")),
        URL_SAFE_NO_PAD.encode(format!("ab{KEY}")),
        hex::encode(KEY),
        hex::encode_upper(KEY),
        format!("{}\u{200b}{}", &KEY[..3], &KEY[3..]),
        format!("{}\r\n {}", &KEY[..12], &KEY[12..]),
        KEY.split("").collect::<Vec<_>>().join(" "),
        KEY.chars().map(wide).collect(),
    ])
}

/// How people tell a key. `N` stands for the name, `V` for the key, `K` for the partner's own.
const SENTENCES: [&str; 10] = [
    "N는 V입니다. K",
    "N는 V 입니다\nK",
    "N is V. K",
    "N is now set to V, K",
    "N→V K",
    "N -> V K",
    "N,V\nK",
    "N: V (K)",
    "N 값은 다음과 같습니다: V\nK",
    r#"{"memberId":"m","merchant":{"reviewStatus":"S","reviewMessage":"N를 V로 바꿔 주세요. K"}}"#,
];

/// How people call it.
const SPOKEN: [&str; 10] = [
    "apiKey",
    "API key",
    "API_KEY",
    "인증키",
    "인증 키",
    "API 키",
    "ａｐｉ키",
    "secret key",
    "연동\u{200b}키",
    "access token",
];

fn any_sentence() -> impl Strategy<Value = String> {
    let (sentence, name) = (
        proptest::sample::select(SENTENCES.to_vec()),
        proptest::sample::select(SPOKEN.to_vec()),
    );
    (sentence, name, any_own_key()).prop_map(|(sentence, name, key)| said(sentence, name, &key))
}

fn said(carrier: &str, name: &str, key: &str) -> String {
    let write = |mark| match mark {
        'N' => name.to_owned(),
        'V' => FOREIGN.to_owned(),
        'K' => key.to_owned(),
        other => other.to_string(),
    };
    carrier.chars().map(write).collect()
}

/// A number as on a card, written in some way.
fn any_card() -> impl Strategy<Value = String> {
    let first = proptest::sample::select(vec!["4", "51", "2345", "37", "62", "9410"]);
    let joint = proptest::sample::select(vec!["", " ", "-", "–", "\u{200b}", "\u{a0}"]);
    (first, "[0-9]{18}", 13..=19_usize, joint, any::<bool>()).prop_map(|(first, rest, length, joint, is_wide)| {
        let digits: Vec<u32> = format!("{first}{rest}")
            .chars()
            .take(length - 1)
            .filter_map(|digit| digit.to_digit(10))
            .collect();
        let sum: u32 = digits
            .iter()
            .rev()
            .enumerate()
            .map(|(place, digit)| {
                if place % 2 == 0 {
                    digit * 2 / 10 + digit * 2 % 10
                } else {
                    *digit
                }
            })
            .sum();
        let digits: Vec<char> = digits
            .iter()
            .copied()
            .chain([(10 - sum % 10) % 10])
            .filter_map(|digit| char::from_digit(digit, 10))
            .collect();
        let groups: Vec<String> = digits.chunks(4).map(|group| group.iter().collect()).collect();
        let number = groups.join(joint);
        if is_wide {
            number.chars().map(wide).collect()
        } else {
            number
        }
    })
}

/// A body in which `FOREIGN` stands under a name, and the partner's own key anywhere.
fn any_body() -> impl Strategy<Value = String> {
    let carrier = proptest::sample::select(CARRIERS.to_vec());
    let named = (carrier, any_name(), any_own_key()).prop_map(|(carrier, name, key)| said(carrier, &name, &key));
    let body = prop_oneof![3 => named, 1 => any_sentence()];
    (body, any_layers(), "[^\"\\\\%&]{0,12}").prop_map(|(body, layers, around)| {
        let inner = layers.iter().fold(body, |text, layer| layer.wrap(&text));
        match layers.last() {
            Some(Layer::JsonText) => format!(r#"{{"memberId":"m","note":{inner}}}"#),
            Some(Layer::Percent | Layer::PercentUnit) => format!("payload={inner}"),
            Some(Layer::Unicode) => format!(r#"{{"memberId":"m","note":"{inner}"}}"#),
            Some(_) => inner,
            None => format!("{inner}{around}"),
        }
    })
}

/// A secret that can be read in a text, or in what it holds in base64.
fn secret_in(text: &str) -> Option<&'static str> {
    let mut texts = vec![text.to_owned()];
    let runs = text.split(|character: char| !character.is_ascii_alphanumeric() && !"+/-_".contains(character));
    texts.extend(runs.filter_map(base64::decoded));
    // Whatever stands in it that is no letter and no digit.
    let bare = |text: &str| {
        text.chars()
            .map(names::fold)
            .filter(|character| character.is_alphanumeric())
            .collect::<String>()
    };
    let held = |secret: &&str| {
        let (whole, digits) = (bare(secret), hex::encode(secret));
        texts
            .iter()
            .map(|text| bare(text))
            .any(|text| text.contains(&whole) || text.contains(&digits))
    };
    [KEY, FOREIGN].into_iter().find(held)
}

fn holds(bytes: &[u8], needle: &str) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
}

/// The same bodies every time: what one in some ten thousand shows is found by whoever looks for it, with `PROPTEST_CASES` and
/// `PROPTEST_RNG_SEED`, and not by whoever builds next.
fn config() -> ProptestConfig {
    let given = ProptestConfig::default();
    let rng_seed = match given.rng_seed {
        RngSeed::Random => RngSeed::Fixed(42),
        RngSeed::Fixed(seed) => RngSeed::Fixed(seed),
    };
    ProptestConfig {
        failure_persistence: None,
        rng_seed,
        ..given
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn no_planted_secret_is_stored(body in any_body(), charset in any_charset()) {
        let bytes = charset.encode(&body);
        let stored = stored(&bytes);
        let seen = crate::text::decode(&stored).text.into_owned();
        prop_assert!(!holds(&stored, FOREIGN) && !holds(&stored, KEY), "it is in {seen}");
        // And not below any layer either.
        let mut below = Some(seen);
        while let Some(text) = below {
            prop_assert_eq!(secret_in(&text), None, "{}", text);
            below = unwrap(&text);
        }
    }

    #[test]
    fn what_is_stored_stays_as_it_is_and_says_the_same(body in any_body(), charset in any_charset()) {
        let bytes = charset.encode(&body);
        let first = callback::read(&bytes, Some(&known()));
        let stored = stored(&bytes);
        let again = callback::read(&stored, Some(&known()));
        prop_assert_eq!(again.storable, None);
        let (Ok(first), Ok(again)) = (&first.payload, &again.payload) else {
            prop_assert_eq!(first.payload.err(), again.payload.err());
            return Ok(());
        };
        if let (CallbackPayload::Mapping(first), CallbackPayload::Mapping(again)) = (first, again) {
            prop_assert_eq!(first, again);
        }
    }

    #[test]
    fn no_card_number_is_stored(card in any_card(), around in "[가-힣 ,.]{0,8}", layers in any_layers(), is_json in any::<bool>()) {
        let message = format!("{around}{card}{around}");
        let message = if is_json { serde_json::json!({"memberId": "m", "merchant": {"reviewMessage": message}}).to_string() } else { message };
        let body = layers.iter().fold(message, |text, layer| layer.wrap(&text));
        let stored = stored(body.as_bytes());
        let digits = |text: &str| text.chars().map(names::fold).filter(char::is_ascii_digit).collect::<String>();
        let number = digits(&card);
        let mut below = Some(String::from_utf8(stored.clone()).unwrap());
        while let Some(text) = below {
            prop_assert!(!digits(&text).contains(&number), "{}", text);
            below = unwrap(&text);
        }
        prop_assert_eq!(callback::read(&stored, Some(&known())).storable, None);
    }

    #[test]
    fn damaged_bytes_never_panic_and_settle_at_once(
        body in any_body(),
        charset in any_charset(),
        damage in proptest::collection::vec((any::<proptest::sample::Index>(), any::<Option<u8>>()), 0..8),
    ) {
        let mut bytes = charset.encode(&body);
        for (at, by) in damage {
            let at = at.index(bytes.len().max(1));
            match by {
                Some(byte) if at < bytes.len() => bytes[at] = byte,
                Some(_) | None => bytes.truncate(at),
            }
        }
        let stored = stored(&bytes);
        prop_assert_eq!(callback::read(&stored, Some(&known())).storable, None);
        prop_assert!(!holds(&stored, KEY));
    }

    #[test]
    fn noise_never_panics_and_settles_at_once(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let stored = stored(&bytes);
        prop_assert_eq!(callback::read(&stored, Some(&known())).storable, None);
    }

    #[test]
    fn what_was_readable_before_is_read_the_same(
        member in "\\PC{0,20}", company in any::<String>(), message in "[^\u{fffd}]*", number in any::<u64>(), letter in "[NWPRSOX]?",
    ) {
        let body = serde_json::json!({
            "memberId": member, "merchantId": number, "member": {"id": null}, "extra": [1.5, -1, {"a": [true]}],
            "merchant": {"companyName": company, "reviewStatus": letter, "reviewMessage": message, "isDeleted": "N"},
        });
        let reading = callback::read(body.to_string().as_bytes(), Some(&known()));
        prop_assert_eq!(reading.storable, None);
        prop_assert!(!reading.decoded_with_loss);
        let Ok(CallbackPayload::Mapping(read)) = &reading.payload else { panic!("it is a mapping") };
        prop_assert_eq!(read.member_id.as_deref(), Some(member.as_str()));
        prop_assert_eq!(read.merchant_id.clone(), Some(number.to_string()));
        prop_assert_eq!(read.merchant.company_name.as_deref(), Some(company.as_str()));
        prop_assert_eq!(read.merchant.review_status.as_deref(), Some(letter.as_str()));
        prop_assert_eq!(read.merchant.review_message.as_deref(), Some(message.as_str()));
    }
}

/// How long the processor works on a body at best: what else the machine does is not the question.
fn quickest(body: &[u8]) -> std::time::Duration {
    let now = || {
        let spent = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
        std::time::Duration::try_from(spent).unwrap()
    };
    let timed = || {
        let before = now();
        let _read = callback::read(body, Some(&known()));
        now().checked_sub(before).unwrap()
    };
    (0..3).map(|_| timed()).min().unwrap()
}

/// Whoever sends chooses how long reading takes: that may grow with what was sent, and with nothing else. Four times as much
/// takes four times as long, and somewhat more if it is looked at more often; it takes sixteen times as long if every name looks
/// through all that follows.
#[test]
fn reading_takes_as_long_as_a_text_is() {
    const SHORT: usize = 4096;
    const UNITS: [&str; 30] = [
        "apiKey",
        "apiKey ",
        "api key ",
        "<api key>é",
        "<api key>",
        "<apiKey ",
        "<apiKey>",
        "apiKey=",
        "apiKey=&",
        "apiKey%3D",
        "%2561piKey",
        r"\u0061piKey\",
        r#"{"k":"apiKey","#,
        r#"{"apiKey":"#,
        r#"["apiKey","#,
        r#""apiKey":"{\""#,
        r#""apiKey""#,
        r#"{\"k\":"#,
        r#"<p name="apiKey">"#,
        "YXBpS2V5PWs",
        "apprIssuerNum 4",
        "110-123-",
        "a.p.i-K_e:y;",
        "payload=%7B",
        "=apiKey&a",
        ":apiKey\n",
        "form-data; apiKey\n\n",
        "API 키는",
        "Z ",
        "5 a 6 ",
    ];
    for unit in UNITS {
        for (before, after) in [
            ("", ""),
            ("", "é"),
            ("  <", "</a>"),
            (r#"{"member":{"id":""#, ""),
            ("data=", ""),
        ] {
            let body = |length: usize| [before, &unit.repeat(length / unit.len()), after].concat().into_bytes();
            let (short, long) = (quickest(&body(SHORT)), quickest(&body(4 * SHORT)));
            let most = short * 10 + std::time::Duration::from_millis(50);
            assert!(
                long < most,
                "{before}{unit}…{after}: {short:?}, and {long:?} for four times as much"
            );
        }
    }
    // A name of blanks has no letters, however often somebody looks.
    let nested = |count: usize| {
        format!(
            "{{\"{}\":{{{}\"a\":1}}}}",
            "-".repeat(8 * count),
            "\"item\":0,".repeat(count)
        )
    };
    let (short, long) = (quickest(nested(400).as_bytes()), quickest(nested(6_400).as_bytes()));
    assert!(
        long < short * 96 + std::time::Duration::from_millis(50),
        "{short:?}, and {long:?}"
    );
}
