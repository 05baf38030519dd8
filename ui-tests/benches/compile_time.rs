//! What the macros cost while compiling, against the same program without them.
//!
//! ```sh
//! cargo bench -p ui-tests --bench compile_time --profile dev
//! ```
//!
//! Writes programs of 50 channels with 20 handlers each, once with plain methods and once in each
//! form, and times `cargo check` on them. Handlers have bodies of eight lines, every second one is
//! `async`. The programs depend on the same packages, which are compiled before; a run checks the
//! program alone, from scratch. The macros are built as in any development build: without
//! optimisation. Forms take turns, and of each the fastest run counts, because whatever else the
//! machine does only ever makes a run slower. Where the system tells (Linux), the time is the one
//! that processors spent, which depends less on the rest; elsewhere it is the one that passed.
//!
//! Two numbers as arguments, after `--`: how many payload types a channel's handlers share (20: each
//! has its own), and how many rounds there are.

use std::{
    env,
    error::Error,
    fmt::{self, Write as _},
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

const CHANNELS: usize = 50;
const HANDLERS: usize = 20;
/// What the ratio to plain methods is to stay below.
const TARGET: f64 = 1.5;

fn main() -> Result<(), Box<dyn Error>> {
    // There is a `--bench` from cargo among them.
    let mut numbers = env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let payloads = numbers.next().unwrap_or(HANDLERS).clamp(1, HANDLERS);
    let rounds = numbers.next().unwrap_or(5).max(1);

    let bench = Bench::set_up(payloads)?;
    let mut best = [Duration::MAX; Form::ALL.len()];
    for _ in 0..rounds {
        for (form, best) in Form::ALL.into_iter().zip(&mut best) {
            *best = bench.check(form)?.min(*best);
        }
    }

    println!(
        "cargo check, {CHANNELS} channels x {HANDLERS} handlers, {payloads} payload types a \
         channel, {}, best of {rounds}; macros not optimised",
        if spent().is_some() { "processor time" } else { "time passed" }
    );
    let [plain, ..] = best;
    for (form, time) in Form::ALL.into_iter().zip(best) {
        let ratio = time.as_secs_f64() / plain.as_secs_f64();
        let more = time.saturating_sub(plain).as_secs_f64() * 1000.0;
        print!("{:<14}{:>6.2} s", form.to_string(), time.as_secs_f64());
        if form != Form::Plain {
            let verdict = if ratio <= TARGET { "within" } else { "above" };
            let handlers = u32::try_from(CHANNELS * HANDLERS)?;
            print!("   x {ratio:.2}   {:.2} ms a handler", more / f64::from(handlers));
            print!("   {verdict} the target of {TARGET}");
        }
        println!();
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq)]
enum Form {
    Plain,
    Impl,
    Module,
}

impl Form {
    const ALL: [Self; 3] = [Self::Plain, Self::Impl, Self::Module];

    fn package(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Impl => "impl_form",
            Self::Module => "module_form",
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain methods",
            Self::Impl => "impl form",
            Self::Module => "module form",
        })
    }
}

/// A workspace with one package for each form.
struct Bench {
    root: PathBuf,
}

impl Bench {
    fn set_up(payloads: usize) -> Result<Self, Box<dyn Error>> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compile_time");
        let bench = Self { root };
        let members = Form::ALL.map(Form::package);
        bench.write(
            "Cargo.toml",
            &format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\n"),
        )?;
        fs::copy(here.join("../Cargo.lock"), bench.root.join("Cargo.lock"))?;
        for form in Form::ALL {
            let package = form.package();
            let manifest = format!(
                "[package]\nname = {package:?}\nedition = \"2024\"\n\n[dependencies]\n\
                 phx-runtime = {{ path = {:?} }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\n",
                here.join("../phx-runtime").display(),
            );
            bench.write(&format!("{package}/Cargo.toml"), &manifest)?;
            bench.write(&format!("{package}/src/lib.rs"), &program(form, payloads)?)?;
        }
        // Compiles the dependencies.
        bench.check(Form::Plain)?;
        Ok(bench)
    }

    fn write(&self, path: &str, text: &str) -> Result<(), Box<dyn Error>> {
        let path = self.root.join(path);
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        fs::write(path, text)?;
        Ok(())
    }

    /// Checks one program as if it had just been written; its dependencies are kept.
    fn check(&self, form: Form) -> Result<Duration, Box<dyn Error>> {
        let source = self.root.join(form.package()).join("src/lib.rs");
        fs::write(&source, fs::read(&source)?)?;
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["check", "--offline", "--quiet", "--package", form.package()]);
        cargo.arg("--target-dir").arg(self.root.join("target"));
        // Nothing of the run before may be reused.
        cargo.env("CARGO_INCREMENTAL", "0").current_dir(&self.root);
        let (start, spent) = (Instant::now(), spent());
        let status = cargo.status()?;
        let time = match (spent, self::spent()) {
            (Some(before), Some(after)) => after.saturating_sub(before),
            _ => start.elapsed(),
        };
        status.success().then_some(time).ok_or_else(|| format!("{form} does not compile").into())
    }
}

/// What processors have spent on child processes that have ended, from `/proc/self/stat`: fields 16
/// and 17, in hundredths of a second, counted from behind the name, which may contain spaces.
fn spent() -> Option<Duration> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks = fields.split(' ').skip(13).take(2).map(str::parse::<u64>);
    Some(Duration::from_millis(10 * ticks.sum::<Result<u64, _>>().ok()?))
}

/// The whole program in one form: the same types, signatures and bodies in each.
fn program(form: Form, payloads: usize) -> Result<String, fmt::Error> {
    let mut text = String::from(
        "#![allow(dead_code)]\nuse phx_runtime::{channel, prelude::*, socket};\n\
         use serde::Deserialize;\nuse std::collections::HashMap;\n\n",
    );
    if form == Form::Plain {
        text = text.replace("{channel, prelude::*, socket}", "prelude::*");
    }
    for channel in 0..CHANNELS {
        self::channel(&mut text, form, channel, payloads)?;
    }
    text.push_str("pub struct UserSocket;\n\n");
    if form != Form::Plain {
        let list = (0..CHANNELS).map(|n| match form {
            Form::Module => format!("channel_{n}::Channel{n}"),
            _ => format!("Channel{n}"),
        });
        let list = list.collect::<Vec<_>>().join(", ");
        write!(text, "#[socket(\"/socket\", websocket, longpoll)]\n#[channels({list})]\n")?;
    }
    let mark = if form == Form::Plain { "" } else { "#[connect]" };
    write!(
        text,
        "impl UserSocket {{
    {mark}
    pub fn connect() -> Result<Self, ConnectError> {{
        Ok(UserSocket)
    }}
}}
"
    )?;
    Ok(text)
}

fn channel(
    text: &mut String,
    form: Form,
    channel: usize,
    payloads: usize,
) -> Result<(), fmt::Error> {
    let ty = format!("Channel{channel}");
    let mark = |mark: &str| if form == Form::Plain { String::new() } else { format!("#[{mark}]") };
    let annotation = mark(&format!("channel(\"channel_{channel}:{{id}}\")"));
    if form == Form::Module {
        write!(text, "{annotation}\npub mod channel_{channel} {{\nuse super::*;\n#[assigns]\n")?;
    }
    write!(
        text,
        "pub struct {ty} {{\n    id: u64,\n    seen: u64,\n    totals: HashMap<u64, u64>,\n}}\n\n"
    )?;
    for payload in 0..payloads {
        write!(
            text,
            "#[derive(Deserialize)]
pub struct Message{channel}x{payload} {{
    id: u64,
    text: String,
    count: Option<u32>,
}}

"
        )?;
    }
    if form != Form::Module {
        write!(text, "{annotation}\nimpl {ty} {{\n")?;
    }
    let join = mark("join");
    write!(
        text,
        "{join}\npub async fn join(id: u64) -> Result<{ty}, JoinError> {{
    Ok({ty} {{ id, seen: 0, totals: HashMap::new() }})
}}

"
    )?;
    for handler in 0..HANDLERS {
        let mark = mark(&format!("handle_in(\"event_{handler}\")"));
        let keyword = if handler % 2 == 0 { "async " } else { "" };
        let (receiver, this) = match form {
            Form::Module => (format!("room: &mut {ty}"), "room"),
            _ => ("&mut self".to_owned(), "self"),
        };
        let payload = handler % payloads;
        write!(
            text,
            "{mark}
pub {keyword}fn event_{handler}({receiver}, message: Message{channel}x{payload}, socket: &Socket) -> Reply {{
    let text = message.text.trim();
    if text.is_empty() {{
        return Reply::error(\"empty\");
    }}
    {this}.seen += u64::from(message.count.unwrap_or(1));
    let total = {this}.totals.entry(message.id).or_insert({this}.id);
    socket.broadcast(\"event_{handler}\", text);
    Reply::ok(*total + {this}.seen)
}}

"
        )?;
    }
    text.push_str("}\n\n");
    Ok(())
}
