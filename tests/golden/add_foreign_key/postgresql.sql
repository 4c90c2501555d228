== expand
== backfill
== switch
-- switch.1 transaction
-- lock SHARE ROW EXCLUSIVE on orders
-- lock SHARE ROW EXCLUSIVE on users
ALTER TABLE orders ADD CONSTRAINT orders_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE NOT VALID;
-- switch.2 transaction, scans
-- lock SHARE UPDATE EXCLUSIVE on orders
-- lock ROW SHARE on users
ALTER TABLE orders VALIDATE CONSTRAINT orders_user_id_fkey;
== contract
