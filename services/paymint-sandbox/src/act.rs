//! What a program that runs a sandbox in its own process can have happen there, to show something.

use std::collections::HashSet;
use std::time::Duration;

use url::Url;

use crate::clock;
use crate::lives::{Lives, LivesRequest};
use crate::sandbox::RunningSandbox;
use crate::world::{Denied, Issue, MappingId, ReviewLetter, Stray, World};

/// How long the callback of an act is waited for.
const DELIVERY_PATIENCE: Duration = Duration::from_secs(15);

/// Something that happens to a business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Somebody opens the registration page.
    Open,
    /// Somebody submits an application.
    Submit,
    /// The review desk sets a letter; only `S` and `R` have a message.
    Review(char, Option<&'static str>),
    /// The link is taken away.
    Delete,
    /// From now on whoever asks about the business is answered with an error.
    FallSilent,
    /// Its callback URL is sent something that is no callback.
    SendGarbage,
    /// Its callback URL is sent the callback of another business.
    SendForeign,
}

/// Why an act did not happen.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// No such business has a link.
    #[error("the sandbox has no mapping for {0}, {1}")]
    Unknown(String, String),
    /// The letter is none.
    #[error("{0} is no review code")]
    Letter(char),
    /// The business cannot do that now.
    #[error("the sandbox does not do that: {0}")]
    Denied(String),
    /// Lives cannot begin.
    #[error("lives cannot begin: {0}")]
    Lives(&'static str),
}

impl From<Denied> for ActError {
    fn from(denied: Denied) -> Self {
        Self::Denied(denied.to_string())
    }
}

impl RunningSandbox {
    /// Has something happen to a business of the first partner, and waits until its callbacks were sent, some seconds at
    /// most.
    pub async fn act(&self, member: &str, merchant: &str, act: Act) -> Result<(), ActError> {
        let done = self.upstream.with_world(|world| {
            let found = world.by_codes(0, member, merchant).map(|mapping| mapping.id);
            let id = found.ok_or_else(|| ActError::Unknown(member.to_owned(), merchant.to_owned()))?;
            carry_out(world, id, act).map(|()| id)
        });
        let id = done?;
        self.upstream.wait_until_sent(id, DELIVERY_PATIENCE).await;
        Ok(())
    }

    /// A link of the first partner's that another system than the registry asked for.
    pub fn link_elsewhere(&self, member: &str, merchant: &str, callback_url: Url) -> Result<(), ActError> {
        let issue = Issue {
            partner: 0,
            member_code: member.to_owned(),
            merchant_code: merchant.to_owned(),
            business_number: None,
            callback_url,
            redirect_url: None,
        };
        self.upstream
            .with_world(|world| world.issue(issue).map(|_mapping| ()))?;
        Ok(())
    }

    /// Lets these businesses live scripted lives, as pairs of member and merchant code; `speed` is how much faster than
    /// real time.
    pub fn start_lives(&self, pairs: &[(String, String)], speed: f64) -> Result<(), ActError> {
        let pairs: HashSet<(&str, &str)> = pairs
            .iter()
            .map(|(member, merchant)| (&**member, &**merchant))
            .collect();
        let request = LivesRequest {
            merchants: pairs.len(),
            speed,
            seed: None,
        };
        let begun = Lives::begin(&self.upstream, &request, &|mapping| {
            pairs.contains(&(&*mapping.member_code, &*mapping.merchant_code))
        });
        begun.map(|_report| ()).map_err(ActError::Lives)
    }
}

fn carry_out(world: &mut World, id: MappingId, act: Act) -> Result<(), ActError> {
    let now = clock::now();
    match act {
        Act::Open => world.open(id, now)?,
        Act::Submit => world.submit_made_up(id, now)?,
        Act::Review(letter, message) => {
            let known = ReviewLetter::try_from(letter.to_string()).map_err(|_| ActError::Letter(letter))?;
            world.review(id, known, message.map(str::to_owned), None, now)?;
        }
        Act::Delete => world.set_deleted(id, true, None, now)?,
        Act::FallSilent => world.set_silent(id, true)?,
        Act::SendGarbage => world.stray(id, Stray::Garbage, now)?,
        Act::SendForeign => world.stray(id, Stray::Foreign, now)?,
    }
    Ok(())
}
