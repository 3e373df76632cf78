//! `xinhe audit`: the receipts of a server.

mod export;
mod ship;
mod show;
mod stats;
mod verify;

use super::Failure;

/// Look into the receipts of a server: the folder `audit.dir`, also while the server writes it.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    Verify(verify::Args),
    Show(show::Args),
    Stats(stats::Args),
    Export(export::Args),
    Ship(ship::Args),
}

pub(super) fn run(args: &Args) -> Result<(), Failure> {
    match &args.command {
        Command::Verify(args) => verify::run(args),
        Command::Show(args) => show::run(args),
        Command::Stats(args) => stats::run(args),
        Command::Export(args) => export::run(args),
        Command::Ship(args) => ship::run(args),
    }
}

/// A last batch that a crash cut short, for people.
fn tell_torn(torn: Option<xinhe::audit::Torn>) {
    if let Some(torn) = torn {
        let (place, bytes) = (torn.place, torn.bytes);
        eprintln!(
            "segment {}, offset {}: the last batch is incomplete ({bytes} bytes): a crash, or a server that is writing it \
             now; nobody was answered on its account",
            place.segment, place.offset
        );
    }
}
