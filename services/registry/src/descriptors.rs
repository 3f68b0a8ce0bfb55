//! How many files and connections the system lets this process have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors that are not for connections: the database, NATS, calls to upstream, files.
const KEPT_BACK: u64 = 256;

/// Most connections, however many descriptors there are: each takes some kilobytes of memory too.
const CONNECTIONS_MAX: u64 = 8_192;

/// Raises the limit as far as the process may, and says what it is then. Systems give a process few to begin with (1,024 is
/// usual), for programs that cannot deal with more.
pub fn raise() -> u64 {
    let before = getrlimit(Resource::Nofile);
    let most = Rlimit {
        current: before.maximum,
        maximum: before.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, most) {
        tracing::warn!(%error, "the limit of open files could not be raised");
    }
    // Looked at, not believed. None means that there is no limit.
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// How many connections fit into so many descriptors; at least one.
pub fn connections_max(descriptors: u64) -> usize {
    let connections = descriptors.saturating_sub(KEPT_BACK).clamp(1, CONNECTIONS_MAX);
    usize::try_from(connections).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_follow_from_the_descriptors() {
        let found = [0, 256, 1_024, 4_096, 1_048_576, u64::MAX].map(connections_max);
        assert_eq!(found, [1, 1, 768, 3_840, 8_192, 8_192]);
    }

    #[test]
    fn the_limit_is_raised_to_what_may_be() {
        let most = getrlimit(Resource::Nofile).maximum.unwrap_or(u64::MAX);
        let few = Rlimit {
            current: Some(200),
            maximum: Some(most),
        };
        setrlimit(Resource::Nofile, few).unwrap();
        assert_eq!(raise(), most);
        assert_eq!(getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX), most);
    }
}
