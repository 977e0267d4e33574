//! The database: SQLite in one data directory, or PostgreSQL.

use std::{
    future::ready,
    path::Path,
    str::FromStr,
    sync::Arc,
    time::{Duration, Instant},
};

use sqlx::{
    PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool, Transaction,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    error::{Error, Result},
    writers::Writers,
};

static SQLITE: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations/postgres");

const READERS: u32 = 4;
const PG_CONNECTIONS: u32 = 16;
/// KiB, as SQLite counts them, that keep the pages of an index from being read anew for each write.
const WRITER_CACHE: &str = "-32768";
/// Another process may hold SQLite's write lock for one chunk of an import.
const LOCK_WAIT: Duration = Duration::from_secs(20);
/// How long a long work lets others write between two of its writes, and how often it looks whether they
/// have.
const BREAK_MAX: Duration = Duration::from_millis(50);
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// SQLite's or PostgreSQL's version of the same thing; see [`on!`](crate::on).
#[derive(Debug)]
pub enum Either<L, P> {
    Lite(L),
    Pg(P),
}

/// The database. Clones share the connections.
#[derive(Debug, Clone)]
pub enum Db {
    /// SQLite lets one connection write; the others read what was committed before they began.
    Lite {
        writer: SqlitePool,
        reader: SqlitePool,
        writers: Arc<Writers>,
    },
    Pg(PgPool),
}

/// A write of several statements: all or nothing. Dropped without [`Tx::commit`], it never was.
#[derive(Debug)]
pub enum Tx {
    Lite(Transaction<'static, Sqlite>),
    Pg(Transaction<'static, Postgres>),
}

/// Where one statement after the other goes, be it a write or a read.
pub trait Conn: Send {
    /// Where the next statement goes.
    fn conn(&mut self) -> Either<&mut SqliteConnection, &mut PgConnection>;
}

/// One connection for several reads.
#[derive(Debug)]
pub enum Reading {
    Lite(PoolConnection<Sqlite>),
    Pg(PoolConnection<Postgres>),
}

impl Conn for Reading {
    fn conn(&mut self) -> Either<&mut SqliteConnection, &mut PgConnection> {
        match self {
            Self::Lite(one) => Either::Lite(one),
            Self::Pg(one) => Either::Pg(one),
        }
    }
}

impl Conn for Tx {
    fn conn(&mut self) -> Either<&mut SqliteConnection, &mut PgConnection> {
        Self::conn(self)
    }
}

impl Db {
    /// Opens the database and brings its schema up to date.
    ///
    /// `place` is a `postgres://` URL or a directory, which is made when it is not there.
    ///
    /// # Errors
    /// When the place cannot be reached or its schema is not ours.
    pub async fn open(place: &str) -> Result<Self> {
        let db = Self::connect(place).await?;
        db.migrate().await?;
        Ok(db)
    }

    /// Opens the database as it is.
    ///
    /// # Errors
    /// When the place cannot be reached.
    pub async fn connect(place: &str) -> Result<Self> {
        if place.starts_with("postgres://") || place.starts_with("postgresql://") {
            // Our statements are short: to compile one takes longer than to run it.
            let options = PgConnectOptions::from_str(place)?.options([("jit", "off")]);
            let pool = PgPoolOptions::new()
                .max_connections(PG_CONNECTIONS)
                .connect_with(options)
                .await?;
            return Ok(Self::Pg(pool));
        }
        std::fs::create_dir_all(place).map_err(Error::Directory)?;
        let options = SqliteConnectOptions::new()
            .filename(Path::new(place).join("paceline.db"))
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .foreign_keys(true)
            .busy_timeout(LOCK_WAIT);
        let writers = Arc::new(Writers::open(Path::new(place)).map_err(Error::Directory)?);
        let writer = marking(SqlitePoolOptions::new(), &writers)
            .max_connections(1)
            .connect_with(options.clone().pragma("cache_size", WRITER_CACHE))
            .await?;
        // The first connection is put by without a word to `after_release`.
        writers.mark(false);
        let reader = SqlitePoolOptions::new()
            .max_connections(READERS)
            .connect_with(options.pragma("query_only", "ON"))
            .await?;
        Ok(Self::Lite {
            writer,
            reader,
            writers,
        })
    }

    /// Brings the schema up to date, ours and the queue library's.
    ///
    /// # Errors
    /// When a migration fails or the database knows migrations that this binary does not.
    pub async fn migrate(&self) -> Result<()> {
        match self {
            Self::Lite { writer, .. } => {
                SQLITE.run(writer).await?;
                let mut queue = apalis_sqlite::SqliteStorage::migrations();
                // Both would otherwise keep their history in `_sqlx_migrations` and refuse the other's.
                queue.dangerous_set_table_name("_apalis_migrations");
                queue.run(writer).await?;
                // The acknowledgement of a job is planned through this index and then reads every job
                // its worker ever did.
                sqlx::query("DROP INDEX IF EXISTS LIdx")
                    .execute(writer)
                    .await?;
            }
            Self::Pg(pool) => {
                POSTGRES.run(pool).await?;
                apalis_postgres::PostgresStorage::migrations()
                    .run(pool)
                    .await?;
            }
        }
        Ok(())
    }

    /// Where a query that only reads goes.
    #[must_use]
    pub fn read(&self) -> Either<&SqlitePool, &PgPool> {
        match self {
            Self::Lite { reader, .. } => Either::Lite(reader),
            Self::Pg(pool) => Either::Pg(pool),
        }
    }

    /// Where several reads go, one after the other.
    ///
    /// # Errors
    /// When no connection is had in time.
    pub async fn reading(&self) -> Result<Reading> {
        Ok(match self {
            Self::Lite { reader, .. } => Reading::Lite(reader.acquire().await?),
            Self::Pg(pool) => Reading::Pg(pool.acquire().await?),
        })
    }

    /// Where a write of one statement goes.
    #[must_use]
    pub fn write(&self) -> Either<&SqlitePool, &PgPool> {
        match self {
            Self::Lite { writer, .. } => Either::Lite(writer),
            Self::Pg(pool) => Either::Pg(pool),
        }
    }

    /// Begins a write. On SQLite it takes the write lock at once: a transaction that reads first and
    /// asks for the lock later is refused whenever somebody else wrote in between.
    ///
    /// # Errors
    /// When no connection or lock is had in time.
    pub async fn begin(&self) -> Result<Tx> {
        Ok(match self {
            Self::Lite { writer, .. } => Tx::Lite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::Pg(pool) => Tx::Pg(pool.begin().await?),
        })
    }

    /// Begins a write that a broken database machine may forget after its commit, whole: for work that
    /// notes in the same write how far it is, and so does again what was forgotten. A process that dies
    /// loses nothing.
    ///
    /// # Errors
    /// When no connection or lock is had in time.
    pub async fn begin_resumable(&self) -> Result<Tx> {
        let mut tx = self.begin().await?;
        if let Tx::Pg(c) = &mut tx {
            sqlx::query("SET LOCAL synchronous_commit TO OFF")
                .execute(&mut **c)
                .await?;
        }
        Ok(tx)
    }

    /// Whether another process waits for this one to end its write. On PostgreSQL nobody has to.
    #[must_use]
    pub fn others_want_to_write(&self) -> bool {
        matches!(self, Self::Lite { writers, .. } if writers.others_want())
    }

    /// Lets the processes that wait write, between two writes of a long work.
    pub async fn give_way(&self) {
        let until = Instant::now() + BREAK_MAX;
        while self.others_want_to_write() && Instant::now() < until {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// When it does not.
    pub async fn ping(&self) -> Result<()> {
        crate::on!(self.read(), c => sqlx::query("SELECT 1").execute(c).await.map(|_| ()))?;
        Ok(())
    }

    pub async fn close(&self) {
        match self {
            Self::Lite { writer, reader, .. } => {
                reader.close().await;
                writer.close().await;
            }
            Self::Pg(pool) => pool.close().await,
        }
    }
}

/// Everybody who takes the connection is marked as one who writes, until it is given back.
fn marking(options: SqlitePoolOptions, writers: &Arc<Writers>) -> SqlitePoolOptions {
    let [made, taken, given_back] = [0, 1, 2].map(|_| Arc::clone(writers));
    options
        .after_connect(move |_, _| {
            made.mark(true);
            Box::pin(ready(Ok(())))
        })
        .before_acquire(move |_, _| {
            taken.mark(true);
            Box::pin(ready(Ok(true)))
        })
        .after_release(move |_, _| {
            given_back.mark(false);
            Box::pin(ready(Ok(true)))
        })
}

impl Tx {
    /// Where a statement of this write goes.
    pub fn conn(&mut self) -> Either<&mut SqliteConnection, &mut PgConnection> {
        match self {
            Self::Lite(tx) => Either::Lite(tx),
            Self::Pg(tx) => Either::Pg(tx),
        }
    }

    /// # Errors
    /// When the database refuses; then nothing of this write happened.
    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Lite(tx) => tx.commit().await?,
            Self::Pg(tx) => tx.commit().await?,
        }
        Ok(())
    }

    /// # Errors
    /// When the connection is gone; then nothing of this write happened either.
    pub async fn rollback(self) -> Result<()> {
        match self {
            Self::Lite(tx) => tx.rollback().await?,
            Self::Pg(tx) => tx.rollback().await?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::on_both;

    #[tokio::test]
    async fn a_schema_is_brought_up_to_date_twice_without_harm() {
        on_both(|home| async move {
            home.db
                .migrate()
                .await
                .expect("the second time changes nothing");
            home.db.ping().await.expect("the database answers");
        })
        .await;
    }

    #[tokio::test]
    async fn a_dropped_write_never_was() {
        on_both(|home| async move {
            let mut tx = home.db.begin().await.unwrap();
            crate::on!(tx.conn(), c => sqlx::query(
                "INSERT INTO departments (id, orgi, name) VALUES ('d', 'o', 'n')"
            ).execute(c).await.map(|_| ()))
            .unwrap();
            drop(tx);
            let rows: i64 = crate::on!(home.db.read(), c => sqlx::query_scalar(
                "SELECT COUNT(*) FROM departments"
            ).fetch_one(c).await)
            .unwrap();
            assert_eq!(rows, 0);
        })
        .await;
    }

    #[tokio::test]
    async fn a_process_that_writes_is_seen_by_another_until_it_has_ended() {
        let home = crate::testing::sqlite().await;
        let other = Db::connect(&home.place).await.unwrap();
        // Connections are given back behind the scenes.
        let nobody_writes = async || {
            let quiet = async {
                while other.others_want_to_write() || home.db.others_want_to_write() {
                    tokio::task::yield_now().await;
                }
            };
            tokio::time::timeout(Duration::from_secs(20), quiet).await
        };
        nobody_writes().await.expect("both have connected");
        let tx = home.db.begin().await.unwrap();
        assert!(other.others_want_to_write() && !home.db.others_want_to_write());
        tx.commit().await.unwrap();
        nobody_writes().await.expect("the write is over");
    }

    #[tokio::test]
    async fn both_databases_have_the_same_migrations() {
        let names = |m: &sqlx::migrate::Migrator| -> Vec<(i64, String)> {
            m.iter()
                .map(|one| (one.version, one.description.to_string()))
                .collect()
        };
        assert_eq!(names(&SQLITE), names(&POSTGRES));
    }
}
