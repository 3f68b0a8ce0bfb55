//! What merchants are found by.

use registry_journal::port::TermsRow;
use registry_journal_rows::bigint;
use registry_journal_rows::list::pieces_text;

use crate::rows::micros;
use crate::statement::Statement;

/// What a merchant was found by ends where what it is found by from now on begins. They come in order.
pub(crate) fn written(row: &TermsRow) -> [Statement; 2] {
    let TermsRow { terms, .. } = row;
    let end = sqlx::query!(
        "UPDATE merchant_terms SET valid_to = ?1 WHERE tenant_id = ?2 AND merchant_id = ?3 AND valid_to IS NULL",
        micros(row.valid_from),
        row.tenant_id.as_uuid(),
        row.merchant_id.as_uuid()
    );
    let begin = sqlx::query!(
        r#"
        INSERT INTO merchant_terms (
            tenant_id, merchant_id, version, created_at, valid_from, valid_to, name_key, code_key, text, number, marks, pieces
        )
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
        "#,
        row.tenant_id.as_uuid(),
        row.merchant_id.as_uuid(),
        bigint(row.version.0),
        micros(row.created_at),
        micros(row.valid_from),
        row.valid_to.map(micros),
        terms.name_key.clone(),
        terms.code_key.clone(),
        terms.text.clone(),
        terms.number.clone(),
        terms.marks.clone(),
        pieces_text(&terms.pieces)
    );
    [end, begin]
}
