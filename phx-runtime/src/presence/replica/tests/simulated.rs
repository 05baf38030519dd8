//! Thousands of runs in which messages are lost, late, repeated and out of order, and nodes are cut
//! off, killed, stopped and started. A run that fails says its seed.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    thread,
};

use super::network::{Faults, Network};

/// Steps of trouble, and after it until all is well.
const TROUBLE: u64 = 120;
const RECOVERY: u64 = 160;

/// Steps of recovery after which nobody asks for anything.
const QUIET: u64 = 140;

fn run(seed: u64) {
    let nodes = 2 + usize::try_from(seed % 3).unwrap();
    let mut network = Network::new(seed, nodes);
    network.is_honest = !seed.is_multiple_of(5);
    network.faults = Faults {
        drop: network.dice.below(40),
        repeat: network.dice.below(30),
        delay: network.dice.below(50),
        max_delay: 1 + network.dice.below(20),
        mangle: if network.is_honest { 0 } else { 10 },
    };
    for _ in 0..TROUBLE {
        network.step();
        let place = usize::try_from(network.dice.below(nodes as u64)).unwrap();
        let other = usize::try_from(network.dice.below(nodes as u64)).unwrap();
        match network.dice.below(100) {
            0 => network.kill(place),
            1 => network.stop(place),
            2..5 if network.nodes[place].is_none() => network.start(place),
            5..8 => network.cut.push((place.min(other), place.max(other))),
            8..11 => network.cut.clear(),
            11..60 => network.change(place),
            // A crowd.
            60..62 => (0..20).for_each(|_| network.change(place)),
            _ => {}
        }
    }
    // What is still on its way may be late.
    network.faults = Faults { mangle: network.faults.mangle, ..Faults::default() };
    network.cut.clear();
    for step in 0..RECOVERY {
        match step {
            20 => network.faults = Faults::default(),
            QUIET => network.wants = 0,
            _ => {}
        }
        network.step();
    }
    network.check();
    assert_eq!(network.wants, 0, "nobody asks for anything any more");
}

fn all(seeds: std::ops::Range<u64>) {
    for seed in seeds {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| run(seed))) {
            eprintln!("the run with seed {seed} failed");
            std::panic::resume_unwind(panic);
        }
    }
}

#[test]
fn whatever_the_network_does_all_nodes_come_to_know_the_truth() {
    thread::scope(|threads| {
        for part in 0..4 {
            threads.spawn(move || all(part * 600..(part + 1) * 600));
        }
    });
}
