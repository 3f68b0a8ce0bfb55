//! How a list that was frozen is read again when its file is made.

use axum::http::Uri;
use registry_documents::Sight;
use registry_domain::calendar::Calendar;
use registry_exports::Listed;
use registry_journal::port::{MerchantQuery, PageSize};

use crate::cursor::Order;
use crate::query::{LIMIT_MAX, Parameters};
use crate::routes::merchants::filter;
use crate::routes::merchants::list::read_order;

/// What the words of a list mean on its day. None if they are no list any more.
pub fn read_list(list: &Listed, calendar: &Calendar, with_numbers: bool) -> Option<(MerchantQuery, bool)> {
    let uri = format!("/?{}", list.query).parse::<Uri>().ok()?;
    let mut query = Parameters::of(&uri)?;
    let sight = if with_numbers { Sight::Whole } else { Sight::Masked };
    let asked = filter::read_on(&mut query, sight, calendar, list.today);
    let (order, direction) = read_order(&mut query);
    query.limit();
    query.finish().ok()?;
    let query = MerchantQuery {
        filter: asked.filter,
        sort: order.key(),
        waits: None,
        direction,
        after: None,
        limit: PageSize::clamped(LIMIT_MAX),
    };
    Some((query, order == Order::Wait))
}
