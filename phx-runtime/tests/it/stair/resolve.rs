//! From a path to the module that defines what it names, seeing through re-exports.

use super::source::{Crate, Module, Segments};

impl Crate {
    /// The module in which `path`, named in `from`, is defined. None if that is another crate.
    pub(super) fn definition(&self, from: &Segments, path: &[String]) -> Option<&Module> {
        self.resolve(from, path, 0)
    }

    fn resolve(&self, from: &Segments, path: &[String], depth: usize) -> Option<&Module> {
        // Deeper than any chain of re-exports: two globs that name each other.
        if depth > 32 {
            return None;
        }
        let mut module = from.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => (module, rest) = (Vec::new(), &path[1..]),
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|segment| segment == "super") {
                    module = self.0[&module].parent.clone()?;
                    rest = &rest[1..];
                }
            }
            _ => {}
        }
        self.walk(&module, rest, depth)
    }

    fn walk(&self, at: &Segments, path: &[String], depth: usize) -> Option<&Module> {
        let module = &self.0[at];
        let Some((name, rest)) = path.split_first() else { return Some(module) };
        if name == "*" {
            return Some(module);
        }
        // A name may be a macro of another crate and a module at once.
        if let Some(import) = module.imports.get(name)
            && import.first() != Some(name)
            && let Some(found) = self.resolve(at, &[&import[..], rest].concat(), depth + 1)
        {
            return Some(found);
        }
        let child = module.children.get(name);
        // A function may have the name of a module, but nothing is inside of it.
        if module.items.contains(name) && (rest.is_empty() || child.is_none()) {
            return Some(module);
        }
        if let Some(child) = child {
            return self.walk(child, rest, depth);
        }
        let mut globs = module.globs.iter();
        globs.find_map(|glob| self.resolve(at, &[&glob[..], path].concat(), depth + 1))
    }
}
