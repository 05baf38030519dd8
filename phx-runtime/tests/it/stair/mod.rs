//! The house is one stair: a step knows those below it and nothing above, and no files know each
//! other in a circle.

mod resolve;
mod source;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use self::source::Crate;

/// The steps of the runtime, topmost first. Folders on one line do not know each other.
const STAIR: &[&[&str]] = &[
    &[
        "lib",
        "prelude",
        "options",
        "session_cookie",
        "socket",
        "private",
        "testing",
        "fuzzing",
        "hot",
    ],
    &["server"],
    &["session", "presence"],
    &["channel"],
    &["raw"],
    &["endpoint"],
    &["connect"],
    &["transport"],
    &["phoenix"],
    &["cluster"],
    &["pubsub", "token"],
    &["connection"],
    &["serializer"],
    &["wire"],
    &["log"],
    &["message"],
    &["opaque"],
];

type Arrows = BTreeMap<PathBuf, BTreeMap<PathBuf, String>>;

/// Which file names what of which other file.
fn arrows(root: &Path) -> Arrows {
    let modules = Crate::read(root);
    let mut arrows = Arrows::new();
    for (path, module) in &modules.0 {
        for mention in &module.mentions {
            let Some(definition) = modules.definition(path, mention) else { continue };
            if definition.file != module.file {
                let from = arrows.entry(module.file.clone()).or_default();
                from.entry(definition.file.clone()).or_insert_with(|| mention.join("::"));
            }
        }
    }
    arrows
}

fn manifest(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(folder)
}

/// Where a file of the runtime stands on the stair, counted from above.
fn step(source: &Path, file: &Path) -> (usize, String) {
    let inside = file.strip_prefix(source).unwrap();
    let room = inside.components().next().unwrap().as_os_str().to_string_lossy();
    let room = room.trim_end_matches(".rs").to_owned();
    let step = STAIR.iter().position(|step| step.contains(&&*room));
    (step.unwrap_or_else(|| panic!("{room} is not on the stair: {}", file.display())), room)
}

#[test]
fn no_arrow_of_the_runtime_goes_up() {
    let source = manifest("phx-runtime/src");
    let mut wrong = Vec::new();
    for (from, targets) in arrows(&source.join("lib.rs")) {
        for (to, name) in targets {
            let ((here, room), (there, other)) = (step(&source, &from), step(&source, &to));
            if there < here || (there == here && here > 0 && room != other) {
                let file = from.strip_prefix(&source).unwrap().display();
                wrong.push(format!("{room} -> {other}: {file} names `{name}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} arrows go up:\n{}", wrong.len(), wrong.join("\n"));
}

/// The transports that are part of the library, and the test kit's. How many sessions of long-polling
/// there may be is a matter of the server, which asks before there is a transport.
fn is_built_in_transport(file: &Path) -> bool {
    let folders = ["transport/websocket/", "transport/longpoll/", "testing/"];
    let others = ["sessions.rs", "tests.rs"];
    let path = file.to_string_lossy();
    folders.iter().any(|folder| path.contains(folder))
        && !others.iter().any(|it| path.ends_with(it))
}

#[test]
fn the_built_in_transports_use_of_a_connection_what_others_may_use() {
    let source = manifest("phx-runtime/src");
    let read = |file: &str| std::fs::read_to_string(source.join(file)).unwrap();
    let handle =
        ["handle", "frames", "room"].map(|it| read(&format!("connection/{it}.rs"))).concat();
    let not_public = ["pub(crate) fn ", "pub(super) fn "];
    let private: BTreeSet<_> = not_public
        .iter()
        .flat_map(|start| handle.split(start).skip(1))
        .map(|rest| rest.split(['(', '<']).next().unwrap())
        .collect();
    assert!(private.contains("notify_all"), "{private:?}");
    let room = read("connection/mod.rs");
    let (_, public) = room.split_once("\npub use self::{").unwrap();
    let (public, _) = public.split_once("\n};").unwrap();
    let mut files = BTreeSet::new();
    let mut wrong = Vec::new();
    let modules = Crate::read(&source.join("lib.rs"));
    for module in modules.0.values() {
        if !is_built_in_transport(&module.file) {
            continue;
        }
        files.insert(&*module.file);
        for mention in &module.mentions {
            let [start, room, .., name] = &**mention else { continue };
            let is_public = public.split(|c: char| !c.is_alphanumeric()).any(|word| word == name);
            if (&**start, &**room) == ("crate", "connection") && !is_public {
                wrong.push(format!("{} names {name}", module.file.display()));
            }
        }
    }
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        for name in &private {
            let calls = ["connection.", "connection().", "Connection::"];
            let is_called = |call| text.contains(&format!("{call}{name}("));
            if calls.into_iter().any(is_called) {
                wrong.push(format!("{} calls {name}", file.display()));
            }
        }
    }
    assert!(files.len() > 10, "{files:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_files_know_each_other_in_a_circle() {
    let roots = [
        "phx-runtime/src/lib.rs",
        "phx-runtime/tests/allocations/main.rs",
        "phx-runtime/tests/it/main.rs",
        "phx-runtime/benches/hot_functions/main.rs",
        "phx-runtime/benches/side_by_side/main.rs",
        "phx-macros/src/lib.rs",
        "examples/src/lib.rs",
        "examples/src/bin/chat/main.rs",
        "examples/src/bin/conformance/main.rs",
        "examples/src/bin/counter.rs",
        "examples/src/bin/echo.rs",
        "examples/src/bin/interop/main.rs",
        "ui-tests/src/lib.rs",
    ];
    for root in roots {
        let arrows = arrows(&manifest(root));
        let circles = circles(&arrows);
        assert!(circles.is_empty(), "{root}: {circles:#?}");
    }
}

/// The groups of files of which each can be reached from each other.
fn circles(arrows: &Arrows) -> Vec<BTreeSet<&PathBuf>> {
    let reach: BTreeMap<_, _> =
        arrows.keys().map(|file| (file, reached_from(arrows, file))).collect();
    let mut circles = Vec::<BTreeSet<&PathBuf>>::new();
    for (&file, reached) in &reach {
        if reached.contains(file) && !circles.iter().any(|circle| circle.contains(file)) {
            let both =
                |other: &&&PathBuf| reach.get(*other).is_some_and(|back| back.contains(file));
            circles.push(reached.iter().filter(both).copied().collect());
        }
    }
    circles
}

fn reached_from<'a>(arrows: &'a Arrows, file: &PathBuf) -> BTreeSet<&'a PathBuf> {
    let mut reached = BTreeSet::new();
    let mut open = vec![file];
    while let Some(file) = open.pop() {
        for next in arrows.get(file).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(next) {
                open.push(next);
            }
        }
    }
    reached
}
