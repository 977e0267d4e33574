//! How a job ends when it does not end well: the variant says who acts next.

use engine::import_row::BadHeader;

/// Why a job stopped.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// What was asked for cannot be done; whoever asked has to change something. Never retried.
    #[error("{code}: {text}")]
    User {
        /// Stable code.
        code: &'static str,
        text: String,
    },
    /// It may work the next time.
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("a file could not be read or written")]
    File(#[from] std::io::Error),
    #[error("a sheet could not be written")]
    Sheet(#[from] rust_xlsxwriter::XlsxError),
    #[error("the columns could not be compared")]
    Columns(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Somebody else's server does not answer as it should; it may later.
    #[error("{0}")]
    Unreachable(String),
    #[error("the job broke off: {0}")]
    Panicked(String),
    /// Another start of this job has taken over, or it was cancelled: nothing is left to do.
    #[error("the job was taken over or cancelled")]
    Superseded,
    /// The process ends; the job goes on in the next one.
    #[error("the worker shuts down")]
    ShuttingDown,
}

impl JobError {
    #[must_use]
    pub fn user(code: &'static str, text: impl Into<String>) -> Self {
        Self::User {
            code,
            text: text.into(),
        }
    }

    /// Stable code of a job that has failed.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::User { code, .. } => code,
            Self::Store(error) => error.code().unwrap_or("DATABASE"),
            Self::File(_) => "FILE",
            Self::Sheet(_) => "SHEET",
            Self::Columns(_) => "COLUMNS",
            Self::Unreachable(_) => "SOURCE_UNREACHABLE",
            Self::Panicked(_) => "PANICKED",
            Self::Superseded => "SUPERSEDED",
            Self::ShuttingDown => "SHUTTING_DOWN",
        }
    }

    /// What a person is told.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::User { text, .. } => text.clone(),
            other => other.to_string(),
        }
    }
}

impl From<BadHeader> for JobError {
    fn from(bad: BadHeader) -> Self {
        Self::User {
            code: bad.code,
            text: bad.message,
        }
    }
}
