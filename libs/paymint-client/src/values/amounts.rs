//! Money. On the wire it is a JSON string of digits (bill-sand, acceptance v2: sure).

use std::fmt;

use serde::{Serialize, Serializer};

/// The largest amount: ten digits.
const MAX: u64 = 9_999_999_999;

/// Why something is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Nothing is charged for zero won.
    #[error("the amount is zero")]
    Zero,
    /// It has more than ten digits.
    #[error("the amount is above {MAX} won")]
    TooLarge,
    /// It is empty, or holds something else than digits.
    #[error("the amount is not a text of digits")]
    NotDigits,
}

/// A price in won, 1 to 9,999,999,999.
///
/// Ten digits are the limit of upstream's page (bill-sand: sure). That zero is no price is ours: no source shows one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Won(u64);

impl Won {
    /// Takes 1 to 9,999,999,999.
    pub fn new(won: u64) -> Result<Self, AmountError> {
        match Amount::new(won)?.0 {
            0 => Err(AmountError::Zero),
            won => Ok(Self(won)),
        }
    }

    /// Reads 1 to 10 digits, without separators. Zeros in front are dropped.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        Self::new(Amount::parse(text)?.0)
    }

    /// The number of won.
    pub fn get(self) -> u64 {
        self.0
    }
}

/// A part of a price in won, 0 to 9,999,999,999: zero is the tax of what is exempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(u64);

impl Amount {
    /// Takes 0 to 9,999,999,999.
    pub fn new(won: u64) -> Result<Self, AmountError> {
        if won > MAX {
            return Err(AmountError::TooLarge);
        }
        Ok(Self(won))
    }

    /// Reads digits, without separators. Zeros in front are dropped.
    pub fn parse(text: &str) -> Result<Self, AmountError> {
        if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(AmountError::NotDigits);
        }
        // Digits alone fail to be a number only by their length.
        Self::new(text.parse().map_err(|_| AmountError::TooLarge)?)
    }

    /// The number of won.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl From<Won> for Amount {
    fn from(won: Won) -> Self {
        Self(won.0)
    }
}

impl fmt::Display for Won {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl Serialize for Won {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A price with its net part (`supplyPrice`) and its tax (`tax`), which always add up to it.
///
/// That the sum must fit is ours; integrators do the same, and no page says what upstream does otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceSplit {
    price: Won,
    supply_price: Amount,
    tax: Amount,
}

impl PriceSplit {
    /// What is exempt from value added tax: the net part is all of it (sandbox: sure).
    pub fn exempt(price: Won) -> Self {
        Self {
            price,
            supply_price: price.into(),
            tax: Amount(0),
        }
    }

    /// What holds ten per cent of value added tax: the net part is the price divided by 1.1, rounded to the won
    /// (integrators: likely). Who rounds otherwise uses [`PriceSplit::of`].
    pub fn taxed(price: Won) -> Self {
        // Price / 1.1, rounded half up, in whole numbers.
        let net = (price.0 * 20 + 11) / 22;
        Self {
            price,
            supply_price: Amount(net),
            tax: Amount(price.0 - net),
        }
    }

    /// The price that both parts add up to.
    pub fn of(supply_price: Amount, tax: Amount) -> Result<Self, AmountError> {
        Ok(Self {
            price: Won::new(supply_price.0 + tax.0)?,
            supply_price,
            tax,
        })
    }

    /// The whole price.
    pub fn price(self) -> Won {
        self.price
    }

    /// The net part.
    pub fn supply_price(self) -> Amount {
        self.supply_price
    }

    /// The tax.
    pub fn tax(self) -> Amount {
        self.tax
    }
}

/// What a bill charges. `supplyPrice` and `tax` are optional on `/bill` (send v2: their names are sure).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BillPrice {
    /// The price alone.
    Total(Won),
    /// The price and its parts.
    Split(PriceSplit),
}

impl BillPrice {
    /// The price that is charged.
    pub fn total(self) -> Won {
        match self {
            Self::Total(price) => price,
            Self::Split(split) => split.price,
        }
    }

    /// The parts, if they are given.
    pub fn split(self) -> Option<PriceSplit> {
        match self {
            Self::Total(_) => None,
            Self::Split(split) => Some(split),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_price_has_one_to_ten_digits() {
        assert_eq!(Won::new(0), Err(AmountError::Zero));
        assert_eq!(Won::new(1).unwrap().get(), 1);
        assert_eq!(Won::new(9_999_999_999).unwrap().to_string(), "9999999999");
        assert_eq!(Won::new(10_000_000_000), Err(AmountError::TooLarge));
        assert_eq!(Won::parse("001000").unwrap().get(), 1000);
        assert_eq!(Won::parse("000"), Err(AmountError::Zero));
        assert_eq!(Won::parse(&"9".repeat(40)), Err(AmountError::TooLarge));
        for text in ["", "-1", "+1", "1,000", "1.0", " 1", "１", "1e3"] {
            assert_eq!(Won::parse(text), Err(AmountError::NotDigits), "{text}");
            assert_eq!(Amount::parse(text), Err(AmountError::NotDigits), "{text}");
        }
        assert_eq!(Amount::parse("0").unwrap().get(), 0);
    }

    #[test]
    fn it_is_sent_as_a_text() {
        assert_eq!(serde_json::to_string(&Won::new(1000).unwrap()).unwrap(), "\"1000\"");
        assert_eq!(serde_json::to_string(&Amount::new(0).unwrap()).unwrap(), "\"0\"");
    }

    #[test]
    fn the_tax_of_a_price_is_rounded_to_the_won() {
        for (price, net) in [
            (1, 1),
            (5, 5),
            (6, 5),
            (10, 9),
            (11, 10),
            (1000, 909),
            (1100, 1000),
            (45_000, 40_909),
        ] {
            let split = PriceSplit::taxed(Won::new(price).unwrap());
            assert_eq!(split.supply_price().get(), net, "{price}");
        }
        let exempt = PriceSplit::exempt(Won::new(1000).unwrap());
        assert_eq!((exempt.supply_price().get(), exempt.tax().get()), (1000, 0));
        let max = Amount::new(9_999_999_999).unwrap();
        assert_eq!(PriceSplit::of(max, Amount::new(1).unwrap()), Err(AmountError::TooLarge));
        assert_eq!(PriceSplit::of(Amount(0), Amount(0)), Err(AmountError::Zero));
    }

    proptest! {
        #[test]
        fn the_parts_add_up(price in 1..=MAX) {
            let split = PriceSplit::taxed(Won::new(price).unwrap());
            prop_assert_eq!(split.supply_price().get() + split.tax().get(), price);
            prop_assert_eq!(PriceSplit::of(split.supply_price(), split.tax()), Ok(split));
        }
    }
}
