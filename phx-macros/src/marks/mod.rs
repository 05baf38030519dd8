//! The inert attributes that say what a function is for.

mod mistakes;
mod reading;
mod role;
mod strip;

pub(crate) use self::{
    mistakes::{
        conditional_state, in_impl_of_module, misspelt_state, on_other_members, second_macro,
    },
    reading::{Mark, Marked, take_mark},
    role::{Home, Role},
    strip::{inherent, strip},
};
