//! Bodies of responses, read with a limit.
//!
//! Takes a body as it comes in, gives its bytes; whatever sends without end is cut off. What is too long isn't
//! kept, so that no server decides how much memory is taken.

use http_body_util::BodyExt as _;
use kube::client::Body;

use crate::answer::Transport;
use crate::transport::NoAnswer;

/// The longest body of a response that says yes. A page of a list is the longest there is: whoever lists takes
/// smaller pages where one is longer. One object of the API server has 3 MiB at most.
pub(super) const MAX_BODY: usize = 64 << 20;

/// How much is read of a body that tells why not; one that is longer counts as none.
pub(super) const MAX_REFUSAL: usize = 1 << 20;

/// The longest event of a watch: an object.
pub(super) const MAX_EVENT: usize = 16 << 20;

/// Reads a body of at most `limit` bytes.
///
/// # Errors
/// It is longer, or ends too early.
pub(super) async fn read(body: Body, limit: usize) -> Result<Vec<u8>, NoAnswer> {
    let (bytes, is_whole) = read_up_to(body, limit).await?;
    if is_whole { Ok(bytes) } else { Err(too_large(limit)) }
}

/// Reads a body up to `limit` bytes; says whether that was all of it.
///
/// # Errors
/// It ends too early.
pub(super) async fn read_up_to(mut body: Body, limit: usize) -> Result<(Vec<u8>, bool), NoAnswer> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame?;
        // Trailers tell nothing.
        let Ok(data) = frame.into_data() else { continue };
        let left = limit - bytes.len();
        if data.len() > left {
            bytes.extend_from_slice(&data[..left]);
            return Ok((bytes, false));
        }
        bytes.extend_from_slice(&data);
    }
    Ok((bytes, true))
}

/// The failure of a response that is longer than `limit` bytes.
pub(super) fn too_large(limit: usize) -> NoAnswer {
    NoAnswer::new(Transport::TooLarge, format!("the response is larger than {} MiB", limit >> 20))
}
