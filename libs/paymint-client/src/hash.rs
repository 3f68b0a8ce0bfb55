//! The hash that bills and receipts carry.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::values::{BillId, PhoneNumber, Won};

/// SHA-256 in small hexadecimal digits over `billId,phone,price` if the request has a `phone` field, and over
/// `billId,price` if it has none (send v1, acceptance v1, sandbox: sure). Each part is the text that is sent.
#[derive(Serialize)]
#[serde(transparent)]
pub(crate) struct BillHash(String);

impl BillHash {
    pub(crate) fn with_phone(bill_id: &BillId, phone: &PhoneNumber, price: Won) -> Self {
        Self::over(&format!("{bill_id},{},{price}", phone.expose()))
    }

    pub(crate) fn without_phone(bill_id: &BillId, price: Won) -> Self {
        Self::over(&format!("{bill_id},{price}"))
    }

    fn over(text: &str) -> Self {
        Self(hex::encode(Sha256::digest(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Taken with `printf '%s' TEXT | sha256sum`.
    const VECTORS: [(&str, &str, u64, &str, &str); 2] = [
        (
            "B20260801A1",
            "01012345678",
            1000,
            "0d208403250dfadaebc52bd8b1762936fd36675c219d02fc36ffa0ec284a7060",
            "388d7c062ce3b545d7a2f6ec0e22d7ba6fa581684d279814bbae137892cb2c89",
        ),
        (
            "9",
            "0111234567",
            9_999_999_999,
            "766777f00f84f2fbf4185a5838878bfec9938b96e2d4f7807fb929ee85afb1e9",
            "71d0dce1a2c6678f42eb467d1f38c353ed81dd69173320aba519151ecee16e23",
        ),
    ];

    #[test]
    fn it_is_taken_over_what_is_sent() {
        for (bill_id, phone, price, with_phone, without_phone) in VECTORS {
            let bill_id = BillId::parse(bill_id).unwrap();
            let phone = PhoneNumber::parse(phone).unwrap();
            let price = Won::new(price).unwrap();
            assert_eq!(BillHash::with_phone(&bill_id, &phone, price).0, with_phone);
            assert_eq!(BillHash::without_phone(&bill_id, price).0, without_phone);
        }
    }
}
