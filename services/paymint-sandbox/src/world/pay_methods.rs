//! Cards on file (RP), with which a partner has bills paid without the payer. Their calls are documented by name only; what
//! they do here is our reading.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use rand::RngExt;
use serde::{Deserialize, Serialize};
use url::Url;

use super::bill::BillNumber;
use super::bills::BillDenied;
use super::made_up::{self, Card};
use super::{DICE_PAY_METHOD, MappingId, World};
use crate::dice;
use crate::faults::CallbackMishap;

/// The cards of all payers together.
const PAY_METHODS_MAX: usize = 100_000;

/// A payer's card, or the page where it is to be put in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PayMethod {
    pub(crate) mapping: MappingId,
    /// The payer.
    pub(crate) phone: String,
    pub(crate) member_name: Option<String>,
    /// The id that the partner learns.
    pub(crate) key: String,
    /// The secret part of the page's address.
    pub(crate) token: String,
    pub(crate) page_redirect_url: Option<Url>,
    /// None, until the payer has put it in.
    pub(crate) registered: Option<Registered>,
    /// Whether the bank refuses it.
    pub(crate) declines: bool,
}

/// A card that was put in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Registered {
    pub(crate) at: DateTime<Utc>,
    pub(crate) card: Card,
}

/// What a partner asks for with `/rp/manage`, checked.
#[derive(Debug)]
pub(crate) struct PayMethodWish {
    pub(crate) phone: String,
    pub(crate) member_name: Option<String>,
    pub(crate) page_redirect_url: Option<Url>,
}

type Owner = (MappingId, String);

/// The cards and the ways to find them.
#[derive(Debug, Default)]
pub(super) struct PayMethods {
    by_owner: BTreeMap<Owner, PayMethod>,
    by_token: HashMap<String, Owner>,
    /// How many there ever were.
    pub(super) made: u64,
}

impl PayMethods {
    pub(super) fn all(&self) -> impl Iterator<Item = &PayMethod> {
        self.by_owner.values()
    }

    pub(super) fn add(&mut self, method: PayMethod) {
        let owner = (method.mapping, method.phone.clone());
        self.by_token.insert(method.token.clone(), owner.clone());
        self.by_owner.insert(owner, method);
    }
}

impl World {
    /// Every card and every page for one, by business and payer.
    pub(crate) fn pay_methods(&self) -> impl Iterator<Item = &PayMethod> {
        self.pay_methods.all()
    }

    /// A payer's card at one business, or the page for it.
    pub(crate) fn pay_method(&self, id: MappingId, phone: &str) -> Option<&PayMethod> {
        self.pay_methods.by_owner.get(&(id, phone.to_owned()))
    }

    /// The same by its page.
    pub(crate) fn pay_method_by_token(&self, token: &str) -> Option<&PayMethod> {
        let owner = self.pay_methods.by_token.get(token)?;
        self.pay_methods.by_owner.get(owner)
    }

    /// Opens the page where a payer puts in a card. Asked again for the same payer it is the same page, and a card that was
    /// put in stays until another one is.
    pub(crate) fn manage_pay_method(&mut self, id: MappingId, wish: PayMethodWish) -> Result<&PayMethod, BillDenied> {
        self.open_mapping(id)?;
        let owner = (id, wish.phone.clone());
        if !self.pay_methods.by_owner.contains_key(&owner) {
            if self.pay_methods.by_owner.len() >= PAY_METHODS_MAX {
                return Err(BillDenied::Full);
            }
            self.pay_methods.made += 1;
            let mut dice = dice::for_decision(self.seed, &[DICE_PAY_METHOD, self.pay_methods.made]);
            let (key, token) = (dice.random::<u32>(), dice.random::<u64>());
            self.pay_methods.add(PayMethod {
                mapping: id,
                phone: wish.phone,
                member_name: None,
                key: format!("RP{key:08x}"),
                token: format!("{token:016x}"),
                page_redirect_url: None,
                registered: None,
                declines: false,
            });
        }
        self.changes += 1;
        let method = self.pay_methods.by_owner.get_mut(&owner).ok_or(BillDenied::NotFound)?;
        method.member_name = wish.member_name;
        method.page_redirect_url = wish.page_redirect_url;
        Ok(method)
    }

    /// A payer puts in a card, a made-up one.
    pub(crate) fn register_card(
        &mut self,
        id: MappingId,
        phone: &str,
        declines: bool,
        now: DateTime<Utc>,
    ) -> Result<&PayMethod, BillDenied> {
        self.changes += 1;
        let seed = self.seed;
        let method = self.pay_methods.by_owner.get_mut(&(id, phone.to_owned()));
        let method = method.ok_or(BillDenied::NoPayMethod)?;
        let phone_number = phone.parse().unwrap_or_default();
        let mut dice = dice::for_decision(seed, &[DICE_PAY_METHOD, id.number(), phone_number]);
        method.registered = Some(Registered {
            at: now,
            card: made_up::card(&mut dice),
        });
        method.declines = declines;
        Ok(method)
    }

    /// Forgets a payer's card.
    pub(crate) fn delete_pay_method(&mut self, id: MappingId, phone: &str) -> Result<PayMethod, BillDenied> {
        self.changes += 1;
        let removed = self.pay_methods.by_owner.remove(&(id, phone.to_owned()));
        let removed = removed.ok_or(BillDenied::NoPayMethod)?;
        self.pay_methods.by_token.remove(&removed.token);
        Ok(removed)
    }

    /// Whether a payer's card could pay something; else why not.
    pub(crate) fn card_of(&self, id: MappingId, phone: &str) -> Result<Card, BillDenied> {
        let method = self.pay_method(id, phone).ok_or(BillDenied::NoPayMethod)?;
        let registered = method.registered.as_ref().ok_or(BillDenied::NoPayMethod)?;
        if method.declines {
            return Err(BillDenied::CardDeclined);
        }
        Ok(registered.card.clone())
    }

    /// Has the card on file pay a bill.
    pub(crate) fn pay_by_card_on_file(
        &mut self,
        number: BillNumber,
        mishap: Option<CallbackMishap>,
        now: DateTime<Utc>,
    ) -> Result<(), BillDenied> {
        let bill = self.bill(number)?;
        if !bill.is_payable(now) {
            return Err(BillDenied::WrongState);
        }
        let (id, phone) = (bill.mapping, bill.order.phone.clone());
        match self.card_of(id, &phone) {
            Ok(card) => self.pay_bill(number, Some(card), mishap, now),
            Err(BillDenied::CardDeclined) => {
                self.decline_bill(number, now)?;
                Err(BillDenied::CardDeclined)
            }
            Err(denied) => Err(denied),
        }
    }
}
