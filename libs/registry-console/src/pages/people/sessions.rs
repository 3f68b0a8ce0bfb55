//! The browsers in which somebody is signed in.

use crate::documents::Session;
use crate::door::SignedIn;
use crate::frame::Frame;
use crate::parts::{Ago, At};

/// Browsers by what they say of themselves, the particular ones before those that they pass for.
const BROWSERS: [(&str, &str); 8] = [
    ("Whale/", "Whale"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Systems likewise.
const SYSTEMS: [(&str, &str); 6] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// A browser in which somebody is signed in.
pub struct SessionRow {
    /// Names it.
    pub id: String,
    /// The browser, in a word or two.
    pub browser: String,
    /// What it says of itself.
    pub whole: String,
    /// How somebody signed in there.
    pub method: String,
    /// When.
    pub began: At,
    /// When it was last used.
    pub seen: Ago,
    /// When it ends unless it is used.
    pub until: At,
    /// Whether the page is shown in it.
    pub is_this: bool,
}

/// All of them, the newest first.
pub fn rows(frame: &Frame, who: &SignedIn, sessions: &[Session]) -> Vec<SessionRow> {
    let (words, now) = (frame.words(), frame.now);
    let row = |session: &Session| SessionRow {
        id: session.id.clone(),
        browser: session
            .user_agent
            .as_deref()
            .and_then(browser)
            .unwrap_or_else(|| words.people.unknown_browser.to_owned()),
        whole: session.user_agent.clone().unwrap_or_else(|| session.id.clone()),
        method: words.sign_in_method(&session.method).to_owned(),
        began: At {
            moment: session.created_at,
            now,
        },
        seen: Ago {
            moment: session.seen_at,
            now,
            words,
        },
        until: At {
            moment: session.idle_until,
            now,
        },
        is_this: session.id == who.session,
    };
    sessions.iter().map(row).collect()
}

/// A browser and its system, as far as they are known.
fn browser(said: &str) -> Option<String> {
    let known = |names: &[(&str, &'static str)]| {
        let found = names.iter().find(|(mark, _)| said.contains(mark));
        found.map(|(_, name)| *name)
    };
    match (known(&BROWSERS), known(&SYSTEMS)) {
        (Some(browser), Some(system)) => Some(format!("{browser} · {system}")),
        (Some(name), None) | (None, Some(name)) => Some(name.to_owned()),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_told_from_those_that_it_passes_for() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36 Edg/156.0";
        assert_eq!(browser(edge).as_deref(), Some("Edge · Windows"));
        let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605 Version/19 Safari/604";
        assert_eq!(browser(phone).as_deref(), Some("Safari · iPhone"));
        assert_eq!(browser("curl/8"), None);
    }
}
