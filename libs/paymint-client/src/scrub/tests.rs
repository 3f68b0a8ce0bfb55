use encoding_rs::EUC_KR;
use proptest::prelude::*;

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
        (r#"{"name":"apiKey","value":"k","a":1}"#, r#"{"name":"apiKey","a":1}"#),
        (r#"["apiKey","k","a"]"#, r#"["apiKey","***","a"]"#),
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
            r#"x["apiKey","***"] {"name": "apiKey", "value": "***", "a": 1}"#,
        ),
        ("<apiKey>k</apiKey><a>b</a>", "<apiKey>***</apiKey><a>b</a>"),
        ("a%22apiKey%22%3A%22k%22", "a\"apiKey\":\"***\""),
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
    Unicode,
}

impl Layer {
    fn wrap(self, text: &str) -> String {
        match self {
            Self::JsonText => serde_json::to_string(text).unwrap(),
            Self::Percent => text
                .bytes()
                .fold(String::new(), |said, byte| said + &format!("%{byte:02X}")),
            Self::Unicode => text
                .encode_utf16()
                .fold(String::new(), |said, unit| said + &format!("\\u{unit:04x}")),
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
    let layer = prop_oneof![Just(Layer::JsonText), Just(Layer::Percent), Just(Layer::Unicode)];
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

fn any_name() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just("apiKey"),
        Just("apikey"),
        Just("API_KEY"),
        Just("Api-Key"),
        Just("x-api-key"),
        Just("apprSign"),
        Just("APPR_SIGN"),
        Just("ud_item"),
    ]
}

/// A body in which `FOREIGN` stands under a name, and `KEY` anywhere.
fn any_body() -> impl Strategy<Value = String> {
    let pair = any_name().prop_flat_map(|name| {
        prop_oneof![
            Just(format!(r#"{{"{name}":"{FOREIGN}","a":"{KEY}"}}"#)),
            Just(format!(
                r#"{{"x":{{"{name}":"{FOREIGN}"}},"x":["{KEY}",1],"memberId":"m"}}"#
            )),
            Just(format!(
                r#"{{"memberId":"m","x":[["{name}","{FOREIGN}"],"가나 {KEY}"]}}"#
            )),
            Just(format!(
                r#"{{"memberId":"m","x":{{"name":"{name}","value":"{FOREIGN}","id":"{KEY}"}}}}"#
            )),
            Just(format!("memberId=m&{name}={FOREIGN}&note={KEY}")),
            Just(format!(r#"{{"memberId":"m","{name}":"{FOREIGN}","a":"{KEY}""#)),
            Just(format!(r#"{{"memberId":"m","a":"{KEY}","{name}":"{FOREIGN}"#)),
            Just(format!("<{name}>{FOREIGN}</{name}> {KEY}")),
            Just(format!("{name} : '{FOREIGN}', {KEY}")),
        ]
    });
    (pair, any_layers(), "[^\"\\\\%&]{0,12}").prop_map(|(body, layers, around)| {
        let inner = layers.iter().fold(body, |text, layer| layer.wrap(&text));
        match layers.last() {
            Some(Layer::JsonText) => format!(r#"{{"memberId":"m","note":{inner}}}"#),
            Some(Layer::Percent) => format!("payload={inner}"),
            Some(Layer::Unicode) => format!(r#"{{"memberId":"m","note":"{inner}"}}"#),
            None => format!("{inner}{around}"),
        }
    })
}

fn holds(bytes: &[u8], needle: &str) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_planted_secret_is_stored(body in any_body(), charset in any_charset()) {
        let bytes = charset.encode(&body);
        let stored = stored(&bytes);
        let seen = crate::text::decode(&stored).text.into_owned();
        for secret in [KEY, FOREIGN] {
            prop_assert!(!holds(&stored, secret) && !seen.contains(secret), "{secret} is in {seen}");
        }
        // And not below any layer either.
        let mut below = Some(seen);
        while let Some(text) = below {
            prop_assert!(!text.contains(KEY) && !text.contains(FOREIGN), "{text}");
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
