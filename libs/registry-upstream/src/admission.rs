//! Leave for one call, which is given back if the call is not made.

use chrono::{DateTime, Utc};

use crate::inquirer::Inquirer;

/// A call that may be made. While an upstream is tried again there is one at a time for everybody: whoever has it and does not call
/// must not keep the others away.
pub(crate) struct Admission {
    inquirer: Inquirer,
    base_url: String,
    at: DateTime<Utc>,
    is_used: bool,
}

impl Admission {
    pub(crate) fn new(inquirer: Inquirer, base_url: String, at: DateTime<Utc>) -> Self {
        Self {
            inquirer,
            base_url,
            at,
            is_used: false,
        }
    }

    /// The call is made now.
    pub(crate) fn used(mut self) {
        self.is_used = true;
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        if !self.is_used {
            self.inquirer.give_back(&self.base_url, self.at);
        }
    }
}
