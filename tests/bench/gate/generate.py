"""Migration files as applications ship them: about five statements each, half of the files clean."""

import random

TABLES = ("users", "orders", "invoices", "events", "carts", "products", "sessions", "payments")
TYPES = ("text", "bigint", "timestamptz", "numeric(12,2)", "jsonb", "boolean", "uuid")

CLEAN = (
    "CREATE TABLE app.{new} (\n"
    "  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
    "  {table}_id bigint NOT NULL,\n"
    "  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'shut')),\n"
    "  made_at timestamptz NOT NULL DEFAULT now()\n);",
    "ALTER TABLE app.{table} ADD COLUMN IF NOT EXISTS {column} {type};",
    "CREATE INDEX CONCURRENTLY IF NOT EXISTS {table}_{column}_idx ON app.{table} ({column});",
    "ALTER TABLE app.{table} ADD CONSTRAINT {table}_{column}_fk FOREIGN KEY ({column}_id)\n"
    "  REFERENCES app.{other} (id) NOT VALID;",
    "ALTER TABLE app.{table} ALTER COLUMN {column} SET DEFAULT 0;",
    "COMMENT ON COLUMN app.{table}.{column} IS 'what {other} has of it';",
    "INSERT INTO app.settings (name, value) VALUES ('{column}', '{n}') ON CONFLICT DO NOTHING;",
    "UPDATE app.{table} SET {column} = lower(email) WHERE id BETWEEN {n} AND {n} + 999;",
    "CREATE OR REPLACE VIEW app.{table}_by_{column} AS\n"
    "  SELECT t.id, t.{column}, count(o.id) AS {other}\n"
    "  FROM app.{table} t LEFT JOIN app.{other} o ON o.{table}_id = t.id\n"
    "  WHERE t.deleted_at IS NULL GROUP BY t.id, t.{column};",
    "GRANT SELECT ON app.{table} TO reporting;",
)
HAZARDS = (
    "CREATE INDEX {table}_{column}_idx ON app.{table} ({column});",
    "ALTER TABLE app.{table} DROP COLUMN {column};",
    "ALTER TABLE app.{table} ALTER COLUMN {column} TYPE {type};",
    "ALTER TABLE app.{table} ALTER COLUMN {column} SET NOT NULL;",
    "UPDATE app.{table} SET {column} = {n};",
    "ALTER TABLE app.{table} RENAME COLUMN {column} TO {column}_{n};",
)


def statement(chance: random.Random, texts: tuple, number: int) -> str:
    table, other = chance.sample(TABLES, 2)
    return chance.choice(texts).format(
        table=table, other=other, new=f"{table}_{number}", column=f"field_{chance.randrange(40)}",
        type=chance.choice(TYPES), n=chance.randrange(1, 9999))


def write_files(directory, count: int) -> None:
    chance = random.Random(count)
    for number in range(1, count + 1):
        lines = ["-- Change %d: what the ticket asked for" % number, "SET lock_timeout = '2s';"]
        for place in range(chance.randint(3, 5)):
            bad = number % 2 == 0 and place == 1
            lines.append(statement(chance, HAZARDS if bad else CLEAN, number))
        (directory / f"{number:06}_change.sql").write_text("\n".join(lines) + "\n")
