//! What runs before and after an apply or a clean-up.

use std::collections::BTreeMap;

use crate::stack::decode::Text;
use crate::yaml::Node;

mapping! {
    /// Hooks around everything.
    StackHooks {
        /// Before anything is touched.
        before_all: Vec<HookStep> = "beforeAll",
        /// After all is done.
        after_all: Vec<HookStep> = "afterAll",
    }
}

mapping! {
    /// Hooks of one infrastructure group or service.
    ItemHooks {
        /// Before it is applied.
        before_apply: Vec<HookStep> = "beforeApply",
        /// After it is applied.
        after_apply: Vec<HookStep> = "afterApply",
        /// Before it is removed.
        before_destroy: Vec<HookStep> = "beforeDestroy",
        /// After it is removed.
        after_destroy: Vec<HookStep> = "afterDestroy",
    }
}

mapping! {
    /// One step: a script, or a built-in.
    HookStep {
        /// What it is called.
        name: String = "name",
        /// A script for bash.
        run: Text = "run",
        /// The name of a built-in.
        uses: Text = "use",
        /// The built-in's settings.
        with: BTreeMap<String, Node> = "with",
        /// Whether it runs; empty is no.
        when: Text = "when",
        /// Whether its failure is only a warning.
        continue_on_error: bool = "continueOnError",
        /// How long it may take, as a Go duration.
        timeout: Text = "timeout",
    }
}
