//! What changed in a topic since its subscribers were told.

use serde::Serialize;
use smol_str::SmolStr;

use super::{meta::PresenceMeta, state::PresenceState};

/// The payload of `presence_diff`. Clients add the joins, then take out the leaves, both by
/// `phx_ref`.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Diff {
    pub(super) joins: PresenceState,
    pub(super) leaves: PresenceState,
}

impl Diff {
    pub(super) fn is_empty(&self) -> bool {
        self.joins.is_empty() && self.leaves.is_empty()
    }

    pub(super) fn join(&mut self, key: SmolStr, meta: PresenceMeta) {
        self.joins.add(key, meta);
    }

    /// A meta that nobody has been told of leaves without a trace, unless somebody may have seen it in
    /// a list: those would keep it for ever. To the others it is a leave of who was not there.
    pub(super) fn leave(&mut self, key: &SmolStr, meta: PresenceMeta, may_be_seen: bool) {
        let is_untold = self.joins.take(key, &meta.phx_ref());
        if may_be_seen || !is_untold {
            self.leaves.add(key.clone(), meta);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{
        meta::{PresenceMeta, fields},
        reference::References,
    };
    use super::Diff;

    #[test]
    fn who_joins_and_leaves_untold_is_not_mentioned() {
        let references = References::default();
        let meta = |previous| {
            let none = fields(&json!({})).unwrap();
            PresenceMeta::new(none, references.next(), previous).unwrap()
        };
        let mut diff = Diff::default();
        let first = meta(None);
        diff.join("a".into(), first.clone());
        diff.leave(&"a".into(), first.clone(), false);
        let second = meta(Some(first.phx_ref()));
        diff.join("a".into(), second.clone());
        assert_eq!(
            serde_json::to_value(&diff).unwrap(),
            json!({ "joins": { "a": { "metas": [second] } }, "leaves": {} }),
        );
        diff.leave(&"a".into(), second, false);
        assert!(diff.is_empty());
    }
}
