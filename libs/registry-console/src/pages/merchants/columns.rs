//! What the list shows of each merchant, in which order, and by what of it the list can be sorted.

use crate::query::Query;
use crate::words::Words;

/// A column. The first one is always the name: it leads to the merchant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// Company and branch.
    Name,
    /// Codes.
    Code,
    /// The masked business number.
    Number,
    /// The stage.
    Stage,
    /// Upstream's letter.
    Letter,
    /// For how long.
    Age,
    /// How unusual that is.
    Wait,
    /// Whose turn it is.
    Turn,
    /// What Paymint wrote.
    Message,
    /// When it last said anything.
    Seen,
    /// What became of the link.
    Link,
    /// Tags.
    Tags,
    /// When it was registered.
    Created,
}

/// What is shown where nobody has chosen.
const USUAL: [Column; 11] = [
    Column::Name,
    Column::Code,
    Column::Number,
    Column::Stage,
    Column::Letter,
    Column::Age,
    Column::Wait,
    Column::Turn,
    Column::Message,
    Column::Seen,
    Column::Link,
];

impl Column {
    const ALL: [Self; 13] = [
        Self::Name,
        Self::Code,
        Self::Number,
        Self::Stage,
        Self::Letter,
        Self::Age,
        Self::Wait,
        Self::Turn,
        Self::Message,
        Self::Seen,
        Self::Link,
        Self::Tags,
        Self::Created,
    ];

    /// The word of the API.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Code => "code",
            Self::Number => "business_number",
            Self::Stage => "stage",
            Self::Letter => "review_code",
            Self::Age => "business_days",
            Self::Wait => "longer_than_percent",
            Self::Turn => "next_actor",
            Self::Message => "message",
            Self::Seen => "observed_at",
            Self::Link => "link",
            Self::Tags => "tags",
            Self::Created => "created_at",
        }
    }

    /// The columns of a file in which the same stands.
    const fn of_file(self) -> &'static str {
        match self {
            Self::Name => "company_name,branch_name",
            Self::Code => "member_code,merchant_code",
            Self::Seen => "observed_at,verification",
            Self::Number
            | Self::Stage
            | Self::Letter
            | Self::Age
            | Self::Wait
            | Self::Turn
            | Self::Message
            | Self::Link
            | Self::Tags
            | Self::Created => self.word(),
        }
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.word() == word)
    }

    /// What it is called.
    pub const fn name(self, words: &Words) -> &'static str {
        let m = &words.merchants;
        match self {
            Self::Name => m.name,
            Self::Code => m.code,
            Self::Number => m.number,
            Self::Stage => m.stage,
            Self::Letter => m.letter,
            Self::Age => m.age,
            Self::Wait => m.unusual,
            Self::Turn => m.turn,
            Self::Message => m.message,
            Self::Seen => m.seen,
            Self::Link => m.link,
            Self::Tags => m.tag,
            Self::Created => words.merchant.registered,
        }
    }

    /// What explains it, if that is worth a word.
    const fn title(self, words: &Words) -> Option<&'static str> {
        let m = &words.merchants;
        match self {
            Self::Letter => Some(m.letter_title),
            Self::Age => Some(m.age_title),
            Self::Wait => Some(m.unusual_title),
            Self::Seen => Some(m.seen_title),
            Self::Name
            | Self::Code
            | Self::Number
            | Self::Stage
            | Self::Turn
            | Self::Message
            | Self::Link
            | Self::Tags
            | Self::Created => None,
        }
    }

    /// The class of its width. The one without takes what the others leave.
    const fn width(self) -> &'static str {
        match self {
            Self::Name => "w-name",
            Self::Code => "w-code",
            Self::Number => "w-biz",
            Self::Stage => "w-st",
            Self::Letter => "w-raw",
            Self::Age => "w-age",
            Self::Wait => "w-wait",
            Self::Turn => "w-turn",
            Self::Message => "",
            Self::Seen => "w-seen",
            Self::Link => "w-link",
            Self::Tags => "w-tags",
            Self::Created => "w-created",
        }
    }

    /// Whether it holds numbers.
    const fn is_number(self) -> bool {
        match self {
            Self::Age | Self::Wait => true,
            Self::Name
            | Self::Code
            | Self::Number
            | Self::Stage
            | Self::Letter
            | Self::Turn
            | Self::Message
            | Self::Seen
            | Self::Link
            | Self::Tags
            | Self::Created => false,
        }
    }

    /// The orders that it stands for: the usual one first, then the other.
    const fn sorts(self) -> Option<[&'static str; 2]> {
        match self {
            Self::Name => Some(["name", "-name"]),
            Self::Code => Some(["merchant_code", "-merchant_code"]),
            Self::Age => Some(["stage_since", "-stage_since"]),
            Self::Wait => Some(["-wait", "wait"]),
            Self::Seen => Some(["-updated_at", "updated_at"]),
            Self::Created => Some(["-created_at", "created_at"]),
            Self::Number | Self::Stage | Self::Letter | Self::Turn | Self::Message | Self::Link | Self::Tags => None,
        }
    }
}

/// The columns of a query, the name first; the usual ones, if it says nothing that is known.
pub fn of(query: &Query) -> Vec<Column> {
    let mut columns = vec![Column::Name];
    for column in query.words("columns").filter_map(Column::of) {
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    if columns.len() == 1 && query.words("columns").next() != Some(Column::Name.word()) {
        return USUAL.to_vec();
    }
    columns
}

/// The words of columns as the state of a page has them: none for the usual ones.
pub fn text(columns: &[Column]) -> String {
    if columns == USUAL {
        return String::new();
    }
    let words: Vec<_> = columns.iter().map(|column| column.word()).collect();
    words.join(",")
}

/// The same for a file that the API writes.
pub fn of_file(columns: &[Column]) -> String {
    if columns == USUAL {
        return String::new();
    }
    let words: Vec<_> = columns.iter().map(|column| column.of_file()).collect();
    words.join(",")
}

/// What a form asks for: the columns that are ticked, by the numbers beside them. None if it is no such form.
pub fn chosen(query: &Query) -> Option<String> {
    query.get("choose")?;
    let mut ticked: Vec<_> = query.words("column").filter_map(Column::of).collect();
    ticked.retain(|column| *column != Column::Name);
    let place = |column: &Column| {
        let typed = query.get(&format!("at_{}", column.word()));
        typed.and_then(|typed| typed.parse::<u32>().ok()).unwrap_or(u32::MAX)
    };
    ticked.sort_by_key(place);
    let columns: Vec<_> = [Column::Name].into_iter().chain(ticked).collect();
    Some(text(&columns))
}

/// The head of a column.
pub struct Head {
    /// Which.
    pub column: Column,
    /// What it is called.
    pub name: &'static str,
    /// What explains it.
    pub title: Option<&'static str>,
    /// The class of its width.
    pub width: &'static str,
    /// Whether it holds numbers.
    pub is_number: bool,
    /// The list sorted by it: the usual way first, then the other.
    pub href: Option<String>,
    /// Which way it is sorted by it now, as a screen reader says it.
    pub order: Option<&'static str>,
    /// The same, to be seen.
    pub arrow: &'static str,
}

impl Head {
    /// The heads of columns in a list that is sorted so.
    pub fn all(words: &'static Words, columns: &[Column], begun: &Query, sort: &str, path: &str) -> Vec<Self> {
        let has_message = columns.contains(&Column::Message);
        let head = |column: &Column| {
            let sorts = column.sorts();
            let href = sorts.map(|[usual, other]| {
                let next = if sort == usual { other } else { usual };
                begun.with("sort", next).on(path)
            });
            let order = sorts.into_iter().flatten().find(|order| *order == sort);
            // The longest wait is that since the earliest day.
            let is_up = order.is_some_and(|order| order.starts_with('-') == (*column == Column::Age));
            Self {
                column: *column,
                name: column.name(words),
                title: column.title(words),
                // Somebody must take what the others leave.
                width: if *column == Column::Name && !has_message {
                    ""
                } else {
                    column.width()
                },
                is_number: column.is_number(),
                href,
                order: order.map(|order| {
                    if order.starts_with('-') {
                        "descending"
                    } else {
                        "ascending"
                    }
                }),
                arrow: match order {
                    None => "",
                    Some(_) if is_up => " ↑",
                    Some(_) => " ↓",
                },
            }
        };
        columns.iter().map(head).collect()
    }
}

/// A column that can be chosen.
pub struct ColumnChoice {
    /// Its word.
    pub word: &'static str,
    /// What it is called.
    pub name: &'static str,
    /// Whether it is shown.
    pub is_on: bool,
    /// Its place among the others, from 1.
    pub place: usize,
}

/// All that can be chosen: those that are shown in their order, then the others.
pub fn options(words: &'static Words, columns: &[Column]) -> Vec<ColumnChoice> {
    let hidden = Column::ALL.into_iter().filter(|column| !columns.contains(column));
    let all = columns.iter().copied().chain(hidden);
    all.filter(|column| *column != Column::Name)
        .enumerate()
        .map(|(index, column)| ColumnChoice {
            word: column.word(),
            name: column.name(words),
            is_on: columns.contains(&column),
            place: index + 1,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_what_the_query_says() {
        let words = |raw: &str| text(&of(&Query::read(Some(raw))));
        assert_eq!(words(""), "");
        assert_eq!(
            words("columns=business_days,code,business_days"),
            "name,business_days,code"
        );
        assert_eq!(words("columns=name"), "name");
        assert_eq!(words("columns=nothing,known"), "");
        let usual: Vec<_> = USUAL.iter().map(|column| column.word()).collect();
        assert_eq!(words(&format!("columns={}", usual.join(","))), "");
    }

    #[test]
    fn a_file_has_the_columns_of_the_page() {
        let words = |raw: &str| of_file(&of(&Query::read(Some(raw))));
        assert_eq!(words(""), "");
        assert_eq!(
            words("columns=tags,code"),
            "company_name,branch_name,tags,member_code,merchant_code"
        );
    }

    #[test]
    fn a_form_chooses_and_orders() {
        let chosen = |raw: &str| chosen(&Query::read(Some(raw)));
        let ticked = "choose=1&column=code&column=tags&column=message&at_code=3&at_tags=1&at_message=2&at_link=1";
        assert_eq!(chosen(ticked).as_deref(), Some("name,tags,message,code"));
        assert_eq!(chosen("choose=1").as_deref(), Some("name"));
        assert_eq!(
            chosen("choose=1&column=code&column=stage&at_stage=x").as_deref(),
            Some("name,code,stage")
        );
        assert_eq!(chosen("column=code"), None);
    }
}
