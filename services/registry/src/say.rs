//! What a command answers goes to standard output, remarks go to standard error. Whoever reads may go away before the end, as
//! `head` does; then there is nobody left to answer, and the command ends without a word, as programs do.

use std::fmt;
use std::io::{self, ErrorKind, Write};
use std::process;

/// What a shell sees of a program that a broken pipe has ended: 128 and the number of SIGPIPE.
const NOBODY_READS: i32 = 141;

/// A line of the answer.
macro_rules! say {
    ($($text:tt)*) => {
        $crate::say::answer(format_args!($($text)*))
    };
}

/// A line beside the answer.
macro_rules! remark {
    ($($text:tt)*) => {
        $crate::say::beside(format_args!($($text)*))
    };
}

/// What the command was to do before this line is done: a crash here would lose nothing either.
pub fn answer(line: fmt::Arguments<'_>) {
    match writeln!(io::stdout().lock(), "{line}") {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => process::exit(NOBODY_READS),
        Err(error) => {
            beside(format_args!("registry: the answer cannot be written: {error}"));
            process::exit(1)
        }
    }
}

/// That nobody reads it is no reason to stop.
pub fn beside(line: fmt::Arguments<'_>) {
    writeln!(io::stderr().lock(), "{line}").ok();
}
