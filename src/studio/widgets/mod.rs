//! The pieces every workspace is made of: cards, badges, stat tiles, empty states, numbers as text.
//!
//! They draw and answer what was pressed; they hold no project state and send nothing.

mod badge;
mod button;
mod card;
pub mod chart;
mod empty;
mod field;
pub mod number;
mod progress;
mod prose;
mod stale;
mod stat;

pub use badge::{badge, badge_with_hint, dot};
pub use button::{danger_button, icon_button, link, plain_button, primary_button, toggle_icon};
pub use card::{card, card_frame, foot, heading, hint, inside, modal, section, selectable_card, title_row};
pub use empty::{Empty, Pressed, empty};
pub use field::{choice, labelled, line_edit, name_field, search_field};
pub use progress::{progress_bar, progress_row};
pub use prose::{aside, capital, prose, sentence};
pub use stale::{dimmed, stale_banner};
pub use stat::{Stat, stat_row};
