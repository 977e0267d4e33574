-- The leads that are still to be dialled, by when: a list of them needs no sorting.
CREATE INDEX leads_next_dial ON leads (orgi, next_dial_at, position) WHERE next_dial_at IS NOT NULL;
