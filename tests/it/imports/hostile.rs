//! Files that are made to hurt whoever reads them. Each ends in a clear message, and the service goes on as if nothing had been.

use std::io::{Cursor, Write};
use std::time::{Duration, Instant};

use registry_domain::TenantId;
use registry_imports::{
    FILE_BYTES_MAX, Reader, ReaderError, ReaderParts, Reading, ReadingLimits, Refusal, Table, Wish,
};
use registry_tests::TestApp;
use registry_tests::settings::settings;
use rust_xlsxwriter::Workbook;
use uuid::Uuid;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{CSV, XLSX, hand_over};

/// A workbook with one cell, whose parts are changed, and to which parts are added.
fn workbook(change: impl Fn(&str, Vec<u8>) -> Vec<u8>, more: &[(&str, &[u8])]) -> Vec<u8> {
    let mut plain = Workbook::new();
    plain.add_worksheet().write_string(0, 0, "member_code").expect("a cell");
    let bytes = plain.save_to_buffer().expect("a workbook");
    let mut parts = zip::ZipArchive::new(Cursor::new(bytes)).expect("a zip");
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for place in 0..parts.len() {
        let mut part = parts.by_index(place).expect("a part");
        let name = part.name().expect("a name").into_owned();
        let mut bytes = Vec::new();
        std::io::copy(&mut part, &mut bytes).expect("it is read");
        out.start_file(&name, options).expect("a part");
        out.write_all(&change(&name, bytes)).expect("it is written");
    }
    for (name, bytes) in more {
        out.start_file(*name, options).expect("a part");
        out.write_all(bytes).expect("it is written");
    }
    out.finish().expect("it is finished").into_inner()
}

fn as_it_is(_: &str, bytes: Vec<u8>) -> Vec<u8> {
    bytes
}

fn in_part(wanted: &'static str, from: &'static str, to: String) -> impl Fn(&str, Vec<u8>) -> Vec<u8> {
    move |name, bytes| {
        if name != wanted {
            return bytes;
        }
        let text = String::from_utf8(bytes).expect("XML");
        assert!(text.contains(from), "{text}");
        text.replace(from, &to).into_bytes()
    }
}

/// What is handed over, as what, and what is wrong with it.
type Hostile = (&'static str, &'static str, Vec<u8>, &'static str);

fn workbooks() -> Vec<Hostile> {
    let zeros = vec![0; 80 * 1024 * 1024];
    let claims = in_part(
        "xl/sharedStrings.xml",
        "uniqueCount=\"1\"",
        "uniqueCount=\"4000000000\"".to_owned(),
    );
    let deep = in_part("xl/worksheets/sheet1.xml", "r=\"A1\"", "r=\"A1048576\"".to_owned());
    let many: Vec<_> = (0..300).map(|number| format!("xl/media/{number}.png")).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
    let password = [
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice(),
        &"EncryptedPackage"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<_>>(),
    ]
    .concat();
    vec![
        (
            "a bomb",
            XLSX,
            workbook(as_it_is, &[("xl/media/bomb.png", &zeros)]),
            "inflates_too_far",
        ),
        (
            "four billion texts in two kB",
            XLSX,
            workbook(claims, &[]),
            "inflates_too_far",
        ),
        (
            "three hundred parts",
            XLSX,
            workbook(as_it_is, &many),
            "inflates_too_far",
        ),
        ("a row far below", XLSX, workbook(deep, &[]), "too_many_rows"),
        (
            "macros",
            XLSX,
            workbook(as_it_is, &[("xl/vbaProject.bin", b"x")]),
            "has_macros",
        ),
        (
            "links",
            XLSX,
            workbook(as_it_is, &[("xl/externalLinks/externalLink1.xml", b"<x/>")]),
            "has_macros",
        ),
        ("a password", XLSX, password, "has_password"),
        (
            "half a workbook",
            XLSX,
            workbook(as_it_is, &[])[..1_000].to_vec(),
            "damaged_workbook",
        ),
        (
            "a zip of nothing",
            XLSX,
            workbook(|_, _| Vec::new(), &[]),
            "damaged_workbook",
        ),
    ]
}

fn tables() -> Vec<Hostile> {
    let wide = format!("{}\n", vec!["x".repeat(100); 100].join(","));
    vec![
        ("nothing", CSV, Vec::new(), "empty"),
        ("blank lines", CSV, b"\n\n,,\n".to_vec(), "empty"),
        (
            "a hundred columns of 32 kB",
            CSV,
            format!("{}\n", vec!["x".repeat(32 * 1024); 100].join(",")).into_bytes(),
            "too_many_columns",
        ),
        ("a hundred columns", CSV, wide.into_bytes(), "too_many_columns"),
        (
            "a row of 20 kB",
            CSV,
            format!("a,{}\n", "x".repeat(20_000)).into_bytes(),
            "row_too_long",
        ),
        (
            "too many rows",
            CSV,
            "a,b\n".repeat(20_100).into_bytes(),
            "too_many_rows",
        ),
        (
            "broken bytes",
            CSV,
            b"member_code,merchant_code\n\xff\xfe\xfd\n".to_vec(),
            "not_in_encoding",
        ),
        ("half a character", CSV, b"a,b\nc,\xea".to_vec(), "not_in_encoding"),
        (
            "a program",
            CSV,
            b"\x7fELF\x02\x01\x01\0\0\0".to_vec(),
            "unknown_format",
        ),
    ]
}

#[tokio::test]
async fn files_that_are_made_to_hurt_end_in_a_clear_message_while_callbacks_go_on() {
    let app = TestApp::start().await;
    let id = app.tenant.register("acad-12", "store-1").await;
    app.tenant.issue_link(&id).await;
    let mapping = app.sandbox.mapping("acad-12", "store-1").await;
    mapping.submit("가나다").await;
    for (name, kind, bytes, code) in workbooks().into_iter().chain(tables()) {
        assert!(bytes.len() <= FILE_BYTES_MAX, "{name} is let in: {}", bytes.len());
        let begun = Instant::now();
        let (answer, ()) = tokio::join!(hand_over(&app.tenant.api, kind, bytes), mapping.resend());
        assert_eq!(answer.status, 422, "{name}");
        let problem = answer.problem(422, "file_refused");
        assert_eq!(problem["errors"][0]["code"], code, "{name}");
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{name} took {:?}",
            begun.elapsed()
        );
    }
    let huge = vec![b'x'; FILE_BYTES_MAX + 1];
    let answer = hand_over(&app.tenant.api, CSV, huge).await;
    answer.problem(413, "body_too_large");
    app.finish().await;
}

/// Whoever needs more memory than there is for it dies, and nobody else.
#[tokio::test]
async fn a_reader_has_no_more_memory_than_it_was_given() {
    let reader = |memory_max| {
        Reader::new(ReaderParts {
            program: settings().registry(),
            memory_max,
            limits: ReadingLimits { at_once: 2, waiting: 2 },
        })
    };
    // A text of 60 MiB, in a file of 60 kB.
    let long = in_part("xl/sharedStrings.xml", "member_code", "x".repeat(60 * 1024 * 1024));
    let file = workbook(long, &[]);
    assert!(file.len() < 100 * 1024, "{}", file.len());
    let (much, little) = (reader(512 * 1024 * 1024), reader(1024 * 1024));
    let refused = |read: Result<(Table, Reading), ReaderError>| match read {
        Err(ReaderError::Refused(refusal)) => refusal,
        Ok(_) | Err(ReaderError::TooManyOwn | ReaderError::Busy | ReaderError::Start(_)) => panic!("it is not refused"),
    };
    let tenant = TenantId::from_uuid(Uuid::from_u128(1));
    let with_much = refused(much.read(tenant, &file, Wish::default()).await);
    assert_eq!(with_much, Refusal::RowTooLong { line: 1 }, "it is read, and looked at");
    assert_eq!(
        refused(little.read(tenant, &file, Wish::default()).await),
        Refusal::TooMuchWork
    );
    assert_eq!(little.places().reading(), 0, "its place is free again");
}
