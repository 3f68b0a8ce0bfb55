//! What was last read of the wallets that pay for bills.

use async_trait::async_trait;
use registry_domain::merchant::{WalletReading, Wallets};
use registry_domain::tenant::Tenant;
use registry_domain::{MerchantId, TenantId};
use registry_journal::port::{Balances, ReadError};
use sqlx::types::Uuid;

use crate::rows::micros;
use crate::{SqliteJournal, rows};

#[async_trait]
impl Balances for SqliteJournal {
    async fn payers(&self, tenant: TenantId, merchant: MerchantId) -> Result<Option<(Tenant, Wallets)>, ReadError> {
        let statement = sqlx::query_as!(
            rows::Payers,
            r#"
            SELECT t.tenant_id AS "tenant_id: Uuid", t.state, p.points AS "partner_points?", p.read_at AS "partner_read_at?",
                m.points AS "merchant_points?", m.read_at AS "merchant_read_at?"
            FROM tenants AS t
            LEFT JOIN balances AS p ON p.tenant_id = ?1 AND p.wallet_id = ?1
            LEFT JOIN balances AS m ON m.tenant_id = ?1 AND m.wallet_id = ?2
            WHERE t.tenant_id = ?1
            "#,
            tenant.as_uuid(),
            merchant.as_uuid()
        );
        self.one("tenant with its wallets", tenant, statement).await
    }

    async fn save_balance(
        &self,
        tenant: TenantId,
        merchant: Option<MerchantId>,
        reading: WalletReading,
    ) -> Result<(), ReadError> {
        let wallet = merchant.map_or(tenant.as_uuid(), |merchant| merchant.as_uuid());
        let statement = sqlx::query!(
            r#"
            INSERT INTO balances (tenant_id, wallet_id, points, read_at) VALUES (?1, ?2, ?3, ?4)
            ON CONFLICT (tenant_id, wallet_id) DO UPDATE SET points = excluded.points, read_at = excluded.read_at
            "#,
            tenant.as_uuid(),
            wallet,
            reading.points,
            micros(reading.read_at)
        );
        self.note("balance", statement).await
    }
}
