//! The pieces of texts, as the engines keep them and as they lead to what is looked for.

use registry_domain::TenantId;
use registry_domain::search::{Mark, Search};
use registry_journal::port::MerchantFilter;

/// How a piece is written as a word of an index.
pub(super) fn piece_word(piece: i32) -> String {
    format!("p{:08x}", piece.cast_unsigned())
}

/// Pieces as one text of words, which both engines can keep, or make a list of.
pub fn pieces_text(pieces: &[i32]) -> String {
    let words: Vec<_> = pieces.iter().map(|piece| piece_word(*piece)).collect();
    words.join(" ")
}

/// The inverse of [`pieces_text`]; none for what it never made.
pub fn pieces_of(text: &str) -> Option<Vec<i32>> {
    let piece = |word: &str| {
        u32::from_str_radix(word.strip_prefix('p')?, 16)
            .ok()
            .map(u32::cast_signed)
    };
    text.split_whitespace().map(piece).collect()
}

/// The pieces that lead to what is looked for: of one of these groups, all. None where an index of pieces does not help.
pub(super) fn pieces(tenant: TenantId, filter: &MerchantFilter) -> Vec<Vec<i32>> {
    let mut all: Vec<i32> = filter
        .search
        .iter()
        .flat_map(Search::words)
        .flat_map(|word| word.pieces(tenant))
        .collect();
    let mut alternatives: Option<&[Mark]> = None;
    for group in filter.marks() {
        match group {
            [mark] => all.push(mark.piece(tenant)),
            several => alternatives = alternatives.or(Some(several)),
        }
    }
    all.sort_unstable();
    all.dedup();
    match alternatives {
        _ if !all.is_empty() => vec![all],
        Some(several) => several.iter().map(|mark| vec![mark.piece(tenant)]).collect(),
        None => Vec::new(),
    }
}
