//! Bytes become pieces of one size, and a part of a file is found in them again.

use std::mem;
use std::ops::RangeInclusive;

use crate::limits::PIECE_BYTES;

/// Cuts what is written into pieces.
#[derive(Debug, Default)]
pub(crate) struct Pieces {
    rest: Vec<u8>,
    bytes: u64,
}

impl Pieces {
    /// Takes on bytes; gives back the pieces that are whole now.
    pub(crate) fn add(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        self.rest.extend_from_slice(bytes);
        let mut whole = Vec::new();
        while self.rest.len() >= PIECE_BYTES {
            let behind = self.rest.split_off(PIECE_BYTES);
            whole.push(mem::replace(&mut self.rest, behind));
        }
        whole
    }

    /// The last piece, if there is anything left.
    pub(crate) fn last(&mut self) -> Option<Vec<u8>> {
        let rest = mem::take(&mut self.rest);
        (!rest.is_empty()).then_some(rest)
    }

    /// How many bytes there are by now.
    pub(crate) const fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// In which pieces a part of a file stands, and from where to where in each.
pub(crate) fn parts(range: RangeInclusive<u64>) -> impl Iterator<Item = (u32, usize, usize)> {
    let size = PIECE_BYTES as u64;
    let (first, last) = range.into_inner();
    (first / size..=last / size).filter_map(move |number| {
        let begin = number * size;
        let from = first.saturating_sub(begin);
        let until = (last - begin + 1).min(size);
        Some((
            u32::try_from(number).ok()?,
            usize::try_from(from).ok()?,
            usize::try_from(until).ok()?,
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_written_how_is_the_same_in_pieces() {
        let text: Vec<u8> = (0..2 * PIECE_BYTES + 7)
            .map(|at| u8::try_from(at % 251).expect("it fits"))
            .collect();
        for step in [1_000, PIECE_BYTES, PIECE_BYTES + 1, text.len()] {
            let mut pieces = Pieces::default();
            let mut found = Vec::new();
            for part in text.chunks(step) {
                found.extend(pieces.add(part));
            }
            found.extend(pieces.last());
            assert_eq!(
                found.iter().map(Vec::len).collect::<Vec<_>>(),
                [PIECE_BYTES, PIECE_BYTES, 7]
            );
            assert_eq!(found.concat(), text);
            assert_eq!(pieces.bytes(), text.len() as u64);
        }
    }

    #[test]
    fn a_part_is_found_in_its_pieces() {
        let size = PIECE_BYTES as u64;
        let found = |range| parts(range).collect::<Vec<_>>();
        assert_eq!(found(0..=0), [(0, 0, 1)]);
        assert_eq!(found(0..=size - 1), [(0, 0, PIECE_BYTES)]);
        assert_eq!(found(size..=size), [(1, 0, 1)]);
        assert_eq!(
            found(size - 2..=2 * size + 1),
            [(0, PIECE_BYTES - 2, PIECE_BYTES), (1, 0, PIECE_BYTES), (2, 0, 2)]
        );
    }
}
