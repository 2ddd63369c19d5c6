//! Base64, hashes, YAML and JSON.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gotemplate::{FunctionError, Type, Value};
use sha2::{Digest, Sha256};

use super::super::convert::{node_of, value_of};
use super::{Table, fits, lossy};
use crate::yaml::{self, Dialect, KeyOrder, Problem};

pub(super) fn declare(table: &mut Table) {
    table.add_bounded("b64enc", [Type::STRING], Type::STRING, |arguments, room| {
        let text = lossy(&arguments[0]);
        fits(text.len().div_ceil(3) * 4, room)?;
        Ok(Value::from(STANDARD.encode(&*text)))
    });
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
    table.add_bounded("toYaml", [Type::ANY], Type::STRING, |arguments, room| {
        let mut text = String::new();
        yaml::write_within(&node_of(&arguments[0])?, KeyOrder::Sorted, room, &mut text)
            .map_err(|_| FunctionError::too_large())?;
        Ok(Value::from(text.trim_end_matches('\n')))
    });
    table.add_bounded("fromYaml", [Type::STRING], Type::ANY, |arguments, room| {
        let text = lossy(&arguments[0]);
        let section = yaml::Section::whole(&text);
        // A node's value takes more than the node.
        let node = yaml::read_within(&section, Dialect::Go, &mut (room / size_of::<Value>()).max(1))
            .map_err(|error| match error.problem {
                Problem::TooManyNodes => FunctionError::too_large(),
                _ => FunctionError::new(format!("line {}: {error}", error.position.line)),
            })?;
        node.as_ref().map_or_else(|| Ok(Value::nil()), |node| value_of(node, room))
    });
    table.add_bounded("toJson", [Type::ANY], Type::STRING, |arguments, room| {
        let mut text = String::new();
        yaml::write_json(&node_of(&arguments[0])?, KeyOrder::Sorted, 0, &mut text)
            .map_err(|error| FunctionError::new(error.to_string()))?;
        fits(text.len(), room)?;
        Ok(Value::from(text))
    });
}
