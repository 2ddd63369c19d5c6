//! The order in which `services.yaml` comes to its values, step by step.
//!
//! 1. The header, from the raw text (`header`).
//! 2. Variables: process, env files, var file, command line.
//! 3. The namespace (`namespace`).
//! 4. The whole file, rendered with the header's values.
//! 5. `versions`, `baseDomain`, `codex`, `storage` from that text: what manifests see.
//!
//! codexctl stops there, so inside `services.yaml` a templated version is its template (B11). In plain mode
//! steps 3 to 5 are repeated with the values found, until they stay the same.

use std::path::PathBuf;

use gotemplate::Missing;

use crate::diagnostic::{Diagnostic, Place, Source};
use crate::secrets::Secrets;
use crate::suggestion::did_you_mean;
use crate::template::{Context, Engine, Rendered, TemplateError};
use crate::yaml::{self, Dialect, Node, Value};

use super::decode::{self, Decode, DecodeError, Fault, Strictness};
use super::environment::{Environment, EnvironmentError};
use super::files::MAX_FILE;
use super::header::Header;
use super::load::{LoadRequest, Project, variable_error};
use super::model::Stack;
use super::order::{Order, OrderError};
use super::variables::{Map, Variables, env_file};
use super::{Boundary, Mode, namespace, variables};

/// How many nodes `services.yaml` may have.
pub(super) const MAX_NODES: usize = 1 << 19;

/// How often the file is rendered at most before its values count as going in a circle.
const MAX_ROUNDS: usize = 10;

/// The parts that stay the same from round to round.
pub(super) struct Loading<'a> {
    pub(super) request: &'a LoadRequest<'a>,
    pub(super) secrets: &'a Secrets,
    pub(super) source: Source,
    pub(super) root: PathBuf,
    pub(super) boundary: Boundary,
    pub(super) given: Variables,
    /// What is worth saying of the env files.
    pub(super) warnings: Vec<Diagnostic>,
}

/// What one round starts from and the next one may start from instead.
#[derive(Debug, Clone, PartialEq)]
struct Values {
    project: String,
    env_files: Vec<String>,
    patterns: Map,
    versions: Map,
    base_domain: Map,
    environment: Environment,
}

impl Loading<'_> {
    /// Renders and decodes the file until its values are settled.
    pub(super) fn run(&mut self) -> Result<Project, Diagnostic> {
        let mut context = Context {
            env: self.request.env.to_owned(),
            slot: self.request.slot,
            project_root: self.root.to_string_lossy().into_owned(),
            now: self.request.now,
            variables: self.given.clone(),
            ..Context::default()
        };
        let mut engine = Engine::new(&context, self.request.missing);
        let mut header = self.header()?;
        let pattern = header.simple_pattern(self.request.env).filter(|_| self.request.namespace.is_none());
        let uses_slot = header.uses_slot(self.request.env);
        header.render_names(&engine);
        let mut values = self.first_values(&header, &mut context, &engine);

        let mut loaded_files = Vec::new();
        for round in 0..MAX_ROUNDS {
            if values.env_files != loaded_files {
                self.load_env_files(&values.env_files, &mut context)?;
                loaded_files.clone_from(&values.env_files);
                engine = Engine::new(&context, self.request.missing);
            }
            // As long as the header isn't known, a value that misses may be there in the next round.
            let is_trial = round == 0 && !header.complete;
            engine = engine.with_missing(if is_trial { Missing::Print } else { self.request.missing });
            let (text, stack) = self.round(&values, &mut context, &mut engine)?;
            let next = self.next_values(&values, &header, &text, &stack)?;
            let is_settled = !self.would_change(&values, &next)
                || (self.request.mode == Mode::Codexctl && header.complete);
            if is_settled && !is_trial {
                return Ok(Project { pattern, uses_slot, ..self.finish(text, stack, context, engine)? });
            }
            if self.request.mode == Mode::Codexctl {
                // Only what the raw text could not tell is taken from the rendered one.
                header.complete = true;
            }
            values = next;
        }
        Err(Diagnostic::input(format!(
            "the values of {} go in a circle",
            self.circle(&values, &mut context, &mut engine)?
        ))
        .hint(Some(format!("after {MAX_ROUNDS} rounds of rendering services.yaml they still change"))))
    }

    /// The raw header. In plain mode a raw text that isn't YAML is one with block templates (B24).
    fn header(&self) -> Result<Header, Diagnostic> {
        match Header::of(&self.source.text) {
            Ok(header) => Ok(header),
            Err(_) if self.request.mode == Mode::Plain => Ok(Header::default()),
            Err(error) => {
                let place = Place {
                    span: self.source.span_at(error.position),
                    source: self.source.clone(),
                    label: error.to_string(),
                };
                Err(Diagnostic::input(format!("cannot read {}", self.source.name)).at(place))
            }
        }
    }

    fn first_values(&self, header: &Header, context: &mut Context, engine: &Engine) -> Values {
        let mut values = Values {
            project: header.project.clone(),
            env_files: header.env_files.clone(),
            patterns: header.patterns.clone(),
            versions: header.versions.clone(),
            base_domain: header.base_domain.clone(),
            environment: Environment::default(),
        };
        if self.request.mode == Mode::Plain {
            // A value that can be rendered alone starts out rendered: its template, pasted into quoted
            // text, might not even be YAML. The rounds put right what this can't know.
            context.project.clone_from(&values.project);
            let engine = engine.with_context(context);
            for value in values.versions.values_mut().chain(values.base_domain.values_mut()) {
                if let Ok(text) = engine.render_field("versions", value) {
                    *value = text;
                }
            }
        }
        values
    }

    /// Steps 3 and 4: the namespace, then the whole file rendered and decoded.
    fn round(
        &self,
        values: &Values,
        context: &mut Context,
        engine: &mut Engine,
    ) -> Result<(Rendered, Stack), Diagnostic> {
        context.project.clone_from(&values.project);
        context.versions.clone_from(&values.versions);
        context.base_domain.clone_from(&values.base_domain);
        context.environment.clone_from(&values.environment);
        context.namespace.clear();
        *engine = engine.with_context(context);
        context.namespace = namespace::resolve(self.request.namespace, &values.patterns, context, engine)
            .map_err(|error| self.pattern_error(error))?;
        *engine = engine.with_context(context);
        let text = engine
            .render(&self.source)
            .map_err(|error| error.diagnostic(format!("cannot render {}", self.source.name)))?;
        let stack = self.decode(&text)?;
        Ok((text, stack))
    }

    fn decode(&self, text: &Rendered) -> Result<Stack, Diagnostic> {
        let title = || format!("cannot read {}", self.source.name);
        let plain = self.request.mode == Mode::Plain;
        let mut sections = yaml::split(&text.text);
        let Some(section) = sections.next() else {
            return Ok(Stack::default());
        };
        let dialect = if plain { Dialect::Go } else { Dialect::GoUndecoded };
        let node = yaml::read_within(&section, dialect, &mut MAX_NODES.clone());
        let node =
            node.map_err(|error| text.blame(Diagnostic::input(title()), error.position, &error.to_string()))?;
        if plain {
            for section in sections {
                if let Ok(Some(extra)) = yaml::read(&section, Dialect::GoUndecoded) {
                    let label = "a second document begins here";
                    return Err(text.blame(Diagnostic::input(title()), extra.position, label));
                }
            }
        }
        let node = node.unwrap_or_else(|| Node::new(Value::Null));
        let strictness = if plain { Strictness::Strict } else { Strictness::Lenient };
        Stack::decode(&node, &decode::Path::root(strictness))
            .map_err(|error| field_error(text, title(), error))
    }

    /// Step 5, and what the raw header could not tell.
    fn next_values(
        &self,
        values: &Values,
        header: &Header,
        text: &Rendered,
        stack: &Stack,
    ) -> Result<Values, Diagnostic> {
        let mut next = values.clone();
        if !header.complete {
            next.env_files.clone_from(&stack.env_files);
            next.patterns.clone_from(&stack.namespace.patterns);
            next.project.clone_from(&stack.project);
        }
        if self.request.mode == Mode::Plain {
            next.versions.clone_from(&stack.versions);
            next.base_domain.clone_from(&stack.base_domain);
            next.environment = self.environment(text, stack)?;
            if !stack.project.is_empty() {
                next.project.clone_from(&stack.project);
            }
        }
        Ok(next)
    }

    /// The environment of the request. codexctl renders any name; where environments are declared, the
    /// suite wants one of them (B38 and the plain mode).
    fn environment(&self, text: &Rendered, stack: &Stack) -> Result<Environment, Diagnostic> {
        let resolved = Environment::resolve(&stack.environments, self.request.env);
        match (resolved, self.request.mode) {
            (Ok(environment), _) => Ok(environment),
            (Err(_), Mode::Codexctl) => Ok(Environment::default()),
            (Err(_), Mode::Plain) if stack.environments.is_empty() => Ok(Environment::default()),
            (Err(error), Mode::Plain) => Err(environment_error(text, &error)),
        }
    }

    fn finish(
        &self,
        text: Rendered,
        stack: Stack,
        mut context: Context,
        engine: Engine,
    ) -> Result<Project, Diagnostic> {
        context.versions.clone_from(&stack.versions);
        context.base_domain.clone_from(&stack.base_domain);
        context.environment = self.environment(&text, &stack)?;
        if self.request.mode == Mode::Plain {
            Environment::check_all(&stack.environments).map_err(|error| environment_error(&text, &error))?;
        }
        if context.namespace.is_empty() {
            let late =
                namespace::pattern(&stack.namespace.patterns, &context, &engine.with_context(&context));
            context.namespace = late.map_err(|error| self.pattern_error(error))?.unwrap_or_default();
        }
        Order::of(&stack, |_| false).map_err(|error| self.order_error(&text, error))?;
        context.codex.clone_from(&stack.codex);
        context.storage.clone_from(&stack.storage);
        let engine = engine.with_context(&context);
        Ok(Project {
            stack,
            context,
            engine,
            text,
            root: self.root.clone(),
            boundary: self.boundary.clone(),
            warnings: self.warnings.clone(),
            mode: self.request.mode,
            pattern: None,
            uses_slot: None,
        })
    }

    /// Whether another round could give another text: a value changed that the file mentions.
    fn would_change(&self, values: &Values, next: &Values) -> bool {
        let mentions = |field: &str| self.source.text.contains(field);
        (&values.project, &values.env_files, &values.patterns)
            != (&next.project, &next.env_files, &next.patterns)
            || (values.versions != next.versions && mentions(".Versions"))
            || (values.base_domain != next.base_domain && mentions(".BaseDomain"))
            || (values.environment != next.environment && mentions(".Environment"))
    }

    fn load_env_files(&mut self, names: &[String], context: &mut Context) -> Result<(), Diagnostic> {
        let mut entries: Vec<(String, String)> = Vec::new();
        let mut size = variables::Size::default();
        self.warnings.clear();
        for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
            let place = self.place_of_env_file(name);
            let file = self.boundary.read(name, MAX_FILE);
            let file = file.map_err(|error| Diagnostic::from(error).at(place.clone()))?;
            self.warnings.extend(file.warning(name, Some(place)));
            let parsed =
                env_file::parse(&file.text).map_err(|error| variable_error("env file", name, &error))?;
            self.warnings.extend(parsed.losses.iter().map(|loss| {
                let (what, hint) = loss.words();
                Diagnostic::warning(format!("env file {name}, line {}: {what}", loss.line))
                    .hint(Some(hint.to_owned()))
            }));
            for (name, value) in parsed.variables {
                let counted = size.add(&name, &value);
                counted.map_err(|problem| Diagnostic::input(format!("cannot read env files: {problem}")))?;
                entries.push((name, value));
            }
        }
        let variables = self.given.with_env_files(self.request.process, entries);
        variables.teach(self.secrets);
        context.variables = variables;
        Ok(())
    }

    /// Where services.yaml names an env file: the name, or the field where that is a template's.
    fn place_of_env_file(&self, name: &str) -> Place {
        const FIELD: &str = "envFiles";
        let text = &self.source.text;
        let field = text.find(FIELD).unwrap_or(text.len());
        let span = match text[field..].find(name) {
            Some(at) => field + at..field + at + name.len(),
            None => field..(field + FIELD.len()).min(text.len()),
        };
        Place { source: self.source.clone(), span, label: "an env file".to_owned() }
    }

    fn pattern_error(&self, error: TemplateError) -> Diagnostic {
        error.diagnostic(format!("cannot render the namespace of environment `{}`", self.request.env))
    }

    fn order_error(&self, text: &Rendered, error: OrderError) -> Diagnostic {
        let message = Diagnostic::input(format!("cannot order the items of {}", self.source.name));
        text.blame(message.hint(error.hint), error.position, &error.label)
    }

    /// The keys that a further round would still change.
    fn circle(
        &self,
        values: &Values,
        context: &mut Context,
        engine: &mut Engine,
    ) -> Result<String, Diagnostic> {
        let (_, stack) = self.round(values, context, engine)?;
        let changed = |block: &str, before: &Map, after: &Map| -> Vec<String> {
            let keys = before.keys().chain(after.keys().filter(|key| !before.contains_key(*key)));
            let differing = keys.filter(|key| before.get(*key) != after.get(*key));
            differing.map(|key| format!("`{block}.{key}`")).collect()
        };
        let mut names = changed("versions", &values.versions, &stack.versions);
        names.extend(changed("baseDomain", &values.base_domain, &stack.base_domain));
        if values.project != stack.project {
            names.push("`project`".to_owned());
        }
        if names.is_empty() {
            names.push("services.yaml".to_owned());
        }
        Ok(names.join(", "))
    }
}

fn field_error(text: &Rendered, title: String, error: DecodeError) -> Diagnostic {
    let hint = match &error.fault {
        Fault::UnknownKey { key, known, .. } => did_you_mean(key, known.iter().copied())
            .or_else(|| Some("keys of your own begin with `x-`".to_owned())),
        _ => None,
    };
    text.blame(Diagnostic::input(title).hint(hint), error.position, &error.fault.to_string())
}

fn environment_error(text: &Rendered, error: &EnvironmentError) -> Diagnostic {
    let message = Diagnostic::input(error.to_string()).hint(error.hint());
    text.blame(message, error.position(), "inherits from here")
}
