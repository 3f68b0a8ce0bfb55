//! The links that shops get, and where they come back to. Neither is kept anywhere: they are made from the shop's ids whenever
//! somebody wants them, and hold as long as the shop and the keys do.

use registry_domain::merchant::SecretText;
use registry_domain::{MerchantId, TenantId};
use uuid::Uuid;

use crate::public_url::PublicUrl;
use crate::token::TokenKeys;

const UUID_LENGTH: usize = 16;
const CONTENT_LENGTH: usize = 2 * UUID_LENGTH;

/// Half of the hash: a link is typed off paper now and then, and 128 bits are beyond guessing.
const TAG_LENGTH: usize = 16;

/// A shop, by whom its link names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shop {
    /// The tenant.
    pub tenant_id: TenantId,
    /// The merchant.
    pub merchant_id: MerchantId,
}

/// A page that is made for a shop. The tokens of one are none of another's, and none of them is a callback URL's: whoever was
/// given a link must not be able to speak for Paymint with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShopPage {
    /// Behind the link that it gets.
    Link,
    /// Where it comes back to.
    Return,
}

impl ShopPage {
    const fn format(self) -> u8 {
        match self {
            Self::Link => 4,
            Self::Return => 5,
        }
    }

    /// Where the pages are, below the public URL.
    const fn path(self) -> &'static str {
        match self {
            Self::Link => "/l/",
            Self::Return => "/r/",
        }
    }
}

/// Makes the addresses of shops' pages, and reads them. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ShopUrls {
    keys: TokenKeys,
    public_url: PublicUrl,
}

impl ShopUrls {
    /// Addresses below the public one, signed with the first of these keys.
    pub fn new(keys: TokenKeys, public_url: PublicUrl) -> Self {
        Self { keys, public_url }
    }

    /// The address of a shop's page. Whoever has it is the shop: a secret.
    pub fn url(&self, page: ShopPage, shop: Shop) -> SecretText {
        let ids = [shop.tenant_id.as_uuid(), shop.merchant_id.as_uuid()];
        let content: Vec<u8> = ids.into_iter().flat_map(Uuid::into_bytes).collect();
        let token = self.keys.seal(page.format(), &content, TAG_LENGTH);
        SecretText::new(self.public_url.below(&format!("{}{token}", page.path())))
    }

    /// Whose page a token is for; none if it is not ours.
    pub fn read(&self, page: ShopPage, token: &str) -> Option<Shop> {
        let content: [u8; CONTENT_LENGTH] = self.keys.unseal(page.format(), token, TAG_LENGTH)?;
        let (tenant, merchant) = content.split_at(UUID_LENGTH);
        Some(Shop {
            tenant_id: TenantId::from_uuid(Uuid::from_slice(tenant).ok()?),
            merchant_id: MerchantId::from_uuid(Uuid::from_slice(merchant).ok()?),
        })
    }

    /// Whether what is sent to these pages can be read on its way.
    pub fn is_plain_http(&self) -> bool {
        self.public_url.is_plain_http()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::CallbackToken;

    fn urls(key: u8) -> ShopUrls {
        let keys = TokenKeys::parse(&format!("1 {}", format!("{key:02x}").repeat(32))).unwrap();
        ShopUrls::new(keys, PublicUrl::parse("https://registry.example/below/").unwrap())
    }

    fn shop() -> Shop {
        Shop {
            tenant_id: TenantId::from_uuid(Uuid::from_u128(1)),
            merchant_id: MerchantId::from_uuid(Uuid::from_u128(2)),
        }
    }

    fn token(page: ShopPage) -> String {
        let url = urls(7).url(page, shop());
        url.expose().rsplit('/').next().unwrap().to_owned()
    }

    #[test]
    fn a_link_is_always_the_same_and_reads_back() {
        let url = urls(7).url(ShopPage::Link, shop());
        assert!(url.expose().starts_with("https://registry.example/below/l/"));
        assert_eq!(url, urls(7).url(ShopPage::Link, shop()));
        for page in [ShopPage::Link, ShopPage::Return] {
            assert_eq!(token(page).len(), 67);
            assert_eq!(urls(7).read(page, &token(page)), Some(shop()));
            assert_eq!(urls(8).read(page, &token(page)), None);
        }
    }

    #[test]
    fn no_token_stands_for_another() {
        let (link, back) = (token(ShopPage::Link), token(ShopPage::Return));
        assert_eq!(urls(7).read(ShopPage::Return, &link), None);
        assert_eq!(urls(7).read(ShopPage::Link, &back), None);
        assert_eq!(urls(7).keys.verify(&link), None);
        let Shop { tenant_id, merchant_id } = shop();
        let callback = urls(7).keys.issue(CallbackToken::Merchant { tenant_id, merchant_id });
        assert_eq!(urls(7).read(ShopPage::Link, &callback), None);
        for position in 0..link.len() {
            let mut changed = link.clone().into_bytes();
            changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(urls(7).read(ShopPage::Link, &changed), None, "position {position}");
        }
        for wrong in [
            "",
            "A",
            &link[1..],
            &format!("{link}A"),
            &"A".repeat(67),
            &"A".repeat(100_000),
            "한글",
        ] {
            assert_eq!(urls(7).read(ShopPage::Link, wrong), None);
        }
    }
}
