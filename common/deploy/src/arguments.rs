//! The flags of every program that deploys: which cluster, and how long is waited.

use std::time::Duration;

use clap::Args;
use gotemplate::time::parse_duration;

/// How long webhooks that aren't up yet are waited for: codexctl's 18 tries of 10 seconds.
pub const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(180);

/// Waiting until everything is ready.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Waiting")]
pub struct WaitArgs {
    /// Wait until everything is ready
    #[arg(long)]
    pub wait: bool,

    /// How long at most [default: codex.timeouts.deployWait, else 600s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub wait_timeout: Option<Duration>,

    /// After how long in the same state a pod that can't start is given up [default: 30s]
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub fail_after: Option<Duration>,

    /// How often waiting is begun anew when the time is over
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub wait_retries: u32,

    /// How long is paused before waiting is begun anew; doubled each time
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = duration)]
    pub wait_backoff: Duration,

    /// Only warn of what isn't ready in time
    #[arg(long)]
    pub wait_soft_fail: bool,
}

/// Which cluster, and as whom.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Cluster")]
pub struct ClusterArgs {
    /// The kubeconfig
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<String>,

    /// The kubeconfig's context
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,

    /// The API server's address
    #[arg(short, long, value_name = "URL")]
    pub server: Option<String>,

    /// Don't check the server's certificate
    #[arg(long)]
    pub insecure_skip_tls_verify: bool,

    /// The file of the authority that signed the server's certificate
    #[arg(long, value_name = "FILE")]
    pub certificate_authority: Option<String>,

    /// The user to act as
    #[arg(long = "as", value_name = "USER")]
    pub impersonate: Option<String>,

    /// A group to act as; may be repeated
    #[arg(long = "as-group", value_name = "GROUP")]
    pub impersonate_groups: Vec<String>,

    /// How long one request may take (0: any time) [default: 60s]
    #[arg(long, value_name = "DURATION")]
    pub request_timeout: Option<String>,
}

/// A Go duration that isn't negative.
///
/// # Errors
/// What is wrong with it, for clap to say.
pub fn duration(text: &str) -> Result<Duration, String> {
    let parsed =
        parse_duration(text.as_bytes()).map_err(|_| "expected a duration such as 90s or 10m".to_owned())?;
    u64::try_from(parsed.0).map(Duration::from_nanos).map_err(|_| "a duration can't be negative".to_owned())
}
