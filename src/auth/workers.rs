//! A fixed number of threads that work off a bounded queue, each with a memory of its own that it uses again.

use std::{
    collections::VecDeque,
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use tokio::sync::oneshot;

/// There is no place left in the queue.
#[derive(Debug)]
pub(super) struct Full;

/// The way to the threads, which end when it is dropped.
pub(super) struct Workers<M> {
    queue: Arc<Queue<M>>,
    /// The most jobs that may wait.
    places: usize,
}

struct Queue<M> {
    jobs: Mutex<Jobs<M>>,
    changed: Condvar,
}

struct Jobs<M> {
    waiting: VecDeque<Job<M>>,
    closed: bool,
}

type Job<M> = Box<dyn FnOnce(&mut M) + Send>;

impl<M: Default + 'static> Workers<M> {
    /// Starts so many threads, with so many places for jobs that wait.
    pub(super) fn start(name: &str, threads: usize, places: usize) -> io::Result<Self> {
        let jobs = Mutex::new(Jobs { waiting: VecDeque::new(), closed: false });
        let workers = Self { queue: Arc::new(Queue { jobs, changed: Condvar::new() }), places };
        for _ in 0..threads {
            let queue = Arc::clone(&workers.queue);
            let work = move || {
                let mut memory = M::default();
                while let Some(job) = queue.next() {
                    // Who waits for a job that panicked is told by the end of its channel.
                    catch_unwind(AssertUnwindSafe(|| job(&mut memory))).ok();
                }
            };
            thread::Builder::new().name(name.to_owned()).spawn(work)?;
        }
        Ok(workers)
    }

    /// Has a thread do this as soon as it is its turn. It is not done if nobody waits for it any more.
    pub(super) fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut M) -> T + Send + 'static,
    ) -> Result<oneshot::Receiver<T>, Full> {
        let (answer, answered) = oneshot::channel();
        let job: Job<M> = Box::new(move |memory| {
            if !answer.is_closed() {
                answer.send(work(memory)).ok();
            }
        });
        let mut jobs = self.queue.lock();
        if jobs.waiting.len() >= self.places {
            return Err(Full);
        }
        jobs.waiting.push_back(job);
        drop(jobs);
        self.queue.changed.notify_one();
        Ok(answered)
    }
}

impl<M> Drop for Workers<M> {
    fn drop(&mut self) {
        self.queue.lock().closed = true;
        self.queue.changed.notify_all();
    }
}

impl<M> Queue<M> {
    /// Waits for a job. `None`: there will be none any more.
    fn next(&self) -> Option<Job<M>> {
        let mut jobs = self.lock();
        loop {
            if let Some(job) = jobs.waiting.pop_front() {
                return Some(job);
            }
            if jobs.closed {
                return None;
            }
            jobs = self.changed.wait(jobs).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Jobs<M>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn what_finds_no_place_is_told_at_once_and_what_waits_is_done() {
        let workers = Workers::<u32>::start("test", 1, 2).unwrap();
        let (begun, has_begun) = mpsc::channel();
        let (go_on, goes_on) = mpsc::channel::<()>();
        let first = workers.run(move |_| {
            begun.send(()).unwrap();
            goes_on.recv().unwrap();
        });
        has_begun.recv().unwrap();
        let waiting = [workers.run(|_| 1), workers.run(|_| 2)];
        assert!(workers.run(|_| 3).is_err());
        go_on.send(()).unwrap();
        first.unwrap().await.unwrap();
        for (answer, expected) in waiting.into_iter().zip([1, 2]) {
            assert_eq!(answer.unwrap().await.unwrap(), expected);
        }
    }

    #[tokio::test]
    async fn a_thread_keeps_its_memory_and_outlives_a_job_that_panics() {
        let workers = Workers::<u32>::start("test", 1, 8).unwrap();
        let count = |memory: &mut u32| {
            *memory += 1;
            *memory
        };
        assert_eq!(workers.run(count).unwrap().await.unwrap(), 1);
        assert!(workers.run(|_| panic!("a job")).unwrap().await.is_err());
        assert_eq!(workers.run(count).unwrap().await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_job_that_nobody_waits_for_is_not_done() {
        let workers = Workers::<u32>::start("test", 1, 8).unwrap();
        let (go_on, goes_on) = mpsc::channel::<()>();
        let first = workers.run(move |_| goes_on.recv().unwrap()).unwrap();
        drop(workers.run(|memory| *memory = 7).unwrap());
        go_on.send(()).unwrap();
        first.await.unwrap();
        assert_eq!(workers.run(|memory| *memory).unwrap().await.unwrap(), 0);
    }
}
