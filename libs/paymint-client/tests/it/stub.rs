use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use paymint_client::{AutoPaymentCalls, Client, ClientConfig, ConfiguredCall, PayMethods};
use url::Url;

/// What the server does with the one request it takes.
pub enum Reply {
    Json(u16, String),
    Html(u16),
    /// It reads the request and says nothing until the client gives up.
    Hang,
    /// It reads the request and resets the connection.
    Reset,
}

/// What came.
pub struct Request {
    pub head: String,
    pub body: String,
}

impl Request {
    pub fn path(&self) -> &str {
        self.head.split(' ').nth(1).expect("a request line has a path")
    }
}

/// A server that takes one request.
pub struct Stub {
    base: Url,
    served: JoinHandle<Request>,
}

impl Stub {
    pub fn start(reply: Reply) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        Self {
            base: Url::parse(&format!("http://{address}/partner")).expect("it is a URL"),
            served: thread::spawn(move || serve(&listener, &reply)),
        }
    }

    /// A client that has switched on all that can be.
    pub fn client(&self, total_timeout: Duration) -> Client {
        Client::new(&ClientConfig {
            total_timeout,
            ..everything_on(&self.base)
        })
        .expect("the configuration is good")
    }

    pub fn base(&self) -> &Url {
        &self.base
    }

    /// What came. It waits aside, as it is the client's runtime that closes the connection.
    pub async fn request(self) -> Request {
        let served = tokio::task::spawn_blocking(move || self.served.join());
        let request = served.await.expect("waiting does not panic");
        request.expect("the server does not panic")
    }
}

pub fn everything_on(base: &Url) -> ClientConfig {
    let call = |path| ConfiguredCall::below(base, path).expect("the path is good");
    ClientConfig {
        auto_payment: Some(AutoPaymentCalls::assumed(base).expect("the base is good")),
        pay_method: Some(PayMethods::assumed_call(base).expect("the base is good")),
        partner_info: Some(call("read/partner")),
        callback_url_change: Some(call("update/partner")),
        ..ClientConfig::new(base.clone())
    }
}

fn serve(listener: &TcpListener, reply: &Reply) -> Request {
    let (mut stream, _) = listener.accept().expect("a client comes");
    let request = read(&mut stream);
    match reply {
        Reply::Json(status, body) => write(&mut stream, *status, "application/json", body),
        Reply::Html(status) => write(&mut stream, *status, "text/html", "<html>somebody's page</html>"),
        Reply::Hang => {
            // It ends when the client does.
            let _ = stream.read(&mut [0]);
        }
        Reply::Reset => {
            // Without lingering, closing resets.
            rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).expect("it is a socket");
        }
    }
    request
}

fn read(stream: &mut TcpStream) -> Request {
    let mut bytes = Vec::new();
    loop {
        let mut chunk = [0; 4096];
        let length = stream.read(&mut chunk).expect("the client sends");
        bytes.extend_from_slice(&chunk[..length]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n")
            && body.len() >= content_length(head)
        {
            return Request {
                head: head.to_owned(),
                body: body.to_owned(),
            };
        }
        assert!(length > 0, "the request is cut short");
    }
}

fn content_length(head: &str) -> usize {
    let header = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    header.expect("it says its length").parse().expect("it is a number")
}

fn write(stream: &mut TcpStream, status: u16, content_type: &str, body: &str) {
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).expect("the client listens");
    stream.write_all(body.as_bytes()).expect("the client listens");
}
