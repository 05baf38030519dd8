//! Every limit of the book: that it is what the book says, and which tests prove it.
//!
//! A test reaches each limit as a client would, gets what the table says, and sees that what is
//! beyond the limit is not kept. Those that belong to no other topic are here.

mod book;
mod messages;
mod table;
mod waiting;
