//! The URLs that are given away: which ones there are, and how one of ours is told from a stranger's.
//!
//! A step of its own because two others meet here: whoever asks for a registration link gives a callback URL along, and
//! whoever takes callbacks checks it. Shops are given links to their own pages. This crate knows ids and keys. It knows no log, no HTTP, and nothing of what is sent
//! to a URL.
//!
//! Read in this order: [`token`] (the secret in a URL, and its check), [`public_url`] (where all URLs begin), [`shop`] (the
//! pages of shops).

pub mod public_url;
pub mod shop;
pub mod token;

pub use public_url::{CallbackUrls, PublicUrl, PublicUrlError};
pub use shop::{Shop, ShopPage, ShopUrls};
pub use token::{CallbackToken, TokenKeys, TokenKeysError};
