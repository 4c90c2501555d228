-- seen: broken
ALTER TYPE crm.address RENAME ATTRIBUTE zip TO "postal code" CASCADE;
