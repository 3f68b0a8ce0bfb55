//! What merchants are found by.

use chrono::{DateTime, Utc};
use registry_journal::port::TermsRow;
use registry_journal_rows::bigint;

use crate::statement::{Statement, column};

/// What a batch writes of it.
pub(crate) fn written(terms: &[TermsRow]) -> [Statement; 2] {
    [end_terms(terms), merchant_terms(terms)]
}

/// What a merchant was found by ends where the first of what it is found by from now on begins.
fn end_terms(terms: &[TermsRow]) -> Statement {
    let mut first: Vec<&TermsRow> = Vec::new();
    for row in terms {
        let is_known = first
            .iter()
            .any(|known| (known.tenant_id, known.merchant_id) == (row.tenant_id, row.merchant_id));
        if !is_known {
            first.push(row);
        }
    }
    sqlx::query!(
        r#"
        UPDATE merchant_terms SET valid_to = wanted.at
        FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS wanted (tenant_id, merchant_id, at)
        WHERE merchant_terms.tenant_id = wanted.tenant_id AND merchant_terms.merchant_id = wanted.merchant_id
            AND valid_to IS NULL
        "#,
        &column(&first, |row| row.tenant_id.as_uuid()),
        &column(&first, |row| row.merchant_id.as_uuid()),
        &column(&first, |row| row.valid_from)
    )
}

fn merchant_terms(terms: &[TermsRow]) -> Statement {
    let pieces = |row: &TermsRow| {
        let pieces: Vec<_> = row.terms.pieces.iter().map(i32::to_string).collect();
        format!("{{{}}}", pieces.join(","))
    };
    sqlx::query!(
        r#"
        INSERT INTO merchant_terms (
            tenant_id, merchant_id, version, created_at, valid_from, valid_to, name_key, code_key, text, number, marks, pieces
        )
        SELECT
            unnest($1::uuid[]), unnest($2::uuid[]), unnest($3::bigint[]), unnest($4::timestamptz[]),
            unnest($5::timestamptz[]), unnest($6::timestamptz[]), unnest($7::text[]), unnest($8::text[]), unnest($9::text[]),
            unnest($10::text[]), unnest($11::text[]), unnest($12::text[])::integer[]
        "#,
        &column(terms, |row| row.tenant_id.as_uuid()),
        &column(terms, |row| row.merchant_id.as_uuid()),
        &column(terms, |row| bigint(row.version.0)),
        &column(terms, |row| row.created_at),
        &column(terms, |row| row.valid_from),
        &column(terms, |row| row.valid_to) as &[Option<DateTime<Utc>>],
        &column(terms, |row| row.terms.name_key.as_str()) as &[&str],
        &column(terms, |row| row.terms.code_key.as_str()) as &[&str],
        &column(terms, |row| row.terms.text.as_str()) as &[&str],
        &column(terms, |row| row.terms.number.as_str()) as &[&str],
        &column(terms, |row| row.terms.marks.as_str()) as &[&str],
        &column(terms, pieces)
    )
}
