use crate::words::ExportWords;

pub const EXPORTS: ExportWords = ExportWords {
    title: "Exported files",
    hint: "Files that were made of lists of merchants. Who made one and why, and who downloaded it, stands in the audit log.",
    none: (
        "There are none yet",
        "What you export from the list of merchants is found here.",
    ),
    new_title: "Export the list",
    new_hint: "The file has the filters, the order and the columns of the list. Once it is made, you can download it here.",
    chosen: |count| format!("{count} merchants that you chose"),
    all: "All but archived merchants",
    filtered: "Merchants that fit the filters",
    format: "Format",
    formats: &[
        ("csv", "CSV (UTF-8)"),
        ("csv_cp949", "CSV (CP949, old Excel)"),
        ("xlsx", "Excel (.xlsx)"),
    ],
    reason_hint: "Say what you need it for. It stands in the audit log.",
    make: "Make the file",
    these: "Export those chosen",
    take: "Download",
    when: "Asked for",
    size: "Size",
    expires: "Kept until",
    numbers: "Business numbers",
    numbers_whole: "in full",
    numbers_masked: "masked",
    cancel: "Cancel",
    at_row: |row| format!("merchant {row} of the file"),
    states: &[
        ("queued", "Waiting"),
        ("running", "Being made"),
        ("ready", "Ready"),
        ("failed", "Failed"),
        ("cancelled", "Cancelled"),
    ],
    errors: &[
        (
            "not_in_cp949",
            "It has a letter that CP949 has not. Make it again in another format.",
        ),
        (
            "too_many_rows",
            "Meanwhile the list has grown beyond what a file may have.",
        ),
        (
            "too_large",
            "The file is larger than allowed. Choose fewer columns, or make it in parts by filters.",
        ),
        (
            "too_slow",
            "It was tried several times and never came to its end. Make it in parts, by filters.",
        ),
        (
            "internal",
            "Something went wrong. Please tell the operator of this installation.",
        ),
    ],
};
