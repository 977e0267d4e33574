//! What can go wrong in the store.

use sqlx::error::ErrorKind;

/// The store's answer.
pub type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the database refused")]
    Database(#[from] sqlx::Error),
    #[error("the schema could not be brought up to date")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    #[error("the data directory cannot be used")]
    Directory(#[source] std::io::Error),
    #[error("a stored {what} cannot be read")]
    Document {
        what: &'static str,
        #[source]
        source: serde_json::Error,
    },
    #[error("a filter run's hits cannot be read or written")]
    Hits(#[source] std::io::Error),
    #[error("the job could not be queued: {0}")]
    Queue(String),
    /// The change does not fit what is stored. `code` is stable and meant for the caller's answer.
    #[error("{code}")]
    Conflict { code: &'static str },
}

impl Error {
    /// A conflict with a stable code.
    #[must_use]
    pub fn conflict(code: &'static str) -> Self {
        Self::Conflict { code }
    }

    /// The code of a conflict.
    #[must_use]
    pub fn code(&self) -> Option<&'static str> {
        match self {
            Self::Conflict { code } => Some(code),
            _ => None,
        }
    }

    /// Whether the database is away or short of something, so that waiting can help.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        let Self::Database(error) = self else {
            return false;
        };
        match error {
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => true,
            // SQLite: busy, locked, disk full, busy snapshot. PostgreSQL: connection lost, short
            // of resources, deadlock or serialization, shutting down.
            sqlx::Error::Database(error) => error.code().is_some_and(|code| {
                matches!(&*code, "5" | "6" | "13" | "517")
                    || ["08", "40", "53", "57"]
                        .iter()
                        .any(|class| code.starts_with(class))
            }),
            _ => false,
        }
    }

    /// Whether a row with the same unique value is there already.
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Database(sqlx::Error::Database(error))
            if error.kind() == ErrorKind::UniqueViolation)
    }

    /// Turns a unique violation into a conflict with this code.
    #[must_use]
    pub fn unique_as(self, code: &'static str) -> Self {
        if self.is_unique_violation() {
            Self::conflict(code)
        } else {
            self
        }
    }

    /// Turns a reference to or from a missing or used row into a conflict with this code.
    #[must_use]
    pub fn reference_as(self, code: &'static str) -> Self {
        match &self {
            Self::Database(sqlx::Error::Database(error))
                if error.kind() == ErrorKind::ForeignKeyViolation =>
            {
                Self::conflict(code)
            }
            _ => self,
        }
    }
}
