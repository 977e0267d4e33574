-- Rises with every change of a product, also with a sale. One text for both databases.

ALTER TABLE products ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;
