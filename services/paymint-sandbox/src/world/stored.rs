//! The world as it stands in the state file: what is remembered when the sandbox is started again. Faults, scripted lives and
//! callbacks that had not left are not.

use serde::{Deserialize, Serialize};

use super::bill::{Bill, BillNumber};
use super::mapping::Mapping;
use super::partner::Partner;
use super::pay_methods::PayMethod;
use super::receipts::Receipt;
use super::{MAPPINGS_MAX, MappingId, World};

/// The form of the file. Another one is refused.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Stored<'a> {
    format: u32,
    partners: &'a [Partner],
    mappings: &'a [Mapping],
    bills: &'a [Bill],
    receipts: &'a [Receipt],
    pay_methods: Vec<&'a PayMethod>,
    pay_methods_made: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    format: u32,
    partners: Vec<Partner>,
    mappings: Vec<Mapping>,
    // A state that was written before there were bills has none.
    #[serde(default)]
    bills: Vec<Bill>,
    #[serde(default)]
    receipts: Vec<Receipt>,
    #[serde(default)]
    pay_methods: Vec<PayMethod>,
    #[serde(default)]
    pay_methods_made: u64,
}

/// Why a state cannot be gone on from.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoredWorldError {
    /// It is no state, or one of another version of the sandbox.
    #[error("it does not hold the state of a sandbox of this version")]
    Shape(#[source] serde_json::Error),
    /// It is of another form.
    #[error("it has the form {0}, and this version reads form {FORMAT} only")]
    Format(u32),
    /// It was written for other partners.
    #[error("it was written for {0} partner keys")]
    Partners(usize),
    /// It contradicts itself.
    #[error("its mappings or bills are not numbered one after the other, or too many")]
    Numbers,
    /// It tells of a business that it does not hold.
    #[error("it holds a bill, a receipt or a card of an unknown business")]
    Business,
}

impl World {
    /// The state as JSON.
    pub(crate) fn to_stored(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&Stored {
            format: FORMAT,
            partners: &self.partners,
            mappings: &self.mappings,
            bills: self.bills(),
            receipts: self.receipts(),
            pay_methods: self.pay_methods().collect(),
            pay_methods_made: self.pay_methods.made,
        })
    }

    /// A world that goes on from a state. The keys are those of the partners that it was written for, in their order.
    pub(crate) fn from_stored(seed: u64, keys: Vec<String>, stored: &[u8]) -> Result<Self, StoredWorldError> {
        let read: Read = serde_json::from_slice(stored).map_err(StoredWorldError::Shape)?;
        if read.format != FORMAT {
            return Err(StoredWorldError::Format(read.format));
        }
        let has_partner = |mapping: &Mapping| mapping.partner < keys.len();
        if read.partners.len() != keys.len() || !read.mappings.iter().all(has_partner) {
            return Err(StoredWorldError::Partners(read.partners.len()));
        }
        if read.mappings.len() > MAPPINGS_MAX {
            return Err(StoredWorldError::Numbers);
        }
        let mut world = Self::new(seed, keys);
        world.partners = read.partners;
        for (index, mapping) in read.mappings.into_iter().enumerate() {
            if mapping.id != MappingId::from_index(index) {
                return Err(StoredWorldError::Numbers);
            }
            world.add(mapping);
        }
        for (index, bill) in read.bills.into_iter().enumerate() {
            if bill.number != BillNumber::from_index(index) {
                return Err(StoredWorldError::Numbers);
            }
            world.add_bill(world.owner(bill.mapping)?, bill);
        }
        for receipt in read.receipts {
            world.add_receipt(world.owner(receipt.mapping)?, receipt);
        }
        for method in read.pay_methods {
            world.owner(method.mapping)?;
            world.pay_methods.add(method);
        }
        world.pay_methods.made = read.pay_methods_made;
        world.changes = 0;
        Ok(world)
    }

    fn owner(&self, id: MappingId) -> Result<usize, StoredWorldError> {
        let mapping = self.get(id).map_err(|_| StoredWorldError::Business)?;
        Ok(mapping.partner)
    }
}
