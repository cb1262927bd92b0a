//! The same work on many files, on threads of this call, results in order.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Files that a thread takes at a time: enough that taking costs nothing, few enough that all end together.
const AT_A_TIME: usize = 64;

/// Threads at most, whatever is asked for: more than that only wait for each other.
const MAX_THREADS: usize = 1024;

/// How many threads `workers` means: itself, or one per core for 0.
pub fn threads(workers: usize) -> usize {
    let threads = if workers > 0 { workers } else { std::thread::available_parallelism().map_or(1, NonZero::get) };
    threads.min(MAX_THREADS)
}

/// `work` for every number below `count`; the results stand in that order whatever the number of threads.
pub fn map<T: Send>(count: usize, workers: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    map_by(AT_A_TIME, count, workers, &work)
}

/// The same for pieces of work that are large: a thread takes one at a time.
pub fn map_each<T: Send>(count: usize, workers: usize, work: impl Fn(usize) -> T + Sync) -> Vec<T> {
    map_by(1, count, workers, &work)
}

/// Behind a pointer, so that it is compiled once per result, not once per caller.
fn map_by<T: Send>(at_a_time: usize, count: usize, workers: usize, work: &(dyn Fn(usize) -> T + Sync)) -> Vec<T> {
    let threads = threads(workers).min(count.div_ceil(at_a_time));
    if threads <= 1 {
        return (0..count).map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        let take = || {
            loop {
                let start = next.fetch_add(at_a_time, Ordering::Relaxed);
                if start >= count {
                    break;
                }
                let results: Vec<T> = (start..count.min(start + at_a_time)).map(work).collect();
                done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((start, results));
            }
        };
        // This thread is one of them, and the only one where the system gives no more.
        for _ in 1..threads {
            if std::thread::Builder::new().spawn_scoped(scope, take).is_err() {
                break;
            }
        }
        take();
    });
    let mut done = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_unstable_by_key(|(start, _)| *start);
    done.into_iter().flat_map(|(_, results)| results).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_depend_on_threads() {
        for count in [0, 1, 64, 65, 1000] {
            let expected: Vec<usize> = (0..count).map(|number| number * 2).collect();
            for workers in [1, 2, 8] {
                assert_eq!(map(count, workers, |number| number * 2), expected, "{count} {workers}");
                assert_eq!(map_each(count, workers, |number| number * 2), expected, "{count} {workers}");
            }
        }
    }
}
