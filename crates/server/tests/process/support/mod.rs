//! What the tests share: the binary as a process, a client of it, its mails, and the things around it that can fail.

mod app_dir;
mod call;
mod cluster;
mod database;
mod door;
mod figures;
mod letter;
mod owner_service;
mod port;
mod program;
mod raw;
mod sandbox;
mod sdk;
mod site;

pub(crate) use app_dir::{AppDir, notes};
pub(crate) use call::{Call, Client, Reply, Session, signing_key};
pub(crate) use cluster::Cluster;
pub(crate) use database::with_database;
pub(crate) use door::Door;
pub(crate) use figures::Figures;
pub(crate) use letter::{Letter, Purpose};
pub(crate) use owner_service::{Asked, OwnerService};
pub(crate) use port::unused_port;
pub(crate) use program::{Ended, Program, Server};
pub(crate) use sdk::refusal;
pub(crate) use site::Site;

/// A password that every policy takes.
pub(crate) const PASSWORD: &str = "correct horse";
