//! The examples of the demo: one shop for every state that the registry can show, each in a state that lasts.

use paymint_sandbox::Act;

/// What is done to a new shop to make it an example.
pub(super) struct Pose {
    /// Whether it has a registration URL.
    pub(super) has_link: bool,
    /// What happens to it at the sandbox, one after the other.
    pub(super) acts: &'static [Act],
    /// What happens to it here.
    pub(super) ending: Ending,
}

/// What happens to an example here.
#[derive(Clone, Copy)]
pub(super) enum Ending {
    None,
    /// The tenant puts it away.
    Archived,
    /// Beside it comes a shop that was linked without the registry.
    StrangerToo,
}

/// The codes of the shop that nobody registered.
pub(super) const STRANGER: (&str, &str) = ("member-elsewhere", "shop-unclaimed");

const OPENED: [Act; 2] = [Act::Submit, Act::Review('O', None)];

const fn pose(acts: &'static [Act]) -> Pose {
    Pose {
        has_link: true,
        acts,
        ending: Ending::None,
    }
}

const POSES: [Pose; 15] = [
    // registered
    Pose {
        has_link: false,
        acts: &[],
        ending: Ending::None,
    },
    // link_issued
    pose(&[]),
    // drafting
    pose(&[Act::Open]),
    // in_review
    pose(&[Act::Submit]),
    // documents_required
    pose(&[Act::Submit, Act::Review('S', Some("통장 사본을 보내 주세요"))]),
    // rejected
    pose(&[Act::Submit, Act::Review('R', Some("휴업 중인 사업자입니다"))]),
    // opened
    pose(&OPENED),
    // unknown: a letter that upstream never had
    pose(&[Act::Submit, Act::Review('X', None)]),
    // unlinked: the deletion is doubtful, and Paymint confirms it when it is asked
    pose(&[OPENED[0], OPENED[1], Act::Delete]),
    // archived
    Pose {
        has_link: true,
        acts: &[Act::Open],
        ending: Ending::Archived,
    },
    // opened, and a claim that it is not any more is held: Paymint does not answer about it
    pose(&[OPENED[0], OPENED[1], Act::FallSilent, Act::Review('P', None)]),
    // documents_required, and a claim is held that says to the byte what an earlier one had said
    pose(&[
        Act::Submit,
        Act::Review('S', Some("대표자 신분증 사본이 필요합니다")),
        Act::FallSilent,
        Act::Review('P', None),
    ]),
    // in_review, and its URL was sent what is no callback: in quarantine
    pose(&[Act::Submit, Act::SendGarbage]),
    // in_review, and its URL was sent the callback of another shop: in quarantine
    pose(&[Act::Submit, Act::SendForeign]),
    // in_review, and beside it a shop that Paymint knows and nobody registered
    Pose {
        has_link: true,
        acts: &[Act::Submit],
        ending: Ending::StrangerToo,
    },
];

/// The example that a shop of the demo is; none for those that live.
pub(super) fn of(number: usize) -> Option<&'static Pose> {
    const { &POSES }.get(number)
}
