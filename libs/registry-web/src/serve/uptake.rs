//! Whether a client takes what was written to it. The system keeps what was written until the client has acknowledged it, and
//! tells how much that is: over a netlink socket, the only way to it that needs no unsafe code.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, PoisonError};

use registry_domain::causes;
use rustix::net::netlink::{SOCK_DIAG, SocketAddrNetlink};
use rustix::net::{self, AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType};
use tokio::time::Instant;

/// Kinds of messages (`linux/netlink.h`, `linux/sock_diag.h`).
const BY_FAMILY: u16 = 20;
const REQUEST: u16 = 1;

/// Lengths of the head of a message, and of a question (`linux/inet_diag.h`).
const HEAD_BYTES: usize = 16;
const QUESTION_BYTES: u32 = 16 + 56;

/// Where in an answer stand the client's port, and how many bytes wait to be acknowledged (`struct inet_diag_msg`).
const PORT_AT: usize = HEAD_BYTES + 6;
const WAITING_AT: usize = HEAD_BYTES + 60;

/// As what the end of a connection counts while it waits to be acknowledged. A byte of an answer that waits alone is not
/// told from it, and does not wait for long: the next part of an answer is longer.
const END_OF_CONNECTION: u64 = 1;

/// Room for an answer; what is told besides may be cut off.
const ANSWER_BYTES_MAX: usize = 512;

/// Asks the system about connections. One for all of them: the answer is there when the question has been sent.
#[derive(Debug)]
pub struct SendQueues(Option<Mutex<Asking>>);

#[derive(Debug)]
struct Asking {
    socket: OwnedFd,
    number: u32,
}

impl SendQueues {
    /// Makes ready to ask. A system that cannot be asked is told of once; then only a full buffer tells that nothing is taken.
    pub fn open() -> Self {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        match net::socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, Some(SOCK_DIAG)) {
            Ok(socket) => Self(Some(Mutex::new(Asking { socket, number: 0 }))),
            Err(error) => {
                tracing::warn!(
                    error = %causes(&error),
                    "the system does not tell what clients have acknowledged: one that reads nothing is noticed only when a buffer is full"
                );
                Self(None)
            }
        }
    }

    /// How many bytes, written by us, the other end has not acknowledged; none if the system does not tell. Of a socket that
    /// listens, with nobody at the other end: how many connections may wait at it.
    pub(super) fn waiting(&self, ends: &Ends) -> Option<u64> {
        let mut asking = self.0.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        match asking.ask(ends) {
            Ok(waiting) => waiting,
            Err(error) => {
                tracing::debug!(error = %causes(&error), "the system did not tell what a client has acknowledged");
                None
            }
        }
    }
}

impl Asking {
    fn ask(&mut self, ends: &Ends) -> io::Result<Option<u64>> {
        self.number = self.number.wrapping_add(1);
        let question = ends.question(self.number);
        net::sendto(
            &self.socket,
            &question,
            SendFlags::DONTWAIT,
            &SocketAddrNetlink::new(0, 0),
        )?;
        let mut answer = [0; ANSWER_BYTES_MAX];
        loop {
            let (length, _) = net::recv(&self.socket, &mut answer, RecvFlags::DONTWAIT)?;
            // An answer that somebody did not wait for may still lie before ours.
            let answer = &answer[..length];
            if bytes_at(answer, 8).map(u32::from_ne_bytes) == Some(self.number) {
                return Ok(waiting_in(answer, ends.there.port()));
            }
        }
    }
}

/// None if the connection is not known any more: then the system says so, or tells of who listens at our end.
fn waiting_in(answer: &[u8], port: u16) -> Option<u64> {
    let is_known = u16::from_ne_bytes(bytes_at(answer, 4)?) == BY_FAMILY;
    let is_it = is_known && u16::from_be_bytes(bytes_at(answer, PORT_AT)?) == port;
    let waiting = u32::from_ne_bytes(bytes_at(answer, WAITING_AT)?);
    is_it.then_some(waiting.into())
}

fn bytes_at<const COUNT: usize>(answer: &[u8], place: usize) -> Option<[u8; COUNT]> {
    answer.get(place..)?.first_chunk().copied()
}

/// The two ends of a connection: by them the system knows it.
#[derive(Debug, Clone, Copy)]
pub struct Ends {
    /// Ours.
    pub here: SocketAddr,
    /// The client's.
    pub there: SocketAddr,
}

impl Ends {
    /// A question about this one connection, in whatever state it is (`struct inet_diag_req_v2`).
    fn question(&self, number: u32) -> [u8; QUESTION_BYTES as usize] {
        const TCP: u8 = 6;
        const ALL_STATES: u32 = u32::MAX;
        const ANY_COOKIE: [u8; 8] = [u8::MAX; 8];
        let family = match self.here {
            SocketAddr::V4(_) => AddressFamily::INET,
            SocketAddr::V6(_) => AddressFamily::INET6,
        };
        let interface = match self.there {
            SocketAddr::V4(_) => 0,
            SocketAddr::V6(there) => there.scope_id(),
        };
        let mut question = [0; QUESTION_BYTES as usize];
        let mut place = 0;
        let mut put = |bytes: &[u8]| {
            question[place..place + bytes.len()].copy_from_slice(bytes);
            place += bytes.len();
        };
        put(&QUESTION_BYTES.to_ne_bytes());
        put(&BY_FAMILY.to_ne_bytes());
        put(&REQUEST.to_ne_bytes());
        put(&number.to_ne_bytes());
        put(&[0; 4]);
        put(&family.as_raw().to_ne_bytes()[..1]);
        put(&[TCP, 0, 0]);
        put(&ALL_STATES.to_ne_bytes());
        put(&self.here.port().to_be_bytes());
        put(&self.there.port().to_be_bytes());
        put(&octets(self.here.ip()));
        put(&octets(self.there.ip()));
        put(&interface.to_ne_bytes());
        put(&ANY_COOKIE);
        question
    }
}

fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(address) => {
            let mut octets = [0; 16];
            octets[..4].copy_from_slice(&address.octets());
            octets
        }
        IpAddr::V6(address) => address.octets(),
    }
}

/// What a look at a client shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// The system does not tell.
    Unknown,
    /// It has acknowledged everything, but for the end of the connection.
    TookAll,
    /// It has acknowledged something since the last look, or this is the first one.
    Takes,
    /// Bytes wait, and it has acknowledged none since that moment.
    TakesNothing(Instant),
}

/// Follows what one client acknowledges.
#[derive(Debug)]
pub struct Uptake {
    queues: Arc<SendQueues>,
    ends: Ends,
    /// Bytes written since the connection was made.
    written: u64,
    /// Bytes acknowledged as of a look after which some were waiting, and when that was.
    seen: Option<(u64, Instant)>,
}

impl Uptake {
    /// Of a connection to which nothing was written yet.
    pub fn new(queues: Arc<SendQueues>, ends: Ends) -> Self {
        Self {
            queues,
            ends,
            written: 0,
            seen: None,
        }
    }

    /// Something was written.
    pub fn wrote(&mut self, bytes: usize) {
        self.written = self.written.wrapping_add(bytes as u64);
    }

    /// Looks.
    pub fn look(&mut self, now: Instant) -> Sight {
        // Nothing is waiting that was never written.
        let waiting = if self.written == 0 {
            Some(0)
        } else {
            self.queues.waiting(&self.ends)
        };
        let Some(waiting) = waiting else {
            return Sight::Unknown;
        };
        let taken = self.written.wrapping_sub(waiting);
        match self.seen {
            _ if waiting <= END_OF_CONNECTION => {
                self.seen = None;
                Sight::TookAll
            }
            Some((before, since)) if before == taken => Sight::TakesNothing(since),
            Some(_) | None => {
                self.seen = Some((taken, now));
                Sight::Takes
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_system_tells_what_waits_and_nothing_of_a_connection_that_is_gone() {
        for here in ["127.0.0.1:0", "[::1]:0"] {
            let listener = TcpListener::bind(here).unwrap();
            let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (mut stream, there) = listener.accept().unwrap();
            let here = stream.local_addr().unwrap();
            let mut uptake = Uptake::new(Arc::new(SendQueues::open()), Ends { here, there });
            let now = Instant::now();
            assert_eq!(uptake.look(now), Sight::TookAll);
            stream.set_nonblocking(true).unwrap();
            let block = vec![b'x'; 64 * 1024];
            while let Ok(written) = stream.write(&block) {
                uptake.wrote(written);
            }
            assert_eq!(uptake.look(now), Sight::Takes, "{here}");
            // What the client's system has taken is told of a moment later.
            std::thread::sleep(Duration::from_millis(50));
            uptake.look(now);
            assert_eq!(
                uptake.look(now + Duration::from_secs(1)),
                Sight::TakesNothing(now),
                "{here}"
            );
            let mut buffer = vec![0; 4 * 1024 * 1024];
            client.read_exact(&mut buffer[..2 * 1024 * 1024]).unwrap();
            std::thread::sleep(Duration::from_millis(50));
            assert_eq!(uptake.look(now), Sight::Takes, "{here}");
            // With something unread this ends it at once; who listens is still there.
            drop(client);
            while stream
                .read(&mut buffer)
                .is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
            {}
            assert_eq!(uptake.look(now), Sight::Unknown, "{here}");
        }
    }
}
