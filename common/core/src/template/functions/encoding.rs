//! Base64, hashes, YAML and JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gotemplate::{FunctionError, Type, Value};
use sha2::{Digest, Sha256};

use super::super::convert::{node_of, value_of};
use super::{Table, lossy};
use crate::yaml::{self, Dialect, KeyOrder};

pub(super) fn declare(table: &mut Table) {
    table.add_text("b64enc", |[text]| STANDARD.encode(text));
    table.add("b64dec", [Type::STRING], Type::STRING, |arguments| {
        let text = arguments[0].as_bytes().unwrap_or_default();
        let bytes =
            STANDARD.decode(text.trim_ascii()).map_err(|_| FunctionError::new("the text is not Base64"))?;
        Ok(Value::string(bytes))
    });
    table.add("sha256sum", [Type::STRING], Type::STRING, |arguments| {
        let digest = Sha256::digest(arguments[0].as_bytes().unwrap_or_default());
        Ok(Value::from(digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
    });
    table.add("toYaml", [Type::ANY], Type::STRING, |arguments| {
        let mut text = String::new();
        yaml::write(&node_of(&arguments[0])?, KeyOrder::Sorted, &mut text);
        Ok(Value::from(text.trim_end_matches('\n')))
    });
    table.add("fromYaml", [Type::STRING], Type::ANY, |arguments| {
        let text = lossy(&arguments[0]);
        let section = yaml::Section::whole(&text);
        let node = yaml::read(&section, Dialect::Go)
            .map_err(|error| FunctionError::new(format!("line {}: {error}", error.position.line)))?;
        node.as_ref().map_or_else(|| Ok(Value::nil()), value_of)
    });
    table.add("toJson", [Type::ANY], Type::STRING, |arguments| {
        let mut text = String::new();
        yaml::write_json(&node_of(&arguments[0])?, KeyOrder::Sorted, 0, &mut text)
            .map_err(|error| FunctionError::new(error.to_string()))?;
        Ok(Value::from(text))
    });
}
