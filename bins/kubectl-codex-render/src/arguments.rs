//! What may be typed, and the checked request that comes of it.

use clap::{Parser, ValueEnum};
use codex_common::cli::{
    Compat, Console, ExitCode, Filters, Host, Messages, Program, ProjectSource, StackArgs, Variables,
};
use codex_common::diagnostic::Diagnostic;
use codex_common::render::{Format, foreign::Owner};
use codex_common::stack::Mode;
use gotemplate::Missing;

use crate::render::{Output, Request, run};

const EXAMPLES: &str = "\
Examples:
  # what would be applied to slot 1 of the environment ai
  kubectl codex render --env ai --slot 1

  # one service without the infrastructure
  kubectl codex render --env dev --only-services api --skip-infra postgres,redis

  # why a service isn't there
  kubectl codex render --env dev --list

  # the image and mounts of the service api on a chart's manifests
  helm template shop ./chart | kubectl codex render --env ai --slot 1 -f - --service api=shop-api

Every flag has a twin in the environment, CODEXCTL_<FLAG>: CODEXCTL_ENV, CODEXCTL_ONLY_SERVICES, …
A flag wins, and an empty variable counts as unset.

Exit codes: 0 done, 1 a file can't be read or output not written, 2 wrong usage or wrong input,
70 a bug of this program, 141 the reader of the output went away.";

/// Prints the manifests of an environment.
///
/// Reads services.yaml, renders the manifests it names for the environment, puts
/// namespace, images and mounts on them, and prints them as one stream of YAML
/// documents. Prints nothing when anything fails.
#[derive(Debug, Parser)]
#[command(version, verbatim_doc_comment, args_override_self = true, after_help = EXAMPLES, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    stack: StackArgs,

    #[command(flatten)]
    filters: Filters,

    #[command(flatten)]
    variables: Variables,

    /// Put the overlays on these manifests instead of the project's own ("-": stdin)
    #[arg(short, long, value_name = "FILE", help_heading = "Manifests made elsewhere")]
    filename: Vec<String>,

    /// The service that the manifests of -f belong to, and its Deployment if called otherwise
    #[arg(long, value_name = "NAME[=DEPLOYMENT]", requires = "filename", value_parser = Owner::parse,
          help_heading = "Manifests made elsewhere")]
    service: Vec<Owner>,

    /// List what is selected, and why the rest isn't
    #[arg(long, help_heading = "Output")]
    list: bool,

    /// The format: yaml or json; with --list table or json
    #[arg(short, long, value_enum, value_name = "FORMAT", help_heading = "Output")]
    output: Option<OutputFormat>,

    /// Whether a missing value is an error or prints `<no value>` [default: error]
    #[arg(long, value_enum, value_name = "WHAT", help_heading = "Rules")]
    missing: Option<MissingValue>,

    /// Follow the rules of codexctl where they differ
    #[arg(long, value_enum, value_name = "TOOL", help_heading = "Rules")]
    compat: Option<Compat>,

    /// Leave out the comment lines that tell apply whose the manifests are
    #[arg(long, help_heading = "Output")]
    no_header: bool,

    /// Don't warn of calls that mean the opposite of what they do in Helm
    #[arg(long, help_heading = "Rules")]
    no_lint: bool,

    #[command(flatten)]
    messages: Messages,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum OutputFormat {
    Yaml,
    Json,
    Table,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum MissingValue {
    Error,
    Print,
}

impl Program for Arguments {
    fn messages(&self) -> &Messages {
        &self.messages
    }

    fn run(self, host: &Host, console: &Console) -> Result<ExitCode, Diagnostic> {
        run(&self.request()?, host, console)
    }
}

impl Arguments {
    /// Checks what was typed before any file is touched.
    fn request(self) -> Result<Request, Diagnostic> {
        let mode = Mode::from(self.compat);
        let output = match (self.list, self.output) {
            (false, None | Some(OutputFormat::Yaml)) => Output::Documents(Format::Yaml),
            (false, Some(OutputFormat::Json)) => Output::Documents(Format::Json),
            (true, None | Some(OutputFormat::Table)) => Output::Table,
            (true, Some(OutputFormat::Json)) => Output::JsonList,
            (false, Some(OutputFormat::Table)) => {
                return Err(usage("`-o table` goes with `--list`"));
            }
            (true, Some(OutputFormat::Yaml)) => {
                return Err(usage("`--list` prints a table or json, not yaml"));
            }
        };
        if !self.filename.is_empty() && self.list {
            return Err(usage("`--list` is about the project's own manifests, it can't be used with `-f`"));
        }
        if let (false, Some(flag)) = (self.filename.is_empty(), self.filters.given()) {
            return Err(usage(format!(
                "`{flag}` is about the project's own manifests, it can't be used with `-f`"
            ))
            .hint(Some("`--service NAME` says whose the manifests of `-f` are".to_owned())));
        }
        let mut source = ProjectSource::new(self.stack.config, self.stack.reach, self.variables, mode)?;
        match self.missing {
            Some(MissingValue::Error) => source.missing = Missing::Error,
            Some(MissingValue::Print) => source.missing = Missing::Print,
            None => {}
        }
        let (filters, is_filtered) = self.filters.checked();
        Ok(Request {
            source,
            env: self.stack.env.unwrap_or_default(),
            slot: self.stack.slot,
            namespace: self.stack.namespace,
            filters,
            files: self.filename,
            owners: self.service,
            output,
            header: !self.no_header && mode == Mode::Plain,
            is_filtered,
            lint: !self.no_lint && mode == Mode::Plain,
        })
    }
}

fn usage(message: impl Into<String>) -> Diagnostic {
    Diagnostic::input(message)
}
