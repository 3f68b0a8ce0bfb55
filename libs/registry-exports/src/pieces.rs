//! Bytes become pieces of one size, and a part of a file is found in them again.

use std::ops::RangeInclusive;

use crate::limits::PIECE_BYTES;

/// Cuts what is written into pieces. There is one buffer, in which each is gathered in turn.
#[derive(Debug)]
pub(crate) struct Pieces {
    gathered: Vec<u8>,
    bytes: u64,
}

impl Pieces {
    pub(crate) fn new() -> Self {
        Self {
            gathered: Vec::with_capacity(PIECE_BYTES),
            bytes: 0,
        }
    }

    /// Takes on as many bytes as the piece lacks; gives back the others.
    pub(crate) fn add<'bytes>(&mut self, bytes: &'bytes [u8]) -> &'bytes [u8] {
        let lacking = PIECE_BYTES - self.gathered.len();
        let (taken, rest) = bytes.split_at(bytes.len().min(lacking));
        self.gathered.extend_from_slice(taken);
        self.bytes = self.bytes.saturating_add(taken.len() as u64);
        rest
    }

    /// The piece, once it is whole.
    pub(crate) fn whole(&self) -> Option<&[u8]> {
        self.last().filter(|piece| piece.len() == PIECE_BYTES)
    }

    /// What is gathered, if that is anything.
    pub(crate) fn last(&self) -> Option<&[u8]> {
        Some(self.gathered.as_slice()).filter(|piece| !piece.is_empty())
    }

    /// Begins the next piece.
    pub(crate) fn begin_next(&mut self) {
        self.gathered.clear();
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
            let mut pieces = Pieces::new();
            let mut found = Vec::new();
            for mut part in text.chunks(step) {
                while !part.is_empty() {
                    part = pieces.add(part);
                    if let Some(whole) = pieces.whole() {
                        found.push(whole.to_vec());
                        pieces.begin_next();
                    }
                }
            }
            found.extend(pieces.last().map(<[u8]>::to_vec));
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
