//! The calls over real HTTP, against a server that answers once with what the test says.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod assumed;
#[cfg(test)]
mod calls;
#[cfg(test)]
mod cash_receipts;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod stub;
#[cfg(test)]
mod wire;
