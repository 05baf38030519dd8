//! A clock that moves when a test says so and not otherwise: however long a slow machine takes for what
//! it does, no time limit of the server is over by chance, and each is over when a test wants it.
//!
//! `start_paused` would not do beside real sockets: while bytes are on their way nobody has anything to
//! do, and the clock jumps to the end of the time that they may take.

use std::{
    cell::RefCell,
    convert::Infallible,
    pin::pin,
    sync::{
        Arc, Weak,
        mpsc::{Sender, channel},
    },
    time::Duration,
};

use tokio::{
    runtime::{Handle, RuntimeFlavor},
    task::{spawn_blocking, yield_now},
    time::{Instant, advance, pause, sleep},
};

/// After so long in which a test waits for what never comes, the clock jumps, so that it fails.
const FOREVER: Duration = Duration::from_mins(15);

/// How far the clock moves at once, so that what depends on a time limit happens close to it.
const STEP: Duration = Duration::from_secs(1);

/// Keeps the clock of a test from moving, for as long as one of these lives.
pub(crate) type Still = Option<Arc<Sender<Infallible>>>;

thread_local! {
    /// That of the test in this thread.
    static STILL: RefCell<Weak<Sender<Infallible>>> = const { RefCell::new(Weak::new()) };
}

/// Whether the clock of this test can be stopped: not that of a runtime of several threads.
fn stops() -> bool {
    Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread
}

/// Stops the clock of this test, if that can be.
pub(crate) fn stop() -> Still {
    if !stops() {
        return None;
    }
    Some(STILL.with_borrow(Weak::upgrade).unwrap_or_else(|| {
        pause();
        let (held, until_dropped) = channel();
        // A paused clock does not jump while there is blocking work.
        spawn_blocking(move || until_dropped.recv_timeout(FOREVER));
        let held = Arc::new(held);
        STILL.set(Arc::downgrade(&held));
        held
    }))
}

/// Lets time pass, while everybody goes on.
pub(crate) async fn pass(mut time: Duration) {
    if !stops() {
        return sleep(time).await;
    }
    settle().await;
    while !time.is_zero() {
        let step = time.min(STEP);
        advance(step).await;
        time -= step;
        settle().await;
    }
}

/// How much time passes until something happens, in whole steps.
pub(crate) async fn time_until<T>(happens: impl Future<Output = T>) -> (Duration, T) {
    let (start, mut happens) = (Instant::now(), pin!(happens));
    loop {
        tokio::select! {
            biased;
            happened = &mut happens => return (start.elapsed(), happened),
            () = pass(STEP) => {}
        }
    }
}

/// Waits until something is so, for which it needs no time.
pub(crate) async fn until(mut is_so: impl FnMut() -> bool) {
    while !is_so() {
        settle().await;
    }
}

/// Everybody does what there is to do now. What comes over sockets of Unix is there as soon as it was
/// sent; for others this waits a moment.
pub(crate) async fn settle() {
    for _ in 0..20 {
        yield_now().await;
    }
    spawn_blocking(|| std::thread::sleep(Duration::from_millis(1))).await.unwrap();
    for _ in 0..20 {
        yield_now().await;
    }
}
