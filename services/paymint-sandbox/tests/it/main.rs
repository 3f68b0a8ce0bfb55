//! The sandbox through its real doors: HTTP on free ports, callbacks to a real receiver.

#[cfg(test)]
mod bill_faults;
#[cfg(test)]
mod bills;
#[cfg(test)]
mod callbacks;
#[cfg(test)]
mod cards;
#[cfg(test)]
mod client;
#[cfg(test)]
mod control;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod lives;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod receipts;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod state;
#[cfg(test)]
mod support;
