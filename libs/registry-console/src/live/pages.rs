//! How many pages of one person listen: nobody keeps the others of a tenant from it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How many pages of one person may listen at once, whatever the tenant.
const PAGES_PER_PERSON_MAX: usize = 50;

/// By person, whoever has any.
type Open = Arc<Mutex<HashMap<String, usize>>>;

/// The pages that listen.
#[derive(Debug, Default)]
pub(super) struct Pages(Open);

/// The place of a page among those of its person. Given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    people: Open,
    person: String,
}

impl Pages {
    /// A place for one more; none if the person has enough.
    pub(super) fn open(&self, person: &str) -> Option<Place> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(person.to_owned()).or_default();
        if *count >= PAGES_PER_PERSON_MAX {
            return None;
        }
        *count += 1;
        Some(Place {
            people: Arc::clone(&self.0),
            person: person.to_owned(),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = open.get_mut(&self.person) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.person);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_more_pages_than_their_share_and_gets_them_back() {
        let people = Pages::default();
        let mut open: Vec<_> = (0..PAGES_PER_PERSON_MAX).map(|_| people.open("one").unwrap()).collect();
        assert!(people.open("one").is_none());
        let other = people.open("other").unwrap();
        open.pop();
        open.push(people.open("one").unwrap());
        drop((open, other));
        assert!(people.0.lock().unwrap().is_empty(), "nobody is remembered");
    }
}
