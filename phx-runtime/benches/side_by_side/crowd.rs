//! Many who come into a room at once, and are told to all who are there.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use super::{
    effort::Effort,
    engine::{Compared, Engine},
    fleet::{Fleet, count},
};

/// What so many who join a room within a second cost those who are in it already, on another node:
/// told of each at once, and of those of a while together.
pub fn crowding(effort: Effort, engine: &Engine) -> io::Result<[Compared; 2]> {
    const WHILE: Duration = Duration::from_millis(100);
    let members = if effort.rounds == 1 { 300 } else { 1000 };
    let at_once = crowd(engine, members, Duration::ZERO)?;
    let together = crowd(engine, members, WHILE)?;
    let what = format!("of a room of {members} while {members} join it elsewhere within a second");
    let compared = |what, [phx, yardstick]: [f64; 2], unit| Compared {
        target: format!(
            "{}: {what}, presences coalesced for {} ms; told at once",
            engine.name,
            WHILE.as_millis()
        ),
        phx,
        yardstick,
        unit,
        limit: None,
    };
    Ok([
        compared(
            format!("messages per client {what}"),
            [together.messages, at_once.messages],
            "messages",
        ),
        compared(format!("CPU per client {what}"), [together.cpu, at_once.cpu], "µs"),
    ])
}

/// What a crowd costs each client that was there before.
struct Crowd {
    /// How many messages it got.
    messages: f64,
    /// CPU time of its node.
    cpu: f64,
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn crowd(engine: &Engine, members: usize, coalesce: Duration) -> io::Result<Crowd> {
    let node = || engine.node_that_coalesces(coalesce);
    let (here, there) = (node()?, node()?);
    let mut room = Fleet::connect(&here, members)?;
    room.may_sleep();
    for client in 0..members {
        enter(&mut room, client, "here")?;
        room.pass(Duration::from_millis(1))?;
    }
    let mut coming = Fleet::connect(&there, members)?;
    // What those in the room are told of each other is not what is measured.
    room.pass(Duration::from_secs(2) + coalesce)?;
    let before = here.usage();
    let is_over = Arc::new(AtomicBool::new(false));
    let joining = {
        let is_over = is_over.clone();
        thread::spawn(move || -> io::Result<()> {
            let since = Instant::now();
            for client in 0..members {
                let due = Duration::from_secs(1).mul_f64(client as f64 / members as f64);
                coming.pass(due.saturating_sub(since.elapsed()))?;
                enter(&mut coming, client, "there")?;
            }
            while !is_over.load(Ordering::Relaxed) {
                coming.pass(Duration::from_millis(20))?;
            }
            Ok(())
        })
    };
    let (mut messages, mut known, mut missing) = (0_usize, vec![0; members], members);
    let waited = room.run(|_, got| {
        let joins = count(got.payload, b"\"phx_ref\"");
        messages += usize::from(joins > 0);
        let known = &mut known[got.client];
        missing -= usize::from(*known < members && *known + joins >= members);
        *known += joins;
        missing > 0
    });
    let cost = here.usage().per(members, before);
    is_over.store(true, Ordering::Relaxed);
    joining.join().map_err(|_| io::Error::other("the crowd has panicked"))??;
    waited?;
    let messages = messages as f64 / members as f64;
    Ok(Crowd { messages, cpu: cost.cpu.unwrap_or_default() })
}

/// Joins the room, under a key that nobody else has.
fn enter(fleet: &mut Fleet, client: usize, from: &str) -> io::Result<()> {
    let key = format!("{from}-{client}");
    fleet.send(client, &format!("[\"1\",\"1\",\"room:x\",\"phx_join\",{{\"key\":\"{key}\"}}]"))
}
