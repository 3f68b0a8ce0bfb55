//! The world as it stands in the state file: what is remembered when the sandbox is started again. Faults, scripted lives and
//! callbacks that had not left are not.

use serde::{Deserialize, Serialize};

use super::mapping::Mapping;
use super::partner::Partner;
use super::{MAPPINGS_MAX, MappingId, World};

/// The form of the file. Another one is refused.
const FORMAT: u32 = 1;

#[derive(Serialize)]
struct Stored<'a> {
    format: u32,
    partners: &'a [Partner],
    mappings: &'a [Mapping],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    format: u32,
    partners: Vec<Partner>,
    mappings: Vec<Mapping>,
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
    #[error("its mappings are not numbered one after the other, or too many")]
    Numbers,
}

impl World {
    /// The state as JSON.
    pub(crate) fn to_stored(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&Stored {
            format: FORMAT,
            partners: &self.partners,
            mappings: &self.mappings,
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
        world.changes = 0;
        Ok(world)
    }
}
