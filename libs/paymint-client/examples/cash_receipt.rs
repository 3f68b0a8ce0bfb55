//! The life of a cash receipt against a sandbox: it is issued, read, cancelled and read again. The
//! sub-merchant must be open there.
//!
//! ```text
//! cargo run -p paymint-client --example cash_receipt -- BASE_URL API_KEY MEMBER MERCHANT RECEIPT_ID PHONE
//! ```

use std::error::Error;
use std::time::Duration;

use paymint_client::{ApiKey, BillId, Client, ClientConfig, MerchantCodes, PriceSplit, ReceiptReceiver, Won};
use url::Url;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [base, key, member, merchant, id, phone] = arguments.as_slice() else {
        return Err("give: BASE_URL API_KEY MEMBER MERCHANT RECEIPT_ID PHONE".into());
    };
    let client = Client::new(&ClientConfig::new(Url::parse(base)?))?;
    let key = ApiKey::parse(key)?;
    let codes = MerchantCodes::parse(member, merchant)?;
    let id = BillId::parse(id)?;
    let price = PriceSplit::taxed(Won::new(1100)?);
    let receiver = ReceiptReceiver::person(phone)?;

    let issued = client.issue_cash_receipt(&key, &codes, &id, price, &receiver).await?;
    println!("issued, number {:?}", issued.approval_number);
    let history = client.read_cash_receipt(&key, &codes, &id, price.price()).await?;
    println!("it is {:?}", history.standing());

    // Times are told to the second: what happens within one cannot be put in order.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let cancelled = client.cancel_cash_receipt(&key, &codes, &id, price.price(), receiver.trader());
    println!("cancelled, number {:?}", cancelled.await?.approval_number);
    let history = client.read_cash_receipt(&key, &codes, &id, price.price()).await?;
    println!("it is {:?}", history.standing());
    Ok(())
}
