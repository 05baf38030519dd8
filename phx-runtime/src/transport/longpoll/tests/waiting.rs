//! What waits for a client that comes for it late, or never.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, advance, sleep};

use super::{
    super::{answer::Status, poll::Poll, session::Session, sessions::Sessions},
    FIRST_REQUEST, Fixture, ID, Log, Probe, WINDOW, answered, drive, messages, start, start_with,
};
use crate::{
    connection::{BacklogLimits, Budget},
    message::Reason,
    wire::{CloseCode, Frame},
};

/// What a client gets that comes back to a session which has ended.
async fn gets_what_waited_and_then_nothing(fixture: &Fixture) -> usize {
    assert_eq!(fixture.post("late").await, Status::Gone);
    let last = answered(fixture.poll()).await;
    assert_eq!(last["status"], 200);
    while fixture.sessions.find(&ID).is_some() {
        tokio::task::yield_now().await;
    }
    last["messages"].as_array().unwrap().len()
}

#[tokio::test(start_paused = true)]
async fn a_client_that_lets_too_much_wait_for_too_long_gets_it_before_its_session_is_gone() {
    let mut fixture = start_with(1000);
    let start = Instant::now();
    for _ in 0..20 {
        fixture.send(&"x".repeat(100));
    }
    // Requests alone help nothing.
    while !fixture.task.is_finished() {
        sleep(Duration::from_secs(1)).await;
        fixture.post("no message").await;
    }
    (&mut fixture.task).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 10);
    assert_eq!(fixture.log().last().unwrap(), "terminate the client reads too slowly");
    assert_eq!(gets_what_waited_and_then_nothing(&fixture).await, 20);
}

#[tokio::test(start_paused = true)]
async fn a_client_for_which_more_than_the_hard_limit_waits_loses_its_session_at_once() {
    let mut fixture = start_with(1000);
    let (start, mut sent) = (Instant::now(), 0);
    while !fixture.task.is_finished() {
        fixture.send(&"x".repeat(100));
        sent += 1;
        assert!(sent < 1000, "what waits has no bound");
        tokio::task::yield_now().await;
    }
    (&mut fixture.task).await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    assert_eq!(fixture.log(), ["init", "terminate the client reads too slowly"]);
    // Each takes 102 bytes, and the limit is 16 times that of the fixture.
    let waited = gets_what_waited_and_then_nothing(&fixture).await;
    assert!((157..=sent).contains(&waited) && waited < 170, "{waited} of {sent}");
}

#[tokio::test(start_paused = true)]
async fn what_waits_at_the_end_is_given_up_when_nobody_comes_for_it() {
    let mut fixture = start();
    fixture.send("a");
    fixture.session.connection().close(CloseCode::TRY_AGAIN, Reason::failed("slow"));
    (&mut fixture.task).await.unwrap();
    assert!(fixture.sessions.find(&ID).is_some());
    sleep(WINDOW * 2).await;
    assert!(fixture.sessions.find(&ID).is_none());
}

#[tokio::test(start_paused = true)]
async fn what_one_message_makes_the_socket_send_is_delivered_however_much_it_is() {
    let fixture = start_with(1000);
    let lines: Vec<_> = (0..100).map(|n| format!("[{n}, \"{}\"]", "x".repeat(1000))).collect();
    // More than half of the hard limit waits after the first few: the others are held back until it
    // is fetched, and none is lost.
    let polls = async {
        let mut got = Vec::new();
        while got.len() < lines.len() {
            let answer = answered(fixture.poll()).await;
            assert_eq!(answer["status"], 200);
            let messages: Vec<String> = serde_json::from_value(answer["messages"].clone()).unwrap();
            assert!(messages.iter().map(String::len).sum::<usize>() < 16_000);
            got.extend(messages);
        }
        got
    };
    let body = lines.join("\n");
    let (status, got) = tokio::join!(fixture.post_lines(&body), polls);
    assert_eq!((status, &got), (Status::Ok, &lines));
    fixture.send(&"x".repeat(1_000_000));
    fixture.send("behind");
    let answer = answered(fixture.poll()).await;
    assert_eq!(answer["messages"].as_array().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn polls_that_are_cut_off_before_their_answers_do_not_hide_what_waits() {
    let mut fixture = start_with(1000);
    let mut sent = 0;
    while !fixture.task.is_finished() {
        fixture.send(&"x".repeat(100));
        sent += 1;
        assert!(sent < 1000, "what waits has no bound");
        fixture.poll().wait().await;
        tokio::task::yield_now().await;
    }
    (&mut fixture.task).await.unwrap();
    assert_eq!(fixture.log().last().unwrap(), "terminate the client reads too slowly");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_polls_may_be_sent_more_than_the_backlog() {
    let fixture = start_with(1000);
    for _ in 0..20 {
        let poll = tokio::spawn(answered(fixture.poll()));
        tokio::task::yield_now().await;
        fixture.send(&"x".repeat(900));
        assert_eq!(poll.await.unwrap()["status"], 200);
        advance(Duration::from_millis(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_comes_in_answers_of_bounded_size_also_after_the_end() {
    let size = 100_000;
    let text = |n: usize| format!("{n:05}{}", "x".repeat(size - 5));
    for closes in [false, true] {
        let fixture = start();
        for n in 0..60 {
            fixture.session.connection().send(&Frame::text(text(n)));
        }
        if closes {
            fixture.session.connection().close(CloseCode::RESTART, Reason::Draining);
            tokio::task::yield_now().await;
        }
        let mut received = 0;
        let mut answers = 0;
        while received < 60 {
            let messages = messages(answered(fixture.poll()).await);
            let bytes: usize = messages.iter().map(String::len).sum();
            assert!((1..=1_500_000).contains(&bytes), "{bytes}");
            for message in messages {
                assert_eq!(message, text(received));
                received += 1;
            }
            answers += 1;
        }
        assert!((5..=8).contains(&answers), "{answers}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_all_is_bounded_and_who_has_most_of_it_gives_way() {
    let budget = Budget::new(10_000, 10);
    let session = || {
        let backlog = BacklogLimits::new(1 << 20);
        Session::new("token".into(), None, WINDOW, FIRST_REQUEST, backlog, budget.clone())
    };
    let run = |session: &Arc<Session>| {
        let socket = Box::new(Probe(Log::default()));
        tokio::spawn(drive(session.clone(), ID, Sessions::default(), socket))
    };
    let (large, small, late) = (session(), session(), session());
    let tasks = [run(&large), run(&small), run(&late)];
    let send = async |session: &Arc<Session>, size: usize| {
        session.connection().send(&Frame::text("x".repeat(size)));
        for _ in 0..5 {
            tokio::task::yield_now().await;
        }
    };
    send(&large, 9000).await;
    send(&small, 500).await;
    assert!((9500..9600).contains(&budget.used()), "{}", budget.used());
    // More than the budget, and more than an even share of it.
    send(&late, 1500).await;
    assert!(tasks[2].is_finished());
    assert!(budget.used() < 9700, "{}", budget.used());
    assert_eq!(answered(Poll::new(late.clone().visit())).await["status"], 410);
    // Full again. Who has little stays, and gets what it is sent.
    let kept = session();
    let kept_task = run(&kept);
    send(&kept, 900).await;
    send(&small, 10).await;
    assert!(!tasks[1].is_finished());
    assert_eq!(messages(answered(Poll::new(small.clone().visit())).await).len(), 2);
    send(&large, 500).await;
    assert_eq!(answered(Poll::new(large.clone().visit())).await["status"], 410);
    // An answer counts until it is written.
    let poll = Poll::new(kept.clone().visit());
    poll.wait().await;
    let answer = poll.into_answer();
    assert!((900..1100).contains(&budget.used()), "{}", budget.used());
    drop(answer);
    assert_eq!(budget.used(), 0);
    for task in tasks.into_iter().chain([kept_task]) {
        task.abort();
    }
}
