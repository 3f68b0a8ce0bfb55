//! Chance that does not depend on the order in which things happen to be scheduled.

use rand::SeedableRng;
use rand::rngs::StdRng;

/// A generator for one decision, named by numbers. The same names give the same decision, whatever happened before.
pub(crate) fn for_decision(seed: u64, names: &[u64]) -> StdRng {
    let mixed = names
        .iter()
        .fold(spread(seed), |mixed, name| spread(mixed ^ spread(*name)));
    StdRng::seed_from_u64(mixed)
}

/// One step of `SplitMix64`: neighbouring numbers lead far apart.
fn spread(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use rand::RngExt;

    use super::*;

    #[test]
    fn a_decision_depends_on_the_seed_and_all_names_alone() {
        let draw = |seed, names: &[u64]| for_decision(seed, names).random::<u64>();
        assert_eq!(draw(1, &[2, 3]), draw(1, &[2, 3]));
        assert_ne!(draw(1, &[2, 3]), draw(2, &[2, 3]));
        assert_ne!(draw(1, &[2, 3]), draw(1, &[3, 2]));
        assert_ne!(draw(1, &[2]), draw(1, &[2, 0]));
    }
}
