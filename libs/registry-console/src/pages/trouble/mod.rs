//! What is shown instead of a page.

use askama::Template;

use crate::frame::Frame;
use crate::parts::filters;

/// A page that says what did not work.
#[derive(Template)]
#[template(path = "trouble/page.html")]
pub struct TroublePage {
    /// The frame, which has the problem.
    pub frame: Frame,
}

/// The same for those of whom nobody knows who they are.
#[derive(Template)]
#[template(path = "trouble/plain.html")]
pub struct PlainPage {
    /// What to say.
    pub title: &'static str,
    /// What to do about it.
    pub hint: &'static str,
    /// Where to go on.
    pub home: &'static str,
    /// The language.
    pub tag: &'static str,
    /// The colours.
    pub theme: &'static str,
}
