//! Whole WebSocket frames that wait, in the order in which they leave. Nothing here writes.
//!
//! Shared frames (broadcasts) wait as they are; small ones and a connection's own are gathered
//! behind each other. Three things hold between all calls:
//!
//! - every buffer begins where a frame begins, and holds whole frames;
//! - `written` counts within the first of `buffers`, so only that one is partly written;
//! - `tail` comes after all `buffers`, and nothing of it is written.

use std::{cell::Cell, collections::VecDeque, fmt, io::IoSlice};

use bytes::{Buf, Bytes};

use crate::wire::{ServerFrameLen, server_frame_len};

/// Frames up to this size are copied behind each other; larger ones are kept shared.
const COPY_LIMIT: usize = 1024;

/// Gathered frames are left at this size, so that their memory goes back piece by piece.
const TAIL_LIMIT: usize = 256 * 1024;

/// A thread keeps a buffer up to this size for the next frames.
const SPARE_LIMIT: usize = 64 * 1024;

thread_local! {
    /// Where frames are gathered that are likely to be written at once. It belongs to the thread,
    /// so that neither is memory allocated for each answer nor held by idle connections.
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    /// The rest of a queue that became empty, for the next that does not stay so.
    static EMPTIED: Cell<Option<Box<Frames>>> = const { Cell::new(None) };
}

/// Takes the memory of a pointer while it is empty.
#[derive(Default)]
pub(super) struct FrameQueue(Option<Box<Frames>>);

#[derive(Default)]
struct Frames {
    buffers: VecDeque<Bytes>,
    /// How much of the first buffer is written.
    written: usize,
    /// The newest frames, shared with nobody and still growing.
    tail: Vec<u8>,
    /// Bytes that wait, the written ones not counted.
    len: usize,
}

impl FrameQueue {
    pub(super) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |frames| frames.len)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What waits, to be added to.
    fn frames(&mut self) -> &mut Frames {
        self.0.get_or_insert_with(|| EMPTIED.take().unwrap_or_default())
    }

    /// Gives the memory back if nothing waits.
    fn settle(&mut self) {
        if self.is_empty() {
            self.clear();
        }
    }

    /// Adds frames that others share.
    pub(super) fn push(&mut self, frames: &Bytes) {
        self.frames().push(frames);
        self.settle();
    }

    /// Adds the frame that `encode` appends, and tells its size; on an error, nothing.
    pub(super) fn append<E>(
        &mut self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let appended = self.frames().append(encode);
        self.settle();
        appended
    }

    /// Lends an empty queue the thread's buffer, for frames that are likely to be written at once.
    pub(super) fn borrow_spare(&mut self) {
        if self.is_empty() {
            self.frames().tail = SPARE.take();
        }
    }

    /// Lets the tail wait with the other buffers. It waits in no more memory than it needs.
    pub(super) fn seal(&mut self) {
        if let Some(frames) = &mut self.0 {
            frames.seal();
        }
    }

    /// What waits, as far as there are slices for it; gives their number.
    pub(super) fn fill<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.0.as_ref().map_or(0, |frames| frames.fill(slices))
    }

    /// What waits, where it is in one piece.
    pub(super) fn only(&self) -> Option<&[u8]> {
        self.0.as_ref()?.only()
    }

    /// The oldest bytes that wait. [`advance`](Self::advance) takes them off.
    pub(super) fn front(&mut self) -> Option<Bytes> {
        self.0.as_mut()?.front()
    }

    /// The oldest frame, unless a part of it is written.
    pub(super) fn first_frame(&mut self) -> Option<ServerFrameLen> {
        server_frame_len(&self.front()?)
    }

    /// So many bytes are written. Memory goes back once nothing waits.
    pub(super) fn advance(&mut self, written: usize) {
        if let Some(frames) = &mut self.0 {
            frames.advance(written);
        }
        self.settle();
    }

    /// Takes out what waits, oldest first, until that is `enough` bytes.
    pub(super) fn take(&mut self, enough: usize) -> Vec<Bytes> {
        let taken = self.0.as_mut().map_or_else(Vec::new, |frames| frames.take(enough));
        self.settle();
        taken
    }

    /// Forgets what waits, but for the rest of a frame that the other end has begun to get: without
    /// that rest it could not make sense of what follows.
    pub(super) fn forget_but_partial(&mut self) {
        if let Some(frames) = &mut self.0 {
            frames.forget_but_partial();
        }
        self.settle();
    }

    pub(super) fn clear(&mut self) {
        if let Some(mut frames) = self.0.take() {
            frames.clear();
            EMPTIED.set(Some(frames));
        }
    }
}

impl Frames {
    fn push(&mut self, frames: &Bytes) {
        if frames.len() <= COPY_LIMIT {
            self.tail.extend_from_slice(frames);
            self.added(frames.len());
        } else {
            self.seal();
            self.buffers.push_back(frames.clone());
            self.len += frames.len();
        }
    }

    fn append<E>(
        &mut self,
        encode: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let before = self.tail.len();
        let encoded = encode(&mut self.tail);
        if encoded.is_err() {
            self.tail.truncate(before);
        }
        let added = self.tail.len() - before;
        self.added(added);
        encoded.map(|()| added)
    }

    fn added(&mut self, bytes: usize) {
        self.len += bytes;
        if self.tail.len() >= TAIL_LIMIT {
            self.seal();
        }
    }

    /// Gives the thread its buffer back, in which nothing waits any more.
    fn return_spare(&mut self) {
        let mut tail = std::mem::take(&mut self.tail);
        if (1..=SPARE_LIMIT).contains(&tail.capacity()) {
            tail.clear();
            SPARE.set(tail);
        }
    }

    fn seal(&mut self) {
        if self.tail.is_empty() {
            return;
        }
        if self.tail.len() < self.tail.capacity() / 2 {
            self.buffers.push_back(Bytes::copy_from_slice(&self.tail));
            self.return_spare();
        } else {
            self.buffers.push_back(std::mem::take(&mut self.tail).into());
        }
    }

    fn fill<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut skip = self.written;
        let tail = (!self.tail.is_empty()).then_some(&self.tail[..]);
        let parts = self.buffers.iter().map(|buffer| &buffer[std::mem::take(&mut skip)..]);
        let filled = slices.iter_mut().zip(parts.chain(tail)).map(|(slice, part)| {
            *slice = IoSlice::new(part);
        });
        filled.count()
    }

    fn only(&self) -> Option<&[u8]> {
        match (self.buffers.len(), &*self.tail) {
            (0, tail) => Some(tail),
            (1, []) => Some(&self.buffers[0][self.written..]),
            _ => None,
        }
    }

    fn front(&mut self) -> Option<Bytes> {
        self.seal();
        self.buffers.front().map(|front| front.slice(self.written..))
    }

    fn advance(&mut self, mut written: usize) {
        self.len -= written;
        if self.len == 0 {
            return;
        }
        while let Some(front) = self.buffers.front() {
            let left = front.len() - self.written;
            if written < left {
                self.written += written;
                return;
            }
            written -= left;
            self.written = 0;
            self.buffers.pop_front();
        }
        if written > 0 {
            self.seal();
            self.written = written;
        }
    }

    fn take(&mut self, enough: usize) -> Vec<Bytes> {
        self.seal();
        let mut taken = Vec::new();
        let mut bytes = 0;
        while bytes < enough
            && let Some(mut buffer) = self.buffers.pop_front()
        {
            buffer.advance(std::mem::take(&mut self.written));
            bytes += buffer.len();
            taken.push(buffer);
        }
        self.len -= bytes;
        taken
    }

    fn forget_but_partial(&mut self) {
        self.seal();
        let (front, written) = (self.buffers.pop_front().unwrap_or_default(), self.written);
        let end = frame_end(&front, written);
        self.clear();
        if end > written {
            self.buffers.push_back(front.slice(..end));
            self.written = written;
            self.len = end - written;
        }
    }

    fn clear(&mut self) {
        self.buffers = VecDeque::new();
        self.written = 0;
        self.len = 0;
        self.return_spare();
    }
}

/// Where the frame ends that position `at` lies in; `at` itself if that is a boundary.
fn frame_end(frames: &[u8], at: usize) -> usize {
    let mut end = 0;
    while end < at {
        match server_frame_len(&frames[end..]) {
            Some(frame) => end += frame.total_len,
            None => return frames.len(),
        }
    }
    end.min(frames.len())
}

/// What waits is a client's: a `Debug` shows how much it is.
impl fmt::Debug for FrameQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameQueue").field("len", &self.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, io::IoSlice};

    use bytes::Bytes;
    use proptest::prelude::*;

    use super::FrameQueue;
    use crate::wire::{put_text_frame, server_frame_len};

    fn frame(len: usize, fill: u8) -> Bytes {
        let mut frame = Vec::new();
        put_text_frame(&mut frame, |buffer| buffer.resize(buffer.len() + len, b'a' + fill % 26));
        frame.into()
    }

    #[derive(Clone, Debug)]
    enum Step {
        Push(usize),
        Append(usize),
        Fail(usize),
        Borrow,
        /// Writes this share of what is offered, in percent.
        Write(usize),
        WriteFront(usize),
        Take,
        Forget,
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let size = || prop_oneof![0..50_usize, 1000..1100_usize, 60_000..300_000_usize];
        let step = prop_oneof![
            4 => size().prop_map(Step::Push),
            4 => size().prop_map(Step::Append),
            1 => size().prop_map(Step::Fail),
            1 => Just(Step::Borrow),
            4 => (0..=100_usize).prop_map(Step::Write),
            2 => (0..=100_usize).prop_map(Step::WriteFront),
            1 => Just(Step::Take),
            1 => Just(Step::Forget),
        ];
        proptest::collection::vec(step, 1..40)
    }

    /// What must have happened: the bytes that went in, without those that were forgotten.
    #[derive(Default)]
    struct Model {
        waiting: Vec<u8>,
        /// Bytes left of the frame that is partly written.
        partial: usize,
    }

    impl Model {
        fn written(&mut self, bytes: &[u8]) {
            assert_eq!(self.waiting[..bytes.len()], *bytes);
            let mut rest = bytes.len();
            while rest > 0 {
                if self.partial == 0 {
                    let at = bytes.len() - rest;
                    self.partial = server_frame_len(&self.waiting[at..]).unwrap().total_len;
                }
                let step = rest.min(self.partial);
                self.partial -= step;
                rest -= step;
            }
            self.waiting.drain(..bytes.len());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_goes_in_comes_out_once_in_order_and_is_forgotten_at_frame_boundaries_only(
            steps in steps()
        ) {
            let (mut queue, mut model) = (FrameQueue::default(), Model::default());
            for (n, step) in (0_u8..).zip(steps) {
                match step {
                    Step::Push(len) => {
                        queue.push(&frame(len, n));
                        model.waiting.extend_from_slice(&frame(len, n));
                    }
                    Step::Append(len) => {
                        let added = queue.append(|buffer| {
                            buffer.extend_from_slice(&frame(len, n));
                            Ok::<_, Infallible>(())
                        });
                        prop_assert_eq!(added, Ok(frame(len, n).len()));
                        model.waiting.extend_from_slice(&frame(len, n));
                    }
                    Step::Fail(len) => {
                        let failed = queue.append(|buffer| {
                            buffer.extend_from_slice(&frame(len, n));
                            Err(())
                        });
                        prop_assert_eq!(failed, Err(()));
                    }
                    Step::Borrow => queue.borrow_spare(),
                    Step::Write(percent) => {
                        let mut slices = [IoSlice::new(&[]); 3];
                        let count = queue.fill(&mut slices);
                        let offered: Vec<u8> = slices[..count].iter().flat_map(|part| part.to_vec()).collect();
                        prop_assert!(queue.only().is_none_or(|only| only == offered));
                        let written = offered.len() * percent / 100;
                        queue.advance(written);
                        model.written(&offered[..written]);
                    }
                    Step::WriteFront(percent) => {
                        let front = queue.front().unwrap_or_default();
                        let written = front.len() * percent / 100;
                        queue.advance(written);
                        model.written(&front[..written]);
                    }
                    Step::Take => {
                        prop_assert_eq!(queue.take(usize::MAX).concat(), std::mem::take(&mut model.waiting));
                        model.partial = 0;
                    }
                    Step::Forget => {
                        queue.forget_but_partial();
                        model.waiting.truncate(model.partial);
                    }
                }
                prop_assert_eq!(queue.len(), model.waiting.len());
                prop_assert_eq!(queue.is_empty(), model.waiting.is_empty());
            }
            prop_assert_eq!(queue.take(usize::MAX).concat(), model.waiting);
        }
    }

    #[test]
    fn an_empty_queue_holds_no_memory() {
        let mut queue = FrameQueue::default();
        for len in [10, 5000, 300_000] {
            queue.push(&frame(len, 0));
            queue.advance(queue.len());
            assert!(queue.0.is_none());
        }
    }

    #[test]
    fn debug_shows_no_bytes() {
        let mut queue = FrameQueue::default();
        queue.push(&frame(1, 7));
        assert_eq!(format!("{queue:?}"), "FrameQueue { len: 3, .. }");
    }
}
