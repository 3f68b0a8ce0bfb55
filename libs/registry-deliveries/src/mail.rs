//! Mail, through the server that the operator has named.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::{Address, AsyncTransport, Tokio1Executor};
use registry_domain::merchant::SecretText;
use url::Url;

/// How long a mail may take.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// Why no mail can be sent as it is set.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The URL is of another form.
    #[error("the URL of the mail server is of another form")]
    Url,
    /// What is sent could be read on the way, and nobody has said that it may.
    #[error("the mail server is another machine, and the connection to it would not be encrypted")]
    Plain,
    /// The server cannot be used.
    #[error("the mail server cannot be used")]
    Server(#[source] lettre::transport::smtp::Error),
    /// The sender is no address.
    #[error("the sender is no mail address")]
    From(#[source] lettre::address::AddressError),
}

/// Sends mail.
#[derive(Clone)]
pub struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// The password does not show.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").finish_non_exhaustive()
    }
}

impl Mail {
    /// By way of a server: `smtps://<user>:<password>@<host>`, or `smtp://…?tls=required`. Without TLS only to this machine, or
    /// with `?tls=none`.
    pub fn new(url: &str, from: &str) -> Result<Self, MailError> {
        let from = Self::read_sender(from)?;
        let url = server(url)?;
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.as_str()).map_err(MailError::Server)?;
        Ok(Self {
            transport: builder.timeout(Some(TIME_LIMIT)).build(),
            from,
        })
    }

    /// Reads a sender.
    pub fn read_sender(from: &str) -> Result<Mailbox, MailError> {
        from.parse().map_err(MailError::From)
    }

    /// Sends a text. `id` is the same however often the same is sent: whoever keeps mail can tell a repeat.
    pub(crate) async fn send(&self, to: &SecretText, id: &str, title: &str, text: String) -> Result<(), &'static str> {
        // Addresses and texts are parsed and encoded: nothing in them becomes a header.
        let to: Address = to.expose().parse().map_err(|_| "bad_address")?;
        let host = self.from.email.domain();
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .message_id(Some(format!("<{id}@{host}>")))
            .subject(title)
            .header(ContentType::TEXT_PLAIN)
            .body(text)
            .map_err(|_| "bad_message")?;
        match tokio::time::timeout(TIME_LIMIT, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_permanent() || error.is_transient() => Err("refused"),
            Ok(Err(error)) if error.is_timeout() => Err("timeout"),
            Ok(Err(_)) => Err("connection_failed"),
            Err(_late) => Err("timeout"),
        }
    }
}

/// The URL as the library reads it.
fn server(text: &str) -> Result<Url, MailError> {
    let mut url = Url::parse(text).map_err(|_| MailError::Url)?;
    let host = url.host_str().ok_or(MailError::Url)?;
    let is_here = host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse()
            .is_ok_and(|it: IpAddr| it.is_loopback());
    let tls: Vec<_> = url
        .query_pairs()
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let tls: Vec<_> = tls
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    match (url.scheme(), tls.as_slice()) {
        ("smtps", []) | ("smtp", [("tls", "required")]) => {}
        ("smtp", [("tls", "none")]) => url.set_query(None),
        ("smtp", []) if is_here => {}
        ("smtp", []) => return Err(MailError::Plain),
        _ => return Err(MailError::Url),
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_mail_server_is_reached_over_tls_or_lies_here() {
        for url in [
            "smtps://u:p@mail.example",
            "smtp://u:p@mail.example:587?tls=required",
            "smtp://mail.example?tls=none",
            "smtp://localhost:2525",
            "smtp://127.0.0.1:2525",
            "smtp://[::1]",
        ] {
            assert!(Mail::new(url, "registry@partner.example").is_ok(), "{url}");
        }
        assert!(matches!(server("smtp://mail.example"), Err(MailError::Plain)));
        for url in [
            "",
            "mail.example",
            "smtp://",
            "https://mail.example",
            "smtp://m.example?tls=opportunistic",
        ] {
            assert!(matches!(server(url), Err(MailError::Url)), "{url}");
        }
        let from = Mail::new("smtps://mail.example", "registry\r\nBcc: x@y.example");
        assert!(matches!(from, Err(MailError::From(_))));
        assert_eq!(
            format!("{:?}", Mail::new("smtps://u:p4ss@m.example", "a@b.example").unwrap()),
            "Mail { .. }"
        );
    }
}
