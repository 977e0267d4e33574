-- Which node holds which lead has a table of its own: to reserve a lead writes one short row, and
-- the lead with all its indexes stays as it is. One text for both databases.

CREATE TABLE reservations (
    lead_id TEXT PRIMARY KEY,
    campaign_id TEXT NOT NULL,
    node TEXT NOT NULL,                     -- that holds the lead in its hopper, or dials it
    reserved_at BIGINT NOT NULL
);
CREATE INDEX reservations_campaign ON reservations (campaign_id);

INSERT INTO reservations (lead_id, campaign_id, node, reserved_at)
    SELECT id, COALESCE(campaign_id, ''), reserved_by, COALESCE(reserved_at, updated_at) FROM leads
    WHERE reserved_by IS NOT NULL;

DROP INDEX leads_free;
DROP INDEX leads_fresh;
DROP INDEX leads_fresh_own;
DROP INDEX leads_back;
DROP INDEX leads_back_own;
DROP INDEX leads_held;
DROP INDEX leads_held_by;
ALTER TABLE leads DROP COLUMN reserved_by;
ALTER TABLE leads DROP COLUMN reserved_at;

-- A lead that nobody was given is held by nobody.
CREATE INDEX leads_free ON leads (position)
    WHERE alloc_status IN ('unallocated', 'recycled') AND NOT voided AND NOT dnc;

-- Each holds only the leads that its draw may take, or has in hand, in the order in which it takes
-- them.
CREATE INDEX leads_fresh ON leads (campaign_id, call_rank, call_key, position)
    WHERE call_status = 'notcall' AND appointed = FALSE AND voided = FALSE
        AND next_dial_at IS NOT NULL AND call_rank IS NOT NULL AND alloc_type <> 'agent';
CREATE INDEX leads_fresh_own ON leads (campaign_id, alloc_target, call_rank, call_key, position)
    WHERE call_status = 'notcall' AND appointed = FALSE AND voided = FALSE
        AND next_dial_at IS NOT NULL AND call_rank IS NOT NULL AND alloc_type = 'agent';
CREATE INDEX leads_back ON leads (campaign_id, next_dial_at, position)
    WHERE (call_status <> 'notcall' OR appointed = TRUE) AND call_status <> 'calling'
        AND voided = FALSE AND next_dial_at IS NOT NULL AND alloc_type <> 'agent';
CREATE INDEX leads_back_own ON leads (campaign_id, alloc_target, next_dial_at, position)
    WHERE (call_status <> 'notcall' OR appointed = TRUE) AND call_status <> 'calling'
        AND voided = FALSE AND next_dial_at IS NOT NULL AND alloc_type = 'agent';

-- What was sold to a lead (营销记录): product and price as they were then.
CREATE TABLE sales (
    id TEXT PRIMARY KEY,
    orgi TEXT NOT NULL,
    lead_id TEXT NOT NULL,
    campaign_id TEXT,
    call_id TEXT,
    product_id TEXT NOT NULL,
    title TEXT NOT NULL,
    quantity BIGINT NOT NULL,
    price_cents BIGINT NOT NULL,            -- of one piece
    note TEXT NOT NULL DEFAULT '',
    sold_by TEXT NOT NULL,
    sold_at BIGINT NOT NULL
);
CREATE INDEX sales_lead ON sales (lead_id, id);

-- The dictionary of the business statuses of each business type (OUT-113).
CREATE TABLE business_statuses (
    orgi TEXT NOT NULL,
    business_type TEXT NOT NULL,            -- followup | marketing
    dictionary_id TEXT NOT NULL,
    PRIMARY KEY (orgi, business_type)
);
