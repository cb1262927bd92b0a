//! Pieces that are made one after the other, worked on by several threads, and used in the order in which they were made.
//!
//! A channel holds, for each piece, the channel that its result will come by (as noodles' parallel writer does): no piece
//! waits for another but at the end. There are never more pieces than a few for each thread.

use std::num::NonZero;
use std::path::Path;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::TableError;

/// Threads at most, whatever is asked for.
const MAX_THREADS: usize = 256;

/// How many threads `workers` means: itself, or one per processor for 0.
pub(super) fn threads(workers: usize) -> usize {
    let threads = if workers > 0 { workers } else { thread::available_parallelism().map_or(1, NonZero::get) };
    threads.min(MAX_THREADS)
}

/// Gives everything that `produce` makes to `work`, on `workers` threads, and its results to `consume`, in order, until
/// one of them fails.
pub(super) fn ordered<T: Send, R: Send>(
    workers: usize,
    mut produce: impl FnMut() -> Result<Option<T>, TableError> + Send,
    work: impl Fn(T) -> Result<R, TableError> + Sync,
    mut consume: impl FnMut(R) -> Result<(), TableError>,
) -> Result<(), TableError> {
    let workers = threads(workers);
    if workers == 1 {
        while let Some(piece) = produce()? {
            consume(work(piece)?)?;
        }
        return Ok(());
    }
    thread::scope(|scope| {
        let (jobs, taken) = bounded::<(T, Sender<Result<R, TableError>>)>(workers);
        let (order, results) = bounded::<Result<Receiver<Result<R, TableError>>, TableError>>(2 * workers);
        let spawn = || thread::Builder::new().name("recordmill-table".into());
        let refused = TableError::io("cannot make a thread", Path::new("recordmill"));
        for _ in 0..workers {
            let (taken, work) = (taken.clone(), &work);
            let run = move || {
                for (piece, result) in taken {
                    // Nobody waits for it any more where another piece has failed.
                    drop(result.send(work(piece)));
                }
            };
            spawn().spawn_scoped(scope, run).map_err(&refused)?;
        }
        drop(taken);
        let feed = move || {
            loop {
                let piece = match produce() {
                    Ok(Some(piece)) => piece,
                    Ok(None) => break,
                    Err(error) => return drop(order.send(Err(error))),
                };
                let (result, waits) = bounded(1);
                if order.send(Ok(waits)).is_err() || jobs.send((piece, result)).is_err() {
                    break;
                }
            }
        };
        spawn().spawn_scoped(scope, feed).map_err(&refused)?;
        for result in results {
            // A sender that is gone without a result has panicked; the scope passes that on.
            match result?.recv() {
                Ok(done) => consume(done?)?,
                Err(_) => break,
            }
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(workers: usize, fails: Option<u32>) -> (Vec<u32>, Result<(), TableError>) {
        let mut next = 0;
        let mut seen = Vec::new();
        let produce = || {
            next += 1;
            Ok((next <= 100).then_some(next))
        };
        let work = |piece: u32| match Some(piece) == fails {
            true => Err(TableError::Option(format!("{piece} fails"))),
            false => Ok(piece * 2),
        };
        let done = ordered(workers, produce, work, |piece| {
            seen.push(piece);
            Ok(())
        });
        (seen, done)
    }

    #[test]
    fn results_keep_their_order() {
        let expected: Vec<u32> = (1..=100).map(|piece| piece * 2).collect();
        for workers in [1, 2, 7] {
            let (seen, done) = run(workers, None);
            assert!(done.is_ok());
            assert_eq!(seen, expected, "{workers}");
        }
    }

    #[test]
    fn the_first_failure_in_order_ends_it() {
        for workers in [1, 2, 7] {
            let (seen, done) = run(workers, Some(50));
            assert_eq!(done.expect_err("fails").to_string(), "50 fails");
            assert_eq!(seen.len(), 49);
        }
    }
}
