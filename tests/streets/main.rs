//! Both streets against the embedded mail server: mail in, mail out, and what happens when the
//! server or the wire lets them down.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests may fail loudly"
)]

mod account_letters;
mod addresses;
mod adoption;
mod agents_answers;
mod away;
mod bench;
mod bounces;
mod broken_theme;
mod confirmations;
mod doors;
mod erasing;
mod check_mail;
mod faults_in;
mod faults_in_push;
mod faults_in_server;
mod faults_listed;
mod faults_mailbox_ids;
mod faults_out;
mod faults_out_answers;
mod faults_out_push;
mod faults_out_sent;
mod faults_out_server;
mod faults_out_waits;
mod fixture;
mod forms;
mod full_disk;
mod held;
mod incoming;
mod joining;
mod junk;
mod keeping;
mod letters;
mod loops;
mod lost_text;
mod moving;
mod marker;
mod not_given;
mod notices;
mod post;
mod reply_to;
mod rests;
mod retention;
mod sending;
mod submissions;
mod undo;
mod races;
mod running;
mod set_clock;
mod unsubscribe;
mod unverified;
