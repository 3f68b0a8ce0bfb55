//! The life of a bill against a sandbox: it is made as a link, sent again, and then voided, or refunded if somebody has
//! paid it meanwhile. The sub-merchant must be open there.
//!
//! ```text
//! cargo run -p paymint-client --example bill -- BASE_URL API_KEY MEMBER MERCHANT BILL_ID PHONE CALLBACK_URL
//! ```

use std::error::Error;

use paymint_client::callback::ApprovalState;
use paymint_client::{
    ApiKey, BillId, BillPrice, BillRequest, CallError, CancelReason, Client, ClientConfig, MerchantCodes, PhoneNumber,
    SendType, Won,
};
use url::Url;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [base, key, member, merchant, bill_id, phone, callback] = arguments.as_slice() else {
        return Err("give: BASE_URL API_KEY MEMBER MERCHANT BILL_ID PHONE CALLBACK_URL".into());
    };
    let client = Client::new(&ClientConfig::new(Url::parse(base)?))?;
    let key = ApiKey::parse(key)?;
    let codes = MerchantCodes::parse(member, merchant)?;
    let bill_id = BillId::parse(bill_id)?;
    let price = Won::new(1000)?;
    let phone = PhoneNumber::parse(phone)?;
    let callback_url = Url::parse(callback)?;
    let bill = BillRequest {
        bill_id: &bill_id,
        send_type: SendType::Url,
        product_name: "수강료",
        price: BillPrice::Total(price),
        member_name: "홍길동",
        phone: &phone,
        callback_url: &callback_url,
        bill_issuer: None,
        message: None,
        expire_date: None,
        page_redirect_url: None,
    };

    send_once(&client, &key, &codes, &bill).await?;
    client.resend_bill(&key, &codes, &bill_id).await?;
    println!("sent again; pay it and press Enter to see it refunded, or just press Enter to see it voided");
    std::io::stdin().read_line(&mut String::new())?;

    let reading = client.read_bill(&key, &codes, &bill_id).await?;
    println!("state {}", reading.state.as_str());
    match reading.state {
        ApprovalState::Waiting => {
            client.destroy_bill(&key, &codes, &bill_id, price).await?;
            println!("voided");
        }
        ApprovalState::Approved => {
            let reason = CancelReason::parse("고객 요청")?;
            let cancelled = client.cancel_bill(&key, &codes, &bill_id, price, &reason).await?;
            println!("refunded, number {:?}", cancelled.cancel_number);
        }
        ApprovalState::Cancelled | ApprovalState::Destroyed | ApprovalState::Other(_) => println!("nothing to do"),
    }
    // Only reading tells what became of it.
    let reading = client.read_bill(&key, &codes, &bill_id).await?;
    println!("state {}", reading.state.as_str());
    Ok(())
}

/// Sends a bill so that it is never sent twice: after an unknown outcome it is read first.
async fn send_once(
    client: &Client,
    key: &ApiKey,
    codes: &MerchantCodes,
    bill: &BillRequest<'_>,
) -> Result<(), CallError> {
    match client.send_bill(key, codes, bill).await {
        Ok(sent) => println!("made: {}", sent.link.as_ref().map_or("no link", |link| link.expose())),
        Err(error) if error.is_to_be_read_first() => match client.read_bill(key, codes, bill.bill_id).await {
            Ok(reading) => println!("was made, state {}", reading.state.as_str()),
            Err(error) if error.is_bill_not_found() => {
                client.send_bill(key, codes, bill).await?;
                println!("made at the second try");
            }
            Err(error) => return Err(error),
        },
        Err(error) => return Err(error),
    }
    Ok(())
}
