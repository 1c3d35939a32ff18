//! How `PostgreSQL` goes about the store's statements where there is much of everything: by an index, and by what comes
//! first in it, whether or not the store forbids it to read whole tables.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::OnceCell;
use tokio_postgres::{Client, SimpleQueryMessage};

use crate::support::{Database, SMALL, Said};

/// Rows of each table that grows, and how many of them an account has.
const ROWS: u32 = 50_000;
const OF_ACCOUNT: u32 = 50;

/// What a case has a store prepare at least: to open it, and to do something with it.
const STATEMENTS_MIN: usize = 6;

/// It looks whether there is any, and reads one row.
const ANY: &str =
    "SELECT key_proof IS NOT NULL OR EXISTS (SELECT 1 FROM accounts) FROM installation";

/// A database with that many rows. Made once in a run.
static LARGE: OnceCell<Database> = OnceCell::const_new();

/// Statements of which all is well.
static LOOKED_AT: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Panics if a statement that was prepared reads more than it has to.
pub(super) async fn look_at(said: &Said) {
    // What is asked of the server itself has no plan.
    let statements = said.prepared.iter().filter(|statement| !statement.starts_with("SHOW "));
    let statements: BTreeSet<_> = statements.cloned().collect();
    assert!(statements.len() >= STATEMENTS_MIN, "only {statements:?} were seen");
    let settings: Vec<_> =
        said.run.iter().filter(|text| text.starts_with("SET statement_timeout")).collect();
    let [settings] = *settings else { panic!("a store sets one thing: {settings:?}") };
    let seen = LOOKED_AT.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let database = LARGE.get_or_init(large).await;
    let planner = Planner::new(database, settings).await;
    for statement in statements.difference(&seen).filter(|statement| *statement != ANY) {
        planner.look_at(statement).await;
    }
    LOOKED_AT.lock().unwrap_or_else(PoisonError::into_inner).extend(statements);
}

/// Makes it. What values mean is nothing to a planner: they are different, but for whose rows they are.
async fn large() -> Database {
    let database = Database::new().await;
    let client = database.client().await;
    let fill = format!(
        "SELECT format('INSERT INTO %I (%s) SELECT %s FROM generate_series(1, {ROWS}) AS n ON CONFLICT DO NOTHING',
            relname, string_agg(quote_ident(attname), ', ' ORDER BY attnum), string_agg(CASE
                WHEN attnum = indkey[0] AND indnatts > 1 AND atttypid = 'bigint'::regtype THEN 'n / {OF_ACCOUNT}'
                WHEN NOT attnotnull THEN format('CASE n %% 2 WHEN 0 THEN %s END', value)
                ELSE value END, ', ' ORDER BY attnum))
        FROM pg_class AS tables JOIN pg_attribute ON attrelid = tables.oid
            JOIN pg_index ON indrelid = tables.oid AND indisprimary
            CROSS JOIN LATERAL (SELECT CASE atttypid
                WHEN 'bigint'::regtype THEN 'n'
                WHEN 'boolean'::regtype THEN 'n % {} = 0'
                WHEN 'bytea'::regtype THEN 'int8send(n)'
                ELSE '''x'' || n' END) AS made (value)
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname NOT IN ({SMALL})
            AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
        GROUP BY relname",
        2 * OF_ACCOUNT
    );
    let checks = "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname)
        FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0";
    let referring = "SET session_replication_role = replica";
    client.batch_execute(referring).await.unwrap();
    for made in [checks, &fill] {
        for row in client.query(made, &[]).await.unwrap() {
            client.batch_execute(row.get(0)).await.unwrap();
        }
    }
    client.batch_execute("VACUUM ANALYZE").await.unwrap();
    database
}

struct Planner {
    client: Client,
    settings: String,
    /// What an index of a table that grows has to be read by: one value of what comes first in it, which is whose the
    /// rows are, or a range where it has but one column.
    first: HashMap<String, String>,
}

impl Planner {
    async fn new(database: &Database, settings: &str) -> Self {
        let client = database.client().await;
        let first = format!(
            "SELECT indexes.relname::text, '(' || attname || CASE indnkeyatts WHEN 1 THEN ' ' ELSE ' = ' END FROM pg_index JOIN pg_class AS indexes ON indexrelid = indexes.oid
                JOIN pg_class AS tables ON indrelid = tables.oid
                JOIN pg_attribute ON attrelid = indexrelid AND attnum = 1
            WHERE tables.relnamespace = current_schema()::regnamespace AND tables.relname NOT IN ({SMALL})"
        );
        let first = client.query(&first, &[]).await.unwrap();
        let first = first.iter().map(|row| (row.get(0), row.get(1))).collect();
        Self { client, settings: settings.to_owned(), first }
    }

    /// Both as the store has it planned, and as `PostgreSQL` would by itself.
    async fn look_at(&self, statement: &str) {
        self.client.batch_execute(&format!("PREPARE looked_at AS {statement}")).await.unwrap();
        for settings in [&*self.settings, "RESET ALL; SET plan_cache_mode = force_generic_plan"] {
            self.client.batch_execute(settings).await.unwrap();
            let plan = self.plan().await;
            let wrong = self.wrong(&plan);
            assert!(wrong.is_empty(), "{wrong:?}\nof {statement}\nafter {settings}\nin {plan:#}");
        }
        self.client.batch_execute("DEALLOCATE looked_at").await.unwrap();
    }

    async fn plan(&self) -> Value {
        let count =
            "SELECT repeat(', NULL', cardinality(parameter_types)) FROM pg_prepared_statements
            WHERE name = 'looked_at'";
        let nulls = self.one(count).await;
        let arguments = nulls.strip_prefix(", ").map(|nulls| format!("({nulls})"));
        let explain =
            format!("EXPLAIN (FORMAT JSON) EXECUTE looked_at {}", arguments.unwrap_or_default());
        serde_json::from_str(&self.one(&explain).await).unwrap()
    }

    /// The one text that a query answers.
    async fn one(&self, query: &str) -> String {
        let answer = self.client.simple_query(query).await.unwrap();
        let rows = answer.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0),
            _ => None,
        });
        rows.collect()
    }

    /// What of a plan, or of a part of it, reads more than it has to.
    fn wrong(&self, plan: &Value) -> Vec<String> {
        match plan {
            Value::Array(parts) => parts.iter().flat_map(|part| self.wrong(part)).collect(),
            Value::Object(node) => {
                let parts = node.values().flat_map(|part| self.wrong(part));
                self.wrong_here(plan).into_iter().chain(parts).collect()
            }
            _ => Vec::new(),
        }
    }

    fn wrong_here(&self, node: &Value) -> Option<String> {
        let word = |name: &str| node[name].as_str().unwrap_or_default();
        if let Some(first) = self.first.get(word("Index Name")) {
            let whole = !word("Index Cond").contains(first);
            return whole.then(|| format!("all of {}", word("Index Name")));
        }
        let table = word("Relation Name");
        let whole = word("Node Type") == "Seq Scan" && !SMALL.contains(&format!("'{table}'"));
        whole.then(|| format!("all of {table}"))
    }
}
