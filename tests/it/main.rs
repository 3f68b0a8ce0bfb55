//! The whole service, through its real doors. One module per theme.

mod journey;
