-- Every leg of a call besides the customer's: its agents, whom they asked or sent it to, supervisors.

CREATE TABLE call_legs (
    call_id TEXT NOT NULL,
    position BIGINT NOT NULL,               -- in the order in which they began
    kind TEXT NOT NULL,                     -- agent | extension | outside | supervisor
    party TEXT NOT NULL,                    -- agent number, extension, or the number that was dialled
    started_at BIGINT NOT NULL,
    answered_at BIGINT,
    joined_at BIGINT,                       -- since when it had the customer
    ended_at BIGINT,
    why TEXT NOT NULL,                      -- why it ended: call_over, transferred, hung_up ...
    PRIMARY KEY (call_id, position)
);
CREATE INDEX call_legs_party ON call_legs (kind, party, started_at);
