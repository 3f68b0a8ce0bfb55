//! What was last read of the wallets that pay for bills.

use async_trait::async_trait;
use registry_domain::merchant::{WalletReading, Wallets};
use registry_domain::tenant::Tenant;
use registry_domain::{MerchantId, TenantId};

use super::ReadError;

/// Balances as they were last read, by whichever process. They are read again and again, so a reading is no event.
#[async_trait]
pub trait Balances: Send + Sync {
    /// A tenant, and what was last read of its wallet and of a merchant's: those that may pay for this merchant's bills.
    async fn payers(&self, tenant: TenantId, merchant: MerchantId) -> Result<Option<(Tenant, Wallets)>, ReadError>;

    /// Writes down what was read of a merchant's wallet; of the partner's own for none. Not a fact: losing it costs a
    /// question.
    async fn save_balance(
        &self,
        tenant: TenantId,
        merchant: Option<MerchantId>,
        reading: WalletReading,
    ) -> Result<(), ReadError>;
}
