//! The routing of versions below 0.8: a channel's name beside a topic of its own.

use super::super::decode_error::{DecodeError, DecodeErrorKind};

/// Which names stand for which topics.
///
/// A name that is not in the table stands for itself and a colon, and for itself alone where the
/// topic beside it is empty. So every topic that a client can reach is one pair, and back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(Vec<(String, String)>);

impl FromIterator<(String, String)> for Names {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(names: I) -> Self {
        Self(names.into_iter().collect())
    }
}

impl Names {
    /// The topic of a pair.
    pub(super) fn topic(&self, channel: &str, topic: &str) -> Result<String, DecodeError> {
        if let Some((_, prefix)) = self.0.iter().find(|(name, _)| name == channel) {
            return Ok(format!("{prefix}{topic}"));
        }
        if channel.contains(':') {
            // It would come back as another pair.
            let why = "a channel's name with a colon";
            return Err(DecodeError::new(DecodeErrorKind::Shape, why));
        }
        Ok(if topic.is_empty() { channel.to_owned() } else { format!("{channel}:{topic}") })
    }

    /// The pair of a topic.
    pub(super) fn pair<'a>(&'a self, topic: &'a str) -> (&'a str, &'a str) {
        let mut table = self.0.iter();
        let listed =
            table.find_map(|(name, prefix)| Some((&**name, topic.strip_prefix(&**prefix)?)));
        listed.or_else(|| topic.split_once(':')).unwrap_or((topic, ""))
    }
}
