//! The link to send to the shop: as text, as a picture, and in messages that are ready to send.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};
use registry_documents::MerchantDocument;

use crate::frame::Frame;
use crate::words::{EN, KO, Words};

/// Blank modules around a code, as its standard wants them.
const QUIET: usize = 4;

/// A message that is ready to send.
pub struct Message {
    /// By what and in which language.
    pub name: String,
    /// The language's tag.
    pub language: &'static str,
    /// What it says.
    pub text: String,
}

/// The link to send to the shop.
pub struct Stable {
    /// The link.
    pub url: String,
    /// Modules on a side of the code, with what is left blank around it.
    pub side: usize,
    /// The dark ones, as the path of a picture.
    pub path: String,
    /// Messages.
    pub messages: Vec<Message>,
}

impl Stable {
    /// None for a text that does not fit into a code, which an address does.
    pub fn new(frame: &Frame, merchant: &MerchantDocument, url: &str) -> Option<Self> {
        // A quarter of the code may be covered by a thumb or a tear.
        let code = QrCode::with_error_correction_level(url, EcLevel::M).ok()?;
        let business = &merchant.business;
        let names = [&business.company_name, &business.branch_name];
        let names: Vec<_> = names.into_iter().flatten().map(String::as_str).collect();
        Some(Self {
            url: url.to_owned(),
            side: code.width() + 2 * QUIET,
            path: path_of(&code),
            messages: messages(frame.words(), &frame.tenant, &names.join(" "), url),
        })
    }
}

/// One stroke for each row of dark modules that touch.
fn path_of(code: &QrCode) -> String {
    let width = code.width();
    let modules = code.to_colors();
    let mut path = String::new();
    for (y, row) in modules.chunks(width).enumerate() {
        let mut x = 0;
        while x < width {
            let run = row[x..].iter().take_while(|module| **module == Color::Dark).count();
            if run > 0 {
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET);
            }
            x += run.max(1);
        }
    }
    path
}

/// In both languages, whatever the page is in: who sends them knows what the shop reads.
fn messages(words: &'static Words, partner: &str, shop: &str, url: &str) -> Vec<Message> {
    let page = &words.merchant;
    let languages = [(&KO, "ko", "한국어"), (&EN, "en", "English")];
    let of = languages.map(|(said, language, name)| {
        let message = |by: &str, text: String| Message {
            name: format!("{by} · {name}"),
            language,
            text,
        };
        [
            message(page.by_talk, (said.merchant.talk_message)(partner, shop, url)),
            message(page.by_mail, (said.merchant.mail_message)(partner, shop, url)),
        ]
    });
    of.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dark_module_is_drawn_once() {
        let code = QrCode::with_error_correction_level("https://registry.example/l/BAEBlwAAAAB3", EcLevel::M).unwrap();
        let drawn: usize = path_of(&code)
            .split('M')
            .skip(1)
            .map(|stroke| {
                let run = stroke.split_once('h').unwrap().1.split_once('v').unwrap().0;
                run.parse::<usize>().unwrap()
            })
            .sum();
        let dark = code.to_colors().into_iter().filter(|module| *module == Color::Dark);
        assert_eq!(drawn, dark.count());
    }
}
