//! A body without the picture of a signature, while it is read: the picture is never kept, and may be larger than everything
//! else together.

/// The names of the field.
const NAMES: [&[u8]; 2] = [b"apprsign", b"appr_sign"];

/// Takes a body in parts and keeps what is not the picture. Of JSON and of forms, in encodings that spell ASCII as it is; in
/// others everything is kept.
#[derive(Debug, Default)]
pub struct WithoutPicture {
    kept: Vec<u8>,
    picture: Option<Picture>,
}

/// Inside of a picture.
#[derive(Debug, Clone, Copy)]
enum Picture {
    /// It ends with a quote that is not escaped.
    InJson { is_escaped: bool },
    /// It ends with the field.
    InForm,
}

impl WithoutPicture {
    /// Takes the next part.
    pub fn push(&mut self, part: &[u8]) {
        let mut rest = part;
        while !rest.is_empty() {
            rest = match self.picture {
                None => self.keep(rest),
                Some(picture) => self.pass_over(picture, rest),
            };
        }
    }

    /// What was kept so far.
    pub fn kept(&self) -> &[u8] {
        &self.kept
    }

    /// What was kept.
    pub fn into_kept(self) -> Vec<u8> {
        self.kept
    }

    /// Keeps bytes up to where a picture could begin.
    fn keep<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let mark = bytes.iter().position(|byte| matches!(byte, b'"' | b'='));
        let (kept, rest) = bytes.split_at(mark.map_or(bytes.len(), |mark| mark + 1));
        self.kept.extend_from_slice(kept);
        self.picture = opened_by(&self.kept);
        rest
    }

    fn pass_over<'a>(&mut self, picture: Picture, bytes: &'a [u8]) -> &'a [u8] {
        let Picture::InJson { mut is_escaped } = picture else {
            let end = bytes.iter().position(|byte| *byte == b'&');
            self.picture = end.is_none().then_some(picture);
            return &bytes[end.unwrap_or(bytes.len())..];
        };
        let end = bytes.iter().position(|byte| {
            let ends = *byte == b'"' && !is_escaped;
            is_escaped = *byte == b'\\' && !is_escaped;
            ends
        });
        let Some(end) = end else {
            self.picture = Some(Picture::InJson { is_escaped });
            return &[];
        };
        self.kept.push(b'"');
        self.picture = None;
        &bytes[end + 1..]
    }
}

/// Whether the value of the field begins at the end of what was kept.
fn opened_by(kept: &[u8]) -> Option<Picture> {
    if let Some(before) = kept.strip_suffix(b"=") {
        return ends_with_name(before, b'&').then_some(Picture::InForm);
    }
    let before = kept.strip_suffix(b"\"")?.trim_ascii_end().strip_suffix(b":")?;
    let before = before.trim_ascii_end().strip_suffix(b"\"")?;
    ends_with_name(before, b'"').then_some(Picture::InJson { is_escaped: false })
}

/// Whether the name stands at the end, whole, behind a mark or at the beginning of all.
fn ends_with_name(bytes: &[u8], mark: u8) -> bool {
    NAMES.iter().any(|name| {
        let start = bytes.len().checked_sub(name.len());
        start.is_some_and(|start| {
            let is_whole = start == 0 || bytes[start - 1] == mark;
            is_whole && bytes[start..].eq_ignore_ascii_case(name)
        })
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kept(body: &str, part: usize) -> String {
        let mut reading = WithoutPicture::default();
        for part in body.as_bytes().chunks(part) {
            reading.push(part);
        }
        String::from_utf8(reading.into_kept()).unwrap()
    }

    #[test]
    fn only_the_picture_goes() {
        for (body, without) in [
            (
                r#"{"apprSign":"SGVs\"bG8=","billId":"b"}"#,
                r#"{"apprSign":"","billId":"b"}"#,
            ),
            (
                r#"{ "appr_sign" : "x\\" , "a":"b" }"#,
                r#"{ "appr_sign" : "" , "a":"b" }"#,
            ),
            (r#"{"a":"b","APPRSIGN":"cut"#, r#"{"a":"b","APPRSIGN":""#),
            ("a=b&apprSign=abc&c=d", "a=b&apprSign=&c=d"),
            ("apprSign=abc", "apprSign="),
            (
                r#"{"a":"\"apprSign\":\"x","xapprSign":"y","apprSign":null}"#,
                r#"{"a":"\"apprSign\":\"x","xapprSign":"y","apprSign":null}"#,
            ),
            ("xapprSign=a", "xapprSign=a"),
        ] {
            for part in 1..=body.len() {
                assert_eq!(kept(body, part), without, "{body} in parts of {part}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_has_no_picture_stays_to_the_byte(body in "\\PC*", part in 1..64_usize) {
            prop_assume!(!body.to_lowercase().contains("sign"));
            prop_assert_eq!(kept(&body, part), body);
        }

        #[test]
        fn json_stays_the_same_json(note in any::<String>(), picture in any::<String>(), part in 1..64_usize) {
            let body = |picture: &str| serde_json::json!({ "note": note, "apprSign": picture, "z": [note, 1] }).to_string();
            prop_assert_eq!(kept(&body(&picture), part), body(""));
        }
    }
}
