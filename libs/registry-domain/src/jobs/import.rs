//! What a row of somebody's file says of a shop. A row is read the same way when it is planned and when its turn comes.

use std::collections::BTreeMap;

use super::RowCode;
use crate::business::{BusinessNumberError, ReportedNumber};
use crate::codes::{CodeError, Reference};
use crate::merchant::{DetailsChange, LINKS_MAX, LinkState, Merchant, Registration, TAGS_MAX};
use crate::text::{FreeText, Label, LabelError};
use crate::words::words;
use crate::{Adjustment, BusinessNumber, MemberCode, MerchantCode};

/// What of a shop stands in a column of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ImportField {
    /// The tenant's code for the member.
    MemberCode,
    /// The tenant's code for the shop.
    MerchantCode,
    /// 사업장명.
    CompanyName,
    /// 지점명.
    BranchName,
    /// 사업자등록번호.
    BusinessNumber,
    /// The tenant's tags, separated by commas.
    Tags,
}

words!(ImportField {
    MemberCode => "member_code",
    MerchantCode => "merchant_code",
    CompanyName => "company_name",
    BranchName => "branch_name",
    BusinessNumber => "business_number",
    Tags => "tags",
});

impl ImportField {
    /// Whether a spreadsheet that takes it for a number changes it: a code may begin with zeros.
    pub const fn is_code(self) -> bool {
        match self {
            Self::MemberCode | Self::MerchantCode => true,
            Self::CompanyName | Self::BranchName | Self::BusinessNumber | Self::Tags => false,
        }
    }
}

/// What becomes of a row whose shop is registered already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Existing {
    /// It is left as it is.
    #[default]
    Skip,
    /// It is changed to what the row says. An empty cell says nothing.
    Update,
}

words!(Existing {
    Skip => "skip",
    Update => "update",
});

/// Why columns cannot be taken for what they are said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ColumnsError {
    /// No column has a code that every shop needs.
    #[error("no column is {}", .0.as_str())]
    Missing(ImportField),
    /// Two columns are said to be the same.
    #[error("two columns are {}", .0.as_str())]
    Twice(ImportField),
}

/// Which column of a file is what. Columns that are nothing of a shop are passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportColumns(Vec<Option<ImportField>>);

impl ImportColumns {
    /// Columns that have both codes, and nothing twice.
    pub fn new(fields: Vec<Option<ImportField>>) -> Result<Self, ColumnsError> {
        for field in ImportField::ALL {
            let count = fields.iter().flatten().filter(|found| *found == field).count();
            match count {
                0 if field.is_code() => return Err(ColumnsError::Missing(*field)),
                0 | 1 => {}
                2.. => return Err(ColumnsError::Twice(*field)),
            }
        }
        Ok(Self(fields))
    }

    /// What each column is.
    pub fn fields(&self) -> &[Option<ImportField>] {
        &self.0
    }

    /// Where something stands.
    pub fn place(&self, field: ImportField) -> Option<usize> {
        self.0.iter().position(|found| *found == Some(field))
    }

    fn text<'a>(&self, field: ImportField, cells: &'a [String]) -> &'a str {
        let cell = self.place(field).and_then(|place| cells.get(place));
        cell.map_or("", String::as_str)
    }
}

/// How shops are registered from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportWish {
    /// Which column is what.
    pub columns: ImportColumns,
    /// What becomes of shops that are registered already.
    pub existing: Existing,
    /// Whether each shop gets a registration link.
    pub issue_links: bool,
}

/// What is wrong with a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CellError {
    /// It is no code.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// It is no name or tag.
    #[error(transparent)]
    Label(#[from] LabelError),
    /// It is no business number.
    #[error(transparent)]
    BusinessNumber(#[from] BusinessNumberError),
    /// It has more tags than a shop may have.
    #[error("must have at most {TAGS_MAX} tags")]
    TooManyTags,
}

/// A cell that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CellFault {
    /// What it should be.
    pub field: ImportField,
    /// What is wrong.
    pub error: CellError,
}

/// What a row says of a shop. A cell that is empty says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportRow {
    /// The shop.
    pub reference: Reference,
    company_name: Option<Label>,
    branch_name: Option<Label>,
    business_number: Option<BusinessNumber>,
    tags: Option<Vec<Label>>,
}

impl ImportRow {
    /// Reads the cells of a row. Everything that is wrong with it is told at once.
    pub fn read(columns: &ImportColumns, cells: &[String]) -> Result<Self, Vec<CellFault>> {
        let mut faults = Vec::new();
        let member_code = required(&mut faults, ImportField::MemberCode, columns, cells, MemberCode::parse);
        let merchant_code = required(
            &mut faults,
            ImportField::MerchantCode,
            columns,
            cells,
            MerchantCode::parse,
        );
        let company_name = optional(&mut faults, ImportField::CompanyName, columns, cells, Label::parse);
        let branch_name = optional(&mut faults, ImportField::BranchName, columns, cells, Label::parse);
        let number = ImportField::BusinessNumber;
        let business_number = optional(&mut faults, number, columns, cells, BusinessNumber::parse);
        let tags = optional(&mut faults, ImportField::Tags, columns, cells, read_tags);
        match (member_code, merchant_code) {
            (Some(member_code), Some(merchant_code)) if faults.is_empty() => Ok(Self {
                reference: Reference {
                    member_code,
                    merchant_code,
                },
                company_name,
                branch_name,
                business_number,
                tags,
            }),
            (Some(_) | None, Some(_) | None) => Err(faults),
        }
    }

    /// The shop to be.
    pub fn registration(&self) -> Registration {
        Registration {
            reference: self.reference.clone(),
            company_name: self.company_name.clone(),
            branch_name: self.branch_name.clone(),
            business_number: self.business_number.clone(),
            tags: self.tags.clone().unwrap_or_default(),
            metadata: BTreeMap::new(),
        }
    }

    /// What becomes of a shop that is there.
    pub fn change(&self) -> DetailsChange {
        DetailsChange {
            company_name: said(self.company_name.as_ref()),
            branch_name: said(self.branch_name.as_ref()),
            business_number: said(self.business_number.as_ref()),
            tags: self.tags.clone(),
            ..DetailsChange::default()
        }
    }

    fn changes(&self, merchant: &Merchant) -> bool {
        let business = &merchant.business;
        let differs = |said: Option<&str>, known: Option<&str>| said.is_some() && said != known;
        differs(
            self.company_name.as_ref().map(Label::as_str),
            business.company_name.as_ref().map(FreeText::as_str),
        ) || differs(
            self.branch_name.as_ref().map(Label::as_str),
            business.branch_name.as_ref().map(FreeText::as_str),
        ) || differs(
            self.business_number.as_ref().map(BusinessNumber::digits),
            business.number.as_ref().map(ReportedNumber::as_str),
        ) || self.tags.as_ref().is_some_and(|tags| *tags != merchant.tags)
    }

    /// What is to be done for a row, or why there is nothing. The shop is the one that has its codes, if there is one. A link is issued
    /// only for a shop that has none: a file that is read in twice asks for none twice.
    pub fn errand(&self, wish: &ImportWish, merchant: Option<&Merchant>) -> Result<ImportErrand, RowCode> {
        let Some(merchant) = merchant else {
            if wish.issue_links && !self.reference.is_linkable() {
                return Err(RowCode::CodesTooLong);
            }
            return Ok(ImportErrand {
                registers: true,
                changes: false,
                issues_link: wish.issue_links,
            });
        };
        if merchant.erased {
            return Err(RowCode::Erased);
        }
        let errand = ImportErrand {
            registers: false,
            changes: wish.existing == Existing::Update && self.changes(merchant),
            issues_link: wish.issue_links && needs_link(merchant),
        };
        if errand.changes || errand.issues_link {
            return Ok(errand);
        }
        Err(match wish.existing {
            Existing::Skip => RowCode::AlreadyRegistered,
            Existing::Update => RowCode::NothingToChange,
        })
    }
}

/// What is to be done for a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportErrand {
    /// The shop is to be registered.
    pub registers: bool,
    /// It is there, and to be changed.
    pub changes: bool,
    /// It is to get a registration link.
    pub issues_link: bool,
}

/// Whether a shop has no link, and could have one.
fn needs_link(merchant: &Merchant) -> bool {
    let has_one = merchant.links.iter().any(|link| match link.state {
        LinkState::Requested | LinkState::Issued => true,
        LinkState::Failed(_) | LinkState::Revoked => false,
    });
    !has_one && link_obstacle(merchant).is_none()
}

/// Why no link can be issued for a shop as it is.
pub(super) fn link_obstacle(merchant: &Merchant) -> Option<RowCode> {
    if merchant.archived_since.is_some() {
        Some(RowCode::Archived)
    } else if !merchant.reference.is_linkable() {
        Some(RowCode::CodesTooLong)
    } else if merchant.is_open() {
        Some(RowCode::AlreadyOpen)
    } else {
        (merchant.links.len() >= LINKS_MAX).then_some(RowCode::TooManyLinks)
    }
}

fn said<T: Clone>(value: Option<&T>) -> Adjustment<T> {
    value.map_or(Adjustment::Keep, |value| Adjustment::Set(value.clone()))
}

/// What stands around a code in a cell nobody sees. Within one it is refused.
fn required<T, E: Into<CellError>>(
    faults: &mut Vec<CellFault>,
    field: ImportField,
    columns: &ImportColumns,
    cells: &[String],
    parse: impl Fn(&str) -> Result<T, E>,
) -> Option<T> {
    noted(faults, field, parse(columns.text(field, cells).trim()))
}

fn optional<T, E: Into<CellError>>(
    faults: &mut Vec<CellFault>,
    field: ImportField,
    columns: &ImportColumns,
    cells: &[String],
    parse: impl Fn(&str) -> Result<T, E>,
) -> Option<T> {
    let text = columns.text(field, cells).trim();
    if text.is_empty() {
        return None;
    }
    noted(faults, field, parse(text))
}

fn noted<T, E: Into<CellError>>(faults: &mut Vec<CellFault>, field: ImportField, read: Result<T, E>) -> Option<T> {
    read.map_err(|error| {
        faults.push(CellFault {
            field,
            error: error.into(),
        });
    })
    .ok()
}

fn read_tags(text: &str) -> Result<Vec<Label>, CellError> {
    let mut tags = Vec::new();
    for text in text.split(',').filter(|text| !text.trim().is_empty()) {
        let tag = Label::parse(text)?;
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    if tags.len() > TAGS_MAX {
        return Err(CellError::TooManyTags);
    }
    Ok(tags)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns() -> ImportColumns {
        let fields = [
            Some(ImportField::MerchantCode),
            None,
            Some(ImportField::MemberCode),
            Some(ImportField::BusinessNumber),
            Some(ImportField::Tags),
        ];
        ImportColumns::new(fields.to_vec()).expect("columns")
    }

    fn cells(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn both_codes_are_needed_and_nothing_stands_twice() {
        let code = Some(ImportField::MemberCode);
        assert_eq!(
            ImportColumns::new(vec![code]),
            Err(ColumnsError::Missing(ImportField::MerchantCode))
        );
        assert_eq!(
            ImportColumns::new(vec![code, Some(ImportField::MerchantCode), code]),
            Err(ColumnsError::Twice(ImportField::MemberCode))
        );
    }

    #[test]
    fn a_row_says_what_stands_in_its_columns() {
        let row = ImportRow::read(
            &columns(),
            &cells(&[" store-3", "x", "acad-12 ", "117-81-78260", "a, b,,a"]),
        );
        let row = row.expect("a row").registration();
        assert_eq!(row.reference.member_code.as_str(), "acad-12");
        assert_eq!(row.reference.merchant_code.as_str(), "store-3");
        assert_eq!(row.business_number.expect("a number").digits(), "1178178260");
        let tags: Vec<_> = row.tags.iter().map(Label::as_str).collect();
        assert_eq!(tags, ["a", "b"]);
        assert_eq!(row.company_name, None);
    }

    #[test]
    fn everything_that_is_wrong_with_a_row_is_told_at_once() {
        let faults = ImportRow::read(&columns(), &cells(&["", "x", "a\u{200b}", "117-81-78261"])).expect_err("bad");
        let fields: Vec<_> = faults.iter().map(|fault| (fault.field, fault.error)).collect();
        assert_eq!(
            fields,
            [
                (ImportField::MemberCode, CellError::Code(CodeError::Invisible)),
                (ImportField::MerchantCode, CellError::Code(CodeError::Empty)),
                (
                    ImportField::BusinessNumber,
                    CellError::BusinessNumber(BusinessNumberError::ChecksumMismatch)
                ),
            ]
        );
    }

    #[test]
    fn an_empty_cell_changes_nothing() {
        let row = ImportRow::read(&columns(), &cells(&["store-3", "", "acad-12"])).expect("a row");
        assert_eq!(row.change(), DetailsChange::default());
    }
}
