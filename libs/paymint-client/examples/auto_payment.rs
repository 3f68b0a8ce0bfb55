//! Auto-payment against a sandbox: a card is registered, or, once there is one, charged and deleted. Run it twice, and give a
//! card on the page in between. The fields of these calls are guesses; the sandbox of this repository takes them.
//!
//! ```text
//! cargo run -p paymint-client --example auto_payment -- BASE_URL API_KEY MEMBER MERCHANT BILL_ID PHONE CALLBACK_URL
//! ```

use std::error::Error;

use paymint_client::{
    ApiKey, AutoPaymentCalls, AutoPaymentRegistration, BillId, BillPrice, BillRequest, Client, ClientConfig,
    ExtraFields, MerchantCodes, PayMethods, PhoneNumber, SendType, Won,
};
use url::Url;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [base, key, member, merchant, bill_id, phone, callback] = arguments.as_slice() else {
        return Err("give: BASE_URL API_KEY MEMBER MERCHANT BILL_ID PHONE CALLBACK_URL".into());
    };
    let base = Url::parse(base)?;
    let mut config = ClientConfig::new(base.clone());
    config.auto_payment = Some(AutoPaymentCalls::assumed(&base)?);
    config.pay_method = Some(PayMethods::assumed_call(&base)?);
    let client = Client::new(&config)?;
    let key = ApiKey::parse(key)?;
    let codes = MerchantCodes::parse(member, merchant)?;
    let phone = PhoneNumber::parse(phone)?;
    let nothing = ExtraFields::default();
    let auto_payment = client.auto_payment().ok_or("it is off")?;
    let pay_methods = client.pay_methods().ok_or("it is off")?;

    if pay_methods
        .list(&key, &codes, &phone, &nothing)
        .await?
        .methods
        .is_empty()
    {
        let registration = AutoPaymentRegistration {
            phone: &phone,
            member_name: "홍길동",
            callback_url: None,
            page_redirect_url: None,
        };
        let registered = auto_payment.register(&key, &codes, &registration, &nothing).await?;
        let link = registered.link.as_ref().map_or("no link", |link| link.expose());
        println!("give a card at {link} and run this again");
        return Ok(());
    }

    let (bill_id, callback_url) = (BillId::parse(bill_id)?, Url::parse(callback)?);
    let bill = BillRequest {
        bill_id: &bill_id,
        // It is not sent: nobody has to open a bill that pays itself.
        send_type: SendType::Talk,
        product_name: "수강료",
        price: BillPrice::Total(Won::new(1000)?),
        member_name: "홍길동",
        phone: &phone,
        callback_url: &callback_url,
        bill_issuer: None,
        message: None,
        expire_date: None,
        page_redirect_url: None,
    };
    auto_payment.pay(&key, &codes, &bill, &nothing).await?;
    let reading = client.read_bill(&key, &codes, &bill_id).await?;
    println!(
        "state {}, paid by {:?}",
        reading.state.as_str(),
        reading.payment.pay_type
    );
    auto_payment.delete(&key, &codes, &phone, &nothing).await?;
    println!("the card is deleted");
    Ok(())
}
