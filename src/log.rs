//! Where log lines go, and which of them.

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// Starts logging at `info`, or as `PACELINE_LOG` asks.
///
/// The SIP stack writes whole messages, credentials and all, at `info` and below: it is kept at
/// `warn`, whatever is asked of the rest.
pub fn start<W>(writer: W, colours: bool)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .with_env_filter(filter(std::env::var("PACELINE_LOG").ok().as_deref()))
        .with_ansi(colours)
        .with_writer(writer)
        .init();
}

fn filter(asked: Option<&str>) -> EnvFilter {
    let asked = asked.unwrap_or("info");
    let ours: Vec<&str> = asked
        .split(',')
        .filter(|part| !part.trim_start().starts_with("rsipstack"))
        .collect();
    EnvFilter::new(format!(
        "{},rsipstack=warn,sqlx=warn,apalis=warn",
        ours.join(",")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_can_ask_the_sip_stack_for_credentials() {
        for asked in [
            None,
            Some("debug"),
            Some("rsipstack=trace"),
            Some("info,rsipstack::transport=debug"),
        ] {
            let filter = filter(asked).to_string();
            assert!(filter.contains("rsipstack=warn"), "{filter}");
            assert!(
                !filter.contains("rsipstack::") && !filter.contains("trace"),
                "{filter}"
            );
        }
    }
}
