//! Matching request paths with mounts.

use crate::transport::Params;

/// A mount's path together with its transport's, cut into segments.
///
/// Paths are matched segment by segment, as Phoenix does: empty segments do not matter, case does,
/// and nothing is percent-decoded.
#[derive(Debug)]
pub(super) struct MountPath(Vec<Segment>);

#[derive(Debug)]
enum Segment {
    Literal(String),
    Variable(String),
}

impl MountPath {
    pub(super) fn new(mount: &str, transport: &str) -> Self {
        Self(segments(mount).chain(segments(transport)).map(Segment::parse).collect())
    }

    /// The path variables if `path` matches. Those whose name starts with `_` are not exposed.
    pub(super) fn matches(&self, path: &str) -> Option<Params> {
        let mut params = Params::default();
        let mut given = segments(path);
        for segment in &self.0 {
            let text = given.next()?;
            match segment {
                Segment::Literal(literal) if literal == text => {}
                Segment::Literal(_) => return None,
                Segment::Variable(name) if name.starts_with('_') => {}
                Segment::Variable(name) => params.insert(name, text),
            }
        }
        given.next().is_none().then_some(params)
    }
}

impl Segment {
    fn parse(text: &str) -> Self {
        match text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
            Some(name) => Self::Variable(name.to_owned()),
            None => Self::Literal(text.to_owned()),
        }
    }
}

fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|segment| !segment.is_empty())
}

#[cfg(test)]
mod tests {
    use super::MountPath;

    #[test]
    fn only_whole_segments_match() {
        let path = MountPath::new("/socket", "/websocket");
        for good in ["/socket/websocket", "//socket//websocket", "/socket/websocket/"] {
            assert!(path.matches(good).is_some(), "{good}");
        }
        for bad in [
            "/socket",
            "/SOCKET/websocket",
            "/socket/web%73ocket",
            "/socket/websocket/extra",
            "/socketwebsocket",
        ] {
            assert!(path.matches(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn variables_become_parameters() {
        let path = MountPath::new("/org/{org}/{_region}", "/ws");
        let params = path.matches("/org/acme/eu/ws").unwrap();
        assert_eq!(serde_json::json!(params), serde_json::json!({ "org": "acme" }));
    }
}
