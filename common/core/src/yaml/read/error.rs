//! What can be wrong with a document, as facts with a place.

use thiserror::Error;

use crate::yaml::node::Position;

/// Why and where a document could not be read.
///
/// Prints what is wrong; the place is printed by whoever shows the error.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{problem}")]
pub struct ReadError {
    /// The place of the first character that is wrong.
    pub position: Position,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a document. Lines are those of the whole stream.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// A key stands twice in one mapping.
    #[error("mapping key `{key}` is already defined at line {}", .first.line)]
    DuplicateKey {
        /// The key's text.
        key: String,
        /// The place of the one that came first.
        first: Position,
    },
    /// A key is null, or missing before its colon.
    #[error("a mapping key must not be null")]
    NullKey,
    /// A key is a list or a mapping.
    #[error("a {what} cannot be a mapping key")]
    CollectionKey {
        /// `list` or `mapping`.
        what: &'static str,
    },
    /// Two braces open a value: an action of a template that nothing rendered.
    #[error("a mapping cannot be a mapping key; put quotes around a value that starts with `{{{{`")]
    TemplateAction,
    /// A number that kubectl has no form for.
    #[error("{text} is a number that JSON cannot hold")]
    NotJson {
        /// How it is spelled.
        text: String,
    },
    /// A key that kubectl has no form for.
    #[error("the number {text} cannot be a mapping key")]
    NumberKey {
        /// How it is spelled.
        text: String,
    },
    /// An alias names no anchor of this document.
    #[error("unknown anchor `{name}`: no `&{name}` stands before it in this document")]
    UnknownAnchor {
        /// Its name.
        name: String,
    },
    /// An alias stands inside what it names.
    #[error("the value of anchor `{name}` contains itself")]
    RecursiveAnchor {
        /// Its name.
        name: String,
    },
    /// Aliases multiply a small document into a huge one.
    #[error("aliases make this document excessively large")]
    ExcessiveAliases,
    /// There is more in the document than may be held.
    #[error("there are more keys, items and values than can be held")]
    TooManyNodes,
    /// A text falls into more documents than may be held.
    #[error("there are more than {} documents", crate::yaml::MAX_DOCUMENTS)]
    TooManyDocuments,
    /// Lists and mappings are nested too deep.
    #[error("lists and mappings are nested more than {} levels deep", crate::yaml::MAX_DEPTH)]
    TooDeep,
    /// `<<` with something else than a mapping or a list of mappings.
    #[error("`<<` merges a mapping or a list of mappings, not {what}")]
    MergeValue {
        /// What stands there, such as `a text`.
        what: &'static str,
    },
    /// A scalar isn't what its tag says.
    #[error("`{text}` is not a valid {tag}")]
    TagMismatch {
        /// The scalar's text.
        text: String,
        /// The tag, such as `!!int`.
        tag: String,
    },
    /// `!!binary` isn't base64.
    #[error("!!binary value is not valid base64")]
    InvalidBase64,
    /// `!!binary` holds bytes that are no text.
    #[error("!!binary value is not UTF-8 text")]
    BinaryNotText,
    /// A tag's `!handle!` isn't declared by `%TAG`.
    #[error("tag handle `{handle}` is not declared")]
    UnknownTagHandle {
        /// The handle with its exclamation marks.
        handle: String,
    },
    /// A tag can't be read.
    #[error("malformed tag")]
    MalformedTag,
    /// An anchor or alias without a proper name.
    #[error("a name of letters, digits, `-` and `_` must follow `{marker}`")]
    MalformedAnchor {
        /// `&` or `*`.
        marker: char,
    },
    /// A second anchor, or a second tag, before one value, or one before an alias.
    #[error("{what} has no value to belong to")]
    StrayProperty {
        /// `anchor` or `tag` with its article.
        what: &'static str,
    },
    /// A `%` line can't be read.
    #[error("malformed directive: {reason}")]
    Directive {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A control character, a surrogate or another character YAML forbids.
    #[error("control character U+{code:04X} is not allowed")]
    ControlCharacter {
        /// Its code.
        code: u32,
    },
    /// A plain scalar starts with a reserved character.
    #[error("a plain value cannot start with `{character}`; put it in quotes")]
    ReservedStart {
        /// The character.
        character: char,
    },
    /// A tab stands where spaces make the indentation.
    #[error("a tab cannot indent; use spaces")]
    TabIndent,
    /// A quoted scalar that never ends.
    #[error("the quote opened here is never closed")]
    UnclosedQuote,
    /// A list or mapping in flow style that never ends.
    #[error("the `{open}` opened here is never closed")]
    UnclosedFlow {
        /// `[` or `{`.
        open: char,
    },
    /// An unknown escape in a double-quoted scalar.
    #[error("unknown escape `\\{character}` in a double-quoted value")]
    UnknownEscape {
        /// The character after the backslash.
        character: char,
    },
    /// An escape that stands for no character.
    #[error("escape does not name a valid Unicode character")]
    InvalidEscape,
    /// The header of a block scalar (`|`, `>`) goes on with something unknown.
    #[error("unexpected text after the `{style}` of a block scalar")]
    BlockHeader {
        /// `|` or `>`.
        style: char,
    },
    /// A line stands at a column that no open list or mapping has.
    #[error("bad indentation: this line lines up with no list or mapping above it")]
    BadIndentation,
    /// `: ` where no mapping can start, for instance `a: b: c`.
    #[error("a mapping value is not allowed here; quote the text if it contains `: `")]
    UnexpectedValue,
    /// `- ` where no list can start.
    #[error("a list item is not allowed here")]
    UnexpectedItem,
    /// `? ` where no mapping can start.
    #[error("an explicit mapping key is not allowed here")]
    UnexpectedKey,
    /// A key of a JSON object that is no text in quotes.
    #[error("a key in double quotes is expected here")]
    JsonKey,
    /// A word that is none of JSON's.
    #[error("`{word}` is no JSON value; texts stand in double quotes")]
    JsonWord {
        /// The word.
        word: String,
    },
    /// JSON ends before a value that must come.
    #[error("a value is missing here")]
    JsonEnd,
    /// A key without its colon.
    #[error("expected `:` after this key")]
    MissingColon,
    /// Something else than the next item of a list.
    #[error("expected `-`: the list above continues here")]
    MissingItem,
    /// Something else than a separator in a flow collection.
    #[error("expected `,` or `{close}`")]
    MissingSeparator {
        /// The bracket that would close the collection.
        close: char,
    },
    /// A closing bracket, comma or other character without its counterpart.
    #[error("unexpected `{character}`")]
    Unexpected {
        /// The character.
        character: char,
    },
    /// Something stands after the end of the document's only value.
    #[error("the document has ended here; a new one begins with `---`")]
    AfterEnd,
    /// The document is beyond 4 GiB.
    #[error("the document is too large")]
    TooLarge,
}

impl ReadError {
    pub(in crate::yaml) fn new(position: Position, problem: Problem) -> Self {
        Self { position, problem }
    }
}
