//! A plan that is made of a file.

use registry_domain::ImportId;
use registry_domain::jobs::{Action, Existing, ImportColumns, ImportField, ImportWish};
use registry_imports::columns::fields_of;
use registry_imports::{COLUMNS_MAX, Encoding, Reading, Separator, Wish};
use registry_jobs::Whom;

use crate::caller::Caller;
use crate::fields::Fields;
use crate::problem::{Code, Fault, FieldFault, Place, Problem};
use crate::routes::imports::opened;
use crate::state::AppState;

/// What a column is called that is nothing of a merchant.
const IGNORE: &str = "ignore";

/// What a column of a file may be.
pub const COLUMNS: &[&str] = &[
    "member_code",
    "merchant_code",
    "company_name",
    "branch_name",
    "business_number",
    "tags",
    IGNORE,
];

/// How shops are to be registered from a file.
#[derive(Debug, PartialEq)]
pub(super) struct WantedImport {
    id: ImportId,
    wish: Wish,
    columns: Option<Vec<Option<ImportField>>>,
    existing: Existing,
    issue_links: bool,
}

impl WantedImport {
    pub(super) fn read(mut fields: Fields) -> Result<Self, Problem> {
        let id = fields.required("import_id", str::parse::<ImportId>);
        let wish = Wish {
            encoding: fields.optional("encoding", |word| {
                Encoding::from_word(word).ok_or(Fault::UnknownWord(Encoding::WORDS))
            }),
            separator: fields.optional("separator", |word| {
                Separator::from_word(word).ok_or(Fault::UnknownWord(Separator::WORDS))
            }),
        };
        let columns = fields.texts("columns", COLUMNS_MAX, read_column);
        let existing = fields.optional("existing", |word| {
            Existing::from_word(word).ok_or(Fault::UnknownWord(Existing::WORDS))
        });
        let issue_links = fields.boolean("issue_links");
        fields.finish()?;
        Ok(Self {
            id: id.ok_or(Code::Internal)?,
            wish,
            columns,
            existing: existing.unwrap_or_default(),
            issue_links: issue_links.unwrap_or_default(),
        })
    }

    /// Reads the file anew: what is planned is what stands in it. The place is to be kept until it is planned.
    pub(super) async fn read_file(
        self,
        state: &AppState,
        caller: &Caller,
    ) -> Result<(Action, Whom, Option<Reading>), Problem> {
        let tenant = caller.tenant_id();
        let kept = opened(state, caller, self.id).await?;
        let (table, place) = state.imports.read(tenant, &kept.file.bytes, self.wish).await?;
        let columns = self.columns.unwrap_or_else(|| fields_of(&table.file.headings.cells));
        let columns = ImportColumns::new(columns).map_err(|error| {
            Problem::validation(vec![FieldFault {
                place: Place::Body("/columns".to_owned()),
                fault: error.into(),
            }])
        })?;
        let action = Action::Import(ImportWish {
            columns,
            existing: self.existing,
            issue_links: self.issue_links,
        });
        Ok((action, Whom::InFile(Box::new(table.file)), Some(place)))
    }
}

fn read_column(word: &str) -> Result<Option<ImportField>, Fault> {
    if word == IGNORE {
        return Ok(None);
    }
    ImportField::from_word(word)
        .map(Some)
        .ok_or(Fault::UnknownWord(COLUMNS))
}
