//! The other replicas: who is there, what they have, and what is said to them.

use std::{collections::BTreeMap, time::Duration};

use tokio::time::Instant;

use super::{
    super::pubsub::NodeName,
    message::{Clocks, Replica, TrackerMessage, TrackerState, Transfer},
    own::Own,
    seen::{Change, Changes, Seen, Unusable},
};

/// How often a replica looks whether it has something to say, unless an option says otherwise.
pub(crate) const PERIOD: Duration = Duration::from_millis(1500);
/// For how many periods a replica is silent if it has nothing to say.
const SILENT_PERIODS: u32 = 10;
/// After how many silent periods the presences of a replica leave.
const DOWN_PERIODS: u32 = 20;
/// For how many periods to wait for a transfer until it is asked for again; doubled each time, up to
/// `DOWN_PERIODS`.
const ANSWER_PERIODS: u32 = 2;

/// How many replicas there may be in each shard, and presences of all of them together in all shards. What comes is not trusted.
const MOST_REPLICAS: usize = 1_000;
const MOST_PRESENT: usize = 1_000_000;

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outgoing {
    /// To all replicas.
    All(TrackerMessage),
    /// To the replica on the node of this name.
    Only(NodeName, TrackerMessage),
}

/// What follows from what was heard, and from time.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// What became of presences of other replicas, in this order.
    pub(crate) changes: Vec<Change>,
    pub(crate) send: Vec<Outgoing>,
    /// Presences that cannot be shown.
    pub(crate) unusable: Vec<Unusable>,
    /// Replicas that are not taken notice of, as there are too many.
    pub(crate) too_many_replicas: bool,
    /// Whether the others are not the same as before.
    pub(crate) others_changed: bool,
}

/// What one replica knows of all others.
#[derive(Debug)]
pub(crate) struct Others {
    period: Duration,
    /// How many presences of others there may be.
    most_present: usize,
    /// Whether this node's own presences are told to others, which it only follows otherwise.
    is_member: bool,
    members: BTreeMap<NodeName, Member>,
    /// What the next replica is called here.
    next: u64,
    questions: u32,
    /// When all others were last told something.
    said: Option<Instant>,
    /// Whether somebody new is to learn of this replica soon.
    greets: bool,
}

#[derive(Debug)]
struct Member {
    replica: Replica,
    id: u64,
    heard: Instant,
    /// The greatest clock that it stated.
    stated: u64,
    seen: Seen,
    asked: Option<Asked>,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    at: Instant,
    patience: Duration,
}

impl Others {
    /// One of a single shard.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn new(is_member: bool, period: Duration) -> Self {
        Self::of_shard(0, 1, is_member, period)
    }

    /// Nobody is known. To be [ticked](Self::tick) once in each period. Several shards share what there
    /// may be.
    pub(crate) fn of_shard(shard: u16, of: u16, is_member: bool, period: Duration) -> Self {
        Self {
            period,
            most_present: MOST_PRESENT / usize::from(of.max(1)),
            is_member,
            members: BTreeMap::new(),
            // No two shards call replicas alike.
            next: u64::from(shard) << 48,
            questions: 0,
            said: None,
            greets: true,
        }
    }

    /// The next heartbeat is due at the next tick, as if this replica had just started: what was said
    /// may not have been heard.
    pub(crate) fn greet(&mut self) {
        self.greets = true;
    }

    /// Takes a message that was for this node.
    pub(crate) fn hear(
        &mut self,
        own: &Own,
        message: TrackerMessage,
        now: Instant,
        outcome: &mut Outcome,
    ) {
        match message {
            TrackerMessage::Heartbeat { replica, delta, clocks } => {
                if !self.meet(own, &replica, now, outcome) {
                    return;
                }
                let is_new = self.merge(&replica, delta, outcome);
                let Some(member) = self.members.get_mut(&replica.name) else { return };
                let stated = clocks.get(&replica).copied().unwrap_or(0);
                member.stated = member.stated.max(stated);
                // Later gaps may be filled by what is under way.
                if is_new {
                    self.ask(own, &replica.name, now, outcome);
                }
            }
            TrackerMessage::TransferRequest { reference, replica, clocks } => {
                if !self.is_member || replica.name == own.replica().name {
                    return;
                }
                let heard = clocks.get(own.replica()).copied().unwrap_or(0);
                let (to, replica) = (replica.name, own.replica().clone());
                let transfer = own.since(heard);
                let answer = TrackerMessage::TransferAnswer { reference, replica, transfer };
                outcome.send.push(Outgoing::Only(to, answer));
            }
            TrackerMessage::TransferAnswer { replica, transfer, .. } => {
                let (Transfer::Delta(state) | Transfer::Whole(state)) = transfer;
                self.merge(&replica, Some(state), outcome);
                if let Some(member) = self.member(&replica) {
                    member.heard = now;
                }
            }
            TrackerMessage::GracefulStop { replica } => {
                if self.member(&replica).is_some() {
                    self.remove(&replica.name, outcome);
                }
            }
        }
    }

    /// A replica in the run that is known.
    fn member(&mut self, replica: &Replica) -> Option<&mut Member> {
        self.members.get_mut(&replica.name).filter(|member| member.replica == *replica)
    }

    /// Takes notice of a replica that is there; `false` if no notice is to be taken.
    fn meet(&mut self, own: &Own, replica: &Replica, now: Instant, outcome: &mut Outcome) -> bool {
        if replica.name == own.replica().name {
            return false;
        }
        let is_full = self.members.len() >= MOST_REPLICAS;
        match self.members.get_mut(&replica.name) {
            Some(member) if member.replica.vsn == replica.vsn => {
                member.heard = now;
                return true;
            }
            // What an earlier run said comes late.
            Some(member) if member.replica.vsn > replica.vsn => return false,
            Some(_) => self.remove(&replica.name, outcome),
            None if is_full => {
                outcome.too_many_replicas = true;
                return false;
            }
            None => {}
        }
        let id = self.next;
        self.next += 1;
        let (replica, seen) = (replica.clone(), Seen::default());
        let member = Member { replica, id, heard: now, stated: 0, seen, asked: None };
        self.members.insert(member.replica.name.clone(), member);
        self.greets = true;
        outcome.others_changed = true;
        true
    }

    /// Whether nothing was known of the replica before.
    fn merge(
        &mut self,
        replica: &Replica,
        state: Option<TrackerState>,
        outcome: &mut Outcome,
    ) -> bool {
        let room = self.most_present.saturating_sub(self.present());
        let Some(member) = self.member(replica) else { return false };
        let is_new = member.asked.is_none() && member.stated == 0;
        if let Some(state) = state {
            let mut to = outcome.changes_of(member.id, room);
            member.seen.merge(replica, state, &mut to);
        }
        is_new
    }

    /// Asks a replica for what was missed of it, if anything was and no answer is to be expected.
    fn ask(&mut self, own: &Own, name: &NodeName, now: Instant, outcome: &mut Outcome) {
        let Some(member) = self.members.get_mut(name) else { return };
        if member.seen.context() >= member.stated {
            member.asked = None;
            return;
        }
        let patience = match member.asked {
            Some(Asked { at, patience }) if now < at + patience => return,
            Some(Asked { patience, .. }) => (2 * patience).min(DOWN_PERIODS * self.period),
            None => ANSWER_PERIODS * self.period,
        };
        member.asked = Some(Asked { at: now, patience });
        self.questions = self.questions.wrapping_add(1);
        // The clock that the answer is to begin with, beside the asker's own.
        let clocks = Clocks::from([
            (own.replica().clone(), own.clock()),
            (member.replica.clone(), member.seen.context()),
        ]);
        let (reference, replica) = (own.reference(self.questions), own.replica().clone());
        let question = TrackerMessage::TransferRequest { reference, replica, clocks };
        outcome.send.push(Outgoing::Only(name.clone(), question));
    }

    /// To be called once in each period: says what changed, asks for what was missed, and lets
    /// leave who has been silent.
    pub(crate) fn tick(&mut self, own: &mut Own, now: Instant, outcome: &mut Outcome) {
        if self.is_member {
            self.say(own, now, outcome);
        }
        let down = DOWN_PERIODS * self.period;
        let silent = |member: &Member| now >= member.heard + down;
        let gone = self.members.iter().filter(|(_, it)| silent(it)).map(|(name, _)| name.clone());
        for name in gone.collect::<Vec<_>>() {
            self.remove(&name, outcome);
        }
        for name in self.members.keys().cloned().collect::<Vec<_>>() {
            self.ask(own, &name, now, outcome);
        }
    }

    fn say(&mut self, own: &mut Own, now: Instant, outcome: &mut Outcome) {
        let replica = own.replica().clone();
        let mut said = false;
        while let Some((delta, clocks)) = own.untold() {
            let (replica, delta) = (replica.clone(), Some(delta));
            let heartbeat = TrackerMessage::Heartbeat { replica, delta, clocks };
            outcome.send.push(Outgoing::All(heartbeat));
            said = true;
        }
        let is_due =
            self.greets || self.said.is_none_or(|at| now >= at + SILENT_PERIODS * self.period);
        if !said && is_due {
            let clocks = own.clocks();
            let heartbeat = TrackerMessage::Heartbeat { replica, delta: None, clocks };
            outcome.send.push(Outgoing::All(heartbeat));
            said = true;
        }
        if said {
            self.greets = false;
            self.said = Some(now);
        }
    }

    /// What a member says at an orderly stop.
    pub(crate) fn goodbye(own: &Own) -> Outgoing {
        Outgoing::All(TrackerMessage::GracefulStop { replica: own.replica().clone() })
    }

    /// The other replicas.
    pub(crate) fn replicas(&self) -> impl Iterator<Item = &Replica> {
        self.members.values().map(|member| &member.replica)
    }

    fn remove(&mut self, name: &NodeName, outcome: &mut Outcome) {
        if let Some(mut member) = self.members.remove(name) {
            outcome.others_changed = true;
            member.seen.leave_all(&mut outcome.changes_of(member.id, 0));
        }
    }

    /// How many presences of others there are.
    pub(crate) fn present(&self) -> usize {
        self.members.values().map(|member| member.seen.len()).sum()
    }

    /// How often others were asked for what was missed.
    #[cfg(test)]
    pub(crate) fn questions(&self) -> u32 {
        self.questions
    }

    /// How many others there are.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }
}

impl Outcome {
    fn changes_of(&mut self, replica: u64, room: usize) -> Changes<'_> {
        Changes { replica, made: &mut self.changes, unusable: &mut self.unusable, room }
    }
}
