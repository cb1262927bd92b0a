//! Work on threads, while the calling thread tells how far it is and listens for the wish to stop.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

/// How often [`Monitor::tick`] is called.
const INTERVAL: Duration = Duration::from_millis(100);

/// What is told of a run, and asked: whether it shall go on.
pub trait Monitor {
    /// Called from the thread that called the conversion, about every 100 ms and at the end of each phase.
    /// [`ControlFlow::Break`] stops the run within a second; no file is left then.
    fn tick(&mut self, progress: &Progress) -> ControlFlow<()>;
}

/// Says nothing and never stops a run.
impl Monitor for () {
    fn tick(&mut self, _: &Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Annotations are read.
    Load,
    /// Image files are looked up and given their places.
    Plan,
    /// Images are read to be looked at.
    Check,
    /// Records are read to be described.
    Records,
    /// Small pictures are made of images.
    Pictures,
    /// Records are made.
    Write,
    /// Files get their names.
    Commit,
}

impl Phase {
    /// In a word, for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Load => "reading annotations",
            Self::Plan => "planning",
            Self::Check => "checking images",
            Self::Records => "reading records",
            Self::Pictures => "making thumbnails",
            Self::Write => "converting",
            Self::Commit => "finishing files",
        }
    }
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// What it does.
    pub phase: Phase,
    /// Images done in [`Phase::Check`] and [`Phase::Write`].
    pub images: u64,
    /// Of so many.
    pub images_total: u64,
    /// Bytes of image files done in these.
    pub bytes: u64,
    /// Of so many.
    pub bytes_total: u64,
    /// Since the run began.
    pub seconds: f64,
}

/// A run that is being watched.
pub struct Watch<'m> {
    monitor: &'m mut dyn Monitor,
    started: Instant,
    cancelled: AtomicBool,
}

impl<'m> Watch<'m> {
    /// Of a run that begins now.
    pub fn new(monitor: &'m mut dyn Monitor) -> Self {
        Self { monitor, started: Instant::now(), cancelled: AtomicBool::new(false) }
    }

    /// Since the run began.
    pub fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// Progress in a phase that has no numbers.
    pub fn phase(&self, phase: Phase) -> Progress {
        Progress { phase, images: 0, images_total: 0, bytes: 0, bytes_total: 0, seconds: self.seconds() }
    }

    /// Asks whether to go on; `false` once the caller wants to stop.
    pub fn tick(&mut self, progress: &Progress) -> bool {
        let progress = Progress { seconds: self.seconds(), ..*progress };
        if self.monitor.tick(&progress).is_break() {
            self.cancelled.store(true, Ordering::Relaxed);
        }
        !self.cancelled()
    }

    /// Whether the caller wants to stop.
    pub fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }

    /// Runs `work` on `threads` threads and gives what each returned, in order. `progress` is told meanwhile; `work`
    /// has to look at the flag that it gets, and `stop` is called once when it is set. A panic goes on to the caller.
    pub fn run<T: Send>(
        &mut self,
        threads: usize,
        work: impl Fn(usize, &AtomicBool) -> T + Sync,
        progress: impl Fn() -> Progress,
        stop: impl Fn(),
    ) -> Vec<T> {
        let Self { monitor, started, cancelled } = self;
        let cancelled = &*cancelled;
        let work = &work;
        thread::scope(|scope| {
            let (alive, gone) = mpsc::channel::<()>();
            let start = |number| {
                let alive = alive.clone();
                let work = move || {
                    let result = work(number, cancelled);
                    drop(alive);
                    result
                };
                thread::Builder::new().spawn_scoped(scope, work)
            };
            // Where the system gives no more threads, this one does what is left when the others have ended.
            let handles: Vec<_> = (0..threads).map_while(|number| start(number).ok()).collect();
            drop(alive);
            let left = handles.len()..threads;
            loop {
                let done = gone.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Disconnected);
                let now = Progress { seconds: started.elapsed().as_secs_f64(), ..progress() };
                if monitor.tick(&now).is_break() && !cancelled.swap(true, Ordering::Relaxed) {
                    stop();
                }
                if done {
                    break;
                }
            }
            let join = |handle: thread::ScopedJoinHandle<'_, T>| {
                handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            handles.into_iter().map(join).chain(left.map(|number| work(number, cancelled))).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct After(u32);

    impl Monitor for After {
        fn tick(&mut self, _: &Progress) -> ControlFlow<()> {
            self.0 = self.0.saturating_sub(1);
            if self.0 == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }

    #[test]
    fn results_stand_in_the_order_of_threads() {
        let mut monitor = ();
        let mut watch = Watch::new(&mut monitor);
        let idle = watch.phase(Phase::Plan);
        assert_eq!(watch.run(3, |number, _| number * 2, || idle, || ()), [0, 2, 4]);
        assert!(!watch.cancelled());
    }

    #[test]
    fn a_break_reaches_the_threads_within_a_second() {
        let mut monitor = After(2);
        let mut watch = Watch::new(&mut monitor);
        let idle = watch.phase(Phase::Write);
        let wait = |_, cancelled: &AtomicBool| {
            while !cancelled.load(Ordering::Relaxed) {
                thread::yield_now();
            }
        };
        watch.run(2, wait, || idle, || ());
        assert!(watch.cancelled());
        assert!(watch.seconds() < 1.0);
    }
}
