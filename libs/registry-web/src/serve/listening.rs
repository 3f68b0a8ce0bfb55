//! Where connections come in. The system takes them before we do, and lets so many wait as we ask for, and as it is allowed to.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

use super::uptake::{Ends, SendQueues};

/// How many connections may wait to be taken. The system drops whatever comes while they do, of everybody, and the client
/// tries again after a second: so there is room for as many as one burst brings. It is what Linux allows by default.
const WAITING_CONNECTIONS_MAX: u32 = 4_096;

/// Listens on an address; one that a process has just let go of may be taken again at once. It is told if the system lets
/// fewer connections wait than are asked for.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = listen_for(address, WAITING_CONNECTIONS_MAX)?;
    if let Some(granted) = granted(&listener)?
        && granted < u64::from(WAITING_CONNECTIONS_MAX)
    {
        tracing::warn!(
            granted,
            wanted = WAITING_CONNECTIONS_MAX,
            "the system lets fewer connections wait than a burst brings, and drops the others for a second or longer: \
             raise net.core.somaxconn"
        );
    }
    Ok(listener)
}

fn listen_for(address: SocketAddr, waiting_max: u32) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(waiting_max)
}

/// How many connections the system lets wait, which may be fewer than it was asked for without saying so; none if it does not
/// tell.
fn granted(listener: &TcpListener) -> io::Result<Option<u64>> {
    let here = listener.local_addr()?;
    let nobody: IpAddr = match here {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let there = SocketAddr::new(nobody, 0);
    Ok(SendQueues::open().waiting(&Ends { here, there }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the system allows at most.
    fn allowed() -> u32 {
        let text = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap();
        text.trim().parse().unwrap()
    }

    #[tokio::test]
    async fn what_the_system_grants_is_read_back_from_it() {
        for address in ["127.0.0.1:0", "0.0.0.0:0", "[::1]:0", "[::]:0"] {
            let address = address.parse().unwrap();
            let few = listen_for(address, 7).unwrap();
            assert_eq!(granted(&few).unwrap(), Some(7), "{address}");
            let too_many = listen_for(address, allowed() + 1).unwrap();
            assert_eq!(granted(&too_many).unwrap(), Some(allowed().into()), "{address}");
            let ours = listen(address).unwrap();
            let expected = WAITING_CONNECTIONS_MAX.min(allowed());
            assert_eq!(granted(&ours).unwrap(), Some(expected.into()), "{address}");
        }
    }

    #[tokio::test]
    async fn an_address_is_taken_again_while_its_old_connections_fade() {
        let listener = listen("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let client = tokio::net::TcpStream::connect(address).await.unwrap();
        let (stream, _) = listener.accept().await.unwrap();
        // Who closes first keeps the address for a while.
        drop((stream, listener));
        let again = listen(address).unwrap();
        assert!(listen(address).is_err(), "one that is in use is not");
        drop((client, again));
    }
}
