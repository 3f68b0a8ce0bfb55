//! The values of bills and receipts. Each is checked when it is made, so that no call can be made with another.

mod amounts;
mod bill_id;
mod cancel_reason;
mod codes;
mod dates;
mod phone;
mod receiver;
mod reported;

pub use amounts::{Amount, AmountError, BillPrice, PriceSplit, Won};
pub use bill_id::{BillId, BillIdError};
pub use cancel_reason::{CancelReason, CancelReasonError};
pub use codes::{CODE_MAX_CHARACTERS, MAPPING_CODE_MAX_CHARACTERS, MerchantCodes, MerchantCodesError};
pub use dates::{DateError, ExpireDate, SeoulTime};
pub use phone::{PhoneNumber, PhoneNumberError};
pub use receiver::{ReceiptReceiver, ReceiptReceiverError, Trader};
pub use reported::Reported;
