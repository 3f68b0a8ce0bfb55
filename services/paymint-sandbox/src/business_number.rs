//! The business registration number (사업자등록번호): ten digits, the last of which checks the others.

const WEIGHTS: [u32; 9] = [1, 3, 7, 1, 3, 7, 1, 3, 5];

/// The ten digits of a number that may be written with hyphens and spaces, if they check.
pub(crate) fn parse(text: &str) -> Option<String> {
    let digits: String = text
        .chars()
        .filter(|character| !matches!(character, '-' | ' '))
        .collect();
    if digits.len() != 10 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (body, last) = digits.split_at(9);
    (check_digit(body).to_string() == last).then_some(digits)
}

/// The tenth digit for the first nine.
pub(crate) fn check_digit(body: &str) -> u32 {
    let mut digits = body.chars().filter_map(|character| character.to_digit(10));
    let sum: u32 = digits.clone().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    let carry = digits.next_back().unwrap_or_default() * 5 / 10;
    (10 - (sum + carry) % 10) % 10
}

/// The usual way to write it: `117-81-78260`.
pub(crate) fn hyphenated(digits: &str) -> String {
    match (digits.get(..3), digits.get(3..5), digits.get(5..)) {
        (Some(office), Some(kind), Some(serial)) => format!("{office}-{kind}-{serial}"),
        _ => digits.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_digit_checks_the_others() {
        for text in ["117-81-78260", "1178178260", "117 81 78260"] {
            assert_eq!(parse(text).as_deref(), Some("1178178260"));
        }
        for text in [
            "",
            "1178178261",
            "117817826",
            "11781782600",
            "117817826a",
            "１１７８１７８２６０",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(hyphenated("1178178260"), "117-81-78260");
    }

    #[test]
    fn exactly_one_tenth_digit_fits() {
        for body in ["000000000", "123456789", "999999999", "101860015"] {
            let fitting = (0..10)
                .filter(|digit| parse(&format!("{body}{digit}")).is_some())
                .count();
            assert_eq!(fitting, 1, "{body}");
        }
    }
}
