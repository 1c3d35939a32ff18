//! Lines on their way out: handed over where they are made, and written by a thread of its own.
//!
//! Were they written where they are made, every request would hold a lock during a system call, and all others queue for it.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use guise_domain::limits::LOG_BYTES_WAITING_MAX;
use tracing_subscriber::fmt::MakeWriter;

/// After it has written, the thread lets lines gather for so long: busy servers have it woken a thousand times a second
/// and not for each line.
const PAUSE: Duration = Duration::from_millis(1);

/// The way to the thread that writes. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Shared>);

#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    /// There is something to write.
    come: Condvar,
    /// Something has been written.
    gone: Condvar,
}

#[derive(Default)]
struct Waiting {
    bytes: Vec<u8>,
    /// Whether the thread writes right now.
    writing: bool,
    /// Whether it sleeps until it is told of something.
    asleep: bool,
}

impl Lines {
    /// Starts the thread. What it cannot write is lost: there is nowhere to say so.
    ///
    /// # Errors
    /// When there can be no further thread.
    pub(super) fn start(to: impl Write + Send + 'static) -> io::Result<Self> {
        let lines = Self::default();
        let shared = Arc::clone(&lines.0);
        Builder::new().name("guise-log".to_owned()).spawn(move || shared.write(to))?;
        Ok(lines)
    }

    /// Waits until everything is written.
    pub(super) fn flush(&self) {
        let mut waiting = self.0.waiting();
        while waiting.writing || !waiting.bytes.is_empty() {
            waiting = self.0.gone.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Shared {
    fn write(&self, mut to: impl Write) {
        let mut bytes = Vec::new();
        let mut waiting = self.waiting();
        loop {
            while waiting.bytes.is_empty() {
                waiting.asleep = true;
                waiting = self.come.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            }
            std::mem::swap(&mut waiting.bytes, &mut bytes);
            (waiting.writing, waiting.asleep) = (true, false);
            drop(waiting);
            let _ = to.write_all(&bytes);
            bytes.clear();
            waiting = self.waiting();
            waiting.writing = false;
            self.gone.notify_all();
            let more = |waiting: &mut Waiting| waiting.bytes.len() < LOG_BYTES_WAITING_MAX / 2;
            waiting = match self.come.wait_timeout_while(waiting, PAUSE, more) {
                Ok((waiting, _)) => waiting,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for &Lines {
    /// Hands over one event. Waits when too much waits already: a log that cannot keep up slows down who writes it.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let Lines(shared) = self;
        let mut waiting = shared.waiting();
        while waiting.bytes.len() >= LOG_BYTES_WAITING_MAX {
            shared.come.notify_one();
            waiting = shared.gone.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        waiting.bytes.extend_from_slice(line);
        let asleep = std::mem::take(&mut waiting.asleep);
        drop(waiting);
        if asleep {
            shared.come.notify_one();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes what is written, in pieces no longer than a pipe would.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let taken = bytes.len().min(4096);
            self.0.lock().unwrap().extend_from_slice(&bytes[..taken]);
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn every_line_is_written_whole_and_each_threads_in_order() {
        const THREADS: usize = 4;
        const LINES: usize = 20_000;
        let kept = Kept::default();
        let lines = Lines::start(kept.clone()).unwrap();
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let lines = &lines;
                scope.spawn(move || {
                    for line in 0..LINES {
                        let text = format!("{thread} {line} {}\n", "x".repeat(line % 200));
                        lines.make_writer().write_all(text.as_bytes()).unwrap();
                    }
                });
            }
        });
        lines.flush();
        let text = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
        let mut next = [0; THREADS];
        for line in text.lines() {
            let mut words = line.split(' ');
            let mut number = || words.next().unwrap().parse::<usize>().unwrap();
            let (thread, line) = (number(), number());
            assert_eq!(line, next[thread]);
            assert_eq!(words.next().unwrap().len(), line % 200);
            next[thread] += 1;
        }
        assert_eq!(next, [LINES; THREADS]);
    }
}
