//! Which column is what, told by what stands above it.

use registry_domain::jobs::ImportField;

/// What columns are called that people and other programs make, without blanks, dashes and the like, and in small letters.
const NAMES: &[(ImportField, &[&str])] = &[
    (
        ImportField::MemberCode,
        &[
            "membercode",
            "member",
            "회원코드",
            "회원번호",
            "회원id",
            "학원코드",
            "memberid",
        ],
    ),
    (
        ImportField::MerchantCode,
        &[
            "merchantcode",
            "merchant",
            "가맹점코드",
            "매장코드",
            "지점코드",
            "사업장코드",
            "storecode",
            "shopcode",
            "merchantid",
        ],
    ),
    (
        ImportField::CompanyName,
        &[
            "companyname",
            "company",
            "사업장",
            "사업장명",
            "상호",
            "상호명",
            "회사명",
            "업체명",
            "가맹점명",
            "name",
        ],
    ),
    (
        ImportField::BranchName,
        &["branchname", "branch", "지점", "지점명", "매장명"],
    ),
    (
        ImportField::BusinessNumber,
        &[
            "businessnumber",
            "사업자번호",
            "사업자등록번호",
            "bizno",
            "brn",
            "사업자",
        ],
    ),
    (ImportField::Tags, &["tags", "tag", "태그"]),
];

/// What each column is, as far as that is told; nothing twice.
pub fn fields_of(headings: &[String]) -> Vec<Option<ImportField>> {
    let mut found = Vec::with_capacity(headings.len());
    for heading in headings {
        let field = field_of(heading).filter(|field| !found.contains(&Some(*field)));
        found.push(field);
    }
    found
}

fn field_of(heading: &str) -> Option<ImportField> {
    let plain: String = heading
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let named = NAMES.iter().find(|(_, names)| names.contains(&plain.as_str()));
    named.map(|(field, _)| *field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_told_by_their_headings() {
        let headings = [
            "Member code",
            "가맹점 코드",
            "상호",
            "사업자등록번호",
            "단계",
            "merchant_code",
        ];
        let fields = fields_of(&headings.map(str::to_owned));
        assert_eq!(
            fields,
            [
                Some(ImportField::MemberCode),
                Some(ImportField::MerchantCode),
                Some(ImportField::CompanyName),
                Some(ImportField::BusinessNumber),
                None,
                None
            ]
        );
    }

    #[test]
    fn every_field_is_told_by_its_own_word() {
        for field in ImportField::ALL {
            assert_eq!(fields_of(&[field.as_str().to_owned()]), [Some(*field)]);
        }
    }
}
