//! The block `codex`: the agent's settings.

use std::collections::BTreeMap;

mapping! {
    /// The agent's settings.
    Codex {
        /// Path of a template for the agent's `config.toml`.
        config_template: String = "configTemplate",
        /// Language of prompts: `en` or `ru`.
        prompt_lang: String = "promptLang",
        /// The model.
        model: String = "model",
        /// How hard the model thinks.
        model_reasoning_effort: String = "modelReasoningEffort",
        /// Links shown to people.
        links: Vec<Link> = "links",
        /// Tools that prompts name.
        extra_tools: Vec<String> = "extraTools",
        /// Free text about the project.
        project_context: String = "projectContext",
        /// Free text about its services.
        services_overview: String = "servicesOverview",
        /// How long things may take.
        timeouts: Timeouts = "timeouts",
        /// Whether reviews get the MCP servers too.
        review_mcp_enabled: bool = "reviewMCPEnabled",
        /// Pieces appended to `config.toml`.
        config_blocks: Vec<ConfigBlock> = "configBlocks",
        /// MCP servers.
        mcp: Mcp = "mcp",
    }
}

mapping! {
    /// A link shown to people.
    Link {
        /// What it is called.
        title: String = "title",
        /// Its path on the environment's host.
        path: String = "path",
    }
}

mapping! {
    /// How long things may take, as Go durations.
    Timeouts {
        /// One run of the agent.
        exec: String = "exec",
        /// A rollout.
        rollout: String = "rollout",
        /// Waiting after an apply.
        deploy_wait: String = "deployWait",
    }
}

mapping! {
    /// A piece of `config.toml`, given here or in a file.
    ConfigBlock {
        /// What it is called.
        name: String = "name",
        /// The piece itself.
        toml: String = "toml",
        /// Or the file that holds it.
        file: String = "file",
    }
}

mapping! {
    /// The block `codex.mcp`.
    Mcp {
        /// The servers in order.
        servers: Vec<McpServer> = "servers",
    }
}

mapping! {
    /// An MCP server of the agent.
    McpServer {
        /// Its name.
        name: String = "name",
        /// `stdio`, `http`, `https` or `cluster`.
        kind: String = "type",
        /// What it is for.
        description: String = "description",
        /// The program (`stdio`).
        command: String = "command",
        /// The program's arguments.
        args: Vec<String> = "args",
        /// The program's environment.
        env: BTreeMap<String, McpValue> = "env",
        /// The address (`http`, `https`).
        endpoint: String = "endpoint",
        /// HTTP headers.
        headers: BTreeMap<String, McpValue> = "headers",
        /// The variable that holds the bearer token.
        bearer_token_env_var: String = "bearer_token_env_var",
        /// The Service in the cluster (`cluster`).
        service: McpService = "service",
        /// Seconds that one call may take.
        tool_timeout_sec: i64 = "tool_timeout_sec",
        /// Seconds that the start may take.
        startup_timeout_sec: i64 = "startup_timeout_sec",
        /// The tools that it offers.
        tools: Vec<McpTool> = "tools",
    }
}

mapping! {
    /// A value, or where it comes from.
    McpValue {
        /// The value itself.
        value: String = "value",
        /// A variable of the agent's environment.
        env_ref: String = "envRef",
        /// A template variable.
        var_ref: String = "varRef",
        /// Whether it may be missing.
        optional: bool = "optional",
    }
}

mapping! {
    /// A Service that serves MCP.
    McpService {
        /// The Service's name.
        name: String = "name",
        /// Its namespace; the environment's if empty.
        namespace: String = "namespace",
        /// Its port.
        port: i64 = "port",
        /// The path on it.
        path: String = "path",
        /// `http` or `https`.
        scheme: String = "scheme",
    }
}

mapping! {
    /// A tool of an MCP server.
    McpTool {
        /// Its name.
        name: String = "name",
        /// What it does.
        description: String = "description",
    }
}
