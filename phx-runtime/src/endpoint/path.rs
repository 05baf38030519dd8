//! Matching request paths with mounts.

use std::fmt;

use crate::connect::params::Params;

/// A mount's path together with its transport's, cut into segments.
///
/// Paths are matched segment by segment, as Phoenix does: empty segments do not matter, case does,
/// and nothing is percent-decoded.
#[derive(Debug)]
pub(crate) struct MountPath(Vec<Segment>);

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
    pub(crate) fn matches(&self, path: &RequestPath<'_>) -> Option<Params> {
        let mut pairs = self.0.iter().zip(&path.0);
        let same = self.0.len() == path.0.len()
            && pairs.all(|(segment, text)| match segment {
                Segment::Literal(literal) => literal == text,
                Segment::Variable(_) => true,
            });
        let bound = self.0.iter().zip(&path.0).filter_map(|(segment, text)| match segment {
            Segment::Variable(name) if !name.starts_with('_') => Some((&**name, *text)),
            _ => None,
        });
        same.then(|| bound.collect())
    }

    /// Whether every path that `later` matches is matched by `self` too.
    pub(crate) fn covers(&self, later: &Self) -> bool {
        self.0.len() == later.0.len()
            && self.0.iter().zip(&later.0).all(|pair| match pair {
                (Segment::Variable(_), _) => true,
                (Segment::Literal(one), Segment::Literal(other)) => one == other,
                (Segment::Literal(_), Segment::Variable(_)) => false,
            })
    }

    /// What is wrong with a path that no request can have, or whose variables would hide each other.
    pub(crate) fn problem(&self) -> Option<String> {
        let mut names = Vec::new();
        for segment in &self.0 {
            match segment {
                Segment::Variable(name) if name.is_empty() => {
                    return Some("a variable has a name, as in `{name}`".to_owned());
                }
                Segment::Variable(name) if names.contains(&name) => {
                    return Some(format!("the variable `{{{name}}}` is there twice"));
                }
                Segment::Variable(name) => names.push(name),
                Segment::Literal(text) if matches!(&**text, "." | "..") => {
                    return Some(format!("clients resolve `{text}` before they ask"));
                }
                Segment::Literal(_) => {}
            }
            let (Segment::Literal(text) | Segment::Variable(text)) = segment;
            let odd = |c: &char| !c.is_ascii_graphic() || "{}*?#\\\"<>^`|".contains(*c);
            match text.chars().find(odd) {
                Some('{' | '}') => {
                    return Some("a variable is a segment by itself, as in `/{name}/`".to_owned());
                }
                Some(odd) if !odd.is_ascii() => {
                    return Some(format!("clients percent-encode `{odd}`, and so must the path"));
                }
                Some(odd) => return Some(format!("it cannot contain `{}`", odd.escape_default())),
                None => {}
            }
        }
        None
    }

    fn len(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for MountPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|segment| match segment {
            Segment::Literal(text) => write!(f, "/{text}"),
            Segment::Variable(name) => write!(f, "/{{{name}}}"),
        })
    }
}

/// The path of a request, taken apart once for all mounts.
pub(crate) struct RequestPath<'a>(Vec<&'a str>);

impl<'a> RequestPath<'a> {
    /// Of a path with more segments than any mount has, only so much is looked at as shows that.
    pub(crate) fn new<'p>(path: &'a str, mounts: impl Iterator<Item = &'p MountPath>) -> Self {
        let longest = mounts.map(MountPath::len).max().unwrap_or(0);
        Self(segments(path).take(longest + 1).collect())
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
    use super::{MountPath, RequestPath};
    use crate::connect::params::Params;

    fn matched(path: &MountPath, request: &str) -> Option<Params> {
        path.matches(&RequestPath::new(request, std::iter::once(path)))
    }

    #[test]
    fn only_whole_segments_match() {
        let path = MountPath::new("/socket", "/websocket");
        for good in ["/socket/websocket", "//socket//websocket", "/socket/websocket/"] {
            assert!(matched(&path, good).is_some(), "{good}");
        }
        for bad in [
            "/socket",
            "/SOCKET/websocket",
            "/socket/web%73ocket",
            "/socket/websocket/extra",
            "/socketwebsocket",
            "/",
            "",
        ] {
            assert!(matched(&path, bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn variables_become_parameters() {
        let path = MountPath::new("/org/{org}/{_region}", "/ws");
        let params = matched(&path, "/org/acme/eu/ws").unwrap();
        assert_eq!(serde_json::json!(params), serde_json::json!({ "org": "acme" }));
    }

    #[test]
    fn of_a_long_path_no_more_is_taken_apart_than_mounts_have() {
        let (short, long) = (MountPath::new("/a", "/b"), MountPath::new("/a/{b}/c", "/d"));
        let request = RequestPath::new(&"/a".repeat(100_000), [&short, &long].into_iter()).0.len();
        assert_eq!(request, 5);
    }

    #[test]
    fn a_path_hides_those_that_it_covers() {
        let path = |text: &str| MountPath::new(text, "/ws");
        for (first, second) in
            [("/a", "/a"), ("/a", "//a/"), ("/{x}", "/a"), ("/{x}", "/{y}"), ("/a/{x}", "/a/b")]
        {
            assert!(path(first).covers(&path(second)), "{first} {second}");
        }
        for (first, second) in [("/a", "/{x}"), ("/a", "/b"), ("/a", "/A"), ("/{x}", "/a/b")] {
            assert!(!path(first).covers(&path(second)), "{first} {second}");
        }
    }

    #[test]
    fn paths_that_no_request_has_are_told_from_others() {
        for (path, problem) in [
            ("/{x}/{x}", "twice"),
            ("/{}", "name"),
            ("/a{x}", "by itself"),
            ("/{x", "by itself"),
            ("/a b", "` `"),
            ("/a?b", "`?`"),
            ("/a#b", "`#`"),
            ("/a/*", "`*`"),
            ("/ä", "percent-encode"),
            ("/a/../b", "resolve"),
        ] {
            let told = MountPath::new(path, "/ws").problem();
            assert!(told.as_deref().is_some_and(|told| told.contains(problem)), "{path}: {told:?}");
        }
        for good in ["/", "/a-b/~c/%20/{x}/{_y}", "//a//", "/a:b@c/d,e;f=g", "/a!$&'()+b"] {
            assert_eq!(MountPath::new(good, "/ws").problem(), None, "{good}");
        }
    }
}
