-- One statement, so that all of it is of one moment: a batch that commits in between would look like a difference.
SELECT m.tenant_id AS "tenant_id!: Uuid", m.merchant_id AS "merchant_id!: Uuid",
    m.member_code AS "member_code!", m.merchant_code AS "merchant_code!", m.version AS "version!",
    m.status AS "status!", m.stage AS "stage!", m.stage_since AS "stage_since!", m.company_name,
    m.branch_name, m.business_number, m.pending_link_id AS "pending_link_id?: Uuid", m.pending_since,
    m.confirming_since,
    iif(m.facets_version = m.version, m.facets, NULL) AS "facets: i64", m.created_at AS "created_at!", m.updated_at AS "updated_at!", m.state AS "state!", (
        SELECT json_group_array(json_array(
            version, status, stage, valid_from, facets, stage_since, ended_stage, ended_since
        ))
        FROM merchant_history
        WHERE tenant_id = ?1 AND merchant_id = m.merchant_id
    ) AS "history!: String", (
        SELECT json_group_array(hex(link_id)) FROM merchant_links
        WHERE tenant_id = ?1 AND merchant_id = m.merchant_id
    ) AS "links!: String", (
        SELECT json_group_array(
            json_array(version, hex(event_id), iif(identity IS NULL, NULL, hex(identity)), recorded_at)
        )
        FROM approvals WHERE tenant_id = ?1 AND merchant_id = m.merchant_id
    ) AS "approvals!: String", (
        SELECT json_group_array(json_array(
            version, created_at, valid_from, valid_to, name_key, code_key, text, number, marks, pieces
        ))
        FROM merchant_terms WHERE tenant_id = ?1 AND merchant_id = m.merchant_id
    ) AS "terms!: String", (
        SELECT json_array(created_at, linked_at, begun_at, submitted_at, opened_at, under_way)
        FROM merchant_milestones WHERE tenant_id = ?1 AND merchant_id = m.merchant_id
    ) AS "milestones: String", (
        SELECT json_array(hex(alert_id), rule, rank, due_at, acknowledged_at, snoozed_until)
        FROM merchant_alerts WHERE tenant_id = ?1 AND merchant_id = m.merchant_id
    ) AS "alert: String"
FROM jsonb_each(?2) AS wanted
CROSS JOIN merchants AS m ON m.tenant_id = ?1 AND m.merchant_id = unhex(wanted.value)
